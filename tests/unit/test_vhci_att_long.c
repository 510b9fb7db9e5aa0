/* UUIDs of 128 bits: the tables of OMRON's cuffs, discovered. */
#include "bytes.h"
#include "vhci_att_fixture.h"

/* Least significant byte first, as on the air. */
#define RX0    "1bc5d5a502004da7e111e8ae40301249"
#define UNLOCK "1bc5d5a5020030a7e111e7ae80b605b3"
#define ECBE   "1bc5d5a50200bdb1e111a2c98039beec"

static const struct att_table *const tables[] = {&att_standard, &att_classic, &att_modern};

static void begin_as(struct link *l, const struct att_table *table) {
        begin(l);
        l->cuff.table = table;
}

static void uuids_are_told_in_both_forms(void) {
        char text[ATT_UUID_TEXT], hex[33];
        uint8_t bytes[ATT_UUID_MAX];

        CHECK_STR(att_uuid_text(UUID_RX0, text), "49123040-aee8-11e1-a74d-0002a5d5c51b");
        CHECK_STR(att_uuid_text(UUID_OMRON_MODERN, text), "0000fe4a-0000-1000-8000-00805f9b34fb");
        CHECK_EQ(att_uuid(UUID_RX0, bytes), 16);
        CHECK_STR(log_hex(bytes, 16, hex), RX0);
        CHECK_EQ(att_uuid(UUID_OMRON_MODERN, bytes), 2);
        CHECK_STR(log_hex(bytes, 2, hex), "4afe");
}

static void a_list_ends_where_the_size_of_its_entries_changes(void) {
        struct link l;

        begin_as(&l, &att_classic);
        CHECK_STR(ask(&l, "10 4000 ffff 0028"), "1106"
                                                "400043000518");
        CHECK_STR(ask(&l, "10 4400 ffff 0028"), "1114"
                                                "00039103" ECBE);
        CHECK_STR(ask(&l, "08 4100 ffff 0328"), "0907"
                                                "41001a42002b2a");
        CHECK_STR(ask(&l, "08 0003 ffff 0328"), "0915"
                                                "0f03181003" UNLOCK);
        CHECK_STR(ask(&l, "04 0f03 ffff"), "0501"
                                           "0f030328");
        CHECK_STR(ask(&l, "04 1003 ffff"), "0502"
                                           "1003" UNLOCK);
        CHECK_STR(ask(&l, "04 6103 ffff"), "0501"
                                           "61030229"
                                           "6f030328");
}

static void a_long_uuid_is_asked_for_by_all_its_bytes(void) {
        struct link l;

        begin_as(&l, &att_classic);
        CHECK_STR(ask(&l, "06 0100 ffff 0028 " ECBE), "0700039103");
        CHECK_STR(ask(&l, "06 0100 ffff 0028 beec"), "010601000a");
        CHECK_STR(ask(&l, "06 0100 ffff 0028 2b"
                          "c5d5a50200bdb1e111a2c98039beec"),
                  "010601000a");
        /* The base of the short ones with our number for it is somebody else. */
        CHECK_STR(ask(&l, "06 0100 ffff 0028 fb349b5f80000080 00100000 beec 0000"), "010601000a");
        CHECK_STR(ask(&l, "08 0100 ffff " RX0), "0108600302"); /* only notified */
        begin_as(&l, &att_modern);
        CHECK_STR(ask(&l, "06 0100 ffff 0028 4afe"), "0719002100");
        CHECK_STR(ask(&l, "06 0100 ffff 0028 fb349b5f80000080 00100000 4afe 0000"), "0719002100");
}

static void declarations_of_long_uuids_are_read(void) {
        struct link l;

        begin_as(&l, &att_modern);
        CHECK_STR(ask(&l, "0a 1900"), "0b4afe");
        CHECK_STR(ask(&l, "0a 1f00"), "0b102000" RX0);
        CHECK_STR(ask(&l, "0a 1d00"), "0b0c1e001bc5d5a502005e96e111e7aee0555bdb");
}

/* --- every table with every MTU --- */

static size_t ask_range(struct link *l, uint8_t opcode, unsigned first, const char *type,
                        uint8_t ret[ATT_MTU_MAX]) {
        char request[32], reply[2 * ATT_MTU_MAX + 1];

        sprintf(request, "%02x %02x%02x ffff %s", opcode, first & 255, first >> 8, type);
        snprintf(reply, sizeof reply, "%s", ask(l, request));
        if (strncmp(reply, "01", 2) == 0)
                return 0;
        return from_hex(reply, ret);
}

