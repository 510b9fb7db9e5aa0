/* Commands about the memory of OMRON's protocol. */
#include "script_memory.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

#include "log.h"
#include "script_commands.h"
#include "util.h"

enum { FILL_STEP = 6 * 3600, FILL_MAX = 10000, PEEK_MAX = 256 };
#define FILL_FROM "2026-01-01T07:00:00"

/* --- what kind of memory --- */

void script_describe_memory(struct cuff *c, struct words *w) {
        const char *word = words_option(w, "memory");
        const struct memory_map *map = word ? memory_map_find(word) : NULL;

        if (word && !map)
                w->problem = "memory is classic, k4, k4-token, mw3, 7142t2 or 7322t";
        else if (map && map != c->memory.map && c->was_linked)
                w->problem = "its host knows it as another kind";
        if (!word || w->problem || map == c->memory.map)
                return;
        omron_init(c, map);
        snprintf(c->model, sizeof c->model, "%s", map->model);
}

/* The cuff, if it has such a memory; its user. NULL sets the problem. */
static struct cuff *memory_cuff(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);

        if (c && !c->memory.map)
                w->problem = "it has no such memory";
        return w->problem ? NULL : c;
}

static bool is_user(const struct cuff *c, unsigned user) {
        return user >= 1 && user <= c->memory.map->users;
}

/* --- measurements --- */

void script_remember(struct cuff *c, unsigned user, const uint8_t *record) {
        unsigned slot = memory_append(&c->memory, user, record);
        char hex[2 * MEMORY_RECORD_MAX + 1];

        c->memory_protocol.has_news = true;
        c->finished = false;
        log_line("stored %s user=%u slot=%u value=%s", c->address, user, slot,
                 log_hex(record, c->memory.map->record_size, hex));
}

static bool whole_number(uint16_t sfloat, unsigned *ret) {
        *ret = sfloat & 0x0FFF;
        return sfloat <= 0x07FD; /* exponent 0, not negative, not special */
}

const char *script_measure_memory(struct cuff *c, struct words *w, const struct record *r,
                                  unsigned user) {
        const char *sequence = words_option(w, "sequence");
        struct memory_entry e = {
                .time = r->time,
                .irregular = words_yes(words_option(w, "ihb")),
                .moved = words_yes(words_option(w, "mov")),
                .loose = words_yes(words_option(w, "loose")),
                .position = words_number(w, "position", 1, 3),
                .artifacts = words_number(w, "artifacts", 1, 15),
                .beats = words_number(w, "beats", 1, 15),
        };
        uint8_t record[MEMORY_RECORD_MAX];

        if (w->problem)
                return w->problem;
        if (!is_user(c, user))
                return "it has no such user";
        if (r->kpa || !r->has_time || !whole_number(r->systolic, &e.systolic) ||
            !whole_number(r->diastolic, &e.diastolic) || !whole_number(r->pulse, &e.pulse))
                return "the memory keeps whole numbers of mmHg, with a time";
        memory_number(&c->memory, user, (uint16_t) (sequence ? strtoul(sequence, NULL, 0) : 0));
        if (!memory_encode(&c->memory, user, &e, record))
                return "the record cannot say that";
        script_remember(c, user, record);
        return NULL;
}

/* As three real records of an HEM-7155T-MW3 have it (dzikus/esphome-omron): second 63. */
struct wall_time script_time_unset(void) {
        return (struct wall_time){2019, 1, 1, 0, 0, 63};
}

static struct memory_entry made_up(unsigned i, time_t seconds) {
        struct tm t;

        gmtime_r(&seconds, &t);
        return (struct memory_entry){
                .systolic = 110 + i * 7 % 40,
                .diastolic = 70 + i * 5 % 20,
                .pulse = 60 + i * 3 % 25,
                .time = {(uint16_t) (t.tm_year + 1900), (uint8_t) (t.tm_mon + 1),
                         (uint8_t) t.tm_mday, (uint8_t) t.tm_hour, (uint8_t) t.tm_min,
                         (uint8_t) t.tm_sec},
        };
}

