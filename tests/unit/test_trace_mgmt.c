/* The kernel's management messages. */
#include "trace_hci_fixture.h"

#define PEER  "332211db5f28 01"
#define BREDR "332211db5f28 00"

static const struct vector VECTORS[] = {
        {TRACE_HCI_MGMT_COMMAND, "01000000 1800 03", TRACE_IO_CAPABILITY, 7},
        {TRACE_HCI_MGMT_COMMAND, "01000000 1900 " PEER " 03", TRACE_PAIR_ASKED, 14},
        {TRACE_HCI_MGMT_COMMAND, "01000000 1c00 " PEER, TRACE_CONFIRM_ANSWERED, 13},
        {TRACE_HCI_MGMT_COMMAND, "01000000 1d00 " PEER, TRACE_CONFIRM_ANSWERED, 13},
        {TRACE_HCI_MGMT_COMMAND, "01000000 1e00 " PEER " 40e20100", TRACE_CONFIRM_ANSWERED, 13},
        {TRACE_HCI_MGMT_COMMAND, "01000000 1f00 " PEER, TRACE_CONFIRM_ANSWERED, 13},
        {TRACE_HCI_MGMT_EVENT, "01000000 0100 1900 00 " PEER, TRACE_PAIRING_STATUS, 16},
        {TRACE_HCI_MGMT_EVENT, "01000000 0200 1900 0f", TRACE_PAIRING_STATUS, 9},
        {TRACE_HCI_MGMT_EVENT, "01000000 0100 0900 00 110a0000", TRACE_BONDABLE, 13},
        {TRACE_HCI_MGMT_EVENT,
         "01000000 0100 0400 00 0100cc01aa00 08 f105 1bbe0100 00020000 000000", TRACE_BONDABLE, 26},
        {TRACE_HCI_MGMT_EVENT, "01000000 0600 110a0000", TRACE_BONDABLE, 10},
        {TRACE_HCI_MGMT_EVENT,
         "01000000 0a00 01 " PEER
         " 00 01 10 1a88 b86f31c80bf6bbaf 3c9c322a857b0b4dbbebcd6e339d47cd",
         TRACE_KEY_STORED, 14},
        {TRACE_HCI_MGMT_EVENT, "01000000 0f00 " PEER " 01 00000000", TRACE_CONFIRM_ASKED, 13},
        {TRACE_HCI_MGMT_EVENT, "01000000 1000 " PEER, TRACE_CONFIRM_ASKED, 13},
        {TRACE_HCI_MGMT_EVENT, "01000000 1100 " PEER " 05", TRACE_PAIRING_STATUS, 14},
};

static size_t ask(struct frames *f, const char *hex) {
        return feed_hex(f, TRACE_HCI_MGMT_COMMAND, TRACE_NOT_TOLD, hex);
}

static size_t tell(struct frames *f, const char *hex) {
        return feed_hex(f, TRACE_HCI_MGMT_EVENT, TRACE_NOT_TOLD, hex);
}

static void every_message_may_be_cut_anywhere(void) {
        for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++)
                check_cut(&VECTORS[i], 0);
}

static void a_message_of_no_adapter_is_none(void) {
        for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++) {
                struct frames f = frames_new();

                f.adapter = 0xFFFF;
                CHECK_EQ(feed_hex(&f, VECTORS[i].type, TRACE_NOT_TOLD, VECTORS[i].hex), 0);
        }
}

/* Command codes and event codes overlap. */
static void a_command_is_no_event_of_the_same_code(void) {
        struct frames f = frames_new();

        CHECK_EQ(tell(&f, "01000000 1800 03 00 00 00 00 00 00 00"), 0);
        CHECK_EQ(tell(&f, "01000000 1900 " PEER " 03"), 0);
        CHECK_EQ(ask(&f, "01000000 0600 110a0000"), 0);
        CHECK_EQ(ask(&f, "01000000 1100 " PEER " 05"), 0);
        CHECK_EQ(ask(&f, "01000000 0900 01"), 0); /* Set Bondable: its reply tells */
}

static void a_pairing_is_asked_for_with_an_io_capability(void) {
        struct frames f = frames_new();

        f.adapter = 2;
        CHECK_EQ(ask(&f, "01000000 1900 332211db5f28 02 04"), 1);
        CHECK_EQ(f.got[0].kind, TRACE_PAIR_ASKED);
        CHECK_EQ(f.got[0].io, SMP_IO_KEYBOARD_DISPLAY);
        check_address(&f.got[0], "28:5F:DB:11:22:33");
        CHECK_EQ(ask(&f, "01000000 1800 03"), 1);
        CHECK_EQ(f.got[0].kind, TRACE_IO_CAPABILITY);
        CHECK_EQ(f.got[0].io, SMP_IO_NO_INPUT_NO_OUTPUT);
        CHECK(!f.got[0].has_address);
}

