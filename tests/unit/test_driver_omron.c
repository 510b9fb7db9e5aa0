#include "omron_fixture.h"

#define K4      "HEM-7155T-K4"
#define CLASSIC "HEM-7155T"
#define SWAPPED "HEM-7322T"

static void proved(const char *id) {
        begin(id);
        cuff.setup.proved = cuff.model;
}

static void classic_goes_its_way(void) {
        proved(CLASSIC);
        run();
        CHECK(strncmp(cuff.order, "0u.b123.SRRRR", 13) == 0);
        CHECK_EQ(cuff.order[strlen(cuff.order) - 1], 'E');
        CHECK_EQ(cuff.opens, 1);
        CHECK(cuff.driver.facts.key_opened);
        CHECK(cuff.driver.facts.started);
        CHECK(cuff.driver.facts.complete);
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.waited_usec, 2 * 750000);
}

static void modern_goes_its_way(void) {
        begin(K4);
        run();
        CHECK(strncmp(cuff.order, "0u.bSRR", 7) == 0);
        CHECK_EQ(cuff.tokens, 1);
        CHECK(cuff.driver.facts.token_answered);
        CHECK(cuff.driver.facts.complete);
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_got, 0);
}

static void a_token_may_stay_unanswered(void) {
        begin(K4);
        cuff.token_silent = true;
        run();
        check_error(MEMORY_OK);
        CHECK(!cuff.driver.facts.token_answered);
        CHECK_EQ(cuff.waited_usec, 750000 + 2000000);

        begin(K4);
        cuff.token_status = 5;
        run();
        check_error(MEMORY_OK);
        CHECK(cuff.driver.facts.token_answered);
        CHECK_EQ(cuff.driver.facts.token_status, 5);
}

static void a_token_is_left_out(void) {
        begin(K4);
        cuff.setup.no_token = true;
        run();
        CHECK_EQ(cuff.tokens, 0);
        CHECK(cuff.driver.facts.complete);

        begin(K4);
        cuff.refused_uuid = UUID_OMRON_UNLOCK;
        cuff.refused_error = -ENOENT;
        run();
        CHECK_EQ(cuff.tokens, 0);
        CHECK(cuff.driver.facts.complete);
}

static void first_contact_brings_everything(const char *id, uint16_t mtu) {
        size_t at = 0;

        proved(id);
        if (mtu)
                cuff.setup.mtu = mtu;
        measure(0, 0, cuff.model->user[0].slots);
        measure(1, 0, cuff.model->user[1].slots);
        run();
        check_error(MEMORY_OK);
        check_got(&at, 0, 0, cuff.model->user[0].slots);
        check_got(&at, 1, 0, cuff.model->user[1].slots);
        CHECK_EQ(at, cuff.n_got);
        CHECK(cuff.driver.facts.complete);
        CHECK(cuff.got[0].behind);
        CHECK(!cuff.got[cuff.n_got - 1].behind);
        CHECK(!cuff.got[cuff.model->user[0].slots - 1].behind);
}

static void all_of_two_full_rings_oldest_first(void) {
        first_contact_brings_everything(K4, 0);
        first_contact_brings_everything(K4, 23);
        first_contact_brings_everything(K4, 67);
        first_contact_brings_everything(K4, 65);
        first_contact_brings_everything(CLASSIC, 0);
        first_contact_brings_everything(SWAPPED, 0);
}

static void slices_need_no_padding(void) {
        size_t at = 0;

        proved(SWAPPED);
        cuff.unpadded = true;
        measure(0, 0, 30);
        run();
        check_got(&at, 0, 0, 30);
        CHECK_EQ(at, cuff.n_got);
}

static void a_ring_that_came_around(void) {
        size_t at = 0;
        unsigned slots;

        proved(SWAPPED);
        slots = cuff.model->user[0].slots;
        measure(0, 0, slots + 37);
        measure(1, 0, 3);
        run();
        check_got(&at, 0, 37, slots + 37);
        check_got(&at, 1, 0, 3);
        CHECK_EQ(at, cuff.n_got);
}

/* User 1 makes `from` records, a session brings them, then it makes more. */
static void later(unsigned from, unsigned to) {
        size_t at = 0;

        proved(K4);
        measure(0, 0, from);
        run();
        check_got(&at, 0, from > 60 ? from - 60 : 0, from);
        next_link();
        cuff.n_got = 0;
        measure(0, from, to);
        run();
        CHECK(cuff.driver.facts.complete);
        check_error(MEMORY_OK);
}

