/* Text in, events out as text: one line each, "NUMBER USEC HANDLE what". Every line is given in a
 * heap block of its own size, so that the address sanitizer guards its end. */
#pragma once

#include "check.h"
#include "core/trace_btmon.h"
#include "exact.h"

#define TOLD_MAX 65536

static inline const char *answer_text(enum trace_answer answer) {
        return answer == TRACE_YES ? "yes" : answer == TRACE_NO ? "no" : "?";
}

/* What happened, without when and where. */
static inline void print_event(FILE *out, const struct trace_event *e) {
        static const char *const sides[] = {"?", "host", "cuff"};
        char address[BDADDR_STRING_SIZE] = "-";

        if (e->has_address)
                bdaddr_to_string(&e->address, address);
        if (e->adapter)
                fprintf(out, "hci%u ", e->adapter);
        switch (e->kind) {
        case TRACE_SMP:
                fputs(sides[e->side], out);
                for (size_t i = 0; i < e->pdu_size; i++)
                        fprintf(out, " %02x", e->pdu[i]);
                fputs(e->pdu_cut ? " cut" : "", out);
                break;
        case TRACE_CONNECTED:
                fprintf(out, "connected %s random %s", address, answer_text(e->own_random));
                break;
        case TRACE_DISCONNECTED:
                fprintf(out, "disconnected %02x", e->status);
                break;
        case TRACE_ENCRYPTION_ASKED:
                fprintf(out, "encrypt%s", e->stored ? " stored" : "");
                break;
        case TRACE_ENCRYPTION_DONE:
                fprintf(out, "encrypted %02x", e->status);
                break;
        case TRACE_PAIR_ASKED:
                fprintf(out, "pair %s io %u", address, e->io);
                break;
        case TRACE_CONFIRM_ASKED:
                fprintf(out, "confirm %s", address);
                break;
        case TRACE_CONFIRM_ANSWERED:
                fprintf(out, "confirmed %s %s", address, answer_text(e->answer));
                break;
        case TRACE_KEY_STORED:
                fprintf(out, "key %s", address);
                break;
        case TRACE_PAIRING_STATUS:
                fprintf(out, "status %s %02x", address, e->status);
                break;
        case TRACE_BONDABLE:
                fprintf(out, "bondable %s", answer_text(e->answer));
                break;
        case TRACE_IO_CAPABILITY:
                fprintf(out, "io %u", e->io);
                break;
        case TRACE_ADVERTISED:
                fprintf(out, "advert %s flag %s", address, answer_text(e->pairing_flag));
                break;
        default:
                fprintf(out, "kind %d", (int) e->kind);
                break;
        }
}

static inline void print_all_of_it(FILE *out, const struct trace_event *e, int64_t *last_usec) {
        fprintf(out, "%" PRIu64 " %" PRId64 " %u ", e->number, e->usec, e->handle);
        print_event(out, e);
        fputc('\n', out);
}

/* "HANDLE what", then "+usec HANDLE what": since the event before. */
static inline void print_spans(FILE *out, const struct trace_event *e, int64_t *last_usec) {
        if (*last_usec >= 0)
                fprintf(out, "\n+%" PRId64 " ", e->usec - *last_usec);
        *last_usec = e->usec;
        fprintf(out, "%u ", e->handle);
        print_event(out, e);
}

typedef void print_function(FILE *out, const struct trace_event *e, int64_t *last_usec);

/* Every line of `text` through `b`; `ret` has room for TOLD_MAX. Returns it. */
static inline char *tell_with(struct trace_btmon *b, const char *text, size_t n,
                              print_function *print, char *ret) {
        FILE *out = fmemopen(ret, TOLD_MAX, "w");
        int64_t last_usec = -1;
        struct trace_event e;

        if (!out)
                abort();
        memset(ret, 0, TOLD_MAX);
        while (n > 0) {
                const char *end = memchr(text, '\n', n);
                size_t length = end ? (size_t) (end - text) : n;
                uint8_t *line = exact_copy((const uint8_t *) text, length);

                if (trace_btmon_line(b, (const char *) line, length, &e))
                        print(out, &e, &last_usec);
                free(line);
                n -= length + (end ? 1 : 0);
                text += length + (end ? 1 : 0);
        }
        if (trace_btmon_end(b, &e))
                print(out, &e, &last_usec);
        fclose(out);
        return ret;
}

/* Valid until the next call. */
static inline const char *tell(const char *text) {
        static char told[TOLD_MAX];
        struct trace_btmon b;

        trace_btmon_init(&b);
        return tell_with(&b, text, strlen(text), print_all_of_it, told);
}

struct row {
        const char *text, *want;
};

static inline void check_rows(const struct row *rows, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const char *got = tell(rows[i].text);

                if (strcmp(got, rows[i].want) == 0)
                        continue;
                check_failed = true;
                printf("# %s# gives\n%s# not\n%s", rows[i].text, got, rows[i].want);
        }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof rows / sizeof rows[0])
