#include "omron_fixture.h"

#define K4      "HEM-7155T-K4"
#define CLASSIC "HEM-7155T"
#define SWAPPED "HEM-7322T"

static void proved(const char *id) {
        begin(id);
        cuff.setup.proved = cuff.model;
        measure(0, 0, 9);
        measure(1, 0, 4);
}

static void fault(enum fault kind, unsigned at, unsigned times) {
        cuff.fault = kind;
        cuff.fault_at = at;
        cuff.fault_times = times;
}

static void check_all_got(void) {
        size_t at = 0;

        check_error(MEMORY_OK);
        CHECK(cuff.driver.facts.complete);
        check_got(&at, 0, 0, 9);
        check_got(&at, 1, 0, 4);
        CHECK_EQ(at, cuff.n_got);
}

/* --- the way in --------------------------------------------------------------------------------
 */

static void without_a_key_nothing_is_opened(void) {
        proved(CLASSIC);
        cuff.setup.has_key = false;
        run();
        check_error(MEMORY_LOCKED);
        CHECK_EQ(cuff.last.verb, DRIVER_FAILED);
        CHECK_EQ(cuff.last.error, -EACCES);
        CHECK_EQ(cuff.starts + cuff.opens, 0);
        CHECK(!cuff.driver.facts.started);
}

static void a_key_that_does_not_fit(void) {
        static const struct {
                uint8_t status;
                enum memory_error error;
        } cases[] = {{1, MEMORY_WRONG_KEY}, {4, MEMORY_NOT_ENCRYPTED}, {9, MEMORY_REFUSED}};

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                proved(CLASSIC);
                cuff.open_status = cases[i].status;
                run();
                check_error(cases[i].error);
                CHECK_EQ(cuff.last.verb, DRIVER_FAILED);
                CHECK_EQ(cuff.starts, 0);
                CHECK_EQ(cuff.opens, 1);
                CHECK(!cuff.driver.facts.key_opened);
        }
}

static void a_link_that_stays_unencrypted(void) {
        proved(CLASSIC);
        cuff.setup.paired_now = true;
        memset(cuff.check_status, 0x0F, sizeof cuff.check_status);
        run();
        check_error(MEMORY_NOT_ENCRYPTED);
        CHECK_EQ(cuff.last.error, -EPERM);
        CHECK_EQ(cuff.checks, 10);
        CHECK_EQ(cuff.keeps + cuff.stores + cuff.starts, 0);

        proved(CLASSIC);
        cuff.setup.paired_now = true;
        memset(cuff.check_status, 0x08, sizeof cuff.check_status);
        run();
        check_error(MEMORY_KEY_REFUSED);
        CHECK_EQ(cuff.checks, 10);
}

static void a_cuff_that_says_nothing_to_a_key(void) {
        proved(CLASSIC);
        cuff.unlock_silent = true;
        run();
        check_error(MEMORY_TIMEOUT);
        CHECK_EQ(cuff.opens, 1);
        CHECK_EQ(cuff.starts, 0);

        proved(CLASSIC);
        cuff.unlock_silent = true;
        cuff.setup.paired_now = true;
        run();
        check_error(MEMORY_TIMEOUT);
        CHECK_EQ(cuff.checks, 10);
        CHECK_EQ(cuff.keeps + cuff.starts, 0);
}

static void other_words_are_not_answers(void) {
        proved(CLASSIC);
        cuff.unlock_noise = true;
        run();
        check_all_got();

        proved(CLASSIC);
        cuff.unlock_noise = cuff.setup.paired_now = true;
        run();
        check_all_got();

        proved(K4);
        cuff.unlock_noise = true;
        run();
        check_all_got();
        CHECK_EQ(cuff.driver.facts.token_status, 0);
}

static void a_link_that_loses_its_encryption(void) {
        unsigned at_end;

        proved(CLASSIC);
        fault(NOT_ENCRYPTED, 4, 1);
        run();
        check_error(MEMORY_NOT_ENCRYPTED);
        CHECK_EQ(cuff.ends, 1);
        CHECK_EQ(cuff.last.verb, DRIVER_DRAINED);

        proved(CLASSIC);
        run();
        at_end = cuff.frames - 1;
        proved(CLASSIC);
        fault(NOT_ENCRYPTED, at_end, 1); /* all is read */
        run();
        check_all_got();
}

static void a_key_that_is_not_kept_is_not_programmed(void) {
        proved(CLASSIC);
        cuff.setup.paired_now = true;
        cuff.keep_error = -ENOSPC;
        run();
        check_error(MEMORY_NOT_KEPT);
        CHECK_EQ(cuff.stores, 0);
        CHECK_EQ(cuff.last.verb, DRIVER_FAILED);
}