static void one_new_one(void) {
        size_t at = 0;

        later(10, 11);
        check_got(&at, 0, 10, 11);
        CHECK_EQ(cuff.n_got, 1);
        CHECK(!cuff.got[0].behind);
}

static void nothing_new(void) {
        unsigned reads;

        later(10, 10);
        CHECK_EQ(cuff.n_got, 0);
        reads = cuff.driver.facts.reads;
        CHECK_EQ(reads, 3); /* settings, settings, the newest */
        later(60, 60);
        CHECK_EQ(cuff.n_got, 0);
        later(75, 75);
        CHECK_EQ(cuff.n_got, 0);
}

static void new_ones_across_the_end_of_the_ring(void) {
        size_t at = 0;

        later(57, 65);
        check_got(&at, 0, 57, 65);
        CHECK_EQ(at, cuff.n_got);
        at = 0;
        later(118, 121);
        check_got(&at, 0, 118, 121);
        CHECK_EQ(at, cuff.n_got);
}

static void an_overwritten_mark_brings_everything(void) {
        size_t at = 0;

        later(10, 75);
        check_got(&at, 0, 15, 75);
        CHECK_EQ(at, cuff.n_got);
        at = 0;
        later(10, 70); /* the newest one lies just where the mark was */
        check_got(&at, 0, 10, 70);
        CHECK_EQ(at, cuff.n_got);
}

static void a_cleared_ring_is_empty(void) {
        proved(K4);
        measure(0, 0, 10);
        run();
        next_link();
        cuff.n_got = 0;
        measure(0, 0, 0);
        run();
        CHECK_EQ(cuff.n_got, 0);
        CHECK(cuff.driver.facts.complete);

        put_record(0, 0);
        measure(0, 100, 101);
        put_word(0, word_of(1, false));
        put_record(0, 300); /* slot 0: another one than before */
        next_link();
        run();
        CHECK_EQ(cuff.n_got, 1);
}

static void what_the_settings_say(void) {
        proved(K4);
        measure(0, 0, 7);
        put_clock(&(struct date_time){2026, 3, 1, 12, 32, 0});
        run();
        CHECK_EQ(cuff.driver.facts.unread[0].value, 7);
        CHECK(cuff.driver.facts.unread[1].known);
        CHECK_EQ(cuff.driver.facts.unread[1].value, 0);
        CHECK(cuff.driver.facts.has_clock);
        CHECK(!cuff.driver.facts.clock_unset);
        CHECK(cuff.driver.facts.drift_s.known);
        CHECK_EQ(cuff.driver.facts.drift_s.value, 120);

        proved(K4); /* more than an int holds */
        put_clock(&(struct date_time){2098, 3, 1, 12, 32, 0});
        run();
        CHECK_EQ(cuff.driver.facts.drift_s.value, INT32_MAX);
        proved(K4);
        cuff.now.local.year = 2098;
        run();
        CHECK_EQ(cuff.driver.facts.drift_s.value, INT32_MIN);
        proved(K4);
        cuff.now.local.year = 0;
        run();
        CHECK(cuff.driver.facts.has_clock);
        CHECK(!cuff.driver.facts.drift_s.known);

        proved(K4);
        measure(0, 0, 7);
        cuff.memory[0x0260 + 4] ^= 1; /* the parity of the counter */
        run();
        CHECK(!cuff.driver.facts.unread[0].known);
        CHECK_EQ(cuff.n_got, 7);

        proved("HEM-6401T"); /* its clock is not understood */
        run();
        check_error(MEMORY_OK);
        CHECK(!cuff.driver.facts.has_clock);

        proved(K4);
        put_clock(&(struct date_time){2019, 1, 1, 4, 0, 0});
        run();
        CHECK(cuff.driver.facts.clock_unset);
        CHECK(!cuff.driver.facts.drift_s.known);
}