static void questions_and_answers_are_told(void) {
        static const struct {
                const char *hex;
                enum trace_answer answer;
        } answers[] = {
                {"01000000 1c00 " PEER, TRACE_YES},
                {"01000000 1d00 " PEER, TRACE_NO},
                {"01000000 1e00 " PEER " 40e20100", TRACE_YES},
                {"01000000 1f00 " PEER, TRACE_NO},
        };
        struct frames f = frames_new();

        CHECK_EQ(tell(&f, "01000000 0f00 " PEER " 01 00000000"), 1);
        CHECK_EQ(f.got[0].kind, TRACE_CONFIRM_ASKED);
        check_address(&f.got[0], "28:5F:DB:11:22:33");
        CHECK_EQ(tell(&f, "01000000 1000 " PEER), 1);
        CHECK_EQ(f.got[0].kind, TRACE_CONFIRM_ASKED);
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
                CHECK_EQ(ask(&f, answers[i].hex), 1);
                CHECK_EQ(f.got[0].kind, TRACE_CONFIRM_ANSWERED);
                CHECK_EQ(f.got[0].answer, answers[i].answer);
                check_address(&f.got[0], "28:5F:DB:11:22:33");
        }
        /* The kernel's reply to the answer says nothing new. */
        CHECK_EQ(tell(&f, "01000000 0100 1c00 00 " PEER), 0);
}

static void a_key_counts_when_it_is_to_be_stored_and_is_not_passed_on(void) {
        static const char *const hints[] = {"00", "01", "02"};

        for (size_t i = 0; i < 3; i++) {
                struct frames f = frames_new();
                char hex[256];

                snprintf(hex, sizeof hex,
                         "01000000 0a00 %s " PEER " 00 01 10 a5a5 a5a5a5a5a5a5a5a5"
                         "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
                         hints[i]);
                CHECK_EQ(tell(&f, hex), i == 1);
                if (f.n == 0)
                        continue;
                check_address(&f.got[0], "28:5F:DB:11:22:33");
                CHECK_EQ(f.got[0].kind, TRACE_KEY_STORED);
                CHECK(memchr(&f.got[0], 0xA5, sizeof f.got[0]) == NULL);
        }
}

static void the_status_of_a_pairing_is_told(void) {
        struct frames f = frames_new();

        CHECK_EQ(tell(&f, "01000000 1100 " PEER " 05"), 1);
        CHECK_EQ(f.got[0].kind, TRACE_PAIRING_STATUS);
        CHECK_EQ(f.got[0].status, 5);
        check_address(&f.got[0], "28:5F:DB:11:22:33");
        CHECK_EQ(tell(&f, "01000000 0100 1900 0e " PEER), 1);
        CHECK_EQ(f.got[0].kind, TRACE_PAIRING_STATUS);
        CHECK_EQ(f.got[0].status, 0x0E);
        check_address(&f.got[0], "28:5F:DB:11:22:33");
        CHECK_EQ(tell(&f, "01000000 0200 1900 0a"), 1);
        CHECK_EQ(f.got[0].kind, TRACE_PAIRING_STATUS);
        CHECK_EQ(f.got[0].status, 0x0A);
        CHECK(!f.got[0].has_address);
        CHECK_EQ(tell(&f, "01000000 0200 1a00 0a"), 0);
        CHECK_EQ(tell(&f, "01000000 0100 1a00 00 " PEER), 0);
}

static void bredr_devices_are_no_cuffs(void) {
        struct frames f = frames_new();

        CHECK_EQ(ask(&f, "01000000 1900 " BREDR " 03"), 0);
        CHECK_EQ(ask(&f, "01000000 1c00 " BREDR), 0);
        CHECK_EQ(tell(&f, "01000000 0100 1900 00 " BREDR), 0);
        CHECK_EQ(tell(&f, "01000000 0f00 " BREDR " 01 00000000"), 0);
        CHECK_EQ(tell(&f, "01000000 1100 " BREDR " 05"), 0);
}

/* What a reply to `command` says whose settings, at `at`, have these bits, and all else none. */
static enum trace_answer bondable(unsigned command, size_t at, uint8_t bits, uint8_t status) {
        uint8_t bytes[64] = {1, 0, 0, 0, 1, 0, (uint8_t) command, (uint8_t) (command >> 8), status};
        struct frames f = frames_new();

