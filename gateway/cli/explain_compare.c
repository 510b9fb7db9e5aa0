/* What a host that succeeds says otherwise than one that does not. */
#include <string.h>

#include "base/cleanup.h"
#include "cli/explain.h"
#include "cli/explain_words.h"
#include "core/words.h"

#define CELL_MAX SMP_TEXT_MAX
#define UNKNOWN  "not told" /* in this capture: no difference */

/* --- side by side --- */

/* Each gives one cell: a literal, or text in `room`. */
typedef const char *(*cell)(const struct trace_pairing *p, char room[CELL_MAX]);

static const char *cell_ending(const struct trace_pairing *p, char room[CELL_MAX]) {
        return trace_outcome_to_string(p->outcome);
}

static const char *cell_asked(const struct trace_pairing *p, char room[CELL_MAX]) {
        return p->has_security_request ? "the cuff" : "the host";
}

static const char *cell_flag(const struct trace_pairing *p, char room[CELL_MAX]) {
        return p->pairing_flag == TRACE_YES ? "yes" : p->pairing_flag == TRACE_NO ? "no" : UNKNOWN;
}

static const char *cell_io(const struct trace_pairing *p, char room[CELL_MAX]) {
        return smp_io_to_string(p->request.io);
}

static const char *cell_oob(const struct trace_pairing *p, char room[CELL_MAX]) {
        return smp_oob_to_string(p->request.oob);
}

static const char *cell_bonding(const struct trace_pairing *p, char room[CELL_MAX]) {
        return p->request.auth & SMP_AUTH_BONDING_MASK ? "Bonding" : "No Bonding";
}

static const char *cell_mitm(const struct trace_pairing *p, char room[CELL_MAX]) {
        return p->request.auth & SMP_AUTH_MITM ? "MITM" : "No MITM";
}

static const char *cell_sc(const struct trace_pairing *p, char room[CELL_MAX]) {
        return p->request.auth & SMP_AUTH_SC ? "SC" : "Legacy";
}

static const char *cell_ct2(const struct trace_pairing *p, char room[CELL_MAX]) {
        return p->request.auth & SMP_AUTH_CT2 ? "CT2" : "No CT2";
}

static const char *cell_size(const struct trace_pairing *p, char room[CELL_MAX]) {
        snprintf(room, CELL_MAX, "%u", p->request.max_key_size);
        return room;
}

static const char *cell_initiator(const struct trace_pairing *p, char room[CELL_MAX]) {
        return smp_keys_print(p->request.initiator_keys, room);
}

static const char *cell_responder(const struct trace_pairing *p, char room[CELL_MAX]) {
        return smp_keys_print(p->request.responder_keys, room);
}

static const char *cell_address(const struct trace_pairing *p, char room[CELL_MAX]) {
        return p->own_random == TRACE_YES  ? "random"
               : p->own_random == TRACE_NO ? "public"
                                           : UNKNOWN;
}

/* --- which of the two lacks what the other has --- */

static bool lacks_bonding(const struct trace_pairing *bad, const struct trace_pairing *good) {
        return !(bad->request.auth & SMP_AUTH_BONDING_MASK);
}

static bool lacks_sc(const struct trace_pairing *bad, const struct trace_pairing *good) {
        return !(bad->request.auth & SMP_AUTH_SC);
}

static bool lacks_identity(const struct trace_pairing *bad, const struct trace_pairing *good) {
        return good->request.initiator_keys & ~bad->request.initiator_keys & SMP_KEY_ID;
}

static bool lacks_privacy(const struct trace_pairing *bad, const struct trace_pairing *good) {
        return bad->own_random == TRACE_NO;
}

