/* A cuff's ATT server on a link, and the host that asks it. */
#pragma once

#include "att_server.h"
#include "util.h"
#include "vhci_fixture.h"

#define ADDRESS "28:5F:DB:11:22:33"

struct link {
        struct cuff cuff;
        struct att_server server;
        struct record_of_words said;
        char log[4096]; /* lines since they were last taken, without "log T " */
        unsigned n_hung_up, n_vanished, n_security;
        uint64_t now;
};

static inline void on_send(void *owner, const uint8_t *pdu, size_t size) {
        struct link *l = owner;

        CHECK(size <= l->server.mtu);
        say_bytes(&l->said, pdu, size);
}

static inline void on_advertising(void *owner) {
}

static inline void on_indicate(void *owner, uint16_t handle, const uint8_t *value, size_t size) {
        struct link *l = owner;

        att_server_push(&l->server, handle, value, size);
}

static inline void on_hang_up(void *owner) {
        struct link *l = owner;

        l->n_hung_up++;
}

static inline void on_vanished(void *owner) {
        struct link *l = owner;

        l->n_vanished++;
}

static inline int64_t on_local_time(void *owner) {
        return 1700000000; /* Tuesday, 2023-11-14 22:13:20 */
}

static inline void on_wants_security(void *owner) {
        struct link *l = owner;

        l->n_security++;
}

static const struct cuff_host cuff_host = {
        .advertising = on_advertising,
        .indicate = on_indicate,
        .hang_up = on_hang_up,
        .vanished = on_vanished,
        .local_time = on_local_time,
        .wants_security = on_wants_security,
};

/* A link that is up and not encrypted. */
static inline void begin(struct link *l) {
        *l = (struct link){.now = 10 * SEC};
        cuff_init(&l->cuff, &cuff_host, l);
        cuff_link_up(&l->cuff, l->now);
        att_server_init(&l->server, &l->cuff, ADDRESS, on_send, l);
}

static inline void begin_encrypted(struct link *l) {
        begin(l);
        cuff_link_encrypted(&l->cuff, l->now);
}

/* --- log lines: stdout is a buffer while the server works --- */

struct capture {
        FILE *real;
        char *text;
        size_t size;
};

static inline void capture_begin(struct capture *c) {
        *c = (struct capture){.real = stdout};
        stdout = open_memstream(&c->text, &c->size);
        if (!stdout)
                abort();
}

static inline void capture_end(struct capture *c, struct link *l) {
        char *rest = NULL, *line;
        int words;

        fclose(stdout);
        stdout = c->real;
        for (line = strtok_r(c->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                words = 0;
                sscanf(line, "log %*f %n", &words);
                if (strlen(l->log) + strlen(line) + 2 > sizeof l->log)
                        abort();
                strcat(strcat(l->log, line + words), "\n");
        }
        free(c->text);
}

/* Compares the lines since the last time, each ended with \n. */
#define CHECK_LOG(l, lines)                                                                        \
        do {                                                                                       \
                CHECK_STR((l)->log, lines);                                                        \
                (l)->log[0] = '\0';                                                                \
        } while (0)

/* --- what the host sends; each returns what it is answered, "" for silence --- */

static inline const char *ask_bytes(struct link *l, const uint8_t *pdu, size_t size) {
        uint8_t *exact = exact_copy(pdu, size);
        struct capture c;

        capture_begin(&c);
        att_server_receive(&l->server, l->now, exact, size);
        capture_end(&c, l);
        free(exact);
        return take(&l->said);
}

static inline const char *ask(struct link *l, const char *hex) {
        uint8_t pdu[600];

        return ask_bytes(l, pdu, from_hex(hex, pdu));
}

/* What the cuff does by itself when it is due. */
static inline const char *tick(struct link *l) {
        struct capture c;

        l->now = cuff_due(&l->cuff);
        capture_begin(&c);
        cuff_tick(&l->cuff, l->now);
        capture_end(&c, l);
        return take(&l->said);
}
