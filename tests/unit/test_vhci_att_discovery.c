#include "bytes.h"
#include "vhci_att_fixture.h"

/* 16-bit UUIDs in their long form, the first bytes of it. */
#define BASE " fb349b5f80000080 00100000 "

/* --- as bluetoothd asks --- */

static void primary_services_are_found_until_there_are_no_more(void) {
        struct link l;

        begin(&l);
        CHECK_STR(ask(&l, "10 0100 ffff 0028"), "1106"
                                                "010005000018"
                                                "08000b000118"
                                                "100018001018");
        CHECK_LOG(&l, "");
        CHECK_STR(ask(&l, "10 1900 ffff 0028"), "1106"
                                                "200023000f18"
                                                "30003a000a18"
                                                "400043000518");
        CHECK_STR(ask(&l, "10 4400 ffff 0028"), "011044000a");
        CHECK_LOG(&l, "refused " ADDRESS " opcode=10 handle=0044 error=0a\n");
}

static void there_are_no_secondary_and_no_included_services(void) {
        struct link l;

        begin(&l);
        CHECK_STR(ask(&l, "10 0100 ffff 0128"), "011001000a");
        CHECK_STR(ask(&l, "08 0100 ffff 0228"), "010801000a");
        CHECK_STR(ask(&l, "10 0100 ffff 0328"), "0110010010"); /* groups nothing here */
        CHECK_STR(ask(&l, "10 0100 ffff 352a"), "0110010010");
}

static void characteristics_are_found_in_one_service_or_in_all(void) {
        struct link l;

        begin(&l);
        CHECK_STR(ask(&l, "08 0100 0500 0328"), "0907"
                                                "0200020300002a"
                                                "0400020500012a");
        CHECK_STR(ask(&l, "08 0500 0500 0328"), "010805000a");
        CHECK_STR(ask(&l, "08 1000 1800 0328"), "0907"
                                                "1100201200352a"
                                                "1400101500362a"
                                                "1700021800492a");
        CHECK_STR(ask(&l, "08 4000 4300 0328"), "0907"
                                                "41001a42002b2a");
        CHECK_STR(ask(&l, "08 0100 ffff 0328"), "0907"
                                                "0200020300002a"
                                                "0400020500012a"
                                                "0900200a00052a");
        CHECK_STR(ask(&l, "08 3a00 ffff 0328"), "0907"
                                                "41001a42002b2a");
        CHECK_STR(ask(&l, "08 4300 ffff 0328"), "010843000a");
}

static void descriptors_are_found_between_the_values(void) {
        struct link l;

        begin(&l);
        CHECK_STR(ask(&l, "04 1300 1300"), "0501"
                                           "13000229");
        CHECK_STR(ask(&l, "04 0600 0700"), "010406000a");
        CHECK_STR(ask(&l, "04 1000 1800"), "0501"
                                           "10000028"
                                           "11000328"
                                           "1200352a"
                                           "13000229"
                                           "14000328");
        CHECK_STR(ask(&l, "04 4200 ffff"), "0501"
                                           "42002b2a"
                                           "43000229");
        CHECK_STR(ask(&l, "04 ffff ffff"), "0104ffff0a");
}

static void values_are_read_by_their_uuid(void) {
        struct link l;

        begin(&l);
        CHECK_STR(ask(&l, "08 0100 ffff 002a"), "090f"
                                                "0300"
                                                "424c45736d6172745f30303030");
        CHECK_LOG(&l, "read " ADDRESS " uuid=2a00\n");
        CHECK_STR(ask(&l, "08 0100 ffff 3a2b"), "010801000a"); /* what bluetoothd asks first */
        CHECK_STR(ask(&l, "08 0400 ffff 002a"), "010804000a");
}

/* The first one that is refused ends the list; alone it is the answer. */
static void reading_by_uuid_stops_at_what_may_not_be_read(void) {
        struct link l;

        begin(&l);
        CHECK_STR(ask(&l, "08 0100 ffff 0229"), "0904"
                                                "0b000000");
        CHECK_STR(ask(&l, "08 0c00 ffff 0229"), "0108130005");
        CHECK_LOG(&l, "refused " ADDRESS " opcode=08 handle=0013 error=05\n");
        CHECK_STR(ask(&l, "08 0100 ffff 492a"), "0108180005");
        CHECK_STR(ask(&l, "08 0100 ffff 052a"), "01080a0002");

        begin_encrypted(&l);
        CHECK_STR(ask(&l, "08 0100 ffff 0229"), "0904"
                                                "0b000000"
                                                "13000000"
                                                "16000000"
                                                "23000000"
                                                "43000000");
}

