#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"
#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/shell_print.h"

#define EVENT        "bridge/event"
#define READING_USEC 300000000u /* a session takes at most so long, with all its timers */

struct sync_cuff {
        struct cuff_named cuff;
        bool accepted, connected;
};

struct sync {
        struct ask ask;
        struct sync_cuff *one; /* a request each, in this order */
        size_t n;
        size_t sleeping;     /* of those that were asked: not connected yet, and no answer */
        uint64_t until_usec; /* monotonic: the cuffs must be heard by then */
        bool draws, drawn;
};

/* --- the line that lives --- */

static void clear(void *owner) {
        struct sync *s = owner;

        if (s->drawn)
                fputs("\r\033[K", stdout);
        s->drawn = false;
        fflush(stdout);
}

static void on_tick(void *owner) {
        struct sync *s = owner;
        uint64_t now = wall_clock_monotonic_usec(), left;

        if (!s->draws || s->sleeping == 0 || now >= s->until_usec)
                return;
        left = (s->until_usec - now) / 1000000;
        printf("\r\033[K  %" PRIu64 ":%02" PRIu64 " left", left / 60, left % 60);
        fflush(stdout);
        s->drawn = true;
}

/* --- what happens to one of them --- */

static void on_accepted(void *owner, size_t request) {
        struct sync *s = owner;
        struct sync_cuff *one = &s->one[request];

        clear(s);
        one->accepted = true;
        s->sleeping++;
        s->until_usec = wall_clock_monotonic_usec() + s->ask.config.timing.wish_usec;
        printf("Press the cuff's Bluetooth button: %s\n", ask_name(&one->cuff));
        fflush(stdout);
        on_tick(s);
}

static void wakes(struct sync *s, struct sync_cuff *one) {
        if (one->accepted && !one->connected)
                s->sleeping--;
        one->connected = true;
}

/* "Bedroom: ", where there are several. */
static void print_which(const struct sync *s, const struct sync_cuff *one, FILE *out) {
        if (s->n > 1)
                fprintf(out, "%s: ", ask_name(&one->cuff));
}

static void on_heard(void *owner, const char *path, const struct mqtt_incoming *m,
                     const cJSON *json) {
        struct sync *s = owner;
        char id[BDADDR_ID_SIZE];

        if (m->retained || strcmp(path, EVENT) != 0 ||
            strcmp(shell_text(json, "type"), "sync_started") != 0)
                return;
        for (size_t i = 0; i < s->n; i++) {
                struct sync_cuff *one = &s->one[i];

                bdaddr_to_id(&one->cuff.address, id);
                if (!one->accepted || one->connected ||
                    strcmp(shell_text(shell_object(json, "data"), "device"), id) != 0)
                        continue;
                clear(s);
                print_which(s, one, stdout);
                puts("It is connected, and being read");
                fflush(stdout);
                wakes(s, one);
        }
}

static void tell_count(const struct ask *ask, size_t request) {
        const cJSON *n = cJSON_GetObjectItemCaseSensitive(ask_data(ask, request), "new_records");
        int count =
                cJSON_IsNumber(n) && n->valuedouble > 0 && n->valuedouble < 1e6 ? n->valueint : 0;

        if (count == 0)
                puts("Nothing new: all of its measurements are here");
        else
                printf("%d new measurement%s\n", count, count == 1 ? "" : "s");
}

static void on_answered(void *owner, size_t request) {
        struct sync *s = owner;
        struct sync_cuff *one = &s->one[request];
        const char *error = ask_error(&s->ask, request);

        clear(s);
        wakes(s, one);
        if (!error) {
                print_which(s, one, stdout);
                tell_count(&s->ask, request);
                fflush(stdout);
        } else if (s->n > 1) { /* of a single one it is said at the end */
                fputs("cuff2mqtt: ", stderr);
                print_which(s, one, stderr);
                fprintf(stderr, "%s\n", error);
        }
}

/* --- which --- */

/* The one that `word` means; without a word all. */
static int choose(struct sync *s, const char *word) {
        bool all = !word && s->ask.n_cuffs > 1;
        int code = EXIT_CODE_OK;

        s->n = all ? s->ask.n_cuffs : 1;
        s->one = calloc(s->n, sizeof *s->one);
        if (!s->one)
                return EXIT_CODE_FAILURE;
        for (size_t i = 0; i < s->n && all; i++)
                s->one[i].cuff = s->ask.cuffs[i];
        if (!all)
                code = ask_cuff(&s->ask, word, &s->one[0].cuff);
        return code;
}

static int sync_cuffs(struct sync *s, const char *word) {
        int code = ask_hear(&s->ask, /* offline_will_do= */ false);
        cJSON **data;

        if (code == EXIT_CODE_OK)
                code = choose(s, word);
        if (code != EXIT_CODE_OK)
                return code;
        data = calloc(s->n, sizeof *data);
        if (!data)
                return EXIT_CODE_FAILURE;
        for (size_t i = 0; i < s->n; i++)
                data[i] = ask_about(&s->one[i].cuff);
        code = ask_requests(&s->ask, data, s->n, s->ask.config.timing.wish_usec + READING_USEC);
        free(data);
        return code;
}

static int run(const struct command_arguments *a) {
        static const char *const paths[] = {EVENT, NULL};
        static const struct ask_events events = {.heard = on_heard,
                                                 .accepted = on_accepted,
                                                 .answered = on_answered,
                                                 .tick = on_tick,
                                                 .clear = clear};
        struct sync s = {.draws = shell_can_draw(stdout)};
        int code = ask_open(
                &s.ask, &command_sync, a,
                &(struct ask_setup){
                        .request = "device/sync", .paths = paths, .events = &events, .owner = &s});

        if (code == EXIT_CODE_OK)
                code = sync_cuffs(&s, a->operand[0]);
        clear(&s);
        ask_close(&s.ask);
        free(s.one);
        return code;
}

/* clang-format off */
const struct command command_sync = {
        .name = "sync",
        .synopsis = "[CUFF] [--config FILE]",
        .summary = "Read a cuff now; most must be woken with their Bluetooth button.",
        .help = "\n"
                "  CUFF           its name, its id or its address, or how one of these begins; without it\n"
                "                 all of them\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "The service reads it as soon as it is heard, and waits two minutes for that\n"
                "(`timing.wish`). Ctrl-C ends the waiting here; the service goes on.\n"
                "Exit code 0: it was read; 1: it was heard, and could not be read; 10: Bluetooth is not\n"
                "ready; 13: it is being read already; 14: the MQTT broker is away; 15: the service does\n"
                "not answer; 19: the cuff was not heard; 64: no such cuff. Of several cuffs: that of the\n"
                "first in the list of `cuff2mqtt cuffs` that failed.\n",
        .options = (const struct command_option[]){COMMAND_OPTION_CONFIG, {0}},
        .operands = 1,
        .run = run,
};
/* clang-format on */
