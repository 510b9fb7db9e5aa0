#include "vhci_front.h"

#include <sys/random.h>

#include "log.h"
#include "script_memory.h"
#include "util.h"
#include "vhci_address.h"
#include "vhci_cuff.h"

uint64_t front_now(const struct front *f) {
        uint64_t now = 0;

        sd_event_now(f->event, CLOCK_MONOTONIC, &now);
        return now;
}

/* --- the cuffs --- */

static struct cuff *model_of(struct vhci_cuff *c) {
        return c ? &c->model : NULL;
}

struct cuff *front_first(struct front *f) {
        return model_of(f->cuffs);
}

struct cuff *front_next(struct cuff *c) {
        return model_of(vhci_cuff_of(c)->next);
}

const char *front_address(const struct cuff *c) {
        return vhci_cuff_of(c)->text;
}

struct cuff *front_new_cuff(struct front *f, const char *address) {
        uint8_t bytes[6];

        if (!address_parse(address, bytes) || scan_find(f, bytes) ||
            memcmp(bytes, f->address.bytes, sizeof bytes) == 0)
                return NULL;
        return &vhci_cuff_new(f, address)->model;
}

/* --- commands --- */

void front_changed(struct cuff *c) {
        vhci_cuff_changed(vhci_cuff_of(c));
}

const char *front_bonded(struct cuff *c) {
        return "the other side is a real host: pair it over the air";
}

/* With keys of another host instead of none the air looks the same: what ours asks for is not
 * there (see encrypt() in vhci_procedure.c). */
void front_bond_lost(struct cuff *c, bool taken) {
        struct smp_keys *keys = &vhci_cuff_of(c)->keys;

        *keys = (struct smp_keys){.valid = taken};
        if (taken && (getrandom(keys->ltk, sizeof keys->ltk, 0) < 0 ||
                      getrandom(keys->rand, sizeof keys->rand, 0) < 0 ||
                      getrandom(&keys->ediv, sizeof keys->ediv, 0) < 0))
                abort();
        c->has_keys = false; /* with the one host there is */
        memset(c->cccds, 0, sizeof c->cccds);
}

void front_show(struct cuff *c) {
        uint64_t now = front_now(vhci_cuff_of(c)->front);
        struct wall_time t = cuff_clock(c, NULL);
        char memory[SCRIPT_SHOW_MAX];

        log_answer("state %s connected=%s keys=%s encrypted=%s unsent=%zu sent=%zu cccd_2a35=%04x "
                   "battery=%u advertising=%s flags=%02x clock_set=%s "
                   "clock=%04u-%02u-%02uT%02u:%02u:%02u%s",
                   front_address(c), c->link != CUFF_LINK_NONE ? "yes" : "no",
                   c->has_keys ? "yes" : "no", c->link == CUFF_LINK_ENCRYPTED ? "yes" : "no",
                   c->n_unsent, c->n_sent, cuff_cccd(c, UUID_MEASUREMENT), c->battery,
                   cuff_is_advertising(c, now) ? "yes" : "no", cuff_flags(c, now),
                   c->clock_set ? "yes" : "no", t.year, t.month, t.day, t.hour, t.minute, t.second,
                   script_show_memory(c, memory));
}
