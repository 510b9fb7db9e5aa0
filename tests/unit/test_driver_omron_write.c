#include "cuff/driver_omron_steps.h"
#include "omron_fixture.h"

#define K4      "HEM-7155T-K4"
#define CLASSIC "HEM-7155T"
#define SWAPPED "HEM-7322T"
#define TOKEN   "HEM-7380T1"

#define EVERYTHING (OMRON_MAY_SET_CLOCK | OMRON_MAY_CLEAR_UNREAD | OMRON_MAY_REGISTER)

static const struct date_time long_ago = {2026, 2, 20, 8, 15, 1};

static void may(const char *id, unsigned what) {
        begin(id);
        cuff.setup.proved = cuff.model;
        cuff.setup.may_write = what;
        if (cuff.model->layout != OMRON_LAYOUT_6401)
                measure(0, 0, 9);
        if (cuff.model->users > 1)
                measure(1, 0, 4);
        put_clock(&long_ago);
}

static void check_wrote(bool clock, bool unread, bool registration) {
        CHECK_EQ(cuff.driver.facts.wrote_clock, clock);
        CHECK_EQ(cuff.driver.facts.wrote_unread, unread);
        CHECK_EQ(cuff.driver.facts.wrote_registration, registration);
}

static void check_written(unsigned i, unsigned address, size_t size) {
        unsigned source = address - cuff.model->write_base + cuff.model->read_base;

        CHECK(i < cuff.writes);
        CHECK_EQ(cuff.written[i].address, address);
        CHECK_EQ(cuff.written[i].size, size);
        CHECK_EQ(cuff.kept_at[i], source);
        if (i == 0)
                CHECK(memcmp(cuff.kept[i], cuff.memory + source, size) == 0);
}

static void not_without_permission(void) {
        static const char *const ids[] = {K4, CLASSIC, SWAPPED, TOKEN};

        for (size_t i = 0; i < 4; i++) {
                may(ids[i], 0);
                run(); /* the fixture fails on any write */
                check_error(MEMORY_OK);
                CHECK_EQ(cuff.writes + cuff.keeps, 0);
                may(ids[i], EVERYTHING);
                run();
                CHECK(cuff.writes > 0);
        }
}

static void the_clock(void) {
        may(K4, OMRON_MAY_SET_CLOCK);
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.writes, 1);
        check_written(0, 0x02D0, 16);
        CHECK(memcmp(cuff.written[0].bytes + 8, (uint8_t[]){26, 3, 1, 12, 30, 0}, 6) == 0);
        CHECK_EQ(cuff.written[0].bytes[14], sum_of(cuff.written[0].bytes, 14));
        check_wrote(true, false, false);
        CHECK(strstr(cuff.order, "kW.E") != NULL);

        may(SWAPPED, OMRON_MAY_SET_CLOCK);
        run();
        CHECK_EQ(cuff.writes, 1);
        check_written(0, 0x0286 + 0x14, 10);
        CHECK(memcmp(cuff.written[0].bytes + 2, (uint8_t[]){3, 26, 12, 1, 0, 30}, 6) == 0);
}

static void drifted(const char *id, int minutes, unsigned writes) {
        struct date_time t;

        may(id, OMRON_MAY_SET_CLOCK);
        t = date_time_from_seconds(date_time_to_seconds(&cuff.now.local) + 60 * minutes);
        put_clock(&t);
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.writes, writes);
}

static void small_drifts_are_left_alone(void) {
        drifted(K4, 1, 0);
        drifted(K4, -1, 0);
        drifted(K4, 2, 1);
        drifted(K4, -2, 1);
        drifted(CLASSIC, 2, 0);
        drifted(CLASSIC, 10, 0);
        drifted(CLASSIC, -11, 1);
}

static void a_clock_that_is_not_ours(void) {
        may(K4, OMRON_MAY_SET_CLOCK);
        cuff.setup.clock_by_profile = true;
        run();
        CHECK_EQ(cuff.writes, 0);

        may(K4, OMRON_MAY_SET_CLOCK);
        cuff.now.synchronised = false;
        run();
        CHECK_EQ(cuff.writes, 0);

        may(K4, OMRON_MAY_SET_CLOCK);
        cuff.memory[0x0260 + 0x2C + 14] ^= 1;
        run();
        CHECK_EQ(cuff.writes, 0);
        CHECK(!cuff.driver.facts.has_clock);

        may(K4, OMRON_MAY_SET_CLOCK); /* what belongs around the time is not known */
        memset(cuff.memory + 0x0260 + 0x2C, 0xff, 16);
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.writes, 0);
        CHECK(cuff.driver.facts.clock_unset);

        may(K4, OMRON_MAY_SET_CLOCK); /* unset, but ticking */
        put_clock(&(struct date_time){2019, 1, 1, 0, 5, 0});
        run();
        CHECK_EQ(cuff.writes, 1);
}

