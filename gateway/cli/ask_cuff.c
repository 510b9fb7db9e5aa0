/* Which cuff is meant, and what the person in front of the terminal says. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cli/ask_parts.h"
#include "cli/exit_code.h"

const char *ask_name(const struct cuff_named *cuff) {
        static char id[BDADDR_ID_SIZE];

        if (cuff->name[0])
                return cuff->name;
        bdaddr_to_id(&cuff->address, id);
        return id;
}

cJSON *ask_about(const struct cuff_named *cuff) {
        cJSON *data = cJSON_CreateObject();
        char id[BDADDR_ID_SIZE];

        bdaddr_to_id(&cuff->address, id);
        cJSON_AddStringToObject(data, "device", id);
        return data;
}

int ask_cuff(struct ask *a, const char *word, struct cuff_named *ret) {
        size_t matches, at = 0;

        if (a->n_cuffs == 0) {
                ask_end(a, EXIT_CODE_USAGE, "there is no cuff yet: pair one with `cuff2mqtt pair`");
                return a->code;
        }
        matches = word ? cuff_word_find(word, a->cuffs, a->n_cuffs, &at) : a->n_cuffs;
        if (matches == 1) {
                *ret = a->cuffs[at];
                return EXIT_CODE_OK;
        }
        if (word) {
                ask_end(a, cuff_word_refuse(a->command->name, word, matches, a->cuffs, a->n_cuffs),
                        NULL);
        } else {
                ask_end(a, EXIT_CODE_USAGE, "there is more than one cuff: say which");
                cuff_word_list(a->cuffs, a->n_cuffs);
        }
        return a->code;
}

/* --- the person --- */

struct prompt {
        struct ask *ask;
        char *line;
        bool done;
};

/* A terminal gives whole lines. What is longer is nobody's answer. */
static int on_line(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        struct prompt *p = userdata;
        ssize_t n = read(fd, p->line, ASK_PROMPT_SIZE - 1);

        if (n < 0 && errno == EINTR)
                return 0;
        if (n <= 0)
                ask_end(p->ask, EXIT_CODE_FAILURE, NULL);
        p->line[n > 0 ? n : 0] = '\0';
        p->line[strcspn(p->line, "\n")] = '\0';
        p->done = true;
        return 0;
}

int ask_prompt(struct ask *a, const char *question, char ret[ASK_PROMPT_SIZE]) {
        struct prompt p = {.ask = a, .line = ret};
        sd_event_source *source = NULL;
        int r;

        ret[0] = '\0';
        fflush(stdout);
        fputs(question, stderr);
        r = sd_event_add_io(a->event, &source, STDIN_FILENO, EPOLLIN, on_line, &p);
        if (r < 0)
                ask_end(a, EXIT_CODE_FAILURE, "the terminal cannot be read: %s", strerror(-r));
        while (!ask_is_over(a) && !p.done)
                ask_run(a);
        sd_event_source_disable_unref(source);
        if (!p.done || ask_is_over(a))
                fputc('\n', stderr);
        return ask_is_over(a) ? a->code : EXIT_CODE_OK;
}
