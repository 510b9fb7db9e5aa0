/* A broker of bytes, on the test's own event loop, that misbehaves as told. */
#pragma once

#include <sys/epoll.h>

#include "mqtt_fixture.h"

#define FAKE_CLIENTS 8

struct fake {
        sd_event *event;
        sd_event_source *source;
        int fd, port;
        char url[64];

        /* how it behaves */
        const uint8_t *connack[2]; /* to MQTT 5, to 3.1.1; NULL: never answers */
        size_t connack_size[2];
        bool hang_up[2]; /* instead */
        bool no_suback, no_puback;
        bool websocket; /* speaks through one */
        uint8_t suback_code, puback_code;
        const uint8_t *goodbye; /* sent after the SUBACK, before it hangs up */
        size_t goodbye_size;
        const uint8_t *queued; /* a kept session's: sent right after the CONNACK */
        size_t queued_size;

        /* what it has seen */
        int connects[2], subscribes, publishes, disconnects, ends;
        uint8_t connect[512]; /* the last CONNECT packet */
        size_t connect_size;
        unsigned unacknowledged, unacknowledged_max;

        struct fake_client {
                struct fake *fake;
                sd_event_source *source;
                int fd;
                bool v5, websocket;
                uint8_t bytes[65536]; /* of MQTT */
                size_t n;
                uint8_t frames[65536]; /* of the websocket around it */
                size_t n_frames;
        } client[FAKE_CLIENTS];
};

static const uint8_t connack_5[] = {0x20, 3, 0, 0, 0}, connack_3_1_1[] = {0x20, 2, 0, 0};
MAYBE_UNUSED static const uint8_t refusal_5[] = {0x20, 3, 0, 0x84, 0};

static void fake_hang_up(struct fake_client *c) {
        c->source = sd_event_source_disable_unref(c->source);
        close(c->fd);
        c->fd = -1;
        c->fake->ends++;
}

static void fake_hang_up_all(struct fake *f) {
        for (size_t i = 0; i < FAKE_CLIENTS; i++)
                if (f->client[i].fd >= 0)
                        fake_hang_up(&f->client[i]);
}

static void fake_send(struct fake_client *c, const uint8_t *bytes, size_t n) {
        const uint8_t frame[] = {0x82, (uint8_t) n}; /* binary, whole, n below 126 */

        if (c->websocket)
                CHECK_EQ(send(c->fd, frame, sizeof frame, MSG_NOSIGNAL), sizeof frame);
        CHECK_EQ(send(c->fd, bytes, n, MSG_NOSIGNAL), n);
}

static void fake_on_connect(struct fake_client *c, const uint8_t *packet, size_t n) {
        struct fake *f = c->fake;
        int old;

        c->v5 = n > 8 && memmem(packet, n, "MQTT\5", 5);
        old = !c->v5;
        f->connects[old]++;
        f->connect_size = n < sizeof f->connect ? n : sizeof f->connect;
        memcpy(f->connect, packet, f->connect_size);
        if (f->hang_up[old])
                fake_hang_up(c);
        else if (f->connack[old])
                fake_send(c, f->connack[old], f->connack_size[old]);
        if (c->fd >= 0 && f->queued)
                fake_send(c, f->queued, f->queued_size);
}

static void fake_on_subscribe(struct fake_client *c, const uint8_t *packet) {
        struct fake *f = c->fake;
        uint8_t new[] = {0x90, 4, packet[2], packet[3], 0, f->suback_code};
        uint8_t old[] = {0x90, 3, packet[2], packet[3], f->suback_code};

        f->subscribes++;
        if (f->no_suback)
                return;
        fake_send(c, c->v5 ? new : old, c->v5 ? sizeof new : sizeof old);
        if (f->goodbye) {
                fake_send(c, f->goodbye, f->goodbye_size);
                fake_hang_up(c);
        }
}

static void fake_on_publish(struct fake_client *c, const uint8_t *packet) {
        struct fake *f = c->fake;
        size_t topic = (size_t) (packet[2] << 8 | packet[3]);
        uint8_t ack[] = {0x40, f->puback_code ? 3 : 2, packet[4 + topic], packet[5 + topic],
                         f->puback_code};

        f->publishes++;
        if (!(packet[0] & 0x06))
                return;
        if (++f->unacknowledged > f->unacknowledged_max)
                f->unacknowledged_max = f->unacknowledged;
        if (f->no_puback)
                return;
        f->unacknowledged--;
        fake_send(c, ack, f->puback_code ? 5 : 4);
}

/* One packet; only short ones are understood (a remaining length below 128). */
static void fake_on_packet(struct fake_client *c, const uint8_t *packet, size_t n) {
        static const uint8_t pong[] = {0xD0, 0};

        switch (packet[0] >> 4) {
        case 1:
                fake_on_connect(c, packet, n);
                break;
        case 3:
                fake_on_publish(c, packet);
                break;
        case 8:
                fake_on_subscribe(c, packet);
                break;
        case 12:
                fake_send(c, pong, sizeof pong);
                break;
        case 14:
                c->fake->disconnects++;
                break;
        }
}

