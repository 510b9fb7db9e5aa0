/* What may be written, and everything that must hold before it is. A wrong byte in a cuff's
 * settings makes it show "Err" or worse, and its calibration may lie in the same memory
 * (userx14/omblepy): so only whole known windows, each one only by an option for this very cuff,
 * each once, none after a failure, and never without a copy of the old bytes on disk.
 *
 * Left out, because nobody captured it: a registration on other cuffs than the three below
 * (HEM-7155T-K4, classic ones), and that of user 2. */
#include <assert.h>
#include <string.h>

#include "cuff/driver_omron_steps.h"

#define MARKER_BYTE 4 /* in the clock window: a bit for each registered user */

enum write { WRITE_CLOCK, WRITE_UNREAD, WRITE_USER_BLOCK, WRITE_MARKER, WRITE_MAX_ };

/* --- what there is to write --------------------------------------------------------------------
 */

static void begin_window(const struct driver_omron *d, struct driver_omron_window *w,
                         unsigned permission, size_t from, size_t to) {
        *w = (struct driver_omron_window){
                .permission = permission, .from = from, .size = to - from};
        assert(from < to && w->size <= sizeof w->bytes);
        memcpy(w->bytes, d->settings_bytes + from, w->size);
}

static void meant(struct driver_omron_window *w, unsigned i, size_t from, size_t to) {
        w->meant[i].from = from;
        w->meant[i].to = to;
}

/* The time and its sum: all of a clock window but what comes before (lin16: 8 bytes, lin10: 2). */
static size_t time_from(const struct omron_model *m) {
        bool long_window = m->clock == OMRON_CLOCK_LIN16 || m->clock == OMRON_CLOCK_MIX16;

        return m->clock_from + (long_window ? 8u : 2u);
}

static bool has_good_clock(const struct driver_omron *d) {
        const struct omron_settings *s = &d->settings;

        return s->has_clock && !s->clock.blank && s->clock.checksum_ok;
}

static bool has_good_time(const struct driver_now *now) {
        return now->synchronised && date_time_check(&now->local) == 0;
}

static bool set_time(const struct omron_model *m, const struct driver_now *now,
                     struct driver_omron_window *w) {
        uint8_t old[OMRON_PAYLOAD_MAX];

        memcpy(old, w->bytes, sizeof old);
        meant(w, 0, time_from(m), m->clock_to);
        return omron_clock_encode(m->clock, old, w->size, &now->local, w->bytes) == 0;
}

/* Old families are left alone for longer: so dzikus/esphome-omron does it. */
static bool build_clock(const struct driver_omron *d, const struct driver_now *now,
                        struct driver_omron_window *w) {
        const struct omron_model *m = driver_omron_model(d);
        const struct driver_omron_facts *facts = &d->facts;
        int tolerated_s = m->stack == OMRON_CLASSIC ? 600 : 60;
        int drift_s = facts->drift_s.value;

        if (d->setup.clock_by_profile || !has_good_clock(d) || !has_good_time(now))
                return false;
        if (!facts->clock_unset && drift_s <= tolerated_s && drift_s >= -tolerated_s)
                return false;
        begin_window(d, w, OMRON_MAY_SET_CLOCK, m->clock_from, m->clock_to);
        return set_time(m, now, w);
}

/* What tools rewrite; where none does, the words alone, which lie side by side. */
static void unread_window(const struct omron_model *m, size_t *ret_from, size_t *ret_to) {
        bool known = m->unread_from < m->unread_to;

        *ret_from = known ? m->unread_from : m->user[0].unread;
        *ret_to = known ? m->unread_to : m->user[0].unread + 2u * m->users;
}

static bool build_unread(const struct driver_omron *d, const struct driver_now *now,
                         struct driver_omron_window *w) {
        const struct omron_model *m = driver_omron_model(d);
        uint16_t none = omron_word_encode(0, false);
        uint8_t high = (uint8_t) (none >> 8), low = (uint8_t) none;
        size_t from, to;
        bool due = false;

        unread_window(m, &from, &to);
        begin_window(d, w, OMRON_MAY_CLEAR_UNREAD, from, to);
        for (unsigned i = 0; i < m->users; i++) {
                size_t at = m->user[i].unread;

                if (at < from || at + 2 > to) /* they do not */
                        return false;
                due = due || d->settings.ring[i].unread.value != 0;
                w->bytes[at - from] = m->words_swapped ? high : low;
                w->bytes[at - from + 1] = m->words_swapped ? low : high;
                meant(w, i, at, at + 2);
        }
        return due;
}

