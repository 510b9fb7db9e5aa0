/* The virtual cuff's command language, on a front end that only remembers what it was asked. */
#include <stdio.h>

#include "check.h"
#include "script.h"
#include "script_commands.h"

#define FIRST  "28:FF:B2:05:91:B5"
#define SECOND "28:FF:B2:00:00:02"

struct front {
        struct cuff cuffs[2];
        char addresses[2][18];
        unsigned n, changed, lost, taken, own;
};

/* --- the front end --- */

uint64_t front_now(const struct front *f) {
        return 1000;
}

struct cuff *front_first(struct front *f) {
        return f->n ? &f->cuffs[0] : NULL;
}

struct cuff *front_next(struct cuff *c) {
        struct front *f = c->owner;

        return c + 1 < f->cuffs + f->n ? c + 1 : NULL;
}

const char *front_address(const struct cuff *c) {
        const struct front *f = c->owner;

        return f->addresses[c - f->cuffs];
}

static void on_advertising(void *owner) {
}

static int64_t local_time(void *owner) {
        return 0;
}

struct cuff *front_new_cuff(struct front *f, const char *address) {
        static const struct cuff_host host = {.advertising = on_advertising,
                                              .local_time = local_time};

        if (f->n == 2)
                return NULL;
        snprintf(f->addresses[f->n], sizeof f->addresses[0], "%s", address);
        cuff_init(&f->cuffs[f->n], &host, f);
        return &f->cuffs[f->n++];
}

void front_changed(struct cuff *c) {
        ((struct front *) c->owner)->changed++;
}

const char *front_bonded(struct cuff *c) {
        c->has_keys = true;
        return NULL;
}

void front_bond_lost(struct cuff *c, bool taken) {
        struct front *f = c->owner;

        c->has_keys = false;
        f->lost++;
        f->taken += taken;
}

void front_show(struct cuff *c) {
}

static void do_own(struct front *f, struct words *w) {
        f->own++;
}

const struct script_command script_front[] = {{"own", do_own}, {NULL, NULL}};

/* --- the tests --- */

static void say(struct front *f, const char *text) {
        char line[256];

        snprintf(line, sizeof line, "%s\n", text);
        script_line(f, line);
}

static void a_cuff_is_made_once_whatever_the_case_of_its_address(void) {
        struct front f = {0};

        say(&f, "cuff 28:ff:b2:05:91:b5 name=\"two words\" # a comment");
        say(&f, "cuff " FIRST " battery=7");
        CHECK_EQ(f.n, 1);
        CHECK_STR(f.addresses[0], FIRST);
        CHECK_STR(f.cuffs[0].name, "two words");
        CHECK_EQ(f.cuffs[0].battery, 7);
}

static void without_an_address_a_command_means_the_only_cuff(void) {
        struct front f = {0};

        say(&f, "bonded");
        say(&f, "cuff " FIRST);
        say(&f, "bonded");
        CHECK(f.cuffs[0].has_keys);
        say(&f, "cuff " SECOND);
        say(&f, "bond-lost");
        CHECK_EQ(f.lost, 0);
        say(&f, "bonded 28:ff:b2:00:00:02");
        CHECK(f.cuffs[1].has_keys);
}

static void an_address_the_front_end_refuses_makes_no_cuff(void) {
        struct front f = {0};

        say(&f, "cuff " FIRST);
        say(&f, "cuff " SECOND);
        say(&f, "cuff 28:FF:B2:00:00:03 battery=7");
        CHECK_EQ(f.n, 2);
}

static void the_radio_of_a_cuff_is_described(void) {
        struct front f = {0};

        say(&f, "cuff " FIRST);
        CHECK_EQ(f.cuffs[0].mtu, 23);
        CHECK_EQ(f.cuffs[0].advert_interval_usec, 100000);
        say(&f, "cuff " FIRST " advert-interval=250 mtu=185");
        CHECK_EQ(f.cuffs[0].mtu, 185);
        CHECK_EQ(f.cuffs[0].advert_interval_usec, 250000);
}

