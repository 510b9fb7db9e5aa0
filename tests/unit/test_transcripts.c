/* Plays every story of tests/transcripts (its README tells the language): session and
 * driver_standard as one owner would run them. One story is one named check. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>

#include "check.h"
#include "cuff/driver_standard.h"
#include "cuff/session.h"

#define OUTPUT_MAX 8 /* lines that one input can cause */

struct player {
        struct session session;
        struct driver_standard driver;
        struct driver_now now;
        bool may_set_clock;
        bool asked; /* a request of the driver waits for its reply */
        uint32_t random;
        char output[OUTPUT_MAX][512];
        size_t outputs, shown;
        const char *wrong; /* the story itself cannot be played */
};

static const struct {
        const char *name;
        int error;
} error_names[] = {{"ENOENT", ENOENT},     {"EACCES", EACCES}, {"EPERM", EPERM},
                   {"ENOTCONN", ENOTCONN}, {"EIO", EIO},       {"EBADMSG", EBADMSG},
                   {"ENODATA", ENODATA},   {"ERANGE", ERANGE}, {"ENOTSUP", ENOTSUP}};

static const char *error_name(int error) {
        for (size_t i = 0; i < sizeof error_names / sizeof error_names[0]; i++)
                if (error_names[i].error == -error)
                        return error_names[i].name;
        return "?";
}

static int error_from_name(const char *name) {
        for (size_t i = 0; i < sizeof error_names / sizeof error_names[0]; i++)
                if (strcmp(error_names[i].name, name) == 0)
                        return -error_names[i].error;
        return 0;
}

/* --- what comes out -----------------------------------------------------------------------------
 */

__attribute__((format(printf, 2, 3))) static void say(struct player *p, const char *format, ...) {
        va_list arguments;

        if (p->outputs == OUTPUT_MAX) {
                p->wrong = "more output than the player holds";
                return;
        }
        va_start(arguments, format);
        vsnprintf(p->output[p->outputs++], sizeof p->output[0], format, arguments);
        va_end(arguments);
}

__attribute__((format(printf, 2, 3))) static void say_more(struct player *p, const char *format,
                                                           ...) {
        char *line = p->output[p->outputs - 1];
        size_t length = strlen(line);
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(line + length, sizeof p->output[0] - length, format, arguments);
        va_end(arguments);
}

static void say_answer(struct player *p, const char *name, struct answer answer) {
        if (answer.known)
                say_more(p, " %s=%s", name, answer.yes ? "yes" : "no");
}

static void say_measurement(struct player *p, const struct measurement *m) {
        if (m->user == MEASUREMENT_USER_UNKNOWN)
                say(p, "measurement user=unknown");
        else
                say(p, "measurement user=%u", m->user);
        say_more(p, " %d/%d", m->systolic_mmhg, m->diastolic_mmhg);
        if (m->pulse_bpm.known)
                say_more(p, " pulse=%d", m->pulse_bpm.value);
        if (m->mean_mmhg.known)
                say_more(p, " mean=%d", m->mean_mmhg.value);
        if (m->has_time)
                say_more(p, " taken=%04u-%02u-%02uT%02u:%02u:%02u", m->taken.year, m->taken.month,
                         m->taken.day, m->taken.hour, m->taken.minute, m->taken.second);
        say_answer(p, "irregular", m->irregular_heartbeat);
        say_answer(p, "movement", m->body_movement);
        say_answer(p, "fit_ok", m->cuff_fit_ok);
        say_answer(p, "position_ok", m->position_ok);
}

static void say_text(struct player *p, const char *name, const char *text) {
        if (*text)
                say_more(p, " %s=\"%s\"", name, text);
}

static void say_facts(struct player *p) {
        const struct driver_facts *f = &p->driver.facts;

        say(p, "facts");
        say_text(p, "model", f->model);
        say_text(p, "serial", f->serial);
        say_text(p, "firmware", f->firmware);
        say_text(p, "hardware", f->hardware);
        say_text(p, "manufacturer", f->manufacturer);
        if (f->battery_percent.known)
                say_more(p, " battery=%d", f->battery_percent.value);
        if (f->has_feature)
                say_more(p, " feature=%s%s%s", f->feature.body_movement ? "movement," : "",
                         f->feature.cuff_fit ? "fit," : "",
                         f->feature.irregular_pulse ? "irregular" : "");
        if (f->clock_read)
                say_more(p, f->clock_unset ? " clock=unset" : " clock=read");
        if (f->drift_s.known)
                say_more(p, " drift=%+ds", f->drift_s.value);
        say_more(p, "%s%s", f->clock_set ? " clock_set" : "",
                 f->clock_refused ? " clock_refused" : "");
}