static void a_key_the_cuff_does_not_take(void) {
        proved(CLASSIC);
        cuff.setup.paired_now = true;
        cuff.store_status = 3;
        run();
        check_error(MEMORY_KEY_REFUSED);
        CHECK(!cuff.driver.facts.key_programmed);
        CHECK_EQ(cuff.starts, 0);
}

static void refused_subscriptions(void) {
        static const struct {
                const char *uuid;
                int error;
                enum memory_error want;
        } cases[] = {{UUID_OMRON_RX0, -ENOENT, MEMORY_INCOMPLETE},
                     {UUID_OMRON_RX0, -EPERM, MEMORY_NOT_ENCRYPTED},
                     {UUID_OMRON_RX0, -EIO, MEMORY_REFUSED},
                     {UUID_OMRON_UNLOCK, -ENOENT, MEMORY_INCOMPLETE},
                     {UUID_OMRON_RX3, -ENOENT, MEMORY_INCOMPLETE},
                     {UUID_OMRON_RX2, -ENOTCONN, MEMORY_HANG_UP}};

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                proved(CLASSIC);
                cuff.refused_uuid = cases[i].uuid;
                cuff.refused_error = cases[i].error;
                run();
                check_error(cases[i].want);
                CHECK_EQ(cuff.last.verb, DRIVER_FAILED);
                CHECK_EQ(cuff.starts, 0);
        }
        proved(K4);
        cuff.refused_uuid = UUID_OMRON_UNLOCK;
        cuff.refused_error = -EPERM;
        run();
        check_error(MEMORY_NOT_ENCRYPTED);
}

static void start_stays_unanswered(void) {
        proved(CLASSIC);
        cuff.start_silent = true;
        run();
        check_error(MEMORY_NO_START);
        CHECK(cuff.driver.facts.start_unanswered);
        CHECK(!cuff.driver.facts.started);
        CHECK_EQ(cuff.starts, 1);
        CHECK_EQ(cuff.ends, 1);
        CHECK_EQ(cuff.last.verb, DRIVER_DRAINED);
}

static void start_is_refused(void) {
        proved(K4);
        fault(REFUSED_8F, 0, 1);
        run();
        check_error(MEMORY_REFUSED);
        CHECK_EQ(cuff.ends, 1);
}

static void no_start_says_more_than_an_unknown_name(void) {
        begin(K4);
        cuff.name = "Nobody's";
        cuff.start_silent = true;
        run();
        check_error(MEMORY_NO_START);
}

static void end_needs_no_answer(void) {
        proved(K4);
        cuff.end_silent = true;
        run();
        check_all_got();
}

static void end_is_refused(void) {
        proved(K4);
        cuff.end_result = 0x21;
        run();
        check_error(MEMORY_REFUSED);
        CHECK_EQ(cuff.n_got, 13);
        CHECK(!cuff.driver.facts.writes_refused);

        proved(K4);
        cuff.end_result = 0xE5;
        run();
        check_error(MEMORY_REFUSED_SETTINGS);
        CHECK(cuff.driver.facts.writes_refused);
}

/* --- in the middle -----------------------------------------------------------------------------
 */

/* Each at every frame but START, once and three times. */
static void read_in_spite_of(const char *id, enum fault kind, bool retries) {
        unsigned frames;

        proved(id);
        run();
        check_all_got();
        frames = cuff.frames;
        for (unsigned at = 1; at + 1 < frames; at++) {
                for (unsigned times = 1; times <= 3; times += 2) {
                        proved(id);
                        fault(kind, at, at + 1 + times < frames ? times : 1);
                        run();
                        check_all_got();
                        CHECK_EQ(cuff.driver.facts.retries > 0, retries);
                }
        }
}

static void everywhere(enum fault kind, bool retries) {
        read_in_spite_of(K4, kind, retries);
        read_in_spite_of(CLASSIC, kind, retries);
        read_in_spite_of(SWAPPED, kind, retries);
}

static void silence_is_asked_again(void) {
        everywhere(SILENT, true);
}

static void damage_is_asked_again(void) {
        everywhere(DAMAGED, true);
}

static void a_lost_slice_is_asked_again(void) {
        everywhere(SLICE_LOST, true);
}

static void a_failed_write_is_asked_again(void) {
        everywhere(WRITE_FAILS, true);
}

static void late_answers_are_dropped(void) {
        everywhere(LATE, false);
}