static void numbers_out_of_range_change_nothing(void) {
        struct front f = {0};

        say(&f, "cuff " FIRST);
        say(&f, "cuff " FIRST " advert-interval=0");
        say(&f, "cuff " FIRST " mtu=22");
        say(&f, "cuff " FIRST " mtu=248");
        say(&f, "pairing-outcome fail reason=0");
        say(&f, "pairing-outcome fail reason=0x100");
        CHECK_EQ(f.cuffs[0].mtu, 23);
        CHECK_EQ(f.cuffs[0].advert_interval_usec, 100000);
        CHECK_EQ(f.cuffs[0].outcome, CUFF_PAIRS);
}

static void a_failure_of_pairing_has_its_reason(void) {
        struct front f = {0};

        say(&f, "cuff " FIRST);
        say(&f, "pairing-outcome fail reason=0x04 times=2");
        CHECK_EQ(f.cuffs[0].outcome, CUFF_FAILS);
        CHECK_EQ(f.cuffs[0].outcome_times, 2);
        CHECK_EQ(f.cuffs[0].fail_reason, 0x04);
        say(&f, "pairing-outcome fail");
        CHECK_EQ(f.cuffs[0].outcome_times, 0);
        CHECK_EQ(f.cuffs[0].fail_reason, 0x08);
}

static void a_bond_is_lost_or_taken(void) {
        struct front f = {0};

        say(&f, "cuff " FIRST);
        say(&f, "bond-lost");
        CHECK_EQ(f.lost, 1);
        CHECK_EQ(f.taken, 0);
        say(&f, "bond-lost 28:ff:b2:05:91:b5 taken");
        CHECK_EQ(f.taken, 1);
        say(&f, "bond-lost stolen");
        CHECK_EQ(f.lost, 2);
}

static void what_moves_the_cuffs_due_time_is_told(void) {
        struct front f = {0};

        say(&f, "cuff " FIRST);
        CHECK_EQ(f.changed, 0);
        say(&f, "measure 131/84/67");
        CHECK_EQ(f.cuffs[0].n_unsent, 1);
        CHECK_EQ(f.changed, 1);
        say(&f, "hang-up-after 2");
        say(&f, "quiet");
        CHECK_EQ(f.changed, 3);
}

/* --- the memory of OMRON's protocol --- */

static void a_kind_of_memory_brings_its_stack_along(void) {
        static const struct {
                const char *kind;
                const struct att_table *table;
                unsigned users, mtu;
        } cases[] = {
                {"classic", &att_classic, 2, 23},  {"k4", &att_modern, 2, 247},
                {"k4-token", &att_modern, 2, 247}, {"mw3", &att_modern, 2, 247},
                {"7142t2", &att_modern, 1, 247},   {"7322t", &att_classic, 2, 23},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct front f = {0};
                char line[64];

                snprintf(line, sizeof line, "cuff " FIRST " memory=%s", cases[i].kind);
                say(&f, line);
                CHECK(f.cuffs[0].table == cases[i].table);
                CHECK_EQ(f.cuffs[0].users, cases[i].users);
                CHECK_EQ(f.cuffs[0].mtu, cases[i].mtu);
                CHECK_EQ(f.cuffs[0].hang_up_usec, 3000000);
        }
}

static void what_is_said_beside_the_kind_prevails_and_the_kind_stays(void) {
        struct front f = {0};

        say(&f, "cuff " FIRST " mtu=100 model=\"M4 Intelli IT\" memory=k4");
        CHECK_EQ(f.cuffs[0].mtu, 100);
        CHECK_STR(f.cuffs[0].model, "M4 Intelli IT");
        say(&f, "fill 1 2");
        say(&f, "cuff " FIRST " memory=k4 indicates=yes tail=5");
        CHECK_EQ(memory_count(&f.cuffs[0].memory, 1), 2);
        CHECK(f.cuffs[0].indicates);
        CHECK_EQ(f.cuffs[0].tail_usec, 5000000);
        cuff_link_up(&f.cuffs[0], 1000);
        say(&f, "cuff " FIRST " memory=classic");
        CHECK(f.cuffs[0].table == &att_modern);
}