static void the_unread_counters(void) {
        may(K4, OMRON_MAY_CLEAR_UNREAD);
        run();
        CHECK_EQ(cuff.writes, 1);
        check_written(0, 0x02A8, 4);
        CHECK(memcmp(cuff.written[0].bytes, (uint8_t[]){0, 0x80, 0, 0x80}, 4) == 0);
        check_wrote(false, true, false);

        may(CLASSIC, OMRON_MAY_CLEAR_UNREAD);
        run();
        CHECK_EQ(cuff.writes, 1);
        check_written(0, 0x0054, 16);
        CHECK(memcmp(cuff.written[0].bytes, cuff.memory + 0x10, 4) == 0);
        CHECK(memcmp(cuff.written[0].bytes + 4, (uint8_t[]){0, 0x80, 0, 0x80}, 4) == 0);

        may(SWAPPED, OMRON_MAY_CLEAR_UNREAD);
        run();
        check_written(0, 0x0286, 8);
        CHECK(memcmp(cuff.written[0].bytes + 4, (uint8_t[]){0x80, 0, 0x80, 0}, 4) == 0);

        may(K4, OMRON_MAY_CLEAR_UNREAD); /* blank is no wrong sum */
        memset(cuff.memory + 0x0260 + 24, 0xFF, 10);
        run();
        CHECK_EQ(cuff.writes, 1);
        may(K4, OMRON_MAY_CLEAR_UNREAD);
        memset(cuff.memory + 0x0260 + 0x2C, 0, 16);
        run();
        CHECK_EQ(cuff.writes, 1);
        may(K4, OMRON_MAY_CLEAR_UNREAD);
        cuff.memory[0x0260 + 0x2C + 14] ^= 1;
        run();
        CHECK_EQ(cuff.writes, 0);

        may("HEM-6401T", OMRON_MAY_CLEAR_UNREAD); /* nothing there has a sum */
        put_word(0x0E, word_of(3, false));
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.writes, 0);

        may(K4, OMRON_MAY_CLEAR_UNREAD);
        put_word(4, word_of(0, false));
        put_word(6, word_of(0, false));
        run();
        CHECK_EQ(cuff.writes, 0);
}

static void words_that_lie_apart_are_left_alone(void) {
        static struct omron_model apart;

        apart = *omron_model_find(K4);
        apart.user[1].unread = 0x0C;
        may(K4, OMRON_MAY_CLEAR_UNREAD);
        cuff.model = cuff.setup.proved = &apart;
        measure(1, 0, 4);
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.writes, 0);
}

static void only_a_user_of_the_cuff_is_registered(void) {
        may(TOKEN, OMRON_MAY_REGISTER);
        memset(cuff.memory + cuff.model->read_base + 24, 0xFF, 10);
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.writes, 0);

        may(TOKEN, OMRON_MAY_REGISTER);
        cuff.now.synchronised = false;
        run();
        CHECK_EQ(cuff.writes, 0);
}

static void a_registration(void) {
        const uint8_t *block;

        may(TOKEN, OMRON_MAY_REGISTER);
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.writes, 2);
        check_written(0, 0x0054, 34);
        CHECK(memcmp(cuff.written[0].bytes, cuff.memory + 0x10, 28) == 0);
        block = cuff.written[0].bytes + 24;
        CHECK_EQ(block[4], 4); /* it was 3 */
        CHECK_EQ(block[8], sum_of(block, 8));
        check_written(1, 0x0080, 16);
        CHECK_EQ(cuff.written[1].bytes[4], 1);
        CHECK_EQ(cuff.written[1].bytes[8], 26);
        CHECK_EQ(cuff.written[1].bytes[14], sum_of(cuff.written[1].bytes, 14));
        check_wrote(false, false, true);

        may(TOKEN, OMRON_MAY_REGISTER); /* no half of one: the marker is in the clock */
        memset(cuff.memory + 0x10 + 0x2C, 0xff, 16);
        run();
        CHECK_EQ(cuff.writes, 0);

        may(K4, OMRON_MAY_REGISTER); /* nobody captured one */
        run();
        CHECK_EQ(cuff.writes, 0);
        may("HEM-7142T2", OMRON_MAY_REGISTER);
        run();
        CHECK_EQ(cuff.writes, 0);
        may("HEM-7376T1", OMRON_MAY_REGISTER); /* with a token, and a map like HEM-7386T1's */
        run();
        CHECK_EQ(cuff.writes, 0);
        may("HEM-7440T1", OMRON_MAY_REGISTER);
        run();
        CHECK_EQ(cuff.writes, 0);
        may(CLASSIC, OMRON_MAY_REGISTER);
        run();
        CHECK_EQ(cuff.writes, 0);
}