static void answers_come_twice(void) {
        everywhere(TWICE, false);
}

static void answers_overtake_the_reply_to_the_write(void) {
        everywhere(EARLY, false);
}

static void four_times_are_enough(enum fault kind, enum memory_error want) {
        unsigned frames;

        proved(CLASSIC);
        run();
        frames = cuff.frames;
        for (unsigned at = 1; at + 1 < frames; at++) {
                proved(CLASSIC);
                fault(kind, at, 4);
                run();
                check_error(want);
                CHECK(!cuff.driver.facts.complete);
                CHECK_EQ(cuff.driver.facts.retries, 3);
                CHECK_EQ(cuff.last.verb, DRIVER_DRAINED);
                CHECK_EQ(cuff.ends, 1);
        }
}

static void a_cuff_that_falls_silent(void) {
        four_times_are_enough(SILENT, MEMORY_TIMEOUT);
}

static void a_link_that_stays_damaged(void) {
        four_times_are_enough(DAMAGED, MEMORY_CHECKSUM);
}

/* At every frame; then once more from the marks: all of them, each once. */
static void hangs_up_anywhere(const char *id, unsigned records) {
        unsigned frames;
        size_t got;

        begin(id);
        cuff.setup.proved = cuff.model;
        measure(0, 0, records);
        measure(1, 0, 4);
        run();
        got = cuff.n_got;
        frames = cuff.frames;
        for (unsigned at = 0; at < frames; at++) {
                unsigned slots;
                size_t n = 0;

                begin(id);
                cuff.setup.proved = cuff.model;
                slots = cuff.model->user[0].slots;
                measure(0, 0, records);
                measure(1, 0, 4);
                fault(HANGS_UP, at, 1);
                run();
                check_error(MEMORY_HANG_UP);
                CHECK(!driver_omron_is_open(&cuff.driver));
                CHECK_EQ(cuff.driver.facts.complete, at + 1 == frames);
                next_link();
                run();
                check_error(MEMORY_OK);
                CHECK_EQ(cuff.n_got, got);
                for (unsigned user = 0; user < 2; user++) {
                        struct driver_omron_record all[GOT_MAX];
                        size_t of_user = 0;

                        memcpy(all, cuff.got, sizeof all);
                        for (size_t i = 0; i < got; i++)
                                if (all[i].user == user + 1)
                                        cuff.got[of_user++] = all[i];
                        n = 0;
                        if (user == 0)
                                check_got(&n, 0, records > slots ? records - slots : 0, records);
                        else
                                check_got(&n, 1, 0, 4);
                        CHECK_EQ(n, of_user);
                        memcpy(cuff.got, all, sizeof all);
                }
        }
}

static void a_hang_up_loses_nothing(void) {
        hangs_up_anywhere(K4, 20);
        hangs_up_anywhere(CLASSIC, 70);
        hangs_up_anywhere(SWAPPED, 120);
}

/* --- refused and damaged records ---------------------------------------------------------------
 */

static void a_refused_slot_is_empty(const char *id) {
        const struct omron_model *m;
        size_t at = 0;

        proved(id);
        m = cuff.model;
        cuff.refused_from = omron_model_record_address(m, 0, 3);
        cuff.refused_to = omron_model_record_address(m, 0, 5);
        run();
        check_error(MEMORY_OK);
        check_got(&at, 0, 0, 3);
        check_got(&at, 0, 5, 9);
        check_got(&at, 1, 0, 4);
        CHECK_EQ(at, cuff.n_got);
}

/* Wherever it lies in a block. */
static void one_refused_slot(const char *id) {
        for (unsigned slot = 0; slot < 8; slot++) {
                size_t at = 0;

                proved(id);
                cuff.refused_from = omron_model_record_address(cuff.model, 0, slot);
                cuff.refused_to = cuff.refused_from + cuff.model->record_size;
                run();
                check_error(MEMORY_OK);
                check_got(&at, 0, 0, slot);
                check_got(&at, 0, slot + 1, 9);
                check_got(&at, 1, 0, 4);
                CHECK_EQ(at, cuff.n_got);
        }
}

/* A record read in two pieces: what came of it is worth nothing. */
static void half_a_slot_is_refused(void) {
        size_t at = 0;

        proved(K4);
        cuff.setup.mtu = 23;
        cuff.refused_from = omron_model_record_address(cuff.model, 0, 2) + 12;
        cuff.refused_to = cuff.refused_from + 4;
        run();
        check_error(MEMORY_OK);
        check_got(&at, 0, 0, 2);
        check_got(&at, 0, 3, 9);
        check_got(&at, 1, 0, 4);
        CHECK_EQ(cuff.driver.facts.retries, 0);
        CHECK_EQ(at, cuff.n_got);
}

