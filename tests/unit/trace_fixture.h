/* Captures for core/trace as a list of lines:
 *
 *      connected [random]            gone 13                    the link's beginning and end
 *      host 01030001100507           cuff 03* | cuff 0203~      PDUs; * filled up with 00, ~ cut
 * off somebody 0508                                            .. of a side that is not known ask |
 * ask stored              done 06                    encryption pair 03, confirm?, confirm yes,
 * stored, status 05        user space, about the address bondable yes, io 03 user space, about the
 * adapter advert yes | advert no | advert -                        the blinking P; -: does not tell
 *
 * Events are 1 ms apart and numbered from 1 unless at() says otherwise. */
#pragma once

#include "core/trace.h"

#include "check.h"

#define PUBLIC_ADDRESS                                                                             \
        (struct bdaddr) {                                                                          \
                { 0x28, 0x5F, 0xDB, 0x11, 0x22, 0x33 }                                             \
        }

/* BlueZ's answer to a Security Request of a cuff, and the cuff's answer to that. */
#define SECURITY_REQUEST "cuff 0b01"
#define REQUEST          "host 01030001100507"
#define RESPONSE         "cuff 02030001100001" /* it sends EncKey, the host nothing */
#define PROOF            "host 03*", "cuff 03*", "host 04*", "cuff 04*"
#define CUFF_LTK         "cuff 06*", "cuff 07*"

struct play {
        struct trace trace;
        struct trace_event next; /* what lines have in common: link, address, number, time */
        struct trace_pairing got[8];
        size_t n;
};

static struct play play;

static void begin(void) {
        memset(&play, 0xA5, sizeof play);
        trace_init(&play.trace);
        play.n = 0;
        play.next = (struct trace_event){
                .handle = 64, .has_address = true, .address = PUBLIC_ADDRESS, .number = 1};
}

__attribute__((unused)) static void at(uint64_t number, int64_t usec) {
        play.next.number = number;
        play.next.usec = usec;
}

static void keep(const struct trace_pairing *p) {
        if (p && play.n < sizeof play.got / sizeof play.got[0])
                play.got[play.n++] = *p;
}

static void tell_event(const struct trace_event *event) {
        keep(trace_step(&play.trace, event));
        play.next.number++;
        if (play.next.usec >= 0)
                play.next.usec += 1000;
}

static void fill_pdu(struct trace_event *e, const char *hex) {
        unsigned byte;

        for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
                e->pdu[e->pdu_size++] = (uint8_t) byte;
        if (*hex == '*')
                e->pdu_size = smp_size(e->pdu[0]);
        e->pdu_cut = *hex == '~';
}

static enum trace_answer answer_of(const char *word) {
        return strcmp(word, "yes") == 0  ? TRACE_YES
               : strcmp(word, "no") == 0 ? TRACE_NO
                                         : TRACE_NOT_TOLD;
}

static void tell(const char *line) {
        static const struct {
                const char *word;
                enum trace_kind kind;
                enum trace_side side;
        } words[] = {
                {"connected", TRACE_CONNECTED, TRACE_UNKNOWN},
                {"gone", TRACE_DISCONNECTED, TRACE_UNKNOWN},
                {"host", TRACE_SMP, TRACE_HOST},
                {"cuff", TRACE_SMP, TRACE_CUFF},
                {"somebody", TRACE_SMP, TRACE_UNKNOWN},
                {"ask", TRACE_ENCRYPTION_ASKED, TRACE_HOST},
                {"done", TRACE_ENCRYPTION_DONE, TRACE_UNKNOWN},
                {"pair", TRACE_PAIR_ASKED, TRACE_UNKNOWN},
                {"confirm?", TRACE_CONFIRM_ASKED, TRACE_UNKNOWN},
                {"confirm", TRACE_CONFIRM_ANSWERED, TRACE_UNKNOWN},
                {"stored", TRACE_KEY_STORED, TRACE_UNKNOWN},
                {"status", TRACE_PAIRING_STATUS, TRACE_UNKNOWN},
                {"bondable", TRACE_BONDABLE, TRACE_UNKNOWN},
                {"io", TRACE_IO_CAPABILITY, TRACE_UNKNOWN},
                {"advert", TRACE_ADVERTISED, TRACE_UNKNOWN},
        };
        struct trace_event e = play.next;
        char word[16] = "", rest[160] = "";
        size_t i = 0;

        sscanf(line, "%15s %159s", word, rest);
        while (i < sizeof words / sizeof words[0] && strcmp(words[i].word, word) != 0)
                i++;
        if (i == sizeof words / sizeof words[0])
                abort();
        e.kind = words[i].kind;
        e.side = words[i].side;
        e.status = e.io = (uint8_t) strtoul(rest, NULL, 16);
        e.answer = answer_of(rest);
        if (e.kind == TRACE_SMP)
                fill_pdu(&e, rest);
        if (e.kind == TRACE_CONNECTED)
                e.own_random = strcmp(rest, "random") == 0 ? TRACE_YES : TRACE_NO;
        if (e.kind == TRACE_ADVERTISED)
                e.pairing_flag = e.answer;
        e.stored = strcmp(rest, "stored") == 0;
        tell_event(&e);
}

__attribute__((unused)) static void tell_all(const char *const *lines, size_t n) {
        for (size_t i = 0; i < n; i++)
                tell(lines[i]);
}

#define TELL(...)                                                                                  \
        tell_all((const char *const[]){__VA_ARGS__},                                               \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void end(void) {
        const struct trace_pairing *p;

        while ((p = trace_end(&play.trace)))
                keep(p);
        CHECK(!trace_end(&play.trace));
}

/* A whole capture; the pairings are in play.got. */
#define CAPTURE(...)                                                                               \
        do {                                                                                       \
                begin();                                                                           \
                TELL(__VA_ARGS__);                                                                 \
                end();                                                                             \
        } while (0)

#define ONLY(want)                                                                                 \
        do {                                                                                       \
                CHECK_EQ(play.n, 1);                                                               \
                CHECK_EQ(play.got[0].outcome, want);                                               \
        } while (0)
