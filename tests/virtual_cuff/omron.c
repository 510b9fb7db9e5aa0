#include "omron.h"

#include <string.h>

#include "cuff.h"
#include "log.h"
#include "util.h"

#define NOTE_TAKES    (5 * MSEC)
#define IDLE          (10 * SEC) /* nobody has measured how long; "a few seconds" (hass-omron) */
#define RUDE_AFTER    (2 * SEC)  /* leaving earlier after END */
#define MEMORY_HANGUP (3 * SEC)  /* after the last notification (eigger/hass-omron#91, BP5465) */
enum { MODERN_MTU = 247 };

enum { /* commands of the unlock; the answer adds 80 */
       STORE_KEY = 0x00,
       OPEN = 0x01,
       LINK_CHECK = 0x02,
       TOKEN = 0x11,
       ANSWER = 0x80,
};
enum { /* what they are answered */
       STATUS_OK = 0x00,
       STATUS_WRONG_KEY = 0x01,
       STATUS_NOT_ENCRYPTED = 0x04,
       STATUS_NOT_NOW = 0x0F, /* not encrypted in time, or not in pairing mode */
};
enum { KEY_MESSAGE = 1 + OMRON_KEY_SIZE, TOKEN_SIZE = 20, NONCE = 4 };

const uint8_t omron_default_key[OMRON_KEY_SIZE] = {0xDE, 0xAD, 0xBE, 0xAF, 0x12, 0x34, 0x12, 0x34,
                                                   0xDE, 0xAD, 0xBE, 0xAF, 0x12, 0x34, 0x12, 0x34};

static bool is_classic(const struct cuff *c) {
        return c->memory.map->stack == MEMORY_CLASSIC;
}

void omron_init(struct cuff *c, const struct memory_map *map) {
        bool classic = map->stack == MEMORY_CLASSIC;

        memory_init(&c->memory, map);
        c->memory_protocol = (struct omron){.token = map->token, .hang_up_at = UINT64_MAX};
        c->table = classic ? &att_classic : &att_modern;
        c->omron = true;
        c->users = map->users;
        c->mtu = classic ? 23 : MODERN_MTU;
        c->security_request = !classic; /* a classic one asks once RX0 is subscribed */
        c->hang_up_usec = MEMORY_HANGUP;
}

/* --- notifications --- */

uint64_t omron_turn(struct cuff *c, uint64_t now) {
        struct omron *o = &c->memory_protocol;

        o->last_due = later(now, o->last_due) + NOTE_TAKES;
        return o->last_due;
}

void omron_notify(struct cuff *c, uint64_t due, uint16_t uuid, const uint8_t *value, size_t size) {
        struct omron *o = &c->memory_protocol;
        struct omron_note *note = &o->notes[o->n_notes];

        if (o->n_notes == OMRON_NOTES || size > sizeof note->bytes)
                return;
        *note = (struct omron_note){.due = due, .uuid = uuid, .size = size};
        memcpy(note->bytes, value, size);
        o->n_notes++;
}

static size_t first_note(const struct omron *o) {
        size_t first = 0;

        for (size_t i = 1; i < o->n_notes; i++)
                if (o->notes[i].due < o->notes[first].due)
                        first = i;
        return first;
}

static void send_note(struct cuff *c, uint64_t now) {
        struct omron *o = &c->memory_protocol;
        size_t first = first_note(o);
        struct omron_note note = o->notes[first];
        char hex[2 * OMRON_FRAME_MAX + 1];

        o->n_notes--;
        memmove(o->notes + first, o->notes + first + 1, (o->n_notes - first) * sizeof o->notes[0]);
        o->last_note = c->last_activity = now;
        if (!(cuff_cccd(c, note.uuid) & 1))
                return; /* nobody wanted it */
        log_line("notification %s uuid=%04x value=%s", c->address, note.uuid,
                 log_hex(note.bytes, note.size, hex));
        c->host->indicate(c->owner, att_find(c->table, ATT_VALUE, note.uuid)->handle, note.bytes,
                          note.size);
}

