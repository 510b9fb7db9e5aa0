/* Encryption of a link, and who speaks where the sniffer does not tell. */
#include "trace_air_fixture.h"

#define CONNECT       "d6be898e852255443322110a1605f4e3d2c1a55d6550175f3a02060018000000c800ffffffff1f25"
#define ENC_REQ       AIR_LINK "03170300000000000000000000000102030405060708090a0b"
#define ENC_RSP       AIR_LINK "030d04000102030405060708090a0b"
#define START_ENC_REQ AIR_LINK "070105"
#define CIPHER        AIR_LINK "03058f21aa0317"
#define LTK           AIR_LINK "0215110006000600112233445566778899aabbccddeeff"
#define DECRYPTED     0x3008 /* MIC checked and good */
#define WRONG_KEY     0x1008

static void up_to_asked(enum trace_side host) {
        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        ear_hears(host, ENC_REQ);
        CHECK(ear_said(TRACE_ENCRYPTION_ASKED));
        CHECK(!ear.event[0].stored);
        CHECK_EQ(ear.event[0].side, TRACE_HOST);
        CHECK_EQ(ear.event[0].handle, 1);
}

static void done_with(uint8_t status) {
        CHECK(ear_said(TRACE_ENCRYPTION_DONE));
        CHECK_EQ(ear.event[0].status, status);
        CHECK_EQ(ear.event[0].handle, 1);
}

static void a_stored_key_has_rand_or_ediv(void) {
        for (size_t i = 0; i < 22; i++) {
                uint8_t bytes[64];
                size_t n = air_hex(AIR_LINK "03170300000000000000000000"
                                            "000000000000000000000000",
                                   bytes);

                bytes[7 + i] = 0x80;
                ear_new();
                CHECK_EQ(ear_frame(TRACE_AIR_NONE, bytes, n, false), 1);
                CHECK_EQ(ear.event[0].kind, TRACE_ENCRYPTION_ASKED);
                CHECK_EQ(ear.event[0].stored, i < 10); /* SKD and IV follow */
        }
}

static void a_refusal_has_its_error(void) {
        static const struct {
                enum trace_side side;
                const char *hex;
                int error; /* -1 none */
        } rows[] = {
                /* clang-format off */
                {TRACE_CUFF,    AIR_LINK "03020d06",   0x06},
                {TRACE_UNKNOWN, AIR_LINK "03020d06",   0x06},
                {TRACE_CUFF,    AIR_LINK "0303110306", 0x06},
                {TRACE_CUFF,    AIR_LINK "0303110f1a", -1}, /* of another request */
                {TRACE_HOST,    AIR_LINK "03020d06",   -1}, /* the host refuses another request */
                {TRACE_CUFF,    AIR_LINK "03020d00",   -1}, /* no error */
                {TRACE_CUFF,    AIR_LINK "03010d",     -1},
                {TRACE_CUFF,    AIR_LINK "02020d06",   -1}, /* not LL control */
                /* clang-format on */
        };

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                up_to_asked(TRACE_HOST);
                ear_hears(rows[i].side, rows[i].hex);
                CHECK_EQ(ear.n, rows[i].error >= 0);
                if (rows[i].error < 0)
                        continue;
                done_with((uint8_t) rows[i].error);
                CHECK_EQ(ear.event[0].side, TRACE_CUFF);
                CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "0b020d05"), 0); /* nothing is asked now */
                CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "0206020006000b01"), 1); /* in the clear */
        }
}

