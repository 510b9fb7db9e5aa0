#include "vhci_cuff.h"

#include <stdio.h>

#include "input.h"
#include "l2cap.h"
#include "log.h"
#include "util.h"
#include "vhci_address.h"
#include "vhci_front.h"
#include "vhci_link.h"
#include "vhci_pair.h"
#include "vhci_timer.h"

/* --- radio and time --- */

static void log_radio(struct vhci_cuff *c, bool on_air, uint8_t flags) {
        if (on_air && (!c->on_air || flags != c->flags))
                log_line("advertising %s flags=%02x", c->text, flags);
        else if (!on_air && c->on_air && !c->link)
                log_line("silent %s", c->text);
}

static void update_radio(struct vhci_cuff *c, uint64_t now) {
        bool on_air = cuff_is_advertising(&c->model, now), was_on = c->on_air;
        uint8_t flags = cuff_flags(&c->model, now);

        log_radio(c, on_air, flags);
        c->on_air = on_air;
        c->flags = flags;
        c->radio.address.type = c->model.random_address ? ADDRESS_RANDOM : ADDRESS_PUBLIC;
        if (on_air && !was_on)
                air_begin(&c->radio, now);
        if (on_air != was_on)
                scan_air_changed(c->front);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        struct vhci_cuff *c = userdata;

        cuff_tick(&c->model, front_now(c->front));
        vhci_cuff_changed(c);
        return 0;
}

/* Also when its advertising ends or changes by the clock alone. */
static uint64_t due(const struct vhci_cuff *c, uint64_t now) {
        uint64_t next = c->hangs_up ? UINT64_MAX : cuff_due(&c->model);

        if (c->on_air)
                next = earlier(next, c->model.advertising_until);
        if (c->on_air && c->model.pairing_until > now)
                next = earlier(next, c->model.pairing_until);
        return next;
}

void vhci_cuff_changed(struct vhci_cuff *c) {
        uint64_t now = front_now(c->front);

        update_radio(c, now);
        timer_at(c->front->event, &c->timer, due(c, now), on_timer, c);
}

/* --- what the model does by itself --- */

static void on_advertising(void *owner) {
        vhci_cuff_changed(owner);
}

static void on_indicate(void *owner, uint16_t handle, const uint8_t *value, size_t size) {
        struct vhci_cuff *c = owner;

        att_server_push(&c->att, handle, value, size);
}

void vhci_cuff_hang_up(struct vhci_cuff *c) {
        c->hangs_up = true;
        link_hang_up(c->link);
}

static void on_hang_up(void *owner) {
        vhci_cuff_hang_up(owner);
}

static void on_vanished(void *owner) {
        struct vhci_cuff *c = owner;

        log_line("vanished %s", c->text);
        if (c->link)
                link_vanish(c->link);
        vhci_cuff_changed(c);
}

static void on_wants_security(void *owner) {
        pair_request_security(owner);
}

struct vhci_cuff *vhci_cuff_of(const struct cuff *model) {
        return model->owner;
}

struct vhci_cuff *vhci_cuff_new(struct front *f, const char *address) {
        static const struct cuff_host host = {
                .advertising = on_advertising,
                .indicate = on_indicate,
                .hang_up = on_hang_up,
                .vanished = on_vanished,
                .local_time = input_local_time,
                .wants_security = on_wants_security,
        };
        struct vhci_cuff *c = must_alloc(sizeof *c), **end = &f->cuffs;

        c->front = f;
        snprintf(c->text, sizeof c->text, "%s", address);
        cuff_init(&c->model, &host, c);
        memcpy(c->model.address, c->text, sizeof c->text);
        c->radio.cuff = &c->model;
        address_parse(address, c->radio.address.bytes);
        while (*end)
                end = &(*end)->next;
        *end = c;
        scan_add(f, &c->radio);
        return c;
}

void vhci_cuff_free(struct vhci_cuff *c) {
        LIST_REMOVE(c->front->cuffs, c);
        LIST_REMOVE(c->front->scan.advertisers, &c->radio);
        timer_at(c->front->event, &c->timer, UINT64_MAX, NULL, NULL);
        free(c);
}

/* --- the link --- */

static void send_att(void *owner, const uint8_t *pdu, size_t size) {
        struct vhci_cuff *c = owner;

        link_send(c->link, L2CAP_ATT, pdu, size);
}

void vhci_cuff_link_up(struct vhci_cuff *c, struct link *l) {
        c->link = l;
        c->hangs_up = false;
        smp_init(&c->smp, &pair_host, c, &c->radio.address, &l->host);
        att_server_init(&c->att, &c->model, c->text, send_att, c);
        cuff_link_up(&c->model, front_now(c->front));
        if (c->model.security_request && !c->model.gone)
                pair_request_security(c);
        vhci_cuff_changed(c);
}

void vhci_cuff_link_down(struct vhci_cuff *c) {
        bool had_keys = c->model.has_keys;

        pair_link_ended(c);
        c->link = NULL;
        cuff_link_down(&c->model, front_now(c->front));
        if (had_keys && !c->model.has_keys) /* it minds how the host behaved */
                c->keys.valid = false;
}

void vhci_cuff_receive(struct vhci_cuff *c, uint16_t channel, const uint8_t *payload, size_t size) {
        if (channel == L2CAP_ATT)
                att_server_receive(&c->att, front_now(c->front), payload, size);
        else if (channel == L2CAP_SMP)
                pair_receive(c, payload, size);
        vhci_cuff_changed(c); /* a cuff has nothing to say on the signalling channel */
}

bool vhci_cuff_find_key(struct vhci_cuff *c, const uint8_t rand[8], uint16_t ediv,
                        uint8_t ret[16]) {
        if (smp_find_key(&c->smp, &c->keys, rand, ediv, ret))
                return true;
        memset(ret, 0, 16);
        return c->bluffs;
}

void vhci_cuff_encrypted(struct vhci_cuff *c, bool stk) {
        if (stk)
                pair_encrypted(c);
        else if (c->model.link != CUFF_LINK_ENCRYPTED)
                cuff_link_encrypted(&c->model, front_now(c->front));
        vhci_cuff_changed(c);
}
