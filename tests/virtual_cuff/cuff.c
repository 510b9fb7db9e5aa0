#include "cuff.h"

#include <stdio.h>
#include <time.h>

#include "util.h"

enum {
        FLAG_CLOCK_UNSET = 0x04, /* as gateway/core/advertisement.h has them, and their sources */
        FLAG_PAIRING = 0x08,
        FLAG_UNSENT = 0x40,
        OMRON_TYPE = 0x01,
        CLOCK_AT_FACTORY = 1546300800, /* 2019-01-01, the time of a cuff that was never set */
};

/* With nothing to hand over it waits a little longer for its host. */
#define IDLE_HANG_UP (1 * SEC)
#define IDLE_UNREAD  (10 * SEC)
#define SMP_LIMIT    (30 * SEC)
#define KEEPS_ON     (30 * SEC)

void cuff_init(struct cuff *c, const struct cuff_host *host, void *owner) {
        *c = (struct cuff){
                .host = host,
                .owner = owner,
                .table = &att_standard,
                .name = "BLEsmart_0000",
                .model = "BP7350",
                .omron = true,
                .users = 1,
                .battery = 90,
                .mtu = 23, /* the smallest there is, and enough for every value */
                .advert_interval_usec = 100 * MSEC,
                .fail_reason = CUFF_UNSPECIFIED,
                .clock_set = true,
                .clock_writable = true,
                .first_indication_usec = 50 * MSEC,
                .indication_gap_usec = 20 * MSEC,
                .hang_up_usec = 300 * MSEC,
        };
}

/* --- buttons and blood pressure --- */

void cuff_advertise(struct cuff *c, uint64_t now, uint64_t seconds) {
        c->advertising_until = now + seconds * SEC;
        c->host->advertising(c->owner);
}

void cuff_pairing_mode(struct cuff *c, uint64_t now, uint64_t seconds) {
        c->pairing_until = seconds ? now + seconds * SEC : 0;
        c->advertising_until = c->pairing_until;
        c->host->advertising(c->owner);
}

void cuff_quiet(struct cuff *c) {
        c->advertising_until = c->pairing_until = 0;
}

bool cuff_store(struct cuff *c, const uint8_t *value, size_t size, unsigned user,
                uint16_t sequence) {
        unsigned slot = user == 2 && c->users == 2;
        struct cuff_stored *s = &c->unsent[c->n_unsent];

        if (c->n_unsent == CUFF_RECORDS_MAX || size > RECORD_SIZE_MAX)
                return false;
        memcpy(s->bytes, value, size);
        s->size = size;
        c->n_unsent++;
        c->sequence[slot] = sequence ? sequence : (uint16_t) (c->sequence[slot] + 1);
        if (c->count[slot] < 100) /* saturates at the depth of the ring */
                c->count[slot]++;
        c->finished = false;
        return true;
}

void cuff_set_clock(struct cuff *c, bool set, int64_t offset) {
        c->clock_set = set;
        c->clock_offset = set ? offset : CLOCK_AT_FACTORY - c->host->local_time(c->owner);
}

void cuff_set_time(struct cuff *c, const struct wall_time *t) {
        struct tm tm = {.tm_year = t->year - 1900,
                        .tm_mon = t->month - 1,
                        .tm_mday = t->day,
                        .tm_hour = t->hour,
                        .tm_min = t->minute,
                        .tm_sec = t->second};

        cuff_set_clock(c, true, timegm(&tm) - c->host->local_time(c->owner));
}

struct wall_time cuff_clock(const struct cuff *c, uint8_t *ret_weekday) {
        time_t seconds = c->host->local_time(c->owner) + c->clock_offset;
        struct tm t;

        gmtime_r(&seconds, &t);
        if (ret_weekday)
                *ret_weekday = (uint8_t) (t.tm_wday ? t.tm_wday : 7);
        return (struct wall_time){
                (uint16_t) (t.tm_year + 1900), (uint8_t) (t.tm_mon + 1), (uint8_t) t.tm_mday,
                (uint8_t) t.tm_hour,           (uint8_t) t.tm_min,       (uint8_t) t.tm_sec};
}