/* fill USER COUNT [from=YYYY-MM-DDTHH:MM:SS] [step=SECONDS] */
static void do_fill(struct front *f, struct words *w) {
        struct cuff *c = memory_cuff(f, w);
        const char *user_word = words_plain(w, 0), *count_word = words_plain(w, 1);
        const char *from = words_option(w, "from");
        unsigned user = user_word ? (unsigned) atoi(user_word) : 0;
        unsigned count = count_word ? (unsigned) atoi(count_word) : 0;
        unsigned step = words_number(w, "step", 1, 365 * 86400);
        uint8_t record[MEMORY_RECORD_MAX];
        struct memory_entry e;
        struct tm first = {0};

        if (!c)
                return;
        if (!is_user(c, user) || count < 1 || count > FILL_MAX ||
            !strptime(from ? from : FILL_FROM, "%Y-%m-%dT%H:%M:%S", &first)) {
                w->problem = "fill USER COUNT [from=YYYY-MM-DDTHH:MM:SS] [step=SECONDS]";
                return;
        }
        for (unsigned i = 0; i < count && !w->problem; i++) {
                e = made_up(i, timegm(&first) + (time_t) i * (step ? step : FILL_STEP));
                memory_number(&c->memory, user, 0);
                if (memory_encode(&c->memory, user, &e, record))
                        memory_append(&c->memory, user, record);
                else
                        w->problem = "a record cannot say that";
        }
        log_line("filled %s user=%u count=%u", c->address, user, count);
}

/* --- bytes --- */

static int nibble(char c) {
        return isdigit((unsigned char) c) ? c - '0' : tolower((unsigned char) c) - 'a' + 10;
}

