#include "vhci_link.h"

#include "bytes.h"
#include "log.h"
#include "util.h"
#include "vhci_address.h"
#include "vhci_cuff.h"
#include "vhci_front.h"
#include "vhci_hci.h"
#include "vhci_procedure.h"
#include "vhci_timer.h"

enum { FIRST_HANDLE = 0x0040 };
enum { INTERVAL_MIN = 6, INTERVAL_MAX = 3200, LATENCY_MAX = 499 };
enum { TIMEOUT_MIN = 10, TIMEOUT_MAX = 3200 };
enum { PACKETS_PER_EVENT = 6 }; /* each way: what cuffs and dongles manage */
enum { EVENTS_TO_ESTABLISH = 6 };

enum { FRAME_GOES_ON = 1, FRAME_BEGINS = 2 }; /* packet boundary flag, above the handle */

static void arm(struct link *l);

/* --- packets in wait --- */

static void append(struct link_packet **list, bool first, const uint8_t *bytes, size_t size) {
        struct link_packet *p = must_alloc(sizeof *p);

        p->first = first;
        p->size = size;
        memcpy(p->bytes, bytes, size);
        while (*list)
                list = &(*list)->next;
        *list = p;
}

/* False: there is none. */
static bool take(struct link_packet **list, struct link_packet *ret) {
        struct link_packet *p = *list;

        if (!p)
                return false;
        *ret = *p;
        *list = p->next;
        free(p);
        return true;
}

static void drop(struct link_packet **list) {
        struct link_packet p;

        while (take(list, &p))
                ;
}

static size_t count(const struct link_packet *list) {
        size_t n = 0;

        for (; list; list = list->next)
                n++;
        return n;
}

void link_receive(struct front *f, const uint8_t *packet, size_t size) {
        struct link *l = size >= 4 ? link_by_handle(f, get16(packet) & 0x0FFF) : NULL;
        bool first = size >= 4 && (get16(packet) >> 12 & 3) != FRAME_GOES_ON;

        if (!l || size != 4U + get16(packet + 2) || size > 4 + LINK_PACKET_MAX)
                return; /* a link that has just ended */
        append(&l->from_host, first, packet + 4, size - 4);
        arm(l);
}

void link_send(struct link *l, uint16_t channel, const uint8_t *payload, size_t size) {
        uint8_t frame[L2CAP_HEADER + L2CAP_PAYLOAD_MAX];
        size_t n = l2cap_frame(channel, payload, size, frame);

        for (size_t at = 0; at < n; at += LINK_PACKET_MAX)
                append(&l->from_cuff, at == 0, frame + at, earlier(n - at, LINK_PACKET_MAX));
        arm(l);
}

/* --- a connection event --- */

static void host_to_cuff(struct link *l) {
        struct link_packet p;
        uint8_t done[5] = {1};
        uint16_t n = 0, channel;
        const uint8_t *payload;
        size_t size;

        while (n < PACKETS_PER_EVENT && !l->deaf && take(&l->from_host, &p)) {
                n++;
                if (l2cap_receive(&l->frames, p.first, p.bytes, p.size, &channel, &payload, &size))
                        vhci_cuff_receive(l->cuff, channel, payload, size);
        }
        if (n == 0)
                return;
        put16(put16(done + 1, l->handle), n);
        hci_event(l->front, EVENT_COMPLETED_PACKETS, done, sizeof done);
}

static void cuff_to_host(struct link *l, size_t n) {
        uint8_t packet[4 + LINK_PACKET_MAX];
        struct link_packet p;

        while (n-- && take(&l->from_cuff, &p)) {
                uint16_t boundary = p.first ? FRAME_BEGINS : FRAME_GOES_ON;

                put16(put16(packet, (uint16_t) (l->handle | boundary << 12)), (uint16_t) p.size);
                memcpy(packet + 4, p.bytes, p.size);
                device_send(&l->front->device, PACKET_ACL, packet, 4 + p.size);
        }
}

/* What the cuff answers to a packet of this event goes out in a later one. While encryption is
 * being established no data goes either way (Vol 6 Part B, 5.1.3). */
static int on_event(sd_event_source *s, uint64_t usec, void *userdata) {
        struct link *l = userdata;
        size_t ready = earlier(count(l->from_cuff), PACKETS_PER_EVENT);

        if (!procedure_step(l))
                return 0;
        if (!l->left[PROCEDURE_ENCRYPT]) {
                host_to_cuff(l);
                cuff_to_host(l, l->deaf ? 0 : ready);
        }
        arm(l);
        return 0;
}

static uint64_t interval_usec(const struct link *l) {
        return l->interval * 1250ULL;
}