static void one_after_the_other_each_from_what_was_written(void) {
        may(TOKEN, EVERYTHING);
        run();
        CHECK_EQ(cuff.writes, 4);
        check_written(0, 0x0080, 16);
        check_written(1, 0x0058, 4);
        check_written(2, 0x0054, 34);
        check_written(3, 0x0080, 16);
        CHECK(memcmp(cuff.written[2].bytes + 4, (uint8_t[]){0, 0x80, 0, 0x80}, 4) == 0);
        CHECK(memcmp(cuff.kept[3], cuff.written[0].bytes, 16) == 0);
}

/* --- what may go wrong -------------------------------------------------------------------------
 */

static void a_write_that_is_refused(void) {
        may(TOKEN, EVERYTHING);
        cuff.write_result = 0xE5;
        run();
        check_error(MEMORY_REFUSED_SETTINGS);
        CHECK_EQ(cuff.writes, 1);
        CHECK(cuff.driver.facts.writes_refused);
        CHECK(!cuff.driver.facts.wrote_clock);
        CHECK(cuff.driver.facts.complete);
        CHECK_EQ(cuff.n_got, 13);
}

static void an_end_that_refuses_them_all(void) {
        may(TOKEN, EVERYTHING);
        cuff.end_result = 0xE5;
        run();
        check_error(MEMORY_REFUSED_SETTINGS);
        CHECK(cuff.driver.facts.writes_refused);
        check_wrote(false, false, false);
}

static void no_write_is_tried_twice(void) {
        static const enum fault faults[] = {SILENT, DAMAGED, WRITE_FAILS, SLICE_LOST};
        unsigned at;

        may(TOKEN, EVERYTHING);
        run();
        at = cuff.frames - 5;
        for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
                may(TOKEN, EVERYTHING);
                cuff.fault = faults[i];
                cuff.fault_at = at;
                cuff.fault_times = 1;
                run();
                check_error(MEMORY_TIMEOUT);
                CHECK_EQ(cuff.writes, faults[i] == WRITE_FAILS ? 0 : 1);
                CHECK_EQ(cuff.frames, at + 2);
                CHECK(!cuff.driver.facts.wrote_clock);
                CHECK(cuff.driver.facts.complete);
        }
}

static void nothing_is_written_without_a_backup(void) {
        may(TOKEN, EVERYTHING);
        cuff.keep_error = -EIO;
        run();
        check_error(MEMORY_NOT_KEPT);
        CHECK_EQ(cuff.keeps, 1);
        CHECK_EQ(cuff.writes, 0);
}

static void nothing_is_written_after_half_a_reading(void) {
        may(K4, EVERYTHING);
        cuff.fault = SILENT;
        cuff.fault_at = 5;
        cuff.fault_times = 4;
        run();
        check_error(MEMORY_TIMEOUT);
        CHECK_EQ(cuff.writes, 0);
}

static void nothing_is_written_in_doubt(void) {
        uint8_t *newest;

        may(K4, EVERYTHING); /* the newest record speaks against the model */
        newest = cuff.memory + omron_model_record_address(cuff.model, 0, 8);
        newest[1] = 200;
        newest[14] = sum_of(newest, 14);
        run();
        CHECK(cuff.driver.facts.complete);
        CHECK_EQ(cuff.writes, 0);

        may(K4, EVERYTHING); /* the index is not trusted */
        cuff.memory[cuff.model->read_base] ^= 1;
        run();
        CHECK(cuff.driver.facts.complete);
        CHECK_EQ(cuff.writes, 0);

        may(K4, EVERYTHING); /* no record speaks for the model */
        measure(0, 0, 0);
        measure(1, 0, 0);
        run();
        check_error(MEMORY_OK);
        CHECK(cuff.driver.facts.complete);
        CHECK_EQ(cuff.writes, 0);

        may(TOKEN, EVERYTHING); /* another block's sum is wrong */
        cuff.memory[cuff.model->read_base + 24 + 10 + 1] ^= 1;
        run();
        CHECK(cuff.driver.facts.complete);
        CHECK_EQ(cuff.writes, 0);
}

static void a_frame_too_long_for_the_link(void) {
        may(TOKEN, EVERYTHING);
        cuff.setup.mtu = 23;
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.writes, 1); /* the four unread bytes */
        CHECK_EQ(cuff.written[0].size, 4);
}

