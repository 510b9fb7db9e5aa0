/* What `pair` hears of the kernel's monitor channel: here its messages come from a capture of it,
 * through a socket of our own. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "cli/pair.h"

#define CUFF        "285fdb112233"
#define HEADER_SIZE 6 /* of a message: opcode, adapter, size */

static uint32_t be32(const uint8_t *b) {
        return (uint32_t) b[0] << 24 | (uint32_t) b[1] << 16 | (uint32_t) b[2] << 8 | b[3];
}

static void put_le16(uint8_t *to, uint32_t value) {
        to[0] = (uint8_t) value;
        to[1] = (uint8_t) (value >> 8);
}

/* btsnoop's monitor records (original size, size, adapter and opcode, drops, time; most significant
 * byte first) as the kernel sends them. */
static FILE *open_capture(const char *name) {
        const char *source = getenv("CUFF2MQTT_SOURCE");
        char path[512];
        uint8_t header[16];
        FILE *f;

        snprintf(path, sizeof path, "%s/tests/captures/%s", source ? source : ".", name);
        f = fopen(path, "rb");
        CHECK(f && fread(header, 1, sizeof header, f) == sizeof header);
        return f;
}

static size_t next_message(FILE *f, uint8_t *message, size_t size) {
        uint8_t record[24];
        size_t n;

        if (fread(record, 1, sizeof record, f) != sizeof record)
                return 0;
        n = be32(record + 4);
        CHECK(n <= size - HEADER_SIZE);
        put_le16(message, be32(record + 8) & 0xFFFF);
        put_le16(message + 2, be32(record + 8) >> 16);
        put_le16(message + 4, (uint32_t) n);
        CHECK_EQ(fread(message + HEADER_SIZE, 1, n, f), n);
        return HEADER_SIZE + n;
}

struct heard {
        sd_event *event;
        struct pair_trace *trace;
        int kernel;
        char told[32768];
};

static void heard_open(struct heard *h) {
        int pair[2];

        CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
        CHECK(sd_event_new(&h->event) >= 0);
        h->kernel = pair[0];
        CHECK_EQ(pair_trace_new(h->event, pair[1], &h->trace), 0);
}

/* The last message is left for the end to fetch. */
static void heard_take(struct heard *h, const char *capture) {
        uint8_t message[4096];
        FILE *f = open_capture(capture);
        size_t n;

        while ((n = next_message(f, message, sizeof message)) > 0) {
                while (sd_event_run(h->event, 0) > 0)
                        ;
                CHECK_EQ(send(h->kernel, message, n, 0), (ssize_t) n);
        }
        fclose(f);
}

static void heard_tell(struct heard *h) {
        FILE *out = fmemopen(h->told, sizeof h->told, "w");

        pair_trace_tell(h->trace, out);
        fclose(out);
}

static void heard_close(struct heard *h) {
        pair_trace_free(h->trace);
        sd_event_unref(h->event);
        close(h->kernel);
}

static void a_refusal_has_its_reason(void) {
        struct heard h = {0};
        struct verdict verdict;
        char evidence[512];

        heard_open(&h);
        heard_take(&h, "failonce.btsnoop");
        CHECK(!pair_trace_verdict(h.trace, "c0ffee000001", &verdict)); /* somebody else's */
        CHECK(!pair_trace_verdict(h.trace, "", &verdict));
        CHECK(pair_trace_verdict(h.trace, CUFF, &verdict));
        CHECK_EQ(verdict.cause[0].cause, PAIRING_CAUSE_NOT_IN_PAIRING_MODE);
        CHECK_EQ(verdict.cause[1].cause, PAIRING_CAUSE_BONDED_ELSEWHERE);
        pair_trace_evidence(h.trace, &verdict.cause[1], evidence, sizeof evidence);
        CHECK_STR(evidence, "The cuff refused with Unspecified Reason (0x08). The cuff took no new "
                            "host; these cuffs keep one bond.");
        heard_tell(&h);
        CHECK(strstr(h.told, "What the kernel saw"));
        CHECK(strstr(h.told, " cuff  Pairing Failed                 05 08\n"));
        heard_close(&h);
}

static void after_a_refusal_the_bond_is_not_what_is_told(void) {
        struct heard h = {0};
        struct verdict verdict;

        heard_open(&h);
        heard_take(&h, "failonce.btsnoop");
        heard_take(&h, "pair_ok.btsnoop");
        CHECK(pair_trace_verdict(h.trace, CUFF, &verdict));
        heard_close(&h);
}

static void a_bond_has_no_cause(void) {
        struct heard h = {0};
        struct verdict verdict;

        heard_open(&h);
        heard_take(&h, "pair_ok.btsnoop");
        CHECK(!pair_trace_verdict(h.trace, CUFF, &verdict));
        heard_tell(&h);
        CHECK(strstr(h.told, "bonded: keys were exchanged"));
        heard_close(&h);
}

static void nothing_heard_is_said(void) {
        static const uint8_t short_ones[][HEADER_SIZE] = {{0}, {4, 0, 0, 0, 255, 255}};
        struct heard h = {0};
        struct verdict verdict;

        heard_open(&h);
        CHECK_EQ(send(h.kernel, short_ones[0], 3, 0), 3);
        CHECK_EQ(send(h.kernel, short_ones[1], HEADER_SIZE, 0), HEADER_SIZE);
        CHECK(!pair_trace_verdict(h.trace, CUFF, &verdict));
        heard_tell(&h);
        CHECK_STR(h.told, "\nNo pairing was seen between this computer and a cuff.\n");
        heard_close(&h);
}

CHECK_MAIN("unit.pair_trace", TEST(a_refusal_has_its_reason),
           TEST(after_a_refusal_the_bond_is_not_what_is_told), TEST(a_bond_has_no_cause),
           TEST(nothing_heard_is_said))
