/* A cuff with OMRON's memory on a link, and the host that opens it. */
#pragma once

#include "vhci_att_fixture.h"

#define KEY   "deadbeaf12341234deadbeaf12341234"
#define ZEROS "00000000000000000000000000000000"

/* Handles of values, as requests name them. */
#define UNLOCK "1003"
#define TX0    "2003"

static inline void plug_in(struct link *l, const char *kind) {
        begin(l);
        cuff_link_down(&l->cuff, l->now);
        omron_init(&l->cuff, memory_map_find(kind));
        strcpy(l->cuff.address, ADDRESS);
        memcpy(l->cuff.memory_protocol.key, omron_default_key, OMRON_KEY_SIZE);
        l->cuff.memory_protocol.has_key = true;
        cuff_link_up(&l->cuff, l->now);
        att_server_init(&l->server, &l->cuff, ADDRESS, on_send, l);
}

static inline void plug_in_encrypted(struct link *l, const char *kind) {
        plug_in(l, kind);
        cuff_link_encrypted(&l->cuff, l->now);
}

/* The log without lines about ATT. */
static inline const char *told(struct link *l) {
        static char text[sizeof l->log];
        char *rest = NULL;

        *text = '\0';
        for (char *line = strtok_r(l->log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
                if (strncmp(line, "cccd", 4) != 0 && strncmp(line, "write", 5) != 0 &&
                    strncmp(line, "notification", 12) != 0)
                        strcat(strcat(text, line), "\n");
        l->log[0] = '\0';
        return text;
}

/* Everything it says until it is silent for 100 ms. */
static inline const char *hear(struct link *l) {
        static char text[1024];

        *text = '\0';
        while (cuff_due(&l->cuff) < l->now + 100 * MSEC && l->n_hung_up == 0) {
                const char *said = tick(l);

                if (*said)
                        strcat(strcat(text, *text ? " " : ""), said);
        }
        return text;
}

/* A frame as hex without spaces: at once, or in slices to 0320, 0330, 0340, 0350. */
static inline void send_frame(struct link *l, const char *frame) {
        char request[160];

        if (l->cuff.table == &att_modern) {
                sprintf(request, "52 1e00 %.128s", frame);
                ask(l, request);
                return;
        }
        for (unsigned channel = 0; 32 * channel < strlen(frame); channel++) {
                sprintf(request, "12 %u003 %.32s", 2 + channel, frame + 32 * channel);
                ask(l, request);
        }
}

static inline const char *exchange(struct link *l, const char *frame) {
        send_frame(l, frame);
        return hear(l);
}

static inline void subscribe(struct link *l, const char *handles) {
        char request[32];

        for (; *handles; handles += 4) {
                sprintf(request, "12 %.4s 0100", handles);
                CHECK_STR(ask(l, request), "13");
        }
}

static inline void open_classic(struct link *l, const char *kind) {
        plug_in_encrypted(l, kind);
        subscribe(l, "61031103");
        ask(l, "12 " UNLOCK " 01" KEY);
        CHECK_STR(hear(l), "1b10038100000000000000000000000000000000");
        subscribe(l, "710381039103");
        send_frame(l, "0800000000100018");
        hear(l);
        told(l);
}

static inline void open_modern(struct link *l, const char *kind) {
        plug_in_encrypted(l, kind);
        ask(l, "02 0502");
        subscribe(l, "21001c00");
        CHECK_STR(exchange(l, "0800000000100018"), "1b20000880000000100098");
        told(l);
}