bool script_hex(const char *hex, size_t most, uint8_t *ret, size_t *ret_size) {
        size_t n = hex ? strlen(hex) : 0;

        if (!hex || n % 2 || n / 2 > most || strspn(hex, "0123456789abcdefABCDEF") != n)
                return false;
        for (size_t i = 0; i < n / 2; i++)
                ret[i] = (uint8_t) (nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
        *ret_size = n / 2;
        return true;
}

static void do_poke(struct front *f, struct words *w) {
        struct cuff *c = memory_cuff(f, w);
        const char *address = words_plain(w, 0);
        unsigned long at = address ? strtoul(address, NULL, 16) : MEMORY_SIZE;
        uint8_t bytes[PEEK_MAX];
        size_t n;

        if (!c)
                return;
        if (!script_hex(words_plain(w, 1), sizeof bytes, bytes, &n) || at + n > MEMORY_SIZE)
                w->problem = "poke ADDR HEX";
        else
                memcpy(c->memory.bytes + at, bytes, n);
}

static void do_peek(struct front *f, struct words *w) {
        struct cuff *c = memory_cuff(f, w);
        const char *address = words_plain(w, 0), *count = words_plain(w, 1);
        unsigned long at = address ? strtoul(address, NULL, 16) : MEMORY_SIZE;
        unsigned long n = count ? strtoul(count, NULL, 0) : 0;
        char hex[2 * PEEK_MAX + 1];

        if (!c)
                return;
        if (n < 1 || n > PEEK_MAX || at + n > MEMORY_SIZE)
                w->problem = "peek ADDR N";
        else
                log_answer("memory %s at=%04lx value=%s", c->address, at,
                           log_hex(c->memory.bytes + at, n, hex));
}

/* --- the protocol --- */

/* What another tool, or this host, programmed. */
static void do_cuff_key(struct front *f, struct words *w) {
        struct cuff *c = memory_cuff(f, w);
        const char *key = words_plain(w, 0);
        struct omron *o;
        size_t n = 0;

        if (!c)
                return;
        o = &c->memory_protocol;
        if (key && strcmp(key, "none") == 0) {
                o->has_key = false;
        } else if (key && strcmp(key, "default") == 0) {
                memcpy(o->key, omron_default_key, sizeof o->key);
                o->has_key = true;
        } else {
                uint8_t bytes[OMRON_KEY_SIZE];

                if (!script_hex(key, sizeof bytes, bytes, &n) || n != sizeof bytes) {
                        w->problem = "HEX of 16 bytes, default or none";
                        return;
                }
                memcpy(o->key, bytes, sizeof bytes);
                o->has_key = true;
        }
}

static void do_cuff_token(struct front *f, struct words *w) {
        static const char *const names[] = {
                [TOKEN_ANSWERED] = "answered",
                [TOKEN_SILENT] = "silent",
                [TOKEN_REQUIRED] = "required",
                [TOKEN_HARMFUL] = "harmful",
        };
        struct cuff *c = memory_cuff(f, w);
        unsigned token;

        if (!c)
                return;
        if (words_find(names, ELEMENTS(names), words_plain(w, 0), &token))
                c->memory_protocol.token = token;
        else
                w->problem = "answered, silent, required or harmful";
}

static void do_forgets_bond(struct front *f, struct words *w) {
        struct cuff *c = memory_cuff(f, w);

        if (c)
                c->memory_protocol.forgets_bond = words_yes(words_plain(w, 0));
}

static bool read_fault(struct words *w, struct cuff *c, struct omron_fault *ret) {
        static const char *const names[OMRON_FAULT_KINDS] = {
                [OMRON_NO_FAULT] = "none",
                [OMRON_DUPLICATE_REPLY] = "duplicate-reply",
                [OMRON_DELAY_REPLY] = "delay-reply",
                [OMRON_CORRUPT_REPLY] = "corrupt-reply",
                [OMRON_CORRUPT_RECORD] = "corrupt-record",
                [OMRON_DROP_SLICE] = "drop-slice",
                [OMRON_REFUSE_READ] = "refuse-read",
                [OMRON_REFUSE_SETTINGS] = "refuse-settings",
                [OMRON_START_UNANSWERED] = "start-unanswered",
                [OMRON_HANG_UP] = "hang-up",
                [OMRON_GARBAGE_REPLY] = "garbage-reply",
        };
        const char *argument = words_plain(w, 1);
        unsigned kind;

        if (!words_find(names, ELEMENTS(names), words_plain(w, 0), &kind))
                return false;
        *ret = (struct omron_fault){
                .kind = kind, .at = words_number(w, "at", 1, 10000), .times = words_times(w)};
        if (kind == OMRON_DELAY_REPLY || kind == OMRON_REFUSE_READ) {
                if (!argument)
                        return false;
                ret->argument =
                        (unsigned) strtoul(argument, NULL, kind == OMRON_REFUSE_READ ? 16 : 10);
        }
        return true;
}

/* omron-fault KIND [MS|ADDR|USER] [at=N] [times=M] */
static void do_omron_fault(struct front *f, struct words *w) {
        struct cuff *c = memory_cuff(f, w);
        const char *kind = words_plain(w, 0), *user = words_plain(w, 1);
        struct omron_fault fault;

        if (!c)
                return;
        if (kind && strcmp(kind, "bad-parity") == 0) {
                if (user && is_user(c, (unsigned) atoi(user)))
                        memory_spoil_parity(&c->memory, (unsigned) atoi(user));
                else
                        w->problem = "bad-parity USER";
        } else if (!read_fault(w, c, &fault)) {
                w->problem = "omron-fault KIND [MS|ADDR|USER] [at=N] [times=M]";
        } else if (fault.kind == OMRON_NO_FAULT) {
                memset(c->memory_protocol.faults, 0, sizeof c->memory_protocol.faults);
        } else if (!w->problem && !omron_fault_add(&c->memory_protocol, &fault)) {
                w->problem = "too many faults";
        }
}

/* --- show --- */

const char *script_show_memory(const struct cuff *c, char ret[SCRIPT_SHOW_MAX]) {
        static const char *const sessions[] = {
                [OMRON_CLOSED] = "none", [OMRON_OPEN] = "open", [OMRON_ENDED] = "ended"};
        const struct omron *o = &c->memory_protocol;
        const struct memory *m = &c->memory;
        size_t n;

        *ret = '\0';
        if (!m->map)
                return ret;
        n = (size_t) snprintf(ret, SCRIPT_SHOW_MAX, " memory=%s session=%s key=%s", m->map->word,
                              sessions[o->session],
                              !o->has_key ? "none"
                              : memcmp(o->key, omron_default_key, sizeof omron_default_key) == 0
                                      ? "default"
                                      : "set");
        for (unsigned user = 1; user <= m->map->users; user++)
                n += (size_t) snprintf(ret + n, SCRIPT_SHOW_MAX - n,
                                       " count%u=%u unread%u=%u sequence%u=%u", user,
                                       memory_count(m, user), user, memory_unread(m, user), user,
                                       m->sequence[user - 1]);
        return ret;
}

/* clang-format off */
const struct script_command script_memory[] = {
        {"fill", do_fill},
        {"poke", do_poke},
        {"peek", do_peek},
        {"cuff-key", do_cuff_key},
        {"cuff-token", do_cuff_token},
        {"forgets-bond", do_forgets_bond},
        {"omron-fault", do_omron_fault},
        {NULL, NULL},
};
/* clang-format on */