/* --- the guards, one by one --------------------------------------------------------------------
 */

/* After a whole session: a write of the clock that all guards let pass. */
static struct driver_omron_window ready(void) {
        struct driver_omron_window w;

        may(K4, OMRON_MAY_SET_CLOCK);
        cuff.now.local.minute = 31;
        run();
        CHECK_EQ(cuff.writes, 1);
        w = cuff.driver.window;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_OK);
        return w;
}

static void guard_1_proved(void) {
        struct driver_omron_window w = ready();
        const struct omron_model *m = cuff.driver.facts.model;

        cuff.driver.facts.model = NULL;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_PROVED);
        cuff.driver.facts.model = m;
        cuff.driver.doubt = true;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_PROVED);
        cuff.driver.doubt = false;
        cuff.driver.seen = false;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_PROVED);
        cuff.driver.seen = true;
        cuff.driver.facts.complete = false;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_PROVED);
}

static void guard_2_permitted(void) {
        struct driver_omron_window w = ready();

        cuff.driver.setup.may_write = OMRON_MAY_CLEAR_UNREAD | OMRON_MAY_REGISTER;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_PERMITTED);
        cuff.driver.setup.may_write = EVERYTHING;
        w.permission = 0;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_PERMITTED);
}

/* What an error means depends on who says it. */
static void no_disk_is_no_hang_up(void) {
        may(K4, EVERYTHING);
        cuff.keep_error = -ENOTCONN;
        run();
        check_error(MEMORY_NOT_KEPT);
        CHECK_EQ(cuff.ends, 1);
}

static void guard_3_window(void) {
        static const struct {
                size_t from, size;
        } wrong[] = {{0x2B, 16}, {0x2C, 15}, {0x2C, 17}, {0x2D, 15},   {0, 0x3C},
                     {4, 4},     {0x40, 8},  {0x2C, 0},  {0x2C, 0x38}, {0xFFFF, 16}};
        struct driver_omron_window w = ready();

        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                w.from = wrong[i].from;
                w.size = wrong[i].size;
                CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_WINDOW);
        }
}

static void guard_4_source(void) {
        struct driver_omron_window w = ready();
        uint8_t *settings = cuff.driver.settings_bytes;

        cuff.driver.settings_have--;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_SOURCE);
        w.permission = OMRON_MAY_CLEAR_UNREAD; /* of these all bytes are there */
        w.from = w.size = 4;
        cuff.driver.setup.may_write = EVERYTHING;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_SOURCE);
        w = cuff.driver.window;
        cuff.driver.settings_have++;
        settings[24 + 1] ^= 1; /* user block 1 */
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_SOURCE);
        settings[24 + 1] ^= 1;
        settings[0x2C + 8] ^= 1; /* the clock */
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_SOURCE);
        memset(settings + 0x2C, 0, 16);
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_SOURCE);
        memset(settings + 0x2C, 0xFF, 16);
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_SOURCE);
}

static void guard_4_result(void) {
        struct driver_omron_window w = ready();

        w.bytes[14] ^= 1;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_RESULT);
}

static void guard_5_meant(void) {
        struct driver_omron_window w = ready();

        w.bytes[3] ^= 1;
        w.bytes[14] = sum_of(w.bytes, 14);
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_MEANT);
}

static void guard_6_frame(void) {
        struct driver_omron_window w = ready();

        cuff.driver.setup.mtu = 26;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_FRAME);
        cuff.driver.setup.mtu = 27;
        CHECK_EQ(driver_omron_check_write(&cuff.driver, &w), GUARD_OK);
}

CHECK_MAIN("unit.driver_omron_write", TEST(not_without_permission), TEST(the_clock),
           TEST(small_drifts_are_left_alone), TEST(a_clock_that_is_not_ours),
           TEST(the_unread_counters), TEST(words_that_lie_apart_are_left_alone),
           TEST(only_a_user_of_the_cuff_is_registered), TEST(a_registration),
           TEST(one_after_the_other_each_from_what_was_written), TEST(a_write_that_is_refused),
           TEST(an_end_that_refuses_them_all), TEST(no_write_is_tried_twice),
           TEST(nothing_is_written_without_a_backup), TEST(nothing_is_written_after_half_a_reading),
           TEST(nothing_is_written_in_doubt), TEST(a_frame_too_long_for_the_link),
           TEST(no_disk_is_no_hang_up), TEST(guard_1_proved), TEST(guard_2_permitted),
           TEST(guard_3_window), TEST(guard_4_source), TEST(guard_4_result), TEST(guard_5_meant),
           TEST(guard_6_frame))