static void a_long_value_read_by_its_uuid_is_cut(void) {
        struct link l;

        begin(&l);
        strcpy(l.cuff.name, "a name of thirty characters...");
        CHECK_STR(ask(&l, "08 0100 ffff 002a"), "0915"
                                                "0300"
                                                "61206e616d65206f6620746869727479206368");
        l.cuff.mtu = 247;
        ask(&l, "02 f700");
        CHECK_EQ(strlen(ask(&l, "08 0100 ffff 002a")), 2 * (2 + 2 + 30));
}

static void a_service_is_found_by_its_uuid(void) {
        struct link l;

        begin(&l);
        CHECK_STR(ask(&l, "06 0100 ffff 0028 1018"), "0710001800");
        CHECK_STR(ask(&l, "06 1100 ffff 0028 1018"), "010611000a");
        CHECK_STR(ask(&l, "06 0100 ffff 0028 1118"), "010601000a");
        CHECK_STR(ask(&l, "06 0100 ffff 0028" BASE "1018 0000"), "0710001800");
        CHECK_STR(ask(&l, "06 0100 ffff 0028" BASE "1018 0001"), "010601000a");
        CHECK_STR(ask(&l, "06 0100 ffff 0028 10"), "010601000a");
        CHECK_STR(ask(&l, "06 0100 ffff 0028"), "010601000a");
        CHECK_STR(ask(&l, "06 0100 ffff 0128 1018"), "010601000a");
        CHECK_STR(ask(&l, "06 0100 ffff 0328 1018"), "010601000a");
}

/* --- UUIDs and ranges --- */

static void a_long_uuid_means_the_short_one_only_over_the_base(void) {
        struct link l;

        begin(&l);
        CHECK_STR(ask(&l, "10 1900 2300" BASE "0028 0000"), "1106200023000f18");
        CHECK_STR(ask(&l, "08 4000 ffff" BASE "0328 0000"), "090741001a42002b2a");
        CHECK_STR(ask(&l, "10 0100 ffff" BASE "0128 0000"), "011001000a");
        /* a 32-bit UUID, and bases that differ in their first and last byte */
        CHECK_STR(ask(&l, "10 0100 ffff" BASE "0028 0100"), "0110010010");
        CHECK_STR(ask(&l, "08 0100 ffff" BASE "0328 0100"), "010801000a");
        CHECK_STR(ask(&l, "08 0100 ffff fa349b5f8000008000100000 0328 0000"), "010801000a");
        CHECK_STR(ask(&l, "08 0100 ffff fb349b5f8000008000100001 0328 0000"), "010801000a");
}

static void a_range_begins_above_0_and_ends_where_it_begins_or_later(void) {
        static const struct {
                const char *opcode, *rest;
        } requests[] = {{"04", ""}, {"06", "0028 1018"}, {"08", "0328"}, {"10", "0028"}};
        static const struct {
                const char *range, *refused;
        } ranges[] = {{"0000 ffff", "000001"}, {"0200 0100", "020001"}, {"ffff ffff", "ffff0a"}};

        for (size_t i = 0; i < ELEMENTS(requests); i++)
                for (size_t j = 0; j < ELEMENTS(ranges); j++) {
                        char request[40], refused[16];
                        struct link l;

                        begin(&l);
                        sprintf(request, "%s %s %s", requests[i].opcode, ranges[j].range,
                                requests[i].rest);
                        sprintf(refused, "01%s%s", requests[i].opcode, ranges[j].refused);
                        CHECK_STR(ask(&l, request), refused);
                }
}

/* --- all of it, whatever the MTU --- */

/* Asks for the range; returns the size of the response, 0 for Attribute Not Found. */
static size_t ask_range(struct link *l, unsigned opcode, unsigned first, unsigned last,
                        const char *type, uint8_t ret[ATT_MTU_MAX]) {
        char request[40];
        size_t n;

        sprintf(request, "%02x %02x%02x %02x%02x %s", opcode, first & 0xFF, first >> 8, last & 0xFF,
                last >> 8, type);
        n = from_hex(ask(l, request), ret);
        l->log[0] = '\0';
        if (ret[0] == opcode + 1)
                return n;
        CHECK(n == 5 && ret[0] == 0x01 && ret[4] == 0x0A);
        return 0;
}