static void measurements_go_to_the_ring_and_are_indicated_only_if_told(void) {
        struct front f = {0};

        say(&f, "cuff " FIRST " memory=classic");
        say(&f, "measure 131/84/67 user=2 at=2026-08-01T07:30:00");
        CHECK_EQ(memory_count(&f.cuffs[0].memory, 2), 1);
        CHECK_EQ(f.cuffs[0].n_unsent, 0);
        CHECK_EQ(f.changed, 1);
        CHECK(cuff_flags(&f.cuffs[0], 1000) & 0x40);
        say(&f, "cuff " FIRST " indicates=yes");
        say(&f, "measure 131/84/67 at=2026-08-01T07:30:00");
        CHECK_EQ(memory_count(&f.cuffs[0].memory, 1), 1);
        CHECK_EQ(f.cuffs[0].n_unsent, 1);
        say(&f, "measure 131/84/67 user=3");
        say(&f, "measure nan/84/67");
        say(&f, "raw 00");
        CHECK_EQ(f.cuffs[0].n_unsent, 1);
}

static void fill_is_the_same_each_time(void) {
        struct front f = {0}, g = {0};

        say(&f, "cuff " FIRST " memory=7322t");
        say(&g, "cuff " FIRST " memory=7322t");
        say(&f, "fill 2 130 from=2026-02-28T23:00:00 step=3600");
        say(&g, "fill 2 130 from=2026-02-28T23:00:00 step=3600");
        CHECK_EQ(memory_count(&f.cuffs[0].memory, 2), 100);
        CHECK_EQ(memory_unread(&f.cuffs[0].memory, 2), 100);
        CHECK(memcmp(f.cuffs[0].memory.bytes, g.cuffs[0].memory.bytes, MEMORY_SIZE) == 0);
        CHECK_EQ(f.cuffs[0].memory.bytes[0x0824 + 2], 26); /* a year, words swapped */
}

static void keys_tokens_and_faults_are_set(void) {
        struct front f = {0};
        struct omron *o = &f.cuffs[0].memory_protocol;

        say(&f, "cuff " FIRST);
        say(&f, "cuff-key default"); /* it has no such memory */
        say(&f, "cuff " FIRST " memory=classic");
        CHECK(!o->has_key);
        say(&f, "cuff-key 00112233445566778899aabbccddeeff");
        CHECK(o->has_key && o->key[15] == 0xFF);
        say(&f, "cuff-key default");
        CHECK_EQ(o->key[0], 0xDE);
        say(&f, "cuff-key none");
        CHECK(!o->has_key);
        say(&f, "cuff-token harmful");
        CHECK_EQ(o->token, TOKEN_HARMFUL);
        say(&f, "forgets-bond on");
        CHECK(o->forgets_bond);
        say(&f, "omron-fault refuse-read 02F8 at=3 times=0");
        CHECK_EQ(o->faults[0].kind, OMRON_REFUSE_READ);
        CHECK_EQ(o->faults[0].argument, 0x02F8);
        CHECK_EQ(o->faults[0].at, 3);
        CHECK_EQ(o->faults[0].times, 0);
        say(&f, "omron-fault delay-reply 3500");
        CHECK_EQ(o->faults[1].argument, 3500);
        CHECK_EQ(o->faults[1].times, 1);
        say(&f, "omron-fault dance");
        say(&f, "omron-fault delay-reply");
        CHECK_EQ(o->faults[2].kind, OMRON_NO_FAULT);
        say(&f, "omron-fault none");
        CHECK_EQ(o->faults[0].kind, OMRON_NO_FAULT);
}

static void a_front_end_adds_its_own_commands(void) {
        struct front f = {0};

        say(&f, "own");
        CHECK_EQ(f.own, 1);
        say(&f, "foreign");
        CHECK_EQ(f.own, 1);
}

CHECK_MAIN("unit.vhci_script", TEST(a_cuff_is_made_once_whatever_the_case_of_its_address),
           TEST(without_an_address_a_command_means_the_only_cuff),
           TEST(an_address_the_front_end_refuses_makes_no_cuff),
           TEST(the_radio_of_a_cuff_is_described), TEST(numbers_out_of_range_change_nothing),
           TEST(a_failure_of_pairing_has_its_reason), TEST(a_bond_is_lost_or_taken),
           TEST(what_moves_the_cuffs_due_time_is_told),
           TEST(a_kind_of_memory_brings_its_stack_along),
           TEST(what_is_said_beside_the_kind_prevails_and_the_kind_stays),
           TEST(measurements_go_to_the_ring_and_are_indicated_only_if_told),
           TEST(fill_is_the_same_each_time), TEST(keys_tokens_and_faults_are_set),
           TEST(a_front_end_adds_its_own_commands))