/* Captured: HEM-7155T-MW3 (34 bytes, then the clock's 16), HEM-7380T1 (34, 16), HEM-7386T1 (38,
 * 16), all user 1 (dzikus/esphome-omron, eigger/hass-omron#175; fairly sure). */
static bool can_register(const struct driver_omron *d, const struct driver_now *now) {
        const struct omron_model *m = driver_omron_model(d);

        return m->registration_captured && has_good_clock(d) && has_good_time(now);
}

/* The index as it is, and user 1's block with the next version. */
static bool build_user_block(const struct driver_omron *d, const struct driver_now *now,
                             struct driver_omron_window *w) {
        const struct omron_model *m = driver_omron_model(d);
        size_t block = m->index_size;
        uint8_t renewed[OMRON_PAYLOAD_MAX];

        if (!can_register(d, now))
                return false;
        begin_window(d, w, OMRON_MAY_REGISTER, 0, block + m->user_block_size);
        meant(w, 0, block + 4, block + 8); /* the version .. */
        meant(w, 1, block + m->user_block_size - 2u, block + m->user_block_size);
        if (omron_user_block_renew(m, w->bytes + block, renewed) < 0)
                return false;
        memcpy(w->bytes + block, renewed, m->user_block_size);
        return true;
}

/* The app sets the clock along with the marker: the time in the window is old by now. */
static bool build_marker(const struct driver_omron *d, const struct driver_now *now,
                         struct driver_omron_window *w) {
        const struct omron_model *m = driver_omron_model(d);
        size_t at = m->clock_from + (size_t) MARKER_BYTE;

        if (!d->registered)
                return false;
        begin_window(d, w, OMRON_MAY_REGISTER, m->clock_from, m->clock_to);
        w->bytes[MARKER_BYTE] |= 1 << 0; /* user 1 */
        meant(w, 1, at, at + 1);
        return set_time(m, now, w);
}

static bool (*const build[WRITE_MAX_])(const struct driver_omron *d, const struct driver_now *now,
                                       struct driver_omron_window *w) = {
        [WRITE_CLOCK] = build_clock,
        [WRITE_UNREAD] = build_unread,
        [WRITE_USER_BLOCK] = build_user_block,
        [WRITE_MARKER] = build_marker,
};

/* --- the guards --------------------------------------------------------------------------------
 */

static bool is_known_window(const struct omron_model *m, const struct driver_omron_window *w) {
        size_t from = m->clock_from, to = m->clock_to;

        if (w->permission == OMRON_MAY_CLEAR_UNREAD) {
                unread_window(m, &from, &to);
        } else if (w->permission == OMRON_MAY_REGISTER && w->from == 0) {
                from = 0;
                to = (size_t) m->index_size + m->user_block_size;
        }
        return w->from == from && w->from + w->size == to;
}

static bool is_blank(const uint8_t *bytes, size_t n) {
        bool zeros = true, ones = true;

        for (size_t i = 0; i < n; i++) {
                zeros = zeros && bytes[i] == 0x00;
                ones = ones && bytes[i] == 0xFF;
        }
        return zeros || ones;
}

/* Every block and the clock: never written, or its sum is right; and one of them is. */
static bool makes_sense(const struct omron_model *m, const uint8_t *bytes) {
        struct omron_settings s = {0};

        (void) omron_settings_decode(m, bytes, omron_model_settings_size(m), &s);
        if (omron_settings_check(m, &s) < 0)
                return false;
        if (s.has_clock && !s.clock.blank && !s.clock.checksum_ok)
                return false;
        for (unsigned i = 0; i < s.blocks; i++)
                if (!s.block[i].blank && !s.block[i].checksum_ok)
                        return false;
        return omron_settings_has_checksum(&s);
}

static bool is_meant(const struct driver_omron_window *w, size_t at) {
        for (unsigned i = 0; i < sizeof w->meant / sizeof w->meant[0]; i++)
                if (at >= w->meant[i].from && at < w->meant[i].to)
                        return true;
        return false;
}