/* --- the link --- */

void omron_link_up(struct cuff *c, uint64_t now) {
        struct omron *o = &c->memory_protocol;

        o->session = OMRON_CLOSED;
        o->was_open = false;
        o->in_mode = now < c->pairing_until;
        o->unlocked = !is_classic(c);
        o->programming = o->had_token = o->rx_early = o->cccd_cleared = o->is_rude = false;
        o->asked_for_security = false;
        o->frames = 0;
        o->have = o->n_notes = 0;
        o->last_due = o->last_note = o->ended_at = 0;
        o->hang_up_at = UINT64_MAX;
}

void omron_host_leaves(struct cuff *c, uint64_t now) {
        struct omron *o = &c->memory_protocol;

        if (o->session == OMRON_OPEN)
                log_line("violation no END: %s", c->address);
        if (o->session != OMRON_ENDED || now >= o->ended_at + RUDE_AFTER)
                return;
        log_line("violation host hung up early after END: %s", c->address);
        o->is_rude = true;
}

bool omron_link_down(struct cuff *c) {
        struct omron *o = &c->memory_protocol;

        if (o->session == OMRON_OPEN)
                memory_discard(&c->memory);
        o->n_notes = 0;
        o->session = OMRON_CLOSED;
        if (!o->forgets_bond || !c->has_keys || !(o->is_rude || o->cccd_cleared))
                return false;
        log_line("bond-forgotten %s", c->address);
        return true;
}

static uint64_t hang_up_due(const struct cuff *c) {
        const struct omron *o = &c->memory_protocol;

        if (o->hang_up_at != UINT64_MAX || c->hang_up_usec == UINT64_MAX)
                return o->hang_up_at;
        if (o->session == OMRON_ENDED)
                return o->n_notes ? UINT64_MAX : later(o->last_note, o->ended_at) + c->hang_up_usec;
        return c->last_activity + later(c->hang_up_usec, IDLE);
}

uint64_t omron_due(const struct cuff *c) {
        const struct omron *o = &c->memory_protocol;
        uint64_t due = hang_up_due(c);

        if (o->n_notes)
                due = earlier(due, o->notes[first_note(o)].due);
        return due;
}

bool omron_tick(struct cuff *c, uint64_t now) {
        struct omron *o = &c->memory_protocol;

        if (o->n_notes && now >= o->notes[first_note(o)].due) {
                send_note(c, now);
                return false;
        }
        if (now < hang_up_due(c))
                return false;
        if (o->session == OMRON_OPEN && o->hang_up_at == UINT64_MAX)
                log_line("violation no END: %s", c->address); /* the host fell asleep */
        log_line("hang-up %s", c->address);
        return true;
}

/* --- the unlock --- */

/* As long as it is, padded with zeros to the size of a request. */
static void answer(struct cuff *c, uint64_t now, uint8_t command, uint8_t status) {
        uint8_t bytes[KEY_MESSAGE] = {(uint8_t) (ANSWER | command), status};

        omron_notify(c, omron_turn(c, now), UUID_UNLOCK, bytes, sizeof bytes);
        log_line("unlock %s status=%02x command=%02x", c->address, status, command);
}

static bool may_program(const struct cuff *c, uint64_t now) {
        return c->link == CUFF_LINK_ENCRYPTED &&
               (c->memory_protocol.in_mode || now < c->pairing_until);
}

static void store_key(struct cuff *c, uint64_t now, const uint8_t *key) {
        struct omron *o = &c->memory_protocol;

        if (!o->programming) {
                answer(c, now, STORE_KEY, STATUS_NOT_NOW);
                return;
        }
        memcpy(o->key, key, sizeof o->key);
        o->has_key = o->unlocked = true;
        answer(c, now, STORE_KEY, STATUS_OK);
        log_line("key-programmed %s", c->address);
}