static void say_request(struct player *p, const struct driver_request *request) {
        static const char *const words[] = {
                [DRIVER_SUBSCRIBE] = "subscribe", [DRIVER_READ] = "read",
                [DRIVER_WRITE] = "write",         [DRIVER_WRITE_COMMAND] = "write-command",
                [DRIVER_KEEP] = "keep",           [DRIVER_WAIT] = "wait",
                [DRIVER_DRAINED] = "drained",     [DRIVER_FAILED] = "failed",
        };

        say(p, "%s", words[request->verb]);
        if (request->uuid)
                say_more(p, " %.4s", request->uuid + 4);
        for (size_t i = 0; i < request->value_size; i++)
                say_more(p, i == 0 ? " %02x" : "%02x", request->value[i]);
        if (request->verb == DRIVER_FAILED)
                say_more(p, " %s", error_name(request->error));
}

/* --- the owner: does what session and driver say ------------------------------------------------
 */

static void step(struct player *p, enum session_event event);

static void ask(struct player *p) {
        struct driver_request request;

        driver_standard_next(&p->driver, &p->now, &request);
        p->asked = request.verb <= DRIVER_WRITE;
        if (p->session.state == SESSION_SUBSCRIBING && request.verb == DRIVER_SUBSCRIBE)
                say_more(p, " %.4s", request.uuid + 4);
        else
                say_request(p, &request);
        if (request.verb == DRIVER_FAILED)
                step(p, request.error == -ENOTCONN ? EVENT_LOST : EVENT_REFUSED);
}

static void step(struct player *p, enum session_event event) {
        enum session_state before = p->session.state;
        enum session_action action = session_step(&p->session, event);

        if (!session_is_linked(&(struct session){.state = before}) &&
            session_is_linked(&p->session))
                driver_standard_begin(&p->driver, p->may_set_clock);
        if (before != p->session.state)
                p->asked = false; /* leaving a state drops its calls */
        if (action == ACTION_FEED)
                return;

        say(p, "%s [%s]", session_action_to_string(action),
            session_state_to_string(p->session.state));
        if (action == ACTION_SUBSCRIBE || action == ACTION_COLLECT)
                ask(p);
        if (action != ACTION_REST)
                return;
        say_more(p, " %.1fs failures=%u",
                 (double) session_rest_usec(&p->session, &SESSION_TIMING_DEFAULT, p->random) / 1e6,
                 p->session.failures);
        if (p->session.unresolved_losses > 0)
                say_more(p, " unresolved=%u", p->session.unresolved_losses);
}

/* --- what goes in --------------------------------------------------------------------------------
 */

static bool parse_hex(const char *text, uint8_t *ret, size_t *ret_size) {
        size_t n = 0;

        for (; isxdigit((unsigned char) text[0]) && isxdigit((unsigned char) text[1]); text += 2)
                ret[n++] = (uint8_t) strtoul((char[]){text[0], text[1], '\0'}, NULL, 16);
        *ret_size = n;
        return *text == '\0';
}

static void take_now(struct player *p, const char *arguments) {
        struct date_time *t = &p->now.local;
        char word[16] = "";

        if (sscanf(arguments, "%hu-%hhu-%hhuT%hhu:%hhu:%hhu %15s", &t->year, &t->month, &t->day,
                   &t->hour, &t->minute, &t->second, word) < 6)
                p->wrong = "now YYYY-MM-DDTHH:MM:SS [synchronised]";
        p->now.synchronised = strcmp(word, "synchronised") == 0;
}

static void take_reply(struct player *p, const char *arguments) {
        uint8_t value[256];
        size_t size = 0;
        int error = 0;

        if (strncmp(arguments, "error ", 6) == 0) {
                error = error_from_name(arguments + 6);
                if (error == 0)
                        p->wrong = "unknown error name";
        } else if (strcmp(arguments, "ok") != 0 && !parse_hex(arguments, value, &size)) {
                p->wrong = "reply ok | HEX | error NAME";
        }
        if (!p->asked)
                p->wrong = "a reply to nothing";
        if (p->wrong)
                return;

        driver_standard_reply(&p->driver, &p->now, error, value, size);
        if (p->session.state == SESSION_SUBSCRIBING && error == 0)
                step(p, EVENT_SUBSCRIBED);
        else
                ask(p);
}

