#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define SD_JOURNAL_SUPPRESS_LOCATION /* the place in this file says nothing about the event */
#include <systemd/sd-journal.h>

#include "base/cleanup.h"

#define LOG_MESSAGE_SIZE 1024 /* longer messages are cut */

/* The one mutable file-scope variable of the service: who logs has no owner to pass along. */
static struct {
        enum log_level level;
        log_sink_t sink;
        void *userdata;
        bool in_sink;
        bool to_journal;
} state = {.level = LOG_LEVEL_INFO};

static const struct {
        const char *name;
        int priority; /* syslog(3), which the journal uses */
} levels[] = {
        [LOG_LEVEL_ERROR] = {"error", 3},
        [LOG_LEVEL_WARNING] = {"warning", 4},
        [LOG_LEVEL_INFO] = {"info", 6},
        [LOG_LEVEL_DEBUG] = {"debug", 7},
};

/* JOURNAL_STREAM is inherited, so it counts only while stderr still is that stream: somebody may
 * have redirected it since. */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        char expected[64];
        struct stat st;

        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;
        snprintf(expected, sizeof expected, "%ju:%ju", (uintmax_t) st.st_dev,
                 (uintmax_t) st.st_ino);
        return strcmp(stream, expected) == 0;
}

void log_open(void) {
        state.level = LOG_LEVEL_INFO;
        state.to_journal = stderr_is_journal();
}

void log_set_level(enum log_level level) {
        state.level = level;
}

enum log_level log_get_level(void) {
        return state.level;
}

void log_set_sink(log_sink_t sink, void *userdata) {
        state.sink = sink;
        state.userdata = userdata;
}

const char *log_level_to_string(enum log_level level) {
        return levels[level].name;
}

int log_level_from_string(const char *text) {
        for (size_t i = 0; i < ELEMENTS(levels); i++)
                if (strcmp(text, levels[i].name) == 0)
                        return (int) i;
        return -EINVAL;
}

/* Bytes of the UTF-8 character at `at`; 0 when it is none or a control character (C0, DEL, C1). */
static size_t printable_size(const unsigned char *at) {
        static const uint32_t smallest[] = {0, 0x20, 0xA0, 0x800, 0x10000}; /* by size */
        size_t size = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
        uint32_t code = size == 1 ? at[0] : at[0] & (0x7Fu >> size);

        if ((at[0] >= 0x80 && at[0] < 0xC0) || at[0] >= 0xF8)
                return 0; /* begins no character */
        for (size_t i = 1; i < size; i++) {
                if ((at[i] & 0xC0) != 0x80)
                        return 0;
                code = code << 6 | (at[i] & 0x3F);
        }
        if (code == 0x7F || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF)
                return 0;
        return code < smallest[size] ? 0 : size;
}

/* A message can hold a peer's bytes (a name, a request): they must neither forge a line, nor drive
 * somebody's terminal, nor break the JSON of bridge/logging. */
static void make_printable(char *text) {
        size_t size;

        for (; *text; text += size) {
                size = printable_size((unsigned char *) text);
                if (size == 0) {
                        *text = '?';
                        size = 1;
                }
        }
}

static bool send_to_journal(enum log_level level, const char *component, const char *cuff,
                            const char *message) {
        return sd_journal_send("MESSAGE=%s: %s", component, message, "PRIORITY=%i",
                               levels[level].priority, "SYSLOG_IDENTIFIER=%s", "cuff2mqtt",
                               "CUFF2MQTT_COMPONENT=%s", component,
                               cuff ? "CUFF2MQTT_CUFF=%s" : NULL, cuff, NULL) >= 0;
}

static void send_to_sink(enum log_level level, const char *component, const char *message) {
        /* What goes wrong while the sink publishes a line must not become the next line to publish.
         */
        if (!state.sink || state.in_sink)
                return;
        state.in_sink = true;
        state.sink(level, component, message, state.userdata);
        state.in_sink = false;
}

void log_write(enum log_level level, const char *component, const char *cuff, const char *format,
               ...) {
        int saved_errno = errno; /* for the caller, and for a %m in the format */
        char message[LOG_MESSAGE_SIZE];
        size_t used = 0;
        va_list arguments;

        if (level > state.level)
                return;

        if (cuff)
                used = (size_t) snprintf(message, sizeof message, "%.32s: ", cuff);
        errno = saved_errno;
        va_start(arguments, format);
        vsnprintf(message + used, sizeof message - used, format, arguments);
        va_end(arguments);
        make_printable(message);

        if (!state.to_journal || !send_to_journal(level, component, cuff, message))
                fprintf(stderr, "%s %s: %s\n", levels[level].name, component, message);
        send_to_sink(level, component, message);
        errno = saved_errno;
}
