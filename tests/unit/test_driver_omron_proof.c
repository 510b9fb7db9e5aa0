#include "omron_fixture.h"

#define K4     "HEM-7155T-K4"
#define MW     "HEM-7155T-MW"
#define FAMILY "HEM-7155T" /* on the modern stack: the map of K4 and MW3, and that of MW */

static void open_as(const char *id, const char *name) {
        begin(id);
        cuff.name = name;
        measure(0, 0, 9);
        measure(1, 0, 4);
}

static bool tells(const char *words) {
        return strstr(cuff.driver.facts.proof, words) != NULL;
}

static void check_unproved(const char *words) {
        check_error(MEMORY_UNPROVED);
        CHECK(cuff.driver.facts.model == NULL);
        CHECK(!cuff.driver.facts.complete);
        CHECK_EQ(cuff.n_got, 0);
        CHECK(cuff.n_blocks > 0);
        CHECK(tells(words));
        if (!tells(words))
                printf("# %s\n", cuff.driver.facts.proof);
}

static void the_content_tells_which_one_it_is(void) {
        static const char *const ids[] = {K4, MW};

        for (size_t i = 0; i < 2; i++) {
                size_t at = 0;

                open_as(ids[i], FAMILY);
                run();
                check_error(MEMORY_OK);
                CHECK(cuff.driver.facts.model != NULL);
                CHECK(omron_model_same_map(cuff.driver.facts.model, cuff.model));
                CHECK_STR(cuff.driver.facts.proof, "");
                check_got(&at, 0, 0, 9);
                check_got(&at, 1, 0, 4);
                CHECK_EQ(at, cuff.n_got);
                CHECK_EQ(cuff.n_blocks, 0);
        }
}

static void an_address_refused_speaks_against_it(void) {
        open_as(K4, FAMILY);
        cuff.refused_to = 0x100;
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_got, 13);

        open_as(K4, FAMILY);
        cuff.refused_to = 0x10000;
        run();
        check_unproved("HEM-7155T-MW: address refused");
        for (size_t i = 0; i < cuff.n_blocks; i++) {
                CHECK_EQ(cuff.block[i].result, 0xE3);
                CHECK_EQ(cuff.block[i].size, 0);
        }
}

static void what_fits_two_is_proof_of_neither(void) {
        open_as(K4, FAMILY);
        cuff.model = omron_model_find(MW);
        for (size_t i = 0; i < omron_model_settings_size(cuff.model); i++)
                cuff.memory[cuff.model->read_base + i] = 0;
        measure(0, 0, 3);
        measure(1, 0, 1);
        put_user_block(0);
        put_user_block(1);
        put_clock(&cuff.now.local);
        run();
        check_unproved("HEM-7155T-MW: fits");
}

static void the_newest_record_decides_between_two(void) {
        size_t at = 0;

        open_as(K4, FAMILY);
        cuff.model = omron_model_find(MW);
        for (size_t i = 0; i < omron_model_settings_size(cuff.model); i++)
                cuff.memory[cuff.model->read_base + i] = 0;
        measure(0, 0, 3);
        measure(1, 0, 1);
        put_clock(&cuff.now.local);
        cuff.memory[omron_model_record_address(cuff.model, 1, 0) + 14] ^= 1;
        cuff.model = omron_model_find(K4);
        run();
        check_error(MEMORY_OK);
        check_got(&at, 0, 0, 9);
        check_got(&at, 1, 0, 4);
}

static void only(const char *id) {
        open_as(id, id);
}

static void a_wrong_index_with_nothing_else(void) {
        only(K4);
        memset(cuff.memory + cuff.model->read_base, 0, 0x3C);
        run();
        check_unproved("HEM-7155T-K4: index parity wrong");
}

static void change_newest(size_t at, uint8_t byte, bool sum) {
        uint8_t *raw = cuff.memory + omron_model_record_address(cuff.model, 0, 8);

        raw[at] = byte;
        if (sum)
                raw[14] = sum_of(raw, 14);
}