static void the_first_encrypted_packet_is_the_success(void) {
        static const enum trace_side sides[] = {TRACE_HOST, TRACE_UNKNOWN};

        for (size_t i = 0; i < 2; i++) {
                enum trace_side host = sides[i], cuff = i == 0 ? TRACE_CUFF : TRACE_UNKNOWN;

                up_to_asked(host);
                CHECK_EQ(ear_hears(host, ENC_REQ), 0); /* again */
                CHECK_EQ(ear_hears(cuff, ENC_RSP), 0);
                CHECK_EQ(ear_hears(cuff, START_ENC_REQ), 0);
                CHECK_EQ(ear_hears(host, AIR_LINK "0900"), 0);
                CHECK_EQ(ear_hears(cuff, START_ENC_REQ), 0); /* again */
                ear_hears(host, CIPHER);
                done_with(0);
                CHECK_EQ(ear_hears(host, CIPHER), 0);
                CHECK_EQ(ear_hears(cuff, LTK), 0); /* cannot be: it is not readable any more */
                CHECK_EQ(ear_hears(cuff, AIR_LINK "03020213"), 0);
        }
}

static void a_link_that_ends_before_it_is_encrypted_is_not(void) {
        up_to_asked(TRACE_HOST);
        ear_hears(TRACE_CUFF, START_ENC_REQ);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "03040c0c0c0c"), 0); /* a MIC has four bytes */
        ear_hears(TRACE_HOST, AIR_LINK "0b020208");
        CHECK(ear_said(TRACE_DISCONNECTED));
}

static void a_lost_ll_start_enc_req_is_noticed(void) {
        up_to_asked(TRACE_HOST);
        CHECK_EQ(ear_hears(TRACE_CUFF, ENC_RSP), 0);
        CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "0605010004000b"), 0); /* five, but data */
        CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "0f06060c0b0f0000"), 0);
        ear_hears(TRACE_HOST, CIPHER);
        done_with(0);
}

static void what_the_sniffer_decrypted_is_read(void) {
        up_to_asked(TRACE_HOST);
        ear_hears(TRACE_CUFF, START_ENC_REQ);
        CHECK_EQ(ear_flags(TRACE_CUFF, DECRYPTED, LTK), 2);
        CHECK_EQ(ear.event[0].kind, TRACE_ENCRYPTION_DONE);
        CHECK_EQ(ear.event[1].kind, TRACE_SMP);
        CHECK_EQ(ear.event[1].side, TRACE_CUFF);
        CHECK_EQ(ear.event[1].pdu_size, 17);
        CHECK_EQ(ear.event[1].pdu[0], 6);
        ear_flags(TRACE_HOST, DECRYPTED, LTK);
        CHECK(ear_said(TRACE_SMP));
        ear_flags(TRACE_CUFF, DECRYPTED, /* with its MIC left behind it */
                  AIR_LINK "0a19110006000600112233445566778899aabbccddeeff01020304");
        CHECK(ear_said(TRACE_SMP));
        CHECK_EQ(ear.event[0].pdu_size, 17);
        CHECK_EQ(ear_flags(TRACE_CUFF, DECRYPTED,
                           AIR_LINK "0218110006000600112233445566778899aabbccddeeff010203"),
                 0);
        CHECK_EQ(ear_hears(TRACE_CUFF, LTK), 0);
        ear_flags(TRACE_CUFF, DECRYPTED, AIR_LINK "0b020213");
        CHECK(ear_said(TRACE_DISCONNECTED));
}

static void a_wrong_key_shows_only_that_it_is_encrypted(void) {
        up_to_asked(TRACE_HOST);
        ear_flags(TRACE_CUFF, WRONG_KEY, LTK);
        done_with(0);
        CHECK_EQ(ear_flags(TRACE_CUFF, WRONG_KEY, AIR_LINK "0b020213"), 0);
        ear_new(); /* without a link it is nothing */
        CHECK_EQ(ear_flags(TRACE_CUFF, WRONG_KEY, LTK), 0);
        CHECK_EQ(ear.air.last_handle, 0);
        ear_hears(TRACE_UNKNOWN, CONNECT); /* encrypted before the sniffer came */
        CHECK_EQ(ear_flags(TRACE_CUFF, WRONG_KEY, LTK), 0);
        CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "0a06020006000b01"), 0);
}