static uint16_t declared_type(const struct att_row *row) {
        static const uint16_t types[] = {
                [ATT_SERVICE] = 0x2800, [ATT_CHARACTERISTIC] = 0x2803, [ATT_CCCD] = 0x2902};

        return row->kind == ATT_VALUE ? row->uuid : types[row->kind];
}

/* Every attribute and its type, once and in order. */
static void walk_attributes(struct link *l) {
        const struct att_row *row = att_standard.rows;
        uint8_t reply[ATT_MTU_MAX];
        unsigned first = 1;
        size_t n;

        while ((n = ask_range(l, 0x04, first, 0xFFFF, "", reply))) {
                CHECK(n >= 6 && n % 4 == 2 && reply[1] == 1);
                for (size_t at = 2; at < n; at += 4, row++) {
                        CHECK(row < att_standard.rows + att_standard.n);
                        CHECK_EQ(get16(reply + at), row->handle);
                        CHECK_EQ(get16(reply + at + 2), declared_type(row));
                        first = row->handle + 1U;
                }
        }
        CHECK(row == att_standard.rows + att_standard.n);
}

static void walk_characteristics(struct link *l, unsigned first, unsigned last,
                                 const struct att_row **row) {
        uint8_t reply[ATT_MTU_MAX];
        size_t n;

        for (; first <= last; first = (*row)[-1].handle + 1U) {
                n = ask_range(l, 0x08, first, last, "0328", reply);
                if (n == 0)
                        break;
                CHECK(n >= 9 && n % 7 == 2 && reply[1] == 7);
                for (size_t at = 2; at < n; at += 7, ++*row) {
                        while ((*row)->kind != ATT_CHARACTERISTIC)
                                ++*row;
                        CHECK_EQ(get16(reply + at), (*row)->handle);
                        CHECK_EQ(reply[at + 2], (*row)->properties);
                        CHECK_EQ(get16(reply + at + 3), (*row)->handle + 1);
                        CHECK_EQ(get16(reply + at + 5), (*row)->uuid);
                }
        }
        while (*row < att_standard.rows + att_standard.n && (*row)->handle <= last)
                CHECK((*row)++->kind != ATT_CHARACTERISTIC); /* none was left out */
}

/* Every service, and within it every characteristic. */
static void walk_services(struct link *l) {
        const struct att_row *row = att_standard.rows;
        uint8_t reply[ATT_MTU_MAX];
        unsigned first = 1;
        size_t n;

        while ((n = ask_range(l, 0x10, first, 0xFFFF, "0028", reply))) {
                CHECK(n >= 8 && n % 6 == 2 && reply[1] == 6);
                for (size_t at = 2; at < n; at += 6) {
                        first = get16(reply + at + 2);
                        CHECK(row < att_standard.rows + att_standard.n && row->kind == ATT_SERVICE);
                        CHECK_EQ(get16(reply + at), row->handle);
                        CHECK_EQ(get16(reply + at + 4), row->uuid);
                        walk_characteristics(l, row->handle, first, &row);
                        CHECK_EQ(row[-1].handle, first);
                }
                first++;
        }
        CHECK(row == att_standard.rows + att_standard.n);
}

static void the_whole_table_is_found_with_every_mtu(void) {
        for (unsigned mtu = ATT_MTU_MIN; mtu <= ATT_MTU_MAX; mtu++) {
                struct link l;

                begin(&l);
                l.server.mtu = (uint16_t) mtu;
                walk_attributes(&l);
                walk_services(&l);
        }
}

CHECK_MAIN("unit.vhci_att_discovery", TEST(primary_services_are_found_until_there_are_no_more),
           TEST(there_are_no_secondary_and_no_included_services),
           TEST(characteristics_are_found_in_one_service_or_in_all),
           TEST(descriptors_are_found_between_the_values), TEST(values_are_read_by_their_uuid),
           TEST(reading_by_uuid_stops_at_what_may_not_be_read),
           TEST(a_long_value_read_by_its_uuid_is_cut), TEST(a_service_is_found_by_its_uuid),
           TEST(a_long_uuid_means_the_short_one_only_over_the_base),
           TEST(a_range_begins_above_0_and_ends_where_it_begins_or_later),
           TEST(the_whole_table_is_found_with_every_mtu))