static void a_newest_record_that_makes_no_sense(void) {
        only(K4);
        change_newest(14, 0xEE, false);
        run();
        check_unproved("checksum of a record wrong");

        only(K4);
        change_newest(1, 200, true);
        run();
        check_unproved("values of a record impossible");

        only(K4);
        change_newest(5, 0x7C, true); /* month 15 */
        run();
        check_unproved("date of a record impossible");

        only(K4);
        change_newest(0, 0xFF, true);
        run();
        check_unproved("newest record empty");

        only(K4);
        cuff.refused_from = omron_model_record_address(cuff.model, 0, 8);
        cuff.refused_to = cuff.refused_from + 1;
        run();
        check_unproved("newest record empty");
}

static void an_empty_cuff_needs_a_checksum(void) {
        begin(K4);
        run();
        check_error(MEMORY_OK);
        CHECK(cuff.driver.facts.complete);
        CHECK(cuff.driver.facts.model == NULL); /* not proved before it has a record */
        measure(0, 0, 1);
        next_link();
        run();
        CHECK(cuff.driver.facts.model == cuff.model);

        begin(K4);
        memset(cuff.memory + cuff.model->read_base + cuff.model->index_size, 0, 0x3C - 24);
        run();
        check_unproved("no record and no checksum");

        begin(K4); /* but not twice */
        cuff.setup.proved = cuff.model;
        memset(cuff.memory + cuff.model->read_base + cuff.model->index_size, 0, 0x3C - 24);
        run();
        check_error(MEMORY_OK);
        CHECK(cuff.driver.facts.complete);
}

static void a_model_proved_before_is_doubted_for_its_settings_only(void) {
        only(K4);
        cuff.setup.proved = cuff.model;
        change_newest(1, 200, true);
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_got, 13);
        CHECK_EQ(cuff.got[8].error, -ERANGE);

        only(K4);
        cuff.setup.proved = cuff.model;
        memset(cuff.memory + cuff.model->read_base, 0, 0x3C);
        run();
        check_error(MEMORY_PARITY);
        CHECK(tells("index parity wrong"));
        CHECK_EQ(cuff.n_blocks, 0);
        CHECK_EQ(cuff.ends, 1);

        only(K4);
        cuff.setup.proved = cuff.model;
        cuff.refused_to = 0x10000;
        run();
        check_error(MEMORY_REFUSED_ADDRESS);
        CHECK_EQ(cuff.n_blocks, 0);
        CHECK_EQ(cuff.ends, 1);
}

/* Empty where it was looked at: the ring itself proves the model, or speaks against it. */
static void a_ring_without_index_proves_by_what_it_holds(void) {
        for (int nonsense = 0; nonsense < 2; nonsense++) {
                begin(K4);
                for (unsigned k = 4; k < 9; k++)
                        put_record(0, k);
                if (nonsense)
                        memset(cuff.memory + omron_model_record_address(cuff.model, 0, 4), 0x10,
                               5 * 16);
                cuff.memory[cuff.model->read_base] ^= 1;
                run();
                check_error(nonsense ? MEMORY_PARITY : MEMORY_OK);
                CHECK(cuff.driver.facts.model == (nonsense ? NULL : cuff.model));
                CHECK_EQ(cuff.n_got, nonsense ? 0 : 5);
        }
}

static void a_ring_without_index_must_hold_records(void) {
        only(K4);
        cuff.memory[cuff.model->read_base] ^= 1;
        memset(cuff.memory + omron_model_record_address(cuff.model, 0, 1), 0x10, 16);
        run();
        check_unproved("checksum of a record wrong");

        only(K4); /* empty slots do not speak against it */
        cuff.memory[cuff.model->read_base] ^= 1;
        memset(cuff.memory + omron_model_record_address(cuff.model, 0, 1), 0xFF, 16);
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_got, 12);
}

/* --- dumps -------------------------------------------------------------------------------------
 */

