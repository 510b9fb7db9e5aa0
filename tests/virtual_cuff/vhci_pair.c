#include "vhci_pair.h"

#include <stdio.h>
#include <sys/random.h>

#include "l2cap.h"
#include "log.h"
#include "util.h"
#include "vhci_cuff.h"
#include "vhci_front.h"
#include "vhci_link.h"

enum { AUTH_BONDING = 0x01, AUTH_NO_BONDING = 0x00 };
enum { FIRST_KEY = 0x06, LAST_KEY = 0x0A }; /* opcodes of PDUs that carry keys */

static void log_pdu(const struct vhci_cuff *c, const char *from, const uint8_t *pdu, size_t size) {
        bool secret = size && pdu[0] >= FIRST_KEY && pdu[0] <= LAST_KEY;
        char hex[2 * SMP_PDU_MAX + 1];

        log_line("smp %s %s=%s", c->text, from,
                 log_hex(pdu, secret ? 1 : earlier(size, SMP_PDU_MAX), hex));
}

static void pair_failed(struct vhci_cuff *c, const char *why) {
        c->pairing_waits = NULL;
        log_line("pair-failed %s why=%s", c->text, why);
}

static void on_send(void *owner, const uint8_t *pdu, size_t size) {
        struct vhci_cuff *c = owner;

        log_pdu(c, "cuff", pdu, size);
        link_send(c->link, L2CAP_SMP, pdu, size);
}

static void on_random(void *owner, uint8_t *ret, size_t size) {
        if (getrandom(ret, size, 0) != (ssize_t) size)
                abort();
}

static void refuse(struct vhci_cuff *c, uint8_t reason, const char *why) {
        smp_refuse(&c->smp, reason);
        if (c->smp.state == SMP_IDLE) /* else it goes along for a while, and `failed` tells */
                pair_failed(c, why);
}

static void fail(struct vhci_cuff *c, uint8_t reason) {
        char why[32];

        snprintf(why, sizeof why, "pairing-failed-0x%02x", reason);
        refuse(c, reason, why);
}

static void hang_up(struct vhci_cuff *c, bool in_mode) {
        pair_failed(c, in_mode ? "hangup" : "not-in-pairing-mode");
        vhci_cuff_hang_up(c);
}

static void on_asked(void *owner) {
        struct vhci_cuff *c = owner;
        uint64_t now = front_now(c->front);
        bool in_mode = now < c->model.pairing_until;

        log_line("pair-start %s", c->text);
        c->pairing_waits = "link-lost";
        if (cuff_reaches(&c->model, CUFF_PAIRING))
                return;
        switch (cuff_pair(&c->model, now)) {
        case CUFF_PAIRS:
                smp_accept(&c->smp, AUTH_BONDING, true);
                break;
        case CUFF_NOT_BONDED:
                smp_accept(&c->smp, AUTH_NO_BONDING, false);
                break;
        case CUFF_FAILS:
                fail(c, c->model.fail_reason);
                break;
        case CUFF_REJECTS:
                refuse(c, SMP_PAIRING_NOT_SUPPORTED, "rejected");
                break;
        case CUFF_HANGS_UP:
                hang_up(c, in_mode);
                break;
        case CUFF_IS_SILENT:
                c->pairing_waits = "timeout";
                break;
        }
}

static void on_done(void *owner, const struct smp_keys *keys) {
        struct vhci_cuff *c = owner;

        c->pairing_waits = NULL;
        c->keys = keys ? *keys : (struct smp_keys){.valid = false};
        c->model.has_keys = c->keys.valid;
        log_line("%s %s", c->keys.valid ? "bonded" : "paired-without-bond", c->text);
}

static void on_failed(void *owner, uint8_t reason, bool by_peer) {
        char why[32];

        snprintf(why, sizeof why, "%s-0x%02x", by_peer ? "host-said" : "pairing-failed", reason);
        pair_failed(owner, why);
}

const struct smp_host pair_host = {
        .send = on_send,
        .random = on_random,
        .asked = on_asked,
        .done = on_done,
        .failed = on_failed,
};

void pair_request_security(struct vhci_cuff *c) {
        log_line("security-request %s auth=%02x", c->text, AUTH_BONDING);
        smp_request_security(&c->smp, AUTH_BONDING);
}

void pair_receive(struct vhci_cuff *c, const uint8_t *pdu, size_t size) {
        log_pdu(c, "host", pdu, size);
        smp_receive(&c->smp, pdu, size);
}

/* From here on the link is as good as bonded, and the host may subscribe before the last key is
 * across: what the cuff remembers for a host begins anew here, not with the bond. */
void pair_encrypted(struct vhci_cuff *c) {
        cuff_paired(&c->model, front_now(c->front), c->model.has_keys);
        smp_encrypted(&c->smp);
}

void pair_link_ended(struct vhci_cuff *c) {
        if (c->pairing_waits)
                pair_failed(c, c->pairing_waits);
}