static void an_index_that_is_not_trusted_reads_the_whole_ring(void) {
        size_t at = 0;

        begin(K4);
        measure(0, 0, 75);
        measure(1, 0, 2);
        cuff.memory[cuff.model->read_base] ^= 1; /* parity of user 1's cursor */
        run();
        check_error(MEMORY_OK);
        check_got(&at, 0, 15, 75);
        CHECK(!cuff.got[at - 1].behind);
        CHECK(cuff.got[at - 2].behind);
        check_got(&at, 1, 0, 2);
        CHECK_EQ(at, cuff.n_got);

        at = 0; /* the sequence counts, not the time */
        begin(K4);
        measure(0, 0, 9);
        for (unsigned k = 0; k < 9; k++) {
                uint8_t *raw = cuff.memory + omron_model_record_address(cuff.model, 0, k);

                raw[3] = (uint8_t) (40 - k);
                raw[14] = sum_of(raw, 14);
        }
        cuff.memory[cuff.model->read_base] ^= 1;
        run();
        check_got(&at, 0, 0, 9);
        CHECK_EQ(at, cuff.n_got);

        at = 0; /* numbered 0: that is no number */
        begin(K4);
        measure(0, 0, 75);
        for (unsigned k = 0; k < 60; k++) {
                uint8_t *raw = cuff.memory + omron_model_record_address(cuff.model, 0, k);

                raw[10] = raw[11] = 0;
                raw[14] = sum_of(raw, 14);
        }
        cuff.memory[cuff.model->read_base] ^= 1;
        run();
        CHECK_EQ(cuff.n_got, 60);
        for (size_t i = 0; i < 60; i++)
                CHECK_EQ(cuff.got[i].slot, (i + 15) % 60);

        at = 0; /* no sequence in this layout: by time */
        proved(SWAPPED);
        measure(0, 0, 130);
        cuff.memory[cuff.model->read_base + 1] ^= 1;
        run();
        check_error(MEMORY_OK);
        check_got(&at, 0, 30, 130);
        CHECK_EQ(at, cuff.n_got);
}

/* Without a sequence, equal times and none at all stay in the order of their slots. */
static void times_that_do_not_tell_the_order(void) {
        proved(SWAPPED);
        measure(0, 0, 6);
        for (unsigned k = 1; k < 6; k++)
                memcpy(cuff.memory + omron_model_record_address(cuff.model, 0, k),
                       cuff.memory + omron_model_record_address(cuff.model, 0, 0), 14);
        for (unsigned k = 4; k < 6; k++) { /* no month */
                uint8_t *raw = cuff.memory + omron_model_record_address(cuff.model, 0, k);

                raw[13] = (uint8_t) (raw[13] - (raw[4] & 0x3C));
                raw[4] &= 0xC3;
        }
        cuff.memory[cuff.model->read_base + 1] ^= 1;
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_got, 6);
        for (size_t i = 0; i < 6; i++) {
                CHECK_EQ(cuff.got[i].error, 0);
                CHECK_EQ(cuff.got[i].slot, (i + 4) % 6);
        }
}

static void a_whole_ring_of_nonsense_is_refused(void) {
        proved(K4);
        cuff.memory[cuff.model->read_base] ^= 1;
        for (unsigned i = 0; i < 60; i++) /* 41/16 */
                memset(cuff.memory + omron_model_record_address(cuff.model, 0, i), 0x10, 16);
        run();
        check_error(MEMORY_PARITY);
        CHECK(!cuff.driver.facts.complete);
        CHECK_EQ(cuff.n_got, 0);
}

static void pairing_programs_the_key(void) {
        proved(CLASSIC);
        measure(0, 0, 2);
        cuff.setup.paired_now = true;
        cuff.check_status[0] = cuff.check_status[1] = 0x0F;
        run();
        check_error(MEMORY_OK);
        CHECK(strncmp(cuff.order, "0u.c.c.cka123.S", 15) == 0);
        CHECK_EQ(cuff.checks, 3);
        CHECK_EQ(cuff.opens, 0);
        CHECK(memcmp(cuff.kept[0], cuff.setup.key, OMRON_KEY_SIZE) == 0);
        CHECK(cuff.driver.facts.key_programmed);
        CHECK(cuff.driver.facts.complete);
        CHECK_EQ(cuff.n_got, 2);
        CHECK_EQ(cuff.waited_usec, 2 * 750000 + 2 * 1000000);
}

static void a_modern_cuff_has_no_key(void) {
        begin(K4);
        cuff.setup.paired_now = true;
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.checks + cuff.stores + cuff.keeps, 0);
        CHECK_EQ(cuff.tokens, 1);
}