        bytes[9 + at] = bits;
        if (feed(&f, TRACE_HCI_MGMT_EVENT, TRACE_NOT_TOLD, bytes, sizeof bytes) == 0)
                return TRACE_NOT_TOLD;
        return f.got[0].kind == TRACE_BONDABLE ? f.got[0].answer : TRACE_NOT_TOLD;
}

static void replies_with_current_settings_tell_whether_keys_are_kept(void) {
        static const uint8_t setters[] = {0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C,
                                          0x0D, 0x29, 0x2A, 0x2B, 0x2D, 0x2E, 0x2F, 0x47};

        for (unsigned command = 0; command < 0x200; command++) {
                size_t at = command == 0x04 || command == 0x42 ? 13 : 0;
                bool known = at == 13 ||
                             (command < 0x100 && memchr(setters, (int) command, sizeof setters));

                CHECK_EQ(bondable(command, at, 0x10, 0), known ? TRACE_YES : TRACE_NOT_TOLD);
                CHECK_EQ(bondable(command, at, 0xEF, 0), known ? TRACE_NO : TRACE_NOT_TOLD);
                CHECK_EQ(bondable(command, at, 0x10, 1), TRACE_NOT_TOLD);
        }
}

static void new_settings_tell_it_too(void) {
        struct frames f = frames_new();

        CHECK_EQ(tell(&f, "01000000 0600 10000000"), 1);
        CHECK_EQ(f.got[0].answer, TRACE_YES);
        CHECK_EQ(tell(&f, "01000000 0600 efffffff"), 1);
        CHECK_EQ(f.got[0].kind, TRACE_BONDABLE);
        CHECK_EQ(f.got[0].answer, TRACE_NO);
        CHECK_EQ(tell(&f, "01000000 0200 0900 00"), 0); /* Command Status has no reply */
        CHECK_EQ(tell(&f, "01000000 0200 0900 00 10000000"), 0);
}

static void note(const struct trace_event *e, void *data) {
        char *text = data;
        size_t n = strlen(text);

        if (e->kind >= TRACE_PAIR_ASKED && e->kind < TRACE_ADVERTISED)
                snprintf(text + n, 1024 - n, "%llu %d %u %u %d %d\n",
                         (unsigned long long) e->number, e->kind - TRACE_PAIR_ASKED, e->status,
                         e->io, e->answer, e->has_address);
}

/* Frame; 0 pair, 1 asked, 2 answered, 3 stored, 4 status, 5 bondable, 6 io; status, io, answer
 * (1 no, 2 yes), whether there is an address. */
static void captures_tell_what_user_space_did(void) {
        char ok[1024] = "", off[1024] = "", refused[1024] = "";

        CHECK(each_event("pair_ok", note, ok));
        CHECK(strstr(ok, "303 0 0 3 0 1\n"
                         "327 1 0 0 0 1\n"
                         "346 2 0 0 2 1\n"
                         "381 3 0 0 0 1\n"
                         "382 4 0 0 0 1\n"
                         "457 5 0 0 1 0\n") != NULL);
        CHECK(each_event("pairable_off", note, off));
        CHECK_STR(off, "172 5 0 0 1 0\n"
                       "259 5 0 0 1 0\n"
                       "266 5 0 0 1 0\n"
                       "287 5 0 0 1 0\n"
                       "348 5 0 0 2 0\n"
                       "354 6 0 3 0 0\n"
                       "360 5 0 0 1 0\n"
                       "425 0 0 3 0 1\n"
                       "450 1 0 0 0 1\n"
                       "468 2 0 0 2 1\n"
                       "486 4 0 0 0 1\n"
                       "589 5 0 0 1 0\n");
        CHECK(each_event("secreq_fail_connect", note, refused));
        CHECK(strstr(refused, "348 5 0 0 2 0\n"
                              "354 6 0 3 0 0\n"
                              "476 4 5 0 0 1\n"
                              "518 5 0 0 1 0\n") != NULL);
}

CHECK_MAIN("unit.trace_mgmt", TEST(every_message_may_be_cut_anywhere),
           TEST(a_message_of_no_adapter_is_none), TEST(a_command_is_no_event_of_the_same_code),
           TEST(a_pairing_is_asked_for_with_an_io_capability), TEST(questions_and_answers_are_told),
           TEST(a_key_counts_when_it_is_to_be_stored_and_is_not_passed_on),
           TEST(the_status_of_a_pairing_is_told), TEST(bredr_devices_are_no_cuffs),
           TEST(replies_with_current_settings_tell_whether_keys_are_kept),
           TEST(new_settings_tell_it_too), TEST(captures_tell_what_user_space_did))