static bool is_uuid(const uint8_t *bytes, size_t size, uint16_t uuid) {
        uint8_t own[ATT_UUID_MAX];

        return att_uuid(uuid, own) == size && memcmp(own, bytes, size) == 0;
}

static uint16_t type_of(const struct att_row *row) {
        return row->kind == ATT_SERVICE          ? 0x2800
               : row->kind == ATT_CHARACTERISTIC ? 0x2803
               : row->kind == ATT_CCCD           ? 0x2902
                                                 : row->uuid;
}

static void walk_attributes(struct link *l) {
        const struct att_row *row = l->cuff.table->rows, *end = row + l->cuff.table->n;
        uint8_t reply[ATT_MTU_MAX];
        unsigned first = 1;
        size_t n, size;

        while ((n = ask_range(l, 0x04, first, "", reply))) {
                size = reply[1] == 1 ? 2 : 16;
                CHECK_EQ((n - 2) % (2 + size), 0);
                for (size_t at = 2; at < n; at += 2 + size, row++) {
                        CHECK(row < end && get16(reply + at) == row->handle);
                        CHECK(is_uuid(reply + at + 2, size, type_of(row)));
                        first = row->handle + 1U;
                }
        }
        CHECK(row == end);
}

static const struct att_row *next_of(const struct att_table *t, const struct att_row *row,
                                     enum att_kind kind) {
        while (row < t->rows + t->n && row->kind != kind)
                row++;
        return row;
}

/* Services (opcode 10, UUID behind two handles), or characteristics (08, behind five bytes). */
static void walk(struct link *l, uint8_t opcode, const char *type, enum att_kind kind,
                 size_t header) {
        const struct att_table *t = l->cuff.table;
        const struct att_row *row = next_of(t, t->rows, kind);
        uint8_t reply[ATT_MTU_MAX];
        unsigned first = 1;
        size_t n, size;

        while ((n = ask_range(l, opcode, first, type, reply))) {
                size = reply[1];
                CHECK_EQ((n - 2) % size, 0);
                for (size_t at = 2; at < n; at += size) {
                        CHECK(row < t->rows + t->n && get16(reply + at) == row->handle);
                        CHECK(is_uuid(reply + at + header, size - header, row->uuid));
                        first = row->handle + 1U;
                        row = next_of(t, row + 1, kind);
                }
        }
        CHECK(row == t->rows + t->n);
}

static void every_table_is_found_with_every_mtu(void) {
        for (size_t i = 0; i < ELEMENTS(tables); i++)
                for (unsigned mtu = ATT_MTU_MIN; mtu <= ATT_MTU_MAX; mtu++) {
                        struct link l;

                        begin_as(&l, tables[i]);
                        l.server.mtu = (uint16_t) mtu;
                        walk_attributes(&l);
                        walk(&l, 0x10, "0028", ATT_SERVICE, 4);
                        walk(&l, 0x08, "0328", ATT_CHARACTERISTIC, 5);
                }
}

static void the_tables_are_in_order_and_no_longer_than_there_is_room(void) {
        for (size_t i = 0; i < ELEMENTS(tables); i++) {
                const struct att_table *t = tables[i];

                CHECK(t->n <= ATT_ROWS_MAX);
                CHECK(att_find(t, ATT_SERVICE, t->advertised) != NULL);
                for (size_t k = 1; k < t->n; k++) {
                        CHECK(t->rows[k].handle > t->rows[k - 1].handle);
                        if (t->rows[k].kind == ATT_VALUE)
                                CHECK(t->rows[k - 1].kind == ATT_CHARACTERISTIC &&
                                      t->rows[k - 1].uuid == t->rows[k].uuid &&
                                      t->rows[k - 1].handle + 1 == t->rows[k].handle);
                }
        }
}

CHECK_MAIN("unit.vhci_att_long", TEST(uuids_are_told_in_both_forms),
           TEST(a_list_ends_where_the_size_of_its_entries_changes),
           TEST(a_long_uuid_is_asked_for_by_all_its_bytes),
           TEST(declarations_of_long_uuids_are_read), TEST(every_table_is_found_with_every_mtu),
           TEST(the_tables_are_in_order_and_no_longer_than_there_is_room))