/* RFC 6455, 4.2.2: the answer proves that the key was read. */
static void fake_shake_hands(struct fake_client *c) {
        char command[256], proof[64] = "", answer[256];
        const char *key = strcasestr((char *) c->frames, "Sec-WebSocket-Key: ");
        FILE *f;
        int n;

        CHECK(key && strstr((char *) c->frames, "GET /mqtt HTTP/1.1\r\n") == (char *) c->frames);
        if (!key)
                return;
        key += strlen("Sec-WebSocket-Key: ");
        snprintf(command, sizeof command,
                 "printf %%s %.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11 | openssl sha1 -binary | "
                 "base64",
                 (int) strcspn(key, "\r\n"), key);
        f = popen(command, "re");
        CHECK(f && fgets(proof, sizeof proof, f));
        pclose(f);
        n = snprintf(
                answer, sizeof answer,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: %.*s\r\n\r\n",
                (int) strcspn(proof, "\n"), proof);
        fake_send(c, (uint8_t *) answer, (size_t) n);
        c->websocket = true;
        c->n_frames = 0;
}

/* Takes the masked frames of a client apart: short ones, as all here are. */
static void fake_unwrap(struct fake_client *c) {
        size_t at = 0;

        while (c->n_frames - at >= 6) {
                const uint8_t *frame = c->frames + at;
                size_t n = frame[1] & 0x7F;

                CHECK(n < 126);
                if (c->n_frames - at < 6 + n)
                        break;
                for (size_t i = 0; (frame[0] & 0x0F) <= 2 && i < n; i++)
                        c->bytes[c->n++] = frame[6 + i] ^ frame[2 + i % 4];
                at += 6 + n;
        }
        memmove(c->frames, c->frames + at, c->n_frames - at);
        c->n_frames -= at;
}

static void fake_on_mqtt(struct fake_client *c) {
        size_t at = 0;

        while (c->fd >= 0 && c->n - at >= 2 && c->n - at >= 2u + c->bytes[at + 1]) {
                CHECK(c->bytes[at + 1] < 128);
                fake_on_packet(c, c->bytes + at, 2u + c->bytes[at + 1]);
                at += 2u + c->bytes[at + 1];
        }
        memmove(c->bytes, c->bytes + at, c->n - at);
        c->n -= at;
}

static int fake_on_bytes(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct fake_client *c = userdata;
        bool plain = !c->fake->websocket;
        uint8_t *to = plain ? c->bytes + c->n : c->frames + c->n_frames;
        ssize_t got = recv(fd, to, sizeof c->bytes - (plain ? c->n : c->n_frames) - 1, 0);

        if (got <= 0) {
                fake_hang_up(c);
                return 0;
        }
        to[got] = '\0';
        *(plain ? &c->n : &c->n_frames) += (size_t) got;
        if (!plain && c->websocket)
                fake_unwrap(c);
        else if (!plain && strstr((char *) c->frames, "\r\n\r\n"))
                fake_shake_hands(c);
        fake_on_mqtt(c);
        return 0;
}

static int fake_on_client(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct fake *f = userdata;

        for (size_t i = 0; i < FAKE_CLIENTS; i++)
                if (f->client[i].fd < 0) {
                        f->client[i].fake = f;
                        f->client[i].n = f->client[i].n_frames = 0;
                        f->client[i].websocket = false;
                        f->client[i].fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                        sd_event_add_io(f->event, &f->client[i].source, f->client[i].fd, EPOLLIN,
                                        fake_on_bytes, &f->client[i]);
                        return 0;
                }
        CHECK(false);
        return 0;
}

/* Well-behaved until told otherwise; makes the owner's loop. */
static struct fake *fake_new(struct owner *o) {
        struct fake *f = calloc(1, sizeof *f);

        CHECK(sd_event_new(&o->event) >= 0);
        f->event = o->event;
        f->connack[0] = connack_5;
        f->connack_size[0] = sizeof connack_5;
        f->connack[1] = connack_3_1_1;
        f->connack_size[1] = sizeof connack_3_1_1;
        for (size_t i = 0; i < FAKE_CLIENTS; i++)
                f->client[i].fd = -1;
        f->fd = listen_anywhere(&f->port);
        snprintf(f->url, sizeof f->url, "mqtt://127.0.0.1:%d", f->port);
        CHECK(sd_event_add_io(f->event, &f->source, f->fd, EPOLLIN, fake_on_client, f) >= 0);
        return f;
}

static void fake_free(struct fake *f) {
        fake_hang_up_all(f);
        sd_event_source_disable_unref(f->source);
        close(f->fd);
        free(f);
}