static void open_memory(struct cuff *c, uint64_t now, const uint8_t *key) {
        struct omron *o = &c->memory_protocol;
        bool fits = o->has_key && memcmp(key, o->key, sizeof o->key) == 0;

        if (c->link != CUFF_LINK_ENCRYPTED) {
                answer(c, now, OPEN, STATUS_NOT_ENCRYPTED);
                return;
        }
        o->unlocked = o->unlocked || fits;
        answer(c, now, OPEN, fits ? STATUS_OK : STATUS_WRONG_KEY);
}

static int write_unlock(struct cuff *c, uint64_t now, const uint8_t *value, size_t size) {
        struct omron *o = &c->memory_protocol;

        if (size < KEY_MESSAGE) /* 20 bytes are as good (userx14/omblepy) */
                return ATT_INVALID_LENGTH;
        switch (value[0]) {
        case LINK_CHECK:
                o->programming = may_program(c, now);
                answer(c, now, LINK_CHECK, o->programming ? STATUS_OK : STATUS_NOT_NOW);
                break;
        case STORE_KEY:
                store_key(c, now, value + 1);
                break;
        case OPEN:
                open_memory(c, now, value + 1);
                break;
        }
        return ATT_OK;
}

static int write_token(struct cuff *c, uint64_t now, const uint8_t *value, size_t size) {
        struct omron *o = &c->memory_protocol;
        uint8_t bytes[2 + NONCE] = {ANSWER | TOKEN, STATUS_OK};
        bool answers = o->token == TOKEN_ANSWERED || o->token == TOKEN_REQUIRED;

        if (size != TOKEN_SIZE)
                return ATT_INVALID_LENGTH;
        if (value[0] != TOKEN)
                return ATT_OK;
        o->had_token = true;
        log_line("token %s %s", c->address, answers ? "answered" : "silent");
        memcpy(bytes + 2, value + 1, NONCE);
        if (answers)
                omron_notify(c, omron_turn(c, now), UUID_UNLOCK, bytes, sizeof bytes);
        return ATT_OK;
}

/* --- what is written --- */

static int channel_of(uint16_t tx) {
        static const uint16_t channels[OMRON_CHANNELS] = {UUID_TX0, UUID_TX1, UUID_TX2, UUID_TX3};

        for (int i = 0; i < OMRON_CHANNELS; i++)
                if (channels[i] == tx)
                        return i;
        return -1;
}

int omron_write(struct cuff *c, uint64_t now, uint16_t uuid, const uint8_t *value, size_t size) {
        int channel = channel_of(uuid);

        if (channel >= 0)
                return omron_frame_write(c, now, (unsigned) channel, value, size);
        if (uuid != UUID_UNLOCK)
                return ATT_WRITE_NOT_PERMITTED;
        return is_classic(c) ? write_unlock(c, now, value, size) : write_token(c, now, value, size);
}

static bool is_late_channel(uint16_t uuid) {
        return uuid == UUID_RX1 || uuid == UUID_RX2 || uuid == UUID_RX3;
}

void omron_subscribed(struct cuff *c, uint64_t now, uint16_t uuid, uint16_t cccd_before,
                      uint16_t cccd) {
        struct omron *o = &c->memory_protocol;

        if (cccd_before && !cccd && !(is_classic(c) && uuid == UUID_UNLOCK))
                o->cccd_cleared = true; /* that one all tools may clear */
        if (is_late_channel(uuid) && cccd && !o->unlocked && !o->rx_early) {
                log_line("violation RX1-3 before unlock: %s uuid=%04x", c->address, uuid);
                o->rx_early = true;
        }
        if (is_classic(c) && uuid == UUID_RX0 && cccd && c->link == CUFF_LINK_PLAIN &&
            !o->asked_for_security && c->host->wants_security) {
                o->asked_for_security = true;
                c->host->wants_security(c->owner);
        }
}
