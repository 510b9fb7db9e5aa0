/* Commands that fill the cuff's memory: measure and raw. */
#include "script_commands.h"

#include <stdio.h>

#include "log.h"
#include "script_memory.h"
#include "util.h"

#define ANNOUNCES 30 /* seconds of advertising after a measurement */

/* "131/84/67" or "131/84" */
static bool read_values(const char *text, struct record *r) {
        char systolic[16], diastolic[16], pulse[16];
        int n = sscanf(text, "%15[^/]/%15[^/]/%15s", systolic, diastolic, pulse);

        if (n < 2 || !record_sfloat(systolic, &r->systolic) ||
            !record_sfloat(diastolic, &r->diastolic))
                return false;
        r->has_pulse = n == 3;
        return n < 3 || record_sfloat(pulse, &r->pulse);
}

static bool read_time(const char *at, const struct cuff *c, struct record *r) {
        unsigned year, month, day, hour, minute, second;

        r->has_time = true;
        if (!at && (c->clock_set || !c->memory.map)) {
                r->time = cuff_clock(c, NULL);
                return true;
        }
        if (at && strcmp(at, "none") == 0) {
                r->has_time = false;
                return true;
        }
        if (!at || strcmp(at, "unset") == 0) {
                r->time = (struct wall_time){2019, 1, 1, 0, 0, 0}; /* as a cuff never set says */
                if (c->memory.map)
                        r->time = script_time_unset();
                return true;
        }
        if (sscanf(at, "%u-%u-%uT%u:%u:%u", &year, &month, &day, &hour, &minute, &second) != 6)
                return false;
        r->time = (struct wall_time){(uint16_t) year, (uint8_t) month,  (uint8_t) day,
                                     (uint8_t) hour,  (uint8_t) minute, (uint8_t) second};
        return true;
}

static const char *read_measurement(const struct words *w, const struct cuff *c, struct record *r,
                                    unsigned *ret_user) {
        const char *user = words_option(w, "user"), *mean = words_option(w, "mean");
        const char *status = words_option(w, "status"), *extra = words_plain(w, 1);

        *r = (struct record){.mean = 0x07FF}; /* most cuffs say NaN */
        if (!words_plain(w, 0) || !read_values(words_plain(w, 0), r))
                return "VALUES are systolic/diastolic/pulse";
        if (!read_time(words_option(w, "at"), c, r))
                return "at=YYYY-MM-DDTHH:MM:SS, unset or none";
        if (mean && !record_sfloat(mean, &r->mean))
                return "mean=N";
        r->kpa = words_yes(words_option(w, "kpa"));
        *ret_user = user ? (unsigned) strtoul(user, NULL, 0) : 1;
        r->has_user = user || c->users == 2;
        r->user = (uint8_t) *ret_user;
        r->has_status = status != NULL;
        r->status = (uint16_t) (status ? strtoul(status, NULL, 16) : 0);
        if (extra && strcmp(extra, "no-pulse") == 0)
                r->has_pulse = false;
        return NULL;
}

static void announce(struct front *f, struct words *w, struct cuff *c) {
        const char *announce = words_option(w, "announce");

        if (!announce || words_yes(announce))
                cuff_advertise(c, front_now(f), ANNOUNCES);
        front_changed(c);
}

static void store(struct words *w, struct cuff *c, const uint8_t *bytes, size_t size,
                  unsigned user) {
        const char *sequence = words_option(w, "sequence");
        uint16_t number = (uint16_t) (sequence ? strtoul(sequence, NULL, 0) : 0);
        char hex[2 * RECORD_SIZE_MAX + 1];

        if (!cuff_store(c, bytes, size, user, number)) {
                w->problem = "the memory is full";
                return;
        }
        log_line("stored %s value=%s", front_address(c), log_hex(bytes, size, hex));
}

static void do_measure(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        uint8_t bytes[RECORD_SIZE_MAX];
        struct record r;
        unsigned user = 1;

        if (c)
                w->problem = read_measurement(w, c, &r, &user);
        if (!w->problem && c->memory.map)
                w->problem = script_measure_memory(c, w, &r, user);
        if (!w->problem && (!c->memory.map || c->indicates))
                store(w, c, bytes, record_encode(&r, bytes), user);
        if (!w->problem)
                announce(f, w, c);
}

/* Into the ring, a record as it is. */
static void raw_record(struct words *w, struct cuff *c) {
        const char *user = words_option(w, "user");
        unsigned number = user ? (unsigned) atoi(user) : 1;
        uint8_t bytes[MEMORY_RECORD_MAX];
        size_t n;

        if (!script_hex(words_plain(w, 0), sizeof bytes, bytes, &n) ||
            n != c->memory.map->record_size || number < 1 || number > c->memory.map->users) {
                w->problem = "HEX of a whole record, of a user there is";
                return;
        }
        memory_number(&c->memory, number, 0);
        script_remember(c, number, bytes);
}

static void do_raw(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        uint8_t bytes[RECORD_SIZE_MAX];
        size_t n;

        if (!c)
                return;
        if (c->memory.map)
                raw_record(w, c);
        else if (script_hex(words_plain(w, 0), sizeof bytes, bytes, &n))
                store(w, c, bytes, n, 1);
        else
                w->problem = "HEX of at most 20 bytes";
        if (!w->problem)
                announce(f, w, c);
}

/* clang-format off */
const struct script_command script_measure[] = {
        {"measure", do_measure},
        {"raw", do_raw},
        {NULL, NULL},
};
/* clang-format on */