static void an_encrypted_link_may_be_asked_again(void) {
        up_to_asked(TRACE_HOST);
        ear_hears(TRACE_CUFF, START_ENC_REQ);
        ear_hears(TRACE_HOST, CIPHER);
        ear_hears(TRACE_HOST, AIR_LINK "0b170300000000000000010000000102030405060708090a0b");
        CHECK(ear_said(TRACE_ENCRYPTION_ASKED));
        CHECK(ear.event[0].stored);
        ear_hears(TRACE_CUFF, AIR_LINK "03020d06");
        done_with(6);
}

static void a_new_link_is_in_the_clear(void) {
        up_to_asked(TRACE_HOST);
        ear_hears(TRACE_CUFF, START_ENC_REQ);
        ear_hears(TRACE_HOST, CIPHER);
        CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "0206020006000b01"), 0);
        ear_hears(TRACE_UNKNOWN, CONNECT);
        CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "0206020006000b01"), 1);
        CHECK_EQ(ear.event[0].handle, 2);
}

/* --- whose turn --- */

/* A PDU of its code's size; requests and responses with the features that matter. */
static size_t pdu_of(uint8_t code, const struct smp_features *features, uint8_t ret[SMP_PDU_MAX]) {
        struct smp_pdu pdu = {.code = code};

        ret[0] = code;
        if (smp_size(code) == 0) /* reserved */
                return 1;
        if (code == SMP_PAIRING_REQUEST || code == SMP_PAIRING_RESPONSE)
                pdu.features = *features;
        return smp_encode(&pdu, ret);
}

struct turns {
        const char *name;
        uint8_t auth, request_io, response_io, keys; /* of both */
        const char *order;                           /* "1h 2c": code in hex, sender h c or ? */
};

static void play_turns(const struct turns *row) {
        struct trace_air_turn turn = {0};

        for (const char *at = row->order; *at; at += at[2] ? 3 : 2) {
                static const char letter[] = {
                        [TRACE_UNKNOWN] = '?', [TRACE_HOST] = 'h', [TRACE_CUFF] = 'c'};
                char digit[2] = {at[0]};
                uint8_t code = (uint8_t) strtoul(digit, NULL, 16), pdu[SMP_PDU_MAX];
                struct smp_features features = {
                        .io = code == SMP_PAIRING_REQUEST ? row->request_io : row->response_io,
                        .auth = row->auth,
                        .max_key_size = 16,
                        .initiator_keys = row->keys,
                        .responder_keys = row->keys,
                };
                size_t n = pdu_of(code, &features, pdu);
                enum trace_side side = trace_air_turn_of(&turn, code);

                if (letter[side] != at[1])
                        printf("# %s: at \"%s\"\n", row->name, at);
                CHECK_EQ(letter[side], at[1]);
                trace_air_turn_take(&turn, side, pdu, n);
        }
}