static void stopping_ends_what_is_open(void) {
        for (int steps = 0; steps < 20; steps++) {
                proved(CLASSIC);
                measure(0, 0, 50);
                driver_omron_begin(&cuff.driver, &cuff.setup, cuff.name);
                for (int i = 0; i < steps; i++)
                        (void) go_on();
                driver_omron_stop(&cuff.driver);
                while (go_on())
                        ;
                check_envelope();
                check_error(MEMORY_STOPPED);
                CHECK(!cuff.driver.facts.complete);
        }
}

static void stop_during_a_call(bool reply_comes) {
        struct driver_request r;

        proved(CLASSIC);
        driver_omron_begin(&cuff.driver, &cuff.setup, cuff.name);
        while (cuff.starts == 0)
                (void) go_on();
        driver_omron_next(&cuff.driver, &cuff.now, &r);
        CHECK_EQ(r.verb, DRIVER_WRITE);
        CHECK_EQ(r.value[1], 0x01);
        driver_omron_stop(&cuff.driver);
        driver_omron_next(&cuff.driver, &cuff.now, &r);
        CHECK_EQ(r.verb, DRIVER_WAIT);
        notify(UUID_OMRON_RX0, (uint8_t[]){8, 0x8F, 0, 0, 0, 0, 1, 0x86}, 8);
        CHECK(!cuff.driver.has_answer);
        if (reply_comes)
                reply(0);
        else
                driver_omron_elapsed(&cuff.driver, &cuff.now);
        driver_omron_next(&cuff.driver, &cuff.now, &r);
        CHECK_EQ(r.verb, DRIVER_WRITE);
        CHECK_EQ(r.value[1], 0x0F);
        driver_omron_stop(&cuff.driver); /* it ends already */
        driver_omron_next(&cuff.driver, &cuff.now, &r);
        CHECK_EQ(r.value[1], 0x0F);
}

static void stopping_waits_for_the_call_under_way(void) {
        stop_during_a_call(true);
        stop_during_a_call(false); /* it was dropped */
}

static void records_are_taken_first(void) {
        struct driver_omron_record record;
        struct driver_request r;

        proved(K4);
        measure(0, 0, 10);
        driver_omron_begin(&cuff.driver, &cuff.setup, cuff.name);
        while (cuff.n_got == 0)
                (void) go_on();
        CHECK_EQ(cuff.n_got, 3); /* of 56 bytes; and nobody takes what came since */
        driver_omron_next(&cuff.driver, &cuff.now, &r);
        CHECK_EQ(r.verb, DRIVER_WAIT);
        driver_omron_elapsed(&cuff.driver, &cuff.now);
        driver_omron_next(&cuff.driver, &cuff.now, &r);
        CHECK_EQ(r.verb, DRIVER_WAIT);
        CHECK(driver_omron_take(&cuff.driver, &record));
        while (driver_omron_take(&cuff.driver, &record))
                ;
        driver_omron_next(&cuff.driver, &cuff.now, &r);
        CHECK_EQ(r.verb, DRIVER_WRITE_COMMAND);
}

static void other_characteristics_are_not_ours(void) {
        proved(K4);
        driver_omron_begin(&cuff.driver, &cuff.setup, cuff.name);
        CHECK_EQ(driver_omron_value(&cuff.driver, &cuff.now, UUID_BLOOD_PRESSURE_MEASUREMENT,
                                    (uint8_t[]){1}, 1),
                 -ENOTSUP);
        CHECK_EQ(driver_omron_value(&cuff.driver, &cuff.now, UUID_OMRON_RX1, (uint8_t[]){1}, 1),
                 -ENOTSUP);
        CHECK_EQ(driver_omron_value(&cuff.driver, &cuff.now, UUID_OMRON_RX0, (uint8_t[]){1}, 1), 0);
        CHECK_EQ(driver_omron_value(&cuff.driver, &cuff.now, UUID_OMRON_UNLOCK, NULL, 0), 0);
}