static void refused_slots_are_empty(void) {
        one_refused_slot(K4);
        one_refused_slot(CLASSIC);
        one_refused_slot(SWAPPED);
        a_refused_slot_is_empty(K4);
        a_refused_slot_is_empty(CLASSIC);
        a_refused_slot_is_empty(SWAPPED);
}

static void another_refusal_ends_the_reading(void) {
        proved(CLASSIC);
        fault(REFUSED_8F, 8, 1);
        run();
        check_error(MEMORY_REFUSED);
        CHECK(!cuff.driver.facts.complete);
        CHECK_EQ(cuff.ends, 1);
}

static void a_damaged_record_is_read_twice_and_told(void) {
        size_t at = 0;
        unsigned reads;

        proved(K4);
        run();
        reads = cuff.driver.facts.reads;
        proved(K4);
        cuff.memory[omron_model_record_address(cuff.model, 0, 4) + 2] ^= 1;
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_got, 13);
        CHECK_EQ(cuff.got[4].error, -EBADMSG);
        CHECK_EQ(cuff.got[4].slot, 4);
        CHECK_EQ(cuff.driver.facts.retries, 1);
        CHECK(cuff.driver.facts.reads > reads);
        check_got(&at, 0, 0, 4);
        at++;
        check_got(&at, 0, 5, 9);
        check_got(&at, 1, 0, 4);

        proved(CLASSIC); /* its sum was never proven: no reason to doubt, but to tell */
        cuff.memory[omron_model_record_address(cuff.model, 0, 4) + 14] ^= 1;
        run();
        check_all_got();
        CHECK_EQ(cuff.driver.facts.odd_checksums, 1);
}

static void spoil_sums(unsigned user, unsigned from, unsigned to) {
        for (unsigned slot = from; slot <= to; slot++)
                cuff.memory[omron_model_record_address(cuff.model, user, slot) + 14] ^= 1;
}

/* How often a record is read again, if these of the first user have a wrong sum. */
static unsigned read_again(unsigned from, unsigned to) {
        proved(CLASSIC);
        spoil_sums(0, from, to);
        run();
        check_all_got();
        CHECK_EQ(cuff.driver.facts.odd_checksums, to - from + 1);
        return cuff.driver.facts.retries;
}

/* As long as more sums fit than not, somebody may have damaged the record; else it is the sum that
 * is made otherwise, and reading twice helps nobody. Each user's newest record is read before. */
static void a_sum_nobody_proved_is_as_good_as_those_before(void) {
        CHECK_EQ(read_again(0, 0), 1);
        CHECK_EQ(read_again(4, 4), 1);
        CHECK_EQ(read_again(0, 7), 2);
        CHECK_EQ(read_again(5, 8), 4);
        CHECK_EQ(read_again(0, 8), 0);
        proved(CLASSIC);
        spoil_sums(0, 0, 8);
        spoil_sums(1, 0, 3);
        run();
        check_all_got();
        CHECK_EQ(cuff.driver.facts.retries, 0);
}

/* Every bit of a record that the sum covers, and of the sum; one of them makes the slot look
 * empty. */
static void no_flipped_bit_goes_unnoticed(const char *id, size_t behind) {
        for (size_t bit = 0; bit < 8 * omron_model_find(id)->record_size; bit++) {
                if (bit / 8 == behind)
                        continue;
                proved(id);
                cuff.memory[omron_model_record_address(cuff.model, 1, 2) + bit / 8] ^=
                        (uint8_t) (1u << bit % 8);
                run();
                check_error(MEMORY_OK);
                CHECK_EQ(cuff.driver.facts.odd_checksums, 1);
                if (!cuff.model->checksum_proven)
                        continue;
                CHECK_EQ(cuff.n_got, 13);
                CHECK_EQ(cuff.got[11].error, -EBADMSG);
                CHECK_EQ(cuff.got[11].slot, 2);
        }
}

static void flipped_bits_are_told(void) {
        no_flipped_bit_goes_unnoticed(K4, 15);
        no_flipped_bit_goes_unnoticed(SWAPPED, 12);
        no_flipped_bit_goes_unnoticed(CLASSIC, 15);
}

/* The sum is right, the values are not. */
static void values_nobody_has_are_told(void) {
        uint8_t *raw;

        proved(K4);
        raw = cuff.memory + omron_model_record_address(cuff.model, 0, 4);
        raw[1] = 200;
        raw[14] = sum_of(raw, 14);
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_got, 13);
        CHECK_EQ(cuff.got[4].error, -ERANGE);
        CHECK_EQ(cuff.got[4].raw[1], 200);
}