static void the_order_of_smp_tells_who_speaks(void) {
        static const uint8_t no = SMP_IO_NO_INPUT_NO_OUTPUT, display = SMP_IO_DISPLAY_ONLY,
                             keyboard = SMP_IO_KEYBOARD_ONLY, both = SMP_IO_DISPLAY_YES_NO;
        const struct turns rows[] = {
                /* clang-format off */
                {"legacy",         0x01, no, no, 0x07, "bc 1h 2c 3h 3c 4h 4c 6c 7c 8c 9c ac 6h 7h 8h 9h ah"},
                {"legacy, LTK",    0x01, no, no, 0x01, "1h 2c 3h 3c 4h 4c 6c 7c 6h 7h"},
                {"just works, SC", 0x09, no, no, 0x03, "1h 2c ch cc 3c 4h 4c dh dc 8c 9c 8h 9h"},
                {"compare, SC",    0x0D, both, both, 0x02, "1h 2c ch cc 3c 4h 4c dh dc 8c 9c 8h 9h"},
                {"passkey, SC",    0x0D, display, keyboard, 0x08,
                                   "1h 2c ch cc e? e? 3h 3c 4h 4c 3h 3c 4h 4c dh dc"},
                {"again",          0x01, no, no, 0x01, "1h 2c 3h 3c 5? 1h 2c 3h 3c 4h 4c"},
                {"asked twice",    0x01, no, no, 0x01, "bc 1h bc 2c bc 3h bc 3c 4h"},
                {"refused, agent", 0x01, no, no, 0x01, "bc 5h"},
                {"refused, bond",  0x01, no, no, 0x01, "bc 1h 5?"},
                {"refused later",  0x01, no, no, 0x01, "1h 2c 5?"},
                {"asked, refused", 0x01, no, no, 0x01, "1h bc 5?"},
                {"nothing before", 0x01, no, no, 0x01, "5?"},
                {"late",           0x01, no, no, 0x01, "3? 3? 4? 4? 6? 7?"},
                {"late, keys",     0x01, no, no, 0x01, "2c 6? 6?"},
                {"late, asked",    0x01, no, no, 0x01, "bc 3? 3?"},
                {"lost request",   0x01, no, no, 0x01, "2c 3h 3c 4h 4c 6?"},
                {"lost confirm",   0x01, no, no, 0x01, "1h 2c 3h 4? 4?"},
                {"one too many",   0x01, no, no, 0x01, "1h 2c 3h 3c 3? 4? 1h 2c 3h"},
                {"reserved",       0x01, no, no, 0x01, "0? f?"},
                /* clang-format on */
        };

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
                play_turns(&rows[i]);
}

static void features_that_were_cut_agree_on_nothing(void) {
        static const uint8_t request[] = {0x01, 0x03, 0x00, 0x01, 0x10, 0x07, 0x07},
                             response[] = {0x02, 0x03, 0x00, 0x01, 0x10, 0x07, 0x07};

        for (size_t cut = 0; cut < 3; cut++) { /* nothing, the request, the response */
                struct trace_air_turn turn = {0};

                trace_air_turn_take(&turn, TRACE_HOST, request, cut == 1 ? 6 : 7);
                trace_air_turn_take(&turn, TRACE_CUFF, response, cut == 2 ? 6 : 7);
                CHECK_EQ(trace_air_turn_of(&turn, SMP_ENCRYPTION_INFORMATION),
                         cut == 0 ? TRACE_CUFF : TRACE_UNKNOWN);
        }
}

static void without_a_direction_a_failure_has_no_sender(void) {
        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        ear_hears(TRACE_UNKNOWN, AIR_LINK "0e0b0700060001030001100507");
        ear_said_smp(TRACE_HOST, "01030001100507");
        ear_hears(TRACE_UNKNOWN, AIR_LINK "0606020006000508");
        ear_said_smp(TRACE_UNKNOWN, "0508");
        ear_hears(TRACE_UNKNOWN, AIR_LINK "0e06020006000b01");
        ear_said_smp(TRACE_CUFF, "0b01");
        ear_hears(TRACE_UNKNOWN, AIR_LINK "0606020006000505");
        ear_said_smp(TRACE_HOST, "0505");
}

static void a_direction_that_is_told_goes_before_the_order(void) {
        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        ear_hears(TRACE_CUFF, AIR_LINK "0e0b0700060001030001100507");
        ear_said_smp(TRACE_CUFF, "01030001100507");
}

CHECK_MAIN("unit.trace_air_turn", TEST(a_stored_key_has_rand_or_ediv),
           TEST(a_refusal_has_its_error), TEST(the_first_encrypted_packet_is_the_success),
           TEST(a_link_that_ends_before_it_is_encrypted_is_not),
           TEST(a_lost_ll_start_enc_req_is_noticed), TEST(what_the_sniffer_decrypted_is_read),
           TEST(a_wrong_key_shows_only_that_it_is_encrypted),
           TEST(an_encrypted_link_may_be_asked_again), TEST(a_new_link_is_in_the_clear),
           TEST(the_order_of_smp_tells_who_speaks), TEST(features_that_were_cut_agree_on_nothing),
           TEST(without_a_direction_a_failure_has_no_sender),
           TEST(a_direction_that_is_told_goes_before_the_order))
