#include "vhci_scan.h"

#include "bytes.h"
#include "log.h"
#include "util.h"
#include "vhci_address.h"
#include "vhci_cuff.h"
#include "vhci_front.h"
#include "vhci_hci.h"
#include "vhci_link.h"
#include "vhci_timer.h"

enum report_type { REPORT_CONNECTABLE = 0x00, REPORT_SCANNABLE = 0x02, REPORT_RESPONSE = 0x04 };

#define UNIT_USEC 625ULL /* of intervals and windows */

static void arm(struct front *f);

/* --- the accept list --- */

static size_t find_accepted(const struct scan *s, const struct smp_address *address) {
        for (size_t i = 0; i < s->n_accepted; i++)
                if (address_equal(&s->accept_list[i], address))
                        return i;
        return s->n_accepted;
}

static bool is_accepted(const struct scan *s, const struct smp_address *address) {
        return find_accepted(s, address) < s->n_accepted;
}

/* The host may not touch the list while somebody goes by it. */
static bool list_is_in_use(const struct scan *s) {
        return (s->scanner.on && s->scanner.accept_list) ||
               (s->initiator.on && s->initiator.accept_list);
}

static struct smp_address address_at(const uint8_t *p) {
        struct smp_address address = {.type = p[0]};

        memcpy(address.bytes, p + 1, sizeof address.bytes);
        return address;
}

uint8_t scan_accept_clear(struct front *f) {
        if (list_is_in_use(&f->scan))
                return HCI_DISALLOWED;
        f->scan.n_accepted = 0;
        return HCI_OK;
}

uint8_t scan_accept_add(struct front *f, const uint8_t *p) {
        struct smp_address address = address_at(p);
        struct scan *s = &f->scan;

        if (list_is_in_use(s))
                return HCI_DISALLOWED;
        if (is_accepted(s, &address))
                return HCI_OK;
        if (s->n_accepted == ACCEPT_LIST_SIZE)
                return HCI_MEMORY_EXCEEDED;
        s->accept_list[s->n_accepted++] = address;
        return HCI_OK;
}

uint8_t scan_accept_remove(struct front *f, const uint8_t *p) {
        struct smp_address address = address_at(p);
        struct scan *s = &f->scan;
        size_t at = find_accepted(s, &address);

        if (list_is_in_use(s))
                return HCI_DISALLOWED;
        if (at < s->n_accepted)
                s->accept_list[at] = s->accept_list[--s->n_accepted];
        return HCI_OK;
}

/* --- who listens to whom --- */

static bool hears(const struct listener *l, uint64_t now) {
        return l->on && (now - l->since) % l->interval_usec < l->window_usec;
}

static bool scanner_wants(const struct scan *s, const struct advertiser *a) {
        if (!s->scanner.on || (s->filters_duplicates && a->heard))
                return false;
        return !s->scanner.accept_list || is_accepted(s, &a->address);
}

static bool initiator_wants(const struct scan *s, const struct advertiser *a) {
        if (!s->initiator.on || !a->cuff) /* strangers let nobody connect */
                return false;
        return s->initiator.accept_list ? is_accepted(s, &a->address)
                                        : address_equal(&s->peer, &a->address);
}

static void listen(struct front *f, struct listener *l) {
        l->on = true;
        l->since = front_now(f);
        for (struct advertiser *a = f->scan.advertisers; a; a = a->next)
                air_join(a, l->since);
        arm(f);
}

/* --- one advertising event --- */

static void report(struct front *f, const struct advertiser *a, enum report_type type,
                   const struct advert *advert) {
        uint8_t p[HCI_PARAMETERS_MAX] = {1, (uint8_t) type, a->address.type};

        memcpy(p + 3, a->address.bytes, sizeof a->address.bytes);
        p[9] = (uint8_t) advert->size;
        memcpy(p + 10, advert->bytes, advert->size);
        p[10 + advert->size] = HCI_RSSI;
        hci_le_event(f, LE_ADVERTISING_REPORT, p, 11 + advert->size);
}

static void scanner_hears(struct front *f, struct advertiser *a, uint64_t now) {
        struct advert advert;

        air_advert(a, now, &advert);
        report(f, a, a->cuff ? REPORT_CONNECTABLE : REPORT_SCANNABLE, &advert);
        if (f->scan.active) {
                air_response(a, &advert);
                report(f, a, REPORT_RESPONSE, &advert);
        }
        if (!a->heard && a->cuff)
                log_line("heard %s", front_address(a->cuff));
        a->heard = true;
}

static void initiator_hears(struct front *f, struct advertiser *a) {
        f->scan.initiator.on = false;
        link_open(f, vhci_cuff_of(a->cuff), f->scan.own_type, &f->scan.wish);
}

static void advertise(struct front *f, struct advertiser *a, uint64_t now) {
        struct scan *s = &f->scan;

        air_go_on(a, now);
        if (scanner_wants(s, a) && hears(&s->scanner, now))
                scanner_hears(f, a, now);
        if (initiator_wants(s, a) && hears(&s->initiator, now))
                initiator_hears(f, a);
}

/* --- time --- */

static void tell_cancelled(struct front *f) {
        const uint8_t none[18] = {HCI_UNKNOWN_CONNECTION};

        f->scan.cancelled = false;
        hci_le_event(f, LE_CONNECTION, none, sizeof none);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        struct front *f = userdata;
        uint64_t now = front_now(f);

        if (f->scan.cancelled)
                tell_cancelled(f);
        for (struct advertiser *a = f->scan.advertisers; a; a = a->next)
                if (a->next_usec <= now && air_is_used(a, now))
                        advertise(f, a, now);
        arm(f);
        return 0;
}