static void take_value(struct player *p, const char *arguments) {
        char uuid[] = "0000XXXX-0000-1000-8000-00805f9b34fb";
        struct measurement m;
        uint8_t value[256];
        size_t size;
        int r;

        if (strlen(arguments) < 4 || !parse_hex(arguments + (arguments[4] ? 5 : 4), value, &size)) {
                p->wrong = "value XXXX [HEX]";
                return;
        }
        memcpy(uuid + 4, arguments, 4);
        step(p, EVENT_VALUE); /* every state feeds; "ignore" would show here */
        r = driver_standard_value(&p->driver, uuid, value, size, &m);
        if (r > 0)
                say_measurement(p, &m);
        else if (r == 0)
                say(p, "understood");
        else
                say(p, "refused %s", error_name(r));
}

static void take_input(struct player *p, char *line) {
        char *arguments = line + strcspn(line, " ");
        int event;

        if (*arguments)
                *arguments++ = '\0';
        p->outputs = p->shown = 0;

        event = session_event_from_string(line);
        if (strcmp(line, "value") == 0)
                take_value(p, arguments);
        else if (event >= 0)
                step(p, (enum session_event) event);
        else if (strcmp(line, "reply") == 0)
                take_reply(p, arguments);
        else if (strcmp(line, "now") == 0)
                take_now(p, arguments);
        else if (strcmp(line, "random") == 0)
                p->random = (uint32_t) strtoul(arguments, NULL, 0);
        else if (strcmp(line, "clock-setting") == 0)
                p->may_set_clock = strcmp(arguments, "on") == 0;
        else if (strcmp(line, "facts") == 0)
                say_facts(p);
        else
                p->wrong = "unknown input";
}

/* --- one story -----------------------------------------------------------------------------------
 */

static bool differs(const char *path, unsigned number, const char *expected, const char *got) {
        printf("# %s:%u: expected \"%s\", got \"%s\"\n", path, number, expected, got);
        return false;
}

static bool play_line(struct player *p, const char *path, unsigned number, char *line) {
        bool pending = p->shown < p->outputs;

        if (strncmp(line, "> ", 2) == 0) {
                const char *got = pending ? p->output[p->shown++] : "";

                return strcmp(got, line + 2) == 0 || differs(path, number, line + 2, got);
        }
        if (*line == '\0' || *line == '#')
                return true;
        if (pending)
                return differs(path, number, line, p->output[p->shown]);
        if (strncmp(line, "< ", 2) != 0)
                return differs(path, number, "# comment, < input or > output", line);
        take_input(p, line + 2);
        return !p->wrong || differs(path, number, p->wrong, line + 2);
}

static bool play(const char *path) {
        struct player player = {.may_set_clock = true, .random = 0x80000000};
        unsigned number = 0, checked = 0;
        char line[1024];
        bool good = true;
        FILE *file;

        file = fopen(path, "re");
        if (!file)
                return differs(path, 0, "a readable file", strerror(errno));
        session_init(&player.session);
        driver_standard_begin(&player.driver, true);
        while (good && fgets(line, sizeof line, file)) {
                line[strcspn(line, "\r\n")] = '\0';
                checked += *line == '>';
                good = play_line(&player, path, ++number, line);
        }
        fclose(file);
        if (good && player.shown < player.outputs)
                good = differs(path, number, "", player.output[player.shown]);
        if (good && checked == 0)
                good = differs(path, number, "> an output", "");
        return good;
}

static int is_story(const struct dirent *entry) {
        const char *dot = strrchr(entry->d_name, '.');

        return dot && strcmp(dot, ".t") == 0;
}

int main(void) {
        const char *source = getenv("CUFF2MQTT_SOURCE");
        struct dirent **stories = NULL;
        char folder[2048], path[4096];
        int n, failed = 0;

        snprintf(folder, sizeof folder, "%s/tests/transcripts", source ? source : ".");
        n = scandir(folder, &stories, is_story, alphasort);
        if (n <= 0) {
                printf("FAIL transcript.stories: none found in %s\n", folder);
                return 1;
        }
        for (int i = 0; i < n; i++) {
                snprintf(path, sizeof path, "%s/%s", folder, stories[i]->d_name);
                check_failed = !play(path);
                printf("%s transcript.%s\n", check_failed ? "FAIL" : "ok", stories[i]->d_name);
                failed += check_failed;
                free(stories[i]);
        }
        free(stories);
        return failed ? 1 : 0;
}