/* Values, replies and ends of waits that nobody waits for. */
static void what_comes_at_a_wrong_moment_changes_nothing(void) {
        static const uint8_t end[] = {8, 0x8F, 0, 0, 0, 0, 0, 0x87};
        size_t at = 0;
        int steps = 0;

        proved(K4);
        measure(0, 0, 9);
        driver_omron_begin(&cuff.driver, &cuff.setup, cuff.name);
        notify(UUID_OMRON_RX0, end, sizeof end);
        reply(-EIO);
        driver_omron_elapsed(&cuff.driver, &cuff.now);
        while (go_on() && ++steps < 100) {
                struct driver_request r;

                reply(-ENOTCONN);
                driver_omron_next(&cuff.driver, &cuff.now, &r);
                if (r.verb <= DRIVER_WRITE_COMMAND) {
                        driver_omron_elapsed(&cuff.driver, &cuff.now);
                        notify(UUID_OMRON_RX0, end, 0);
                        notify(UUID_OMRON_UNLOCK, end, sizeof end);
                }
                if (cuff.ends == 0 && r.value[1] != 0x0F)
                        notify(UUID_OMRON_RX0, end, sizeof end);
        }
        driver_omron_elapsed(&cuff.driver, &cuff.now);
        notify(UUID_OMRON_RX0, end, sizeof end);
        check_envelope();
        check_error(MEMORY_OK);
        check_got(&at, 0, 0, 9);
        CHECK_EQ(at, cuff.n_got);
}

/* Before the write has its reply: the first answer counts, damage does not. */
static void answers_before_the_reply(void) {
        uint8_t frame[OMRON_FRAME_MAX] = {0};
        struct driver_request r;

        proved(K4);
        driver_omron_begin(&cuff.driver, &cuff.setup, cuff.name);
        while (cuff.starts == 0)
                (void) go_on();
        driver_omron_next(&cuff.driver, &cuff.now, &r);
        CHECK_EQ(r.value[1], 1);
        answer_read(r.value, frame);
        frame[7] ^= 1;
        say(frame, false);
        frame[7] ^= 1;
        say(frame, false);
        frame[8] ^= 1; /* another one, that looks well */
        frame[9] ^= 1;
        say(frame, false);
        reply(0);
        CHECK(memcmp(cuff.driver.settings_bytes, cuff.memory + 0x0260, 44) == 0);
        CHECK_EQ(cuff.driver.facts.retries, 0);
        driver_omron_next(&cuff.driver, &cuff.now, &r);
        CHECK_EQ(r.verb, DRIVER_WRITE_COMMAND);
        CHECK_EQ(r.value[4], 0x8C); /* the clock, after 44 bytes of 0260 */
}

static void a_mark_outside_the_ring_is_none(void) {
        size_t at = 0;

        proved(K4);
        measure(0, 0, 9);
        cuff.setup.mark[0] = (struct omron_mark){.known = true, .slot = 60, .hash = 1};
        run();
        check_got(&at, 0, 0, 9);
        CHECK_EQ(at, cuff.n_got);

        proved(K4); /* inside, but not yet written */
        measure(0, 0, 9);
        cuff.setup.mark[0] = (struct omron_mark){.known = true, .slot = 30, .hash = 1};
        cuff.n_got = at = 0;
        run();
        check_got(&at, 0, 0, 9);
        CHECK_EQ(at, cuff.n_got);
}

static void a_clock_that_was_never_written(void) {
        proved(K4);
        memset(cuff.memory + 0x0260 + 0x2C, 0xFF, 16);
        run();
        CHECK(cuff.driver.facts.has_clock);
        CHECK(cuff.driver.facts.clock_unset);
}

CHECK_MAIN("unit.driver_omron", TEST(classic_goes_its_way), TEST(modern_goes_its_way),
           TEST(a_token_may_stay_unanswered), TEST(a_token_is_left_out),
           TEST(all_of_two_full_rings_oldest_first), TEST(slices_need_no_padding),
           TEST(a_ring_that_came_around), TEST(one_new_one), TEST(nothing_new),
           TEST(new_ones_across_the_end_of_the_ring), TEST(an_overwritten_mark_brings_everything),
           TEST(a_cleared_ring_is_empty), TEST(what_the_settings_say),
           TEST(an_index_that_is_not_trusted_reads_the_whole_ring),
           TEST(times_that_do_not_tell_the_order), TEST(a_whole_ring_of_nonsense_is_refused),
           TEST(pairing_programs_the_key), TEST(a_modern_cuff_has_no_key),
           TEST(stopping_ends_what_is_open), TEST(stopping_waits_for_the_call_under_way),
           TEST(records_are_taken_first), TEST(other_characteristics_are_not_ours),
           TEST(what_comes_at_a_wrong_moment_changes_nothing), TEST(answers_before_the_reply),
           TEST(a_mark_outside_the_ring_is_none), TEST(a_clock_that_was_never_written))