/* The next event on the grid, if there is anything to do in it. */
static void arm(struct link *l) {
        uint64_t now = front_now(l->front), interval = interval_usec(l);
        bool busy = l->from_host || l->from_cuff || procedure_is_under_way(l);

        timer_at(l->front->event, &l->event_timer,
                 busy && !l->deaf ? now + interval - (now - l->anchor_usec) % interval : UINT64_MAX,
                 on_event, l);
}

void link_begin(struct link *l, enum link_procedure procedure) {
        procedure_begin(l, procedure);
        arm(l);
}

/* --- begin --- */

static uint16_t free_handle(struct front *f) {
        uint16_t handle = FIRST_HANDLE;

        while (link_by_handle(f, handle))
                handle++;
        return handle;
}

struct link *link_by_handle(struct front *f, uint16_t handle) {
        for (struct link *l = f->links; l; l = l->next)
                if (l->handle == handle)
                        return l;
        return NULL;
}

bool link_read_wish(const uint8_t *p, struct link_wish *ret) {
        struct link_wish wish = {
                .interval_max = get16(p + 2), .latency = get16(p + 4), .timeout = get16(p + 6)};

        if (wish.interval_max < INTERVAL_MIN || wish.interval_max > INTERVAL_MAX ||
            wish.latency > LATENCY_MAX || wish.timeout < TIMEOUT_MIN || wish.timeout > TIMEOUT_MAX)
                return false;
        *ret = wish;
        return true;
}

/* The controller chooses, within what the host asks for; that of a Raspberry Pi 4 takes the
 * longest, which Linux sets to 50 ms. */
void link_set_parameters(struct link *l, const struct link_wish *wish) {
        l->interval = l->front->interval ? l->front->interval : wish->interval_max;
        l->latency = wish->latency;
        l->timeout = wish->timeout;
        l->anchor_usec = front_now(l->front);
}

static void tell_host(const struct link *l) {
        uint8_t p[18] = {HCI_OK}, *at = put16(p + 1, l->handle);

        *at++ = 0; /* central */
        *at++ = l->cuff->radio.address.type;
        memcpy(at, l->cuff->radio.address.bytes, 6);
        put16(put16(put16(at + 6, l->interval), l->latency), l->timeout);
        hci_le_event(l->front, LE_CONNECTION, p, sizeof p);
}

static int on_end(sd_event_source *s, uint64_t usec, void *userdata) {
        struct link *l = userdata;

        link_end(l, l->deaf_reason, "lost", l->deaf_reason);
        return 0;
}

static void go_deaf(struct link *l, uint8_t reason, uint64_t after_usec) {
        l->deaf = true;
        l->deaf_reason = reason;
        arm(l);
        timer_at(l->front->event, &l->end_timer, front_now(l->front) + after_usec, on_end, l);
}

void link_open(struct front *f, struct vhci_cuff *c, uint8_t own_type,
               const struct link_wish *wish) {
        struct link *l = must_alloc(sizeof *l);
        char text[18];

        l->front = f;
        l->cuff = c;
        l->handle = free_handle(f);
        l->host = own_type == ADDRESS_RANDOM ? f->random_address : f->address;
        link_set_parameters(l, wish);
        l->next = f->links;
        f->links = l;
        log_line("connect %s host=%s,%s", c->text, address_text(l->host.bytes, text),
                 l->host.type == ADDRESS_RANDOM ? "random" : "public");
        tell_host(l);
        if (f->no_establish) { /* the cuff did not hear the request, and knows nothing of it */
                f->no_establish--;
                go_deaf(l, HCI_NOT_ESTABLISHED, EVENTS_TO_ESTABLISH * interval_usec(l));
        } else {
                vhci_cuff_link_up(c, l);
        }
}

/* --- end --- */

static void discard(struct link *l) {
        LIST_REMOVE(l->front->links, l);
        timer_at(l->front->event, &l->event_timer, UINT64_MAX, NULL, NULL);
        timer_at(l->front->event, &l->end_timer, UINT64_MAX, NULL, NULL);
        drop(&l->from_host);
        drop(&l->from_cuff);
        if (l->cuff->link == l)
                vhci_cuff_link_down(l->cuff);
        free(l);
}

void link_end(struct link *l, uint8_t reason, const char *by, uint8_t reason_on_air) {
        uint8_t p[4] = {HCI_OK};

        put16(p + 1, l->handle)[0] = reason;
        hci_event(l->front, EVENT_DISCONNECTION, p, sizeof p);
        log_line("disconnect %s by=%s reason=%02x", l->cuff->text, by, reason_on_air);
        discard(l);
}

void link_drop_all(struct front *f) {
        while (f->links) {
                log_line("disconnect %s by=lost reason=%02x", f->links->cuff->text, HCI_TIMEOUT);
                discard(f->links);
        }
}

void link_hang_up(struct link *l) {
        link_begin(l, PROCEDURE_CUFF_ENDS);
}

void link_vanish(struct link *l) {
        go_deaf(l, HCI_TIMEOUT, l->timeout * 10 * MSEC);
}
