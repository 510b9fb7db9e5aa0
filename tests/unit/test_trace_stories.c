/* The captures in tests/captures, frame by frame: what they say about pairing, in order. Keys and
 * random numbers are left at zero. */
#include "trace_fixture.h"

struct line {
        uint64_t number;
        int64_t usec;
        const char *text;
};

static void story(const struct line *lines, size_t n) {
        begin();
        for (size_t i = 0; i < n; i++) {
                at(lines[i].number, lines[i].usec);
                tell(lines[i].text);
        }
        end();
}

#define STORY(...)                                                                                 \
        story((const struct line[]){__VA_ARGS__},                                                  \
              sizeof((const struct line[]){__VA_ARGS__}) / sizeof(struct line))

static void secreq_fail_connect(void) {
        const struct trace_pairing *p = &play.got[0];

        STORY({347, 6504991, "bondable yes"}, {354, 6512394, "io 03"}, {417, 6812615, "advert -"},
              {422, 6880914, "connected"}, {472, 7044573, "cuff 0b01"},
              {473, 7045583, "host 01030001100507"}, {475, 7046858, "cuff 0508"},
              {476, 7047411, "status 05"}, {479, 7048341, "gone 16"},
              {517, 11841360, "bondable no"});
        ONLY(TRACE_FAILED);
        CHECK_EQ(p->number, 472);
        CHECK_EQ(p->failed_by, TRACE_CUFF);
        CHECK_EQ(p->reason, SMP_REASON_UNSPECIFIED);
        CHECK_EQ(p->phase, TRACE_PHASE_FEATURES);
        CHECK_EQ(p->security_request, 0x01);
        CHECK(memcmp(&p->request, (const uint8_t[]){3, 0, 1, 16, 5, 7}, 6) == 0);
        CHECK(p->has_security_request && p->has_request && !p->has_response);
        CHECK_EQ(p->failed_after_usec, 1275);
        CHECK_EQ(p->failed_after_code, SMP_PAIRING_REQUEST);
        CHECK_EQ(p->connected_usec, 6880914);
        CHECK_EQ(p->pairing_flag, TRACE_NOT_TOLD);
        CHECK(p->has_mgmt && p->has_io && p->io == 3 && p->bondable == TRACE_YES);
        CHECK(p->has_mgmt_status && p->mgmt_status == 5 && !p->pair_asked);
        CHECK_EQ(p->disconnect_reason, 0x16);
        CHECK_EQ(p->n_steps, 5);
}

static void secreq_fail_noagent(void) {
        const struct trace_pairing *p = play.got;

        STORY({287, 4627612, "bondable no"}, {407, 6158762, "connected"},
              {478, 6315699, "cuff 0b01"}, {479, 6315988, "status 05"}, {480, 6316076, "host 0505"},
              {501, 6498355, "host 01030008100002"}, {503, 6499658, "cuff 0508"},
              {504, 6500185, "status 05"}, {507, 6501009, "gone 16"});
        CHECK_EQ(play.n, 2);
        CHECK_EQ(p[0].outcome, TRACE_FAILED);
        CHECK_EQ(p[0].failed_by, TRACE_HOST);
        CHECK_EQ(p[0].reason, SMP_REASON_PAIRING_NOT_SUPPORTED);
        CHECK(p[0].has_security_request && !p[0].has_request && !p[0].has_disconnect);
        CHECK(p[0].has_mgmt && !p[0].has_io && p[0].has_mgmt_status);
        CHECK_EQ(p[0].bondable, TRACE_NO);
        CHECK_EQ(p[0].failed_after_usec, 377);
        CHECK_EQ(p[1].outcome, TRACE_FAILED);
        CHECK_EQ(p[1].number, 501);
        CHECK_EQ(p[1].failed_by, TRACE_CUFF);
        CHECK_EQ(p[1].reason, SMP_REASON_UNSPECIFIED);
        CHECK(p[1].has_request && !p[1].has_security_request && p[1].has_disconnect);
        CHECK_EQ(p[1].request.auth, 0x08);
        CHECK_EQ(p[1].earlier_failures, 1);
        CHECK_EQ(p[1].since_failure_usec, 182279);
}

