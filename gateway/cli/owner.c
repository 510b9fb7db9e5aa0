#include "cli/owner.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/exit_code.h"
#include "cli/tame.h"

#define USUAL_CONFIG "/etc/cuff2mqtt/cuff2mqtt.conf"
#define USUAL_STATE  "/var/lib/cuff2mqtt"

int owner_of(const char *directory, uid_t *ret) {
        struct stat st;

        if (stat(directory, &st) < 0)
                return -errno;
        *ret = st.st_uid;
        return 0;
}

/* What no shell gives a meaning; anything else goes between quotes. */
static bool is_plain(const char *word) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789_-+=:,./@%";

        return word[0] && word[strspn(word, plain)] == '\0';
}

static void write_word(FILE *f, const char *word) {
        _cleanup_(freep) char *shown = tame(strdup(word));

        if (!shown || is_plain(shown) || strcmp(shown, "<") == 0) {
                fputs(shown ? shown : "", f);
                return;
        }
        fputc('\'', f);
        for (const char *c = shown; *c; c++)
                if (*c == '\'')
                        fputs("'\\''", f);
                else
                        fputc(*c, f);
        fputc('\'', f);
}

static char *write_command(const char *before, const char *user, const char *const *words) {
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        fputs(before, f);
        if (user) {
                fputs("-u ", f);
                write_word(f, user);
                fputc(' ', f);
        }
        for (size_t i = 0; words[i]; i++) {
                if (i > 0)
                        fputc(' ', f);
                write_word(f, words[i]);
        }
        if (fclose(f) == 0)
                return text;
        free(text);
        return NULL;
}

char *owner_command(const char *const *words) {
        return write_command("", NULL, words);
}

char *owner_command_as(uid_t owner, const char *const *words) {
        const struct passwd *user = getpwuid(owner);
        char number[32];

        if (owner == 0)
                return write_command("sudo ", NULL, words);
        snprintf(number, sizeof number, "#%u", (unsigned) owner);
        return write_command("sudo ", user ? user->pw_name : number, words);
}

int owner_config_load(const char *path, const char *const *words, struct config *ret) {
        _cleanup_(freep) char *errors = NULL, *warnings = NULL;
        int r = config_load(path, ret, &errors, &warnings);

        if (r >= 0)
                return EXIT_CODE_OK;
        *ret = (struct config){0};
        fputs(errors ? errors : "cuff2mqtt: the configuration cannot be read\n", stderr);
        if ((access(path ? path : USUAL_CONFIG, R_OK) < 0 && errno == EACCES) ||
            (errors && strstr(errors, strerror(EACCES)))) /* the file with the password */
                owner_say(USUAL_STATE, words);
        return EXIT_CODE_CONFIG;
}

void owner_say(const char *directory, const char *const *words) {
        _cleanup_(freep) char *command = NULL;
        uid_t owner;

        if (owner_of(directory, &owner) < 0)
                owner = 0; /* who may look there can do the rest, too */
        command = owner_command_as(owner, words);
        if (command)
                fprintf(stderr, "Run it as the user it belongs to: `%s`\n", command);
}