static void arm(struct front *f) {
        struct scan *s = &f->scan;
        uint64_t now = front_now(f), due = s->cancelled ? now : UINT64_MAX;

        for (struct advertiser *a = s->advertisers; a; a = a->next)
                if (air_is_used(a, now) && (scanner_wants(s, a) || initiator_wants(s, a)))
                        due = earlier(due, a->next_usec);
        timer_at(f->event, &s->timer, due, on_timer, f);
}

void scan_air_changed(struct front *f) {
        arm(f);
}

/* --- scanning --- */

static bool set_windows(struct listener *l, const uint8_t *p) {
        uint16_t interval = get16(p), window = get16(p + 2);

        if (window < 4 || window > interval || interval > 0x4000)
                return false;
        l->interval_usec = interval * UNIT_USEC;
        l->window_usec = window * UNIT_USEC;
        return true;
}

uint8_t scan_set_parameters(struct front *f, const uint8_t *p) {
        struct scan *s = &f->scan;

        if (s->scanner.on)
                return HCI_DISALLOWED;
        if (p[0] > 1 || p[5] > 1 || p[6] > 1 || !set_windows(&s->scanner, p + 1))
                return HCI_INVALID_PARAMETERS;
        s->active = p[0];
        s->scanner.accept_list = p[6];
        return HCI_OK;
}

static void log_scan(const struct scan *s) {
        log_line("scan on %s filter=%s duplicates=%s interval=%g window=%g",
                 s->active ? "active" : "passive", s->scanner.accept_list ? "accept-list" : "all",
                 s->filters_duplicates ? "no" : "yes", (double) s->scanner.interval_usec / 1000,
                 (double) s->scanner.window_usec / 1000);
}

uint8_t scan_enable(struct front *f, const uint8_t *p) {
        struct scan *s = &f->scan;
        bool was_on = s->scanner.on;

        if (p[0] > 1 || p[1] > 1)
                return HCI_INVALID_PARAMETERS;
        s->scanner.on = p[0];
        if (p[0]) {
                s->filters_duplicates = p[1];
                for (struct advertiser *a = s->advertisers; a; a = a->next)
                        a->heard = false;
                log_scan(s);
                listen(f, &s->scanner);
        } else if (was_on) {
                log_line("scan off");
                arm(f);
        }
        return HCI_OK;
}

bool scan_is_busy(const struct front *f) {
        return f->scan.scanner.on || f->scan.initiator.on;
}

/* --- initiating --- */

static void log_initiating(const struct scan *s) {
        char text[18];

        log_line("initiating %s",
                 s->initiator.accept_list ? "accept-list" : address_text(s->peer.bytes, text));
}

/* The one moment a cuff can leave between its advertisement and the connection. */
static void let_vanish(struct front *f) {
        for (struct vhci_cuff *c = f->cuffs; c; c = c->next)
                if (initiator_wants(&f->scan, &c->radio) &&
                    cuff_is_advertising(&c->model, front_now(f)))
                        cuff_reaches(&c->model, CUFF_CONNECTING);
}

uint8_t scan_connect(struct front *f, const uint8_t *p) {
        struct scan *s = &f->scan;

        if (s->initiator.on || s->cancelled)
                return HCI_DISALLOWED;
        if (p[4] > 1 || p[5] > 1 || p[12] > 1 || !set_windows(&s->initiator, p) ||
            !link_read_wish(p + 13, &s->wish))
                return HCI_INVALID_PARAMETERS;
        s->initiator.accept_list = p[4];
        s->peer = address_at(p + 5);
        s->own_type = p[12];
        log_initiating(s);
        listen(f, &s->initiator);
        let_vanish(f);
        return HCI_OK;
}

uint8_t scan_cancel_connect(struct front *f) {
        struct scan *s = &f->scan;

        if (!s->initiator.on)
                return HCI_DISALLOWED;
        log_line("initiating cancelled");
        s->initiator.on = false;
        s->cancelled = true;
        arm(f);
        return HCI_OK;
}

/* --- the rest --- */

void scan_reset(struct front *f) {
        struct scan *s = &f->scan;

        if (s->scanner.on)
                log_line("scan off");
        if (s->initiator.on)
                log_line("initiating cancelled");
        s->scanner =
                (struct listener){.interval_usec = 16 * UNIT_USEC, .window_usec = 16 * UNIT_USEC};
        s->initiator.on = s->cancelled = s->active = false;
        s->n_accepted = 0;
        arm(f);
}

struct advertiser *scan_find(struct front *f, const uint8_t address[6]) {
        for (struct advertiser *a = f->scan.advertisers; a; a = a->next)
                if (memcmp(a->address.bytes, address, sizeof a->address.bytes) == 0)
                        return a;
        return NULL;
}

void scan_add(struct front *f, struct advertiser *a) {
        struct advertiser **end = &f->scan.advertisers;

        while (*end)
                end = &(*end)->next;
        *end = a;
        if (scan_is_busy(f))
                air_join(a, front_now(f));
        arm(f);
}

void scan_remove_strangers(struct front *f) {
        struct advertiser *next;

        for (struct advertiser *a = f->scan.advertisers; a; a = next) {
                next = a->next;
                if (a->cuff)
                        continue;
                LIST_REMOVE(f->scan.advertisers, a);
                free(a);
        }
        arm(f);
}