/* --- advertising --- */

bool cuff_is_advertising(const struct cuff *c, uint64_t now) {
        return c->link == CUFF_LINK_NONE && now < c->advertising_until;
}

static bool has_news(const struct cuff *c) {
        return c->n_unsent || (c->memory.map && c->memory_protocol.has_news);
}

uint8_t cuff_flags(const struct cuff *c, uint64_t now) {
        return (uint8_t) ((c->users - 1) | (c->clock_set ? 0 : FLAG_CLOCK_UNSET) |
                          (now < c->pairing_until ? FLAG_PAIRING : 0) |
                          (has_news(c) ? FLAG_UNSENT : 0));
}

size_t cuff_omron_data(const struct cuff *c, uint64_t now, uint8_t ret[CUFF_OMRON_MAX]) {
        const struct memory *m = &c->memory;
        uint8_t *at = ret;
        uint16_t sequence;

        if (!c->omron)
                return 0;
        *at++ = OMRON_TYPE;
        *at++ = cuff_flags(c, now);
        for (unsigned slot = 0; slot < c->users; slot++) {
                sequence = m->map ? m->sequence[slot] : c->sequence[slot];
                *at++ = (uint8_t) sequence;
                *at++ = (uint8_t) (sequence >> 8);
                *at++ = !m->map                ? c->count[slot]
                        : slot < m->map->users ? (uint8_t) memory_count(m, slot + 1)
                                               : 0;
        }
        return (size_t) (at - ret);
}

/* --- the link --- */

void cuff_vanish(struct cuff *c) {
        c->gone = true;
        c->vanish_at = CUFF_NOWHERE;
        cuff_quiet(c);
        c->host->vanished(c->owner);
}

bool cuff_reaches(struct cuff *c, enum cuff_point point) {
        if (c->vanish_at != point || point == CUFF_NOWHERE)
                return false;
        cuff_vanish(c);
        return true;
}

void cuff_link_up(struct cuff *c, uint64_t now) {
        c->link = CUFF_LINK_PLAIN;
        c->was_linked = true;
        memset(c->cccd_is_new, false, sizeof c->cccd_is_new);
        c->gone = c->finished = c->awaits_confirmation = c->repeats = false;
        c->n_sent_on_link = 0;
        c->last_activity = now;
        c->next_indication = now + c->first_indication_usec; /* an open one waits for no keys */
        if (c->memory.map)
                omron_link_up(c, now);
        cuff_reaches(c, CUFF_CONNECTED);
}

void cuff_link_encrypted(struct cuff *c, uint64_t now) {
        c->link = CUFF_LINK_ENCRYPTED;
        c->next_indication = now + c->first_indication_usec;
        c->last_activity = now;
}

/* It wants nothing of its host. One that began to read the memory and did not end that may come
 * back. */
static bool is_content(const struct cuff *c) {
        bool was_left = c->memory.map && c->memory_protocol.frames && !c->finished;

        if (c->memory.map && has_news(c))
                return false;
        return c->finished || (c->has_keys && !has_news(c) && !was_left);
}

static void rest_or_go_on(struct cuff *c, uint64_t now) {
        if (c->keeps_advertising && c->advertising_until)
                c->advertising_until = now + KEEPS_ON;
        else if (!is_content(c) || now < c->pairing_until)
                return;
        else if (c->finished && c->tail_usec)
                c->advertising_until = now + c->tail_usec;
        else
                cuff_quiet(c);
}

void cuff_host_leaves(struct cuff *c, uint64_t now) {
        if (c->memory.map && !c->gone)
                omron_host_leaves(c, now);
}

void cuff_link_down(struct cuff *c, uint64_t now) {
        c->link = CUFF_LINK_NONE;
        if (c->memory.map) {
                c->finished =
                        c->memory_protocol.session == OMRON_ENDED && c->memory_protocol.was_open;
                if (omron_link_down(c))
                        c->has_keys = false;
        }
        if (!c->has_keys) /* CCCDs are remembered for a bonded host only */
                memset(c->cccds, 0, sizeof c->cccds);
        if (!c->gone) /* who vanished is silent already, unless somebody pressed the button */
                rest_or_go_on(c, now);
        c->gone = c->awaits_confirmation = c->repeats = false;
        c->host->advertising(c->owner);
}