/* The pairing that succeeds in all of them, its frames numbered as in pair_ok, 1 ms apart. */
/* clang-format off */
#define PAIRS(first, usec) \
        {first + 0, usec + 0, "host 01030009100507"}, \
        {first + 3, usec + 1000, "cuff 02030001100001"}, \
        {first + 4, usec + 2000, "confirm?"}, \
        {first + 24, usec + 3000, "confirm yes"}, \
        {first + 25, usec + 4000, "host 03*"}, \
        {first + 30, usec + 5000, "cuff 03*"}, \
        {first + 31, usec + 6000, "host 04*"}, \
        {first + 40, usec + 7000, "cuff 04*"}, \
        {first + 41, usec + 8000, "ask"}, \
        {first + 46, usec + 9000, "done 00"}, \
        {first + 56, usec + 10000, "cuff 06*"}, \
        {first + 57, usec + 11000, "cuff 07*"}, \
        {first + 58, usec + 12000, "stored"}, \
        {first + 59, usec + 13000, "status 00"}
/* clang-format on */

static void check_bonded(const struct trace_pairing *p) {
        CHECK_EQ(p->outcome, TRACE_BONDED);
        CHECK_EQ(p->phase, TRACE_PHASE_KEYS);
        CHECK(p->encrypted && p->has_agreement && p->agreement.bonding);
        CHECK(!p->agreement.secure_connections && !p->agreement.mitm);
        CHECK_EQ(p->agreement.method, SMP_JUST_WORKS);
        CHECK_EQ(p->cuff_keys, SMP_KEY_ENC);
        CHECK_EQ(p->host_keys, 0);
        CHECK_EQ(p->confirm, TRACE_YES);
        CHECK(!p->confirm_pending && !p->has_reason && !p->has_disconnect);
        CHECK_EQ(p->n_steps, 12);
}

static void pair_ok(void) {
        STORY({234, 4088130, "bondable yes"}, {241, 4096805, "io 03"}, {303, 4289852, "pair 03"},
              {316, 4386976, "connected"}, PAIRS(323, 4408426), {456, 14366649, "bondable no"});
        CHECK_EQ(play.n, 1);
        check_bonded(&play.got[0]);
        CHECK(play.got[0].pair_asked && play.got[0].bondable == TRACE_YES);
        CHECK_EQ(play.got[0].end_usec, 4419426);
}

static void reconnect(void) {
        const struct trace_pairing *p = play.got;

        STORY({429, 5499621, "connected"}, PAIRS(436, 5510943), {530, 5651884, "cuff 0b01"},
              {531, 5652173, "ask stored"}, {533, 5652959, "done 00"}, {561, 6106242, "gone 13"},
              {590, 6743111, "connected"}, {597, 6754634, "ask stored"}, {599, 6755597, "done 00"},
              {645, 6897841, "cuff 0b01"}, {646, 6898140, "ask stored"}, {648, 6899203, "done 00"},
              {653, 7088203, "gone 13"});
        CHECK_EQ(play.n, 3);
        check_bonded(&p[0]);
        CHECK_EQ(p[1].outcome, TRACE_ENCRYPTED_WITH_STORED_KEY);
        CHECK_EQ(p[1].number, 530);
        CHECK(p[1].has_security_request && p[1].bonded_before && !p[1].has_disconnect);
        CHECK_EQ(p[1].connected_usec, 5499621);
        CHECK_EQ(p[2].outcome, TRACE_ENCRYPTED_WITH_STORED_KEY);
        CHECK_EQ(p[2].number, 597);
        CHECK(p[2].has_security_request && p[2].security_request == 1);
        CHECK_EQ(p[2].n_steps, 5);
        CHECK_EQ(p[2].connected_usec, 6743111);
}

static void bondlost(void) {
        const struct trace_pairing *p = play.got;

        STORY({429, 6460674, "connected"}, PAIRS(436, 6479787), {557, 7255299, "gone 13"},
              {586, 7926133, "connected"}, {593, 7938134, "ask stored"}, {595, 7940567, "done 06"},
              {598, 7943608, "gone 16"}, {620, 8052576, "connected"}, {630, 8082036, "ask stored"},
              {632, 8084914, "done 06"}, {635, 8086016, "gone 16"});
        CHECK_EQ(play.n, 3);
        check_bonded(&p[0]);
        for (size_t i = 1; i < 3; i++) {
                CHECK_EQ(p[i].outcome, TRACE_KEY_REFUSED);
                CHECK_EQ(p[i].failed_by, TRACE_CUFF);
                CHECK(p[i].has_reason && p[i].reason == 0x06);
                CHECK(p[i].has_disconnect && p[i].disconnect_reason == 0x16);
                CHECK(p[i].bonded_before && p[i].step[0].stored);
                CHECK_EQ(p[i].earlier_failures, i - 1);
        }
        CHECK_EQ(p[2].since_failure_usec, 141469);
}