static bool only_meant_differs(const struct driver_omron *d, const struct driver_omron_window *w) {
        for (size_t i = 0; i < w->size; i++)
                if (w->bytes[i] != d->settings_bytes[w->from + i] && !is_meant(w, w->from + i))
                        return false;
        return true;
}

enum driver_omron_guard driver_omron_check_write(const struct driver_omron *d,
                                                 const struct driver_omron_window *w) {
        const struct omron_model *m = d->facts.model;
        uint8_t after[OMRON_SETTINGS_SIZE_MAX];

        if (!m || !d->seen || d->doubt || !d->facts.complete)
                return GUARD_PROVED;
        if (!w->permission || (d->setup.may_write & w->permission) != w->permission)
                return GUARD_PERMITTED;
        if (w->size == 0 || w->size > sizeof w->bytes ||
            w->from + w->size > (size_t) (m->write_base - m->read_base) || !is_known_window(m, w))
                return GUARD_WINDOW;
        if (d->settings_have != omron_model_settings_size(m) ||
            is_blank(d->settings_bytes + w->from, w->size) || !makes_sense(m, d->settings_bytes))
                return GUARD_SOURCE;
        memcpy(after, d->settings_bytes, sizeof after);
        memcpy(after + w->from, w->bytes, w->size);
        if (!makes_sense(m, after))
                return GUARD_RESULT;
        if (!only_meant_differs(d, w))
                return GUARD_MEANT;
        return w->size <= driver_omron_room(d) ? GUARD_OK : GUARD_FRAME;
}

/* --- the steps ---------------------------------------------------------------------------------
 */

bool driver_omron_ask_backup(struct driver_omron *d, const struct driver_now *now) {
        struct driver_omron_window w;

        for (; d->write < WRITE_MAX_; d->write++) {
                if (!build[d->write](d, now, &w) || driver_omron_check_write(d, &w) != GUARD_OK)
                        continue;
                d->window = w;
                memcpy(d->value, d->settings_bytes + w.from, w.size);
                d->value_size = w.size;
                d->request.address = (uint16_t) (driver_omron_model(d)->read_base + w.from);
                return true;
        }
        return false;
}

static void no_more_writes(struct driver_omron *d, enum memory_error error) {
        d->facts.error = error; /* the first: what went wrong before would have left them out */
        d->write = WRITE_MAX_;
        driver_omron_go(d, STEP_BACKUP);
}

void driver_omron_done_backup(struct driver_omron *d, const struct driver_now *now,
                              enum memory_error error) {
        if (error) {
                no_more_writes(d, error);
                return;
        }
        d->writing = true;
        driver_omron_go(d, STEP_WRITE);
}

bool driver_omron_ask_write(struct driver_omron *d, const struct driver_now *now) {
        const struct driver_omron_window *w = &d->window;

        if (!d->writing)
                return false;
        d->request = omron_frame_write((uint16_t) (driver_omron_model(d)->write_base + w->from),
                                       w->bytes, (uint8_t) w->size);
        return true;
}

void driver_omron_done_write(struct driver_omron *d, const struct driver_now *now,
                             enum memory_error error) {
        struct driver_omron_facts *facts = &d->facts;
        const struct driver_omron_window *w = &d->window;

        d->writing = false;
        if (error) {
                no_more_writes(d, error);
                return;
        }
        if (d->answer.result != OMRON_RESULT_OK) {
                facts->writes_refused = true;
                no_more_writes(d, MEMORY_REFUSED_SETTINGS);
                return;
        }

        memcpy(d->settings_bytes + w->from, w->bytes, w->size); /* what the next one starts from */
        facts->wrote_clock |= d->write == WRITE_CLOCK;
        facts->wrote_unread |= d->write == WRITE_UNREAD;
        facts->wrote_registration |= d->write == WRITE_MARKER;
        d->registered |= d->write == WRITE_USER_BLOCK;
        d->write++;
        d->settling = true;
        driver_omron_go(d, STEP_SETTLE_WRITE);
}

bool driver_omron_ask_settle_write(struct driver_omron *d, const struct driver_now *now) {
        return d->settling && driver_omron_ask_settle(d, now);
}

void driver_omron_done_settle_write(struct driver_omron *d, const struct driver_now *now,
                                    enum memory_error error) {
        d->settling = false;
        driver_omron_go(d, STEP_BACKUP);
}