enum cuff_outcome cuff_pair(struct cuff *c, uint64_t now) {
        enum cuff_outcome outcome = c->outcome;

        if (now >= c->pairing_until)
                return CUFF_HANGS_UP;
        if (outcome == CUFF_IS_SILENT)
                c->last_activity = now + SMP_LIMIT; /* it does not hang up either */
        if (c->outcome_times && --c->outcome_times == 0)
                c->outcome = CUFF_PAIRS;
        return outcome;
}

void cuff_paired(struct cuff *c, uint64_t now, bool keys) {
        for (size_t i = 0; i < c->table->n; i++) /* what it remembers of an older bond */
                if (!c->cccd_is_new[i])
                        c->cccds[i] = 0;
        c->has_keys = keys;
        c->pairing_until = 0;
        cuff_link_encrypted(c, now);
}

/* --- indications --- */

uint16_t cuff_cccd(const struct cuff *c, uint16_t uuid) {
        const struct att_row *row = att_cccd(c->table, uuid);

        return row ? c->cccds[row - c->table->rows] : 0;
}

static bool subscribed(const struct cuff *c) {
        if (c->unasked)
                return c->link != CUFF_LINK_NONE;
        return (c->link == CUFF_LINK_ENCRYPTED || c->open) && (cuff_cccd(c, UUID_MEASUREMENT) & 2);
}

static void indicate(struct cuff *c, uint64_t now) {
        const struct cuff_stored *first = &c->unsent[0];

        if ((c->n_unsent == 1 || c->n_sent_on_link) && cuff_reaches(c, CUFF_COLLECTING))
                return;
        c->awaits_confirmation = true;
        c->last_activity = now;
        c->host->indicate(c->owner, att_find(c->table, ATT_VALUE, UUID_MEASUREMENT)->handle,
                          first->bytes, first->size);
}

bool cuff_confirm(struct cuff *c, uint64_t now) {
        if (!c->awaits_confirmation || cuff_reaches(c, CUFF_CONFIRMING))
                return false;
        c->awaits_confirmation = false;
        c->last_activity = now;
        c->next_indication = now + c->indication_gap_usec;
        if (c->duplicates && !c->repeats) {
                c->repeats = true;
                return true;
        }
        c->repeats = false;
        c->n_unsent--;
        memmove(c->unsent, c->unsent + 1, c->n_unsent * sizeof c->unsent[0]);
        c->n_sent++;
        c->n_sent_on_link++;
        return true;
}

/* .. or, of a cuff with a memory, when its protocol next does something. */
static uint64_t hang_up_due(const struct cuff *c) {
        uint64_t patience;

        if (c->link == CUFF_LINK_NONE || c->gone)
                return UINT64_MAX;
        if (c->memory.map)
                return omron_due(c);
        if (c->hang_up_usec == UINT64_MAX)
                return UINT64_MAX;
        if (!subscribed(c))
                patience = c->hang_up_usec > IDLE_UNREAD ? c->hang_up_usec : IDLE_UNREAD;
        else if (c->n_unsent)
                return UINT64_MAX;
        else if (c->n_sent_on_link)
                patience = c->hang_up_usec;
        else
                patience = c->hang_up_usec > IDLE_HANG_UP ? c->hang_up_usec : IDLE_HANG_UP;
        return c->last_activity + patience;
}

uint64_t cuff_due(const struct cuff *c) {
        uint64_t due = hang_up_due(c);

        if (!c->gone && subscribed(c) && c->n_unsent && !c->awaits_confirmation)
                due = earlier(due, c->next_indication);
        return due;
}

void cuff_tick(struct cuff *c, uint64_t now) {
        if (now < cuff_due(c))
                return;
        if (now < hang_up_due(c)) {
                indicate(c, now);
                return;
        }
        if (c->memory.map && !omron_tick(c, now))
                return; /* it spoke */
        c->finished = subscribed(c);
        c->host->hang_up(c->owner);
}