/* A row, and what it means when the two differ: "" cannot matter with a cuff as they are known. */
static const struct row {
        const char *name;
        cell cell;
        const char *matters;
        /* Where it matters which of the two lacks it: whether it is this one; and what the row
         * means when it is not. */
        bool (*lacks)(const struct trace_pairing *bad, const struct trace_pairing *good);
        const char *otherwise;
} rows[] = {
        {"Ended as", cell_ending, "", NULL, NULL},
        {"Asked for by", cell_asked, "", NULL, NULL},
        {"Cuff showed P", cell_flag,
         "The cuff said in its advertisement whether it is in pairing mode: compare the two "
         "attempts only when both were made while the P was blinking.",
         NULL, NULL},
        {"IO capability", cell_io,
         "The IO capability decides how the two prove themselves; a cuff has neither display nor "
         "keys, so it comes to Just Works with either. Unlikely to matter. On BlueZ it is the "
         "capability the agent registers with.",
         NULL, NULL},
        {"OOB data", cell_oob, "Only one of them has data from another channel.", NULL, NULL},
        {"Bonding", cell_bonding,
         "Without bonding no keys are kept, and a cuff may refuse: on BlueZ an agent must be "
         "registered and the adapter pairable (`bluetoothctl pairable on`).",
         lacks_bonding, ""},
        {"MITM", cell_mitm,
         "Asking for protection against a man in the middle is a wish that a cuff cannot fulfil; "
         "cuffs were seen to pair with hosts that ask and with hosts that do not. Unlikely to "
         "matter.",
         NULL, NULL},
        {"Secure Connections", cell_sc,
         "A host that can do Secure Connections may say so, and falls back to legacy pairing when "
         "the cuff cannot. Linux leaves the bit away when it answers a cuff's own Security "
         "Request without it. Unlikely to matter, but easy to try: let the host begin (Pair) "
         "instead of the cuff.",
         lacks_sc,
         "A host that can do Secure Connections may say so, and falls back to legacy pairing when "
         "the cuff cannot. Unlikely to matter, but easy to try: on Linux `sudo btmgmt sc off` "
         "takes the bit away, `sudo btmgmt sc on` brings it back."},
        {"CT2", cell_ct2, "", NULL, NULL},
        {"Key size", cell_size, "A cuff that wants 16 bytes refuses shorter keys with 0x06.", NULL,
         NULL},
        {"Initiator keys", cell_initiator,
         "These are the keys the host would hand to the cuff. IdKey is the one that can matter: "
         "with it the cuff can recognise the host again, and a phone offers it. On BlueZ `Privacy "
         "= device` under [General] of /etc/bluetooth/main.conf adds it (restart bluetooth "
         "afterwards); nobody has reported yet that it helps a cuff: it is an experiment.",
         lacks_identity,
         "These are the keys the host would hand to the cuff. IdKey is the one that could matter, "
         "and the good one succeeded without more of it. Unlikely to matter."},
        {"Responder keys", cell_responder,
         "These are the keys the host wants from the cuff; the cuff may hand out fewer. Unlikely "
         "to matter.",
         NULL, NULL},
        {"Host's address", cell_address,
         "A phone connects from a private (random) address and hands over its identity; a cuff "
         "may tell hosts apart by it. It goes together with IdKey above.",
         lacks_privacy,
         "The good one succeeded from its public address: the cuff needs no private (random) one."},
};

/* What a row means whose cells differ. */
static const char *what_matters(const struct row *row, const struct trace_pairing *bad,
                                const struct trace_pairing *good) {
        return !row->lacks || row->lacks(bad, good) ? row->matters : row->otherwise;
}

/* --- all of it --- */

static void print_bytes(FILE *f, const struct trace_pairing *p, const char *who) {
        uint8_t bytes[SMP_PDU_MAX];
        struct smp_pdu pdu = {.code = SMP_PAIRING_REQUEST, .features = p->request};
        char hex[3 * 7];
        struct words w = words_in(hex, sizeof hex);

        words_add_hex(&w, bytes, smp_encode(&pdu, bytes));
        fprintf(f, "  %-20s %s\n", who, hex);
}

void explain_compare(FILE *f, const struct trace_pairing *bad, const struct trace_pairing *good) {
        bool differs[ELEMENTS(rows)], matters = false;

        fprintf(f, "Side by side\n\n");
        print_bytes(f, bad, "this request");
        print_bytes(f, good, "the good request");
        fprintf(f, "\n  %-20s %-34s %s\n", "", "this one", "the good one");
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char rooms[2][CELL_MAX];
                const char *left = rows[i].cell(bad, rooms[0]);
                const char *right = rows[i].cell(good, rooms[1]);

                differs[i] = strcmp(left, right) != 0 && strcmp(left, UNKNOWN) != 0 &&
                             strcmp(right, UNKNOWN) != 0;
                matters = matters || (differs[i] && *what_matters(&rows[i], bad, good));
                fprintf(f, "%c %-20s %-34s %s\n", differs[i] ? '*' : ' ', rows[i].name, left,
                        right);
        }
        if (!matters) {
                fprintf(f, "\n");
                explain_wrap(f, "  ", 2,
                             "The two requests do not differ in anything that can matter: look at "
                             "the cuff (pairing mode, another host's bond) and try again.");
                return;
        }
        fprintf(f, "\nWhat the differences can mean\n");
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char first[40];

                if (!differs[i] || !*what_matters(&rows[i], bad, good))
                        continue;
                snprintf(first, sizeof first, "  * %s: ", rows[i].name);
                explain_wrap(f, first, 4, what_matters(&rows[i], bad, good));
        }
}