static void check_blocks(void) {
        CHECK(cuff.n_blocks <= DRIVER_OMRON_DUMP_MAX);
        for (size_t i = 0; i < cuff.n_blocks; i++) {
                const struct driver_omron_block *b = &cuff.block[i];

                CHECK(b->result != 0 || b->size > 0);
                CHECK(memcmp(b->bytes, cuff.memory + b->address, b->size) == 0);
                for (size_t j = 0; j < i; j++)
                        CHECK(cuff.block[j].address != b->address);
        }
}

static void nobody_knows_its_name(const char *id, uint16_t mtu) {
        unsigned of_classic = 0;

        open_as(id, "Nobody's");
        cuff.setup.mtu = mtu;
        run();
        check_error(MEMORY_UNKNOWN_MODEL);
        CHECK(cuff.driver.facts.started);
        CHECK(cuff.n_blocks > 20);
        CHECK_EQ(cuff.n_got, 0);
        check_blocks();
        CHECK_EQ(cuff.last.verb, DRIVER_DRAINED);
        for (size_t i = 0; i < cuff.n_blocks; i++)
                of_classic += cuff.block[i].address == omron_model_find("HEM-7322T")->user[1].start;
        CHECK_EQ(of_classic, cuff.model->stack == OMRON_CLASSIC);
}

static void an_unknown_name_is_a_dump(void) {
        nobody_knows_its_name(K4, 247);
        nobody_knows_its_name(FAMILY, 23); /* classic */
        nobody_knows_its_name(K4, 23);
        CHECK_EQ(cuff.n_blocks, DRIVER_OMRON_DUMP_MAX); /* there would be more */
}

static void a_dump_is_asked_for(void) {
        unsigned bytes = 0;

        open_as(K4, K4);
        cuff.setup.dump = true;
        run();
        check_error(MEMORY_OK);
        check_blocks();
        for (size_t i = 0; i < cuff.n_blocks; i++)
                bytes += cuff.block[i].size;
        CHECK_EQ(bytes, 64 + 6 * 16);
        CHECK(!cuff.driver.facts.complete);

        open_as(K4, K4);
        cuff.setup.dump = true;
        cuff.setup.mtu = 23;
        run();
        check_blocks();
        bytes = 0;
        for (size_t i = 0; i < cuff.n_blocks; i++)
                bytes += cuff.block[i].size;
        CHECK_EQ(bytes, 64 + 6 * 16);
}

static void two_reads_without_an_answer_end_a_dump(void) {
        open_as(K4, K4);
        cuff.setup.dump = true;
        cuff.fault = SILENT;
        cuff.fault_at = 3;
        cuff.fault_times = 8;
        run();
        check_error(MEMORY_TIMEOUT);
        CHECK_EQ(cuff.n_blocks, 2);
        CHECK_EQ(cuff.ends, 1);

        open_as(K4, K4);
        cuff.setup.dump = true;
        cuff.fault = SILENT;
        cuff.fault_at = 3;
        cuff.fault_times = 4;
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_blocks, 9);

        open_as(K4, K4);
        cuff.setup.dump = true;
        cuff.fault = SILENT;
        cuff.fault_at = 3;
        cuff.fault_again_at = 8;
        cuff.fault_times = 4;
        run();
        check_error(MEMORY_OK);
        CHECK_EQ(cuff.n_blocks, 8);
}

CHECK_MAIN("unit.driver_omron_proof", TEST(the_content_tells_which_one_it_is),
           TEST(an_address_refused_speaks_against_it), TEST(what_fits_two_is_proof_of_neither),
           TEST(the_newest_record_decides_between_two), TEST(a_wrong_index_with_nothing_else),
           TEST(a_newest_record_that_makes_no_sense), TEST(an_empty_cuff_needs_a_checksum),
           TEST(a_model_proved_before_is_doubted_for_its_settings_only),
           TEST(a_ring_without_index_must_hold_records),
           TEST(a_ring_without_index_proves_by_what_it_holds), TEST(an_unknown_name_is_a_dump),
           TEST(a_dump_is_asked_for), TEST(two_reads_without_an_answer_end_a_dump))