static void failonce(void) {
        const struct trace_pairing *p = play.got;

        STORY({416, 7397859, "pair 03"}, {429, 7479727, "connected"},
              {436, 7493494, "host 01030009100507"}, {438, 7496961, "cuff 0508"},
              {439, 7497402, "status 05"}, {444, 7500671, "gone 16"}, {473, 8163036, "connected"},
              PAIRS(557, 8393678), {628, 17703569, "gone 16"});
        CHECK_EQ(play.n, 2);
        CHECK_EQ(p[0].outcome, TRACE_FAILED);
        CHECK_EQ(p[0].failed_by, TRACE_CUFF);
        CHECK_EQ(p[0].reason, SMP_REASON_UNSPECIFIED);
        CHECK(p[0].pair_asked && p[0].mgmt_status == 5 && !p[0].has_security_request);
        check_bonded(&p[1]);
        CHECK_EQ(p[1].earlier_failures, 1);
        CHECK_EQ(p[1].since_failure_usec, 896717);
        CHECK(!p[1].pair_asked && !p[1].has_mgmt_status);
}

static void pairable_off(void) {
        const struct trace_pairing *p = &play.got[0];

        STORY({347, 4046392, "bondable yes"}, {354, 4054009, "io 03"},
              {359, 4370927, "bondable no"}, {425, 4818294, "pair 03"}, {438, 4896522, "connected"},
              {447, 4910114, "host 01030008100002"}, {449, 4913261, "cuff 02030001100000"},
              {450, 4913376, "confirm?"}, {468, 4953731, "confirm yes"}, {470, 4954078, "host 03*"},
              {472, 4956772, "cuff 03*"}, {473, 4956912, "host 04*"}, {478, 4966523, "cuff 04*"},
              {479, 4966639, "ask"}, {485, 4973320, "done 00"}, {486, 4973419, "status 00"},
              {579, 9010855, "gone 16"});
        ONLY(TRACE_PAIRED_WITHOUT_KEYS);
        CHECK(!p->agreement.bonding && p->encrypted && !p->key_stored);
        CHECK_EQ(p->bondable, TRACE_NO);
        CHECK_EQ(p->host_keys | p->cuff_keys, 0);
}

/* The kernel stores the cuff's key before it hands out its own. */
static void privacy_device(void) {
        const struct trace_pairing *p = &play.got[0];

        STORY({421, 6683199, "pair 03"}, {434, 6767667, "connected random"},
              {441, 6782197, "host 01030009100707"}, {443, 6791813, "cuff 02030001100701"},
              {444, 6791957, "confirm?"}, {464, 6845698, "confirm yes"}, {466, 6846638, "host 03*"},
              {468, 6850814, "cuff 03*"}, {469, 6850947, "host 04*"}, {474, 6866786, "cuff 04*"},
              {475, 6866951, "ask"}, {482, 6883920, "done 00"}, {500, 6909266, "cuff 06*"},
              {502, 6911001, "cuff 07*"}, {504, 6911246, "stored"}, {505, 6911258, "stored"},
              {506, 6911282, "status 00"}, {507, 6911330, "host 06*"}, {508, 6911341, "host 07*"},
              {509, 6911348, "host 08*"}, {510, 6911353, "host 09*"}, {511, 6911358, "host 0a*"},
              {609, 11950720, "gone 16"});
        ONLY(TRACE_BONDED);
        CHECK(p->key_stored && p->cuff_keys == SMP_KEY_ENC);
        CHECK_EQ(p->own_random, TRACE_YES);
        CHECK_EQ(p->agreement.initiator_keys, 7);
}

CHECK_MAIN("unit.trace_stories", TEST(secreq_fail_connect), TEST(secreq_fail_noagent),
           TEST(pair_ok), TEST(reconnect), TEST(bondlost), TEST(failonce), TEST(pairable_off),
           TEST(privacy_device))