static void empty_slots_inside_the_ring_are_passed_over(void) {
        size_t at = 0;

        proved(K4);
        memset(cuff.memory + omron_model_record_address(cuff.model, 0, 2), 0xFF, 16);
        memset(cuff.memory + omron_model_record_address(cuff.model, 0, 3), 0x00, 16);
        run();
        check_got(&at, 0, 0, 2);
        check_got(&at, 0, 4, 9);
        check_got(&at, 1, 0, 4);
        CHECK_EQ(at, cuff.n_got);
}

/* Some cuffs refuse slots that were never written. */
static void a_whole_ring_with_refused_slots(void) {
        size_t at = 0;

        proved(K4);
        cuff.memory[cuff.model->read_base] ^= 1;
        cuff.refused_from = omron_model_record_address(cuff.model, 0, 9);
        cuff.refused_to = cuff.model->user[1].start;
        run();
        check_all_got();

        proved(K4); /* and when there is nothing else in it */
        cuff.memory[cuff.model->read_base] ^= 1;
        cuff.refused_from = omron_model_record_address(cuff.model, 0, 0);
        cuff.refused_to = cuff.model->user[1].start;
        run();
        check_error(MEMORY_OK);
        CHECK(cuff.driver.facts.complete);
        check_got(&at, 1, 0, 4);
        CHECK_EQ(at, cuff.n_got);
}

static void a_failed_measurement_is_told_without_values(void) {
        uint8_t *raw;

        begin("HEM-9601T");
        cuff.setup.proved = cuff.model;
        for (unsigned k = 0; k < 3; k++) {
                put_record(0, k);
                raw = cuff.memory + omron_model_record_address(cuff.model, 0, k);
                for (int i = 0; i < 14; i += 2) { /* put_record swaps, HG24 does not */
                        uint8_t byte = raw[i];

                        raw[i] = raw[i + 1];
                        raw[i + 1] = byte;
                }
                raw[17] = k == 1 ? 0x12 : 0;
        }
        put_word(cuff.model->user[0].cursor, word_of(3, false));
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_got, 3);
        CHECK_EQ(cuff.got[0].error, 0);
        CHECK_EQ(cuff.got[1].error, -ENODATA);
        CHECK_EQ(cuff.got[1].raw_size, 24);
        CHECK_EQ(cuff.got[2].error, 0);

        next_link(); /* now it is the newest, which proves nothing */
        cuff.n_got = 0;
        cuff.setup.proved = NULL;
        memset(cuff.setup.mark, 0, sizeof cuff.setup.mark);
        put_word(cuff.model->user[0].cursor, word_of(2, false));
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_got, 2);
        CHECK_EQ(cuff.got[1].error, -ENODATA);
}

CHECK_MAIN("unit.driver_omron_faults", TEST(without_a_key_nothing_is_opened),
           TEST(a_key_that_does_not_fit), TEST(a_link_that_stays_unencrypted),
           TEST(a_cuff_that_says_nothing_to_a_key), TEST(other_words_are_not_answers),
           TEST(a_link_that_loses_its_encryption), TEST(a_key_that_is_not_kept_is_not_programmed),
           TEST(a_key_the_cuff_does_not_take), TEST(refused_subscriptions),
           TEST(start_stays_unanswered), TEST(start_is_refused),
           TEST(no_start_says_more_than_an_unknown_name), TEST(end_needs_no_answer),
           TEST(end_is_refused), TEST(silence_is_asked_again), TEST(damage_is_asked_again),
           TEST(a_lost_slice_is_asked_again), TEST(a_failed_write_is_asked_again),
           TEST(late_answers_are_dropped), TEST(answers_come_twice),
           TEST(answers_overtake_the_reply_to_the_write), TEST(a_cuff_that_falls_silent),
           TEST(a_link_that_stays_damaged), TEST(a_hang_up_loses_nothing),
           TEST(half_a_slot_is_refused), TEST(refused_slots_are_empty),
           TEST(another_refusal_ends_the_reading), TEST(a_damaged_record_is_read_twice_and_told),
           TEST(a_sum_nobody_proved_is_as_good_as_those_before), TEST(flipped_bits_are_told),
           TEST(values_nobody_has_are_told), TEST(empty_slots_inside_the_ring_are_passed_over),
           TEST(a_whole_ring_with_refused_slots), TEST(a_failed_measurement_is_told_without_values))
