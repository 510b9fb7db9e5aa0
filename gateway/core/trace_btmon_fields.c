/*
 * What the lines of a block say, and the event that they make:
 *
 *      > HCI Event: LE Meta Event (0x3e) plen 19     the header gave the source
 *            LE Connection Complete (0x01)           the code: in the header or, as here, below it
 *              Status: Success (0x00)                fields, by name; the number is what counts
 *
 * Names changed between versions, numbers did not. SMP has its own file.
 */
#include "core/trace_btmon_parts.h"

#include "core/advertisement.h"

#define ROLE_PERIPHERAL  1
#define SETTING_BONDABLE 0x10
#define STORE_HINT_YES   1
#define NO_HANDLE        0xFFFF
#define HANDLE_MAX       0x0FFF
#define ANY_CODE         UINT32_MAX
#define DATA_MAX         31 /* of an advertisement; OMRON's has fewer */
#define BIT(field)       (1u << (field))

enum field {
        STATUS,
        HANDLE,
        REASON,
        ROLE,
        PEER,
        PEER_TYPE,
        OWN_PRIVATE,
        BREDR,
        IO,
        RANDOM_NUMBER,
        DIVERSIFIER,
        OWN_TYPE,
        STORE_HINT,
        SETTINGS,
        ENABLED,
        REPORT,
        COMPANY,
        DATA,
        FIELDS_,
};

_Static_assert(FIELDS_ == TRACE_BTMON_FIELDS, "one value each");

static const struct field_row {
        const char *name;
        enum field field;
        uint64_t max;   /* else it is not the field's number; 0: not a number */
        uint8_t source; /* only in blocks of this source; OTHER: in any */
} field_rows[] = {
        /* clang-format off */
        {"Status",                           STATUS,        0xFF,       TRACE_BTMON_OTHER},
        {"Handle",                           HANDLE,        HANDLE_MAX, TRACE_BTMON_OTHER},
        {"Reason",                           REASON,        0xFF,       TRACE_BTMON_OTHER},
        {"Role",                             ROLE,          0xFF,       TRACE_BTMON_OTHER},
        {"Peer address",                     PEER,          0,          TRACE_BTMON_LE_EVENT},
        {"Address",                          PEER,          0,          TRACE_BTMON_LE_EVENT},
        {"LE Address",                       PEER,          0,          TRACE_BTMON_OTHER},
        {"BR/EDR Address",                   BREDR,         0,          TRACE_BTMON_OTHER},
        {"Peer address type",                PEER_TYPE,     0xFF,       TRACE_BTMON_OTHER},
        {"Local resolvable private address", OWN_PRIVATE, 0,          TRACE_BTMON_OTHER},
        {"Capability",                       IO,            0xFF,       TRACE_BTMON_OTHER},
        {"Random number",                    RANDOM_NUMBER, UINT64_MAX, TRACE_BTMON_OTHER},
        {"Encrypted diversifier",            DIVERSIFIER,   0xFFFF,     TRACE_BTMON_OTHER},
        {"Own address type",                 OWN_TYPE,      0xFF,       TRACE_BTMON_OTHER},
        {"Store hint",                       STORE_HINT,    0xFF,       TRACE_BTMON_OTHER},
        {"Current settings",                 SETTINGS,      UINT32_MAX, TRACE_BTMON_OTHER},
        {"Encryption",                       ENABLED,       0xFF,       TRACE_BTMON_OTHER},
        {"Event type",                       REPORT,        0,          TRACE_BTMON_LE_EVENT},
        {"Company",                          COMPANY,       0xFFFF,     TRACE_BTMON_LE_EVENT},
        {"Data",                             DATA,          0,          TRACE_BTMON_LE_EVENT},
        /* clang-format on */
};

#define FIELD_ROWS  (sizeof field_rows / sizeof field_rows[0])
#define OWN_ADDRESS TRACE_KIND_MAX_ /* no event: to be remembered */

/* `needs`: without these fields it is no event. Commands of the management interface: BlueZ's
 * doc/mgmt-api.txt. */
static const struct trace_btmon_kind {
        uint8_t source;
        uint32_t code;
        enum trace_kind kind;
        uint32_t needs;
        enum trace_answer answer;
} kinds[] = {
        /* clang-format off */
        {TRACE_BTMON_ACL,          ANY_CODE, TRACE_SMP,              0, 0},
        {TRACE_BTMON_COMMAND,      0x2019,   TRACE_ENCRYPTION_ASKED, BIT(HANDLE), 0},
        {TRACE_BTMON_COMMAND,      0x200D,   OWN_ADDRESS,            BIT(OWN_TYPE), 0},
        {TRACE_BTMON_COMMAND,      0x2043,   OWN_ADDRESS,            BIT(OWN_TYPE), 0},
        {TRACE_BTMON_EVENT,        0x03,     TRACE_CONNECTED,        BIT(STATUS) | BIT(HANDLE), 0}, /* BR/EDR */
        {TRACE_BTMON_EVENT,        0x05,     TRACE_DISCONNECTED,     BIT(STATUS) | BIT(HANDLE) | BIT(REASON), 0},
        {TRACE_BTMON_EVENT,        0x08,     TRACE_ENCRYPTION_DONE,  BIT(STATUS) | BIT(HANDLE), 0},
        {TRACE_BTMON_EVENT,        0x30,     TRACE_ENCRYPTION_DONE,  BIT(STATUS) | BIT(HANDLE), 0},
        {TRACE_BTMON_EVENT,        0x59,     TRACE_ENCRYPTION_DONE,  BIT(STATUS) | BIT(HANDLE), 0},
        {TRACE_BTMON_STATUS,       0x2019,   TRACE_ENCRYPTION_DONE,  BIT(STATUS), 0},
        {TRACE_BTMON_LE_EVENT,     0x01,     TRACE_CONNECTED,        BIT(STATUS) | BIT(HANDLE), 0},
        {TRACE_BTMON_LE_EVENT,     0x0A,     TRACE_CONNECTED,        BIT(STATUS) | BIT(HANDLE), 0},
        {TRACE_BTMON_LE_EVENT,     0x29,     TRACE_CONNECTED,        BIT(STATUS) | BIT(HANDLE), 0},
        {TRACE_BTMON_LE_EVENT,     0x02,     TRACE_ADVERTISED,       BIT(COMPANY), 0},
        {TRACE_BTMON_LE_EVENT,     0x0D,     TRACE_ADVERTISED,       BIT(COMPANY), 0},
        {TRACE_BTMON_LE_EVENT,     0x05,     TRACE_ENCRYPTION_ASKED, BIT(HANDLE), 0},
        {TRACE_BTMON_MGMT_COMMAND, 0x0018,   TRACE_IO_CAPABILITY,    BIT(IO), 0},
        {TRACE_BTMON_MGMT_COMMAND, 0x0019,   TRACE_PAIR_ASKED,       BIT(PEER) | BIT(IO), 0},
        {TRACE_BTMON_MGMT_COMMAND, 0x001C,   TRACE_CONFIRM_ANSWERED, BIT(PEER), TRACE_YES},
        {TRACE_BTMON_MGMT_COMMAND, 0x001D,   TRACE_CONFIRM_ANSWERED, BIT(PEER), TRACE_NO},
        {TRACE_BTMON_MGMT_COMMAND, 0x001E,   TRACE_CONFIRM_ANSWERED, BIT(PEER), TRACE_YES},
        {TRACE_BTMON_MGMT_COMMAND, 0x001F,   TRACE_CONFIRM_ANSWERED, BIT(PEER), TRACE_NO},
        {TRACE_BTMON_MGMT_EVENT,   0x0006,   TRACE_BONDABLE,         BIT(SETTINGS), 0},
        {TRACE_BTMON_MGMT_EVENT,   0x000A,   TRACE_KEY_STORED,       BIT(STORE_HINT) | BIT(PEER), 0},
        {TRACE_BTMON_MGMT_EVENT,   0x000F,   TRACE_CONFIRM_ASKED,    BIT(PEER), 0},
        {TRACE_BTMON_MGMT_EVENT,   0x0010,   TRACE_CONFIRM_ASKED,    BIT(PEER), 0},
        {TRACE_BTMON_MGMT_EVENT,   0x0011,   TRACE_PAIRING_STATUS,   BIT(PEER) | BIT(STATUS), 0},
        {TRACE_BTMON_MGMT_REPLY,   0x0019,   TRACE_PAIRING_STATUS,   BIT(STATUS), 0},
        {TRACE_BTMON_MGMT_REPLY,   ANY_CODE, TRACE_BONDABLE,         BIT(SETTINGS), 0},
        /* clang-format on */
};

static bool has(const struct trace_btmon_block *block, enum field field) {
        return block->told & BIT(field);
}

/* What is no number. False: it is not here. */
static bool take_other(struct trace_btmon_block *block, enum field field, const char *text) {
        struct trace_event *event = &block->event;
        uint8_t data[DATA_MAX];
        struct bdaddr own;

        switch (field) {
        case PEER: /* masked ones are no addresses; that there is one was told */
                event->has_address = trace_btmon_address(text, &event->address);
                return true;
        case OWN_PRIVATE:
                if (!trace_btmon_address(text, &own))
                        return false;
                block->value[OWN_PRIVATE] = !bdaddr_equal(&own, &(struct bdaddr){{0}});
                return true;
        case DATA: /* of the company before it */
                if (!block->omron)
                        return false;
                block->omron = false;
                event->pairing_flag =
                        trace_pairing_flag(data, trace_btmon_hex(text, data, sizeof data));
                return true;
        default:
                return true;
        }
}

static bool take_number(struct trace_btmon_block *block, const struct field_row *row,
                        const char *text) {
        uint64_t number;

        if (!trace_btmon_value(text, &number) || number > row->max)
                return false;
        block->value[row->field] = number;
        if (row->field == COMPANY)
                block->omron = number == ADVERTISEMENT_COMPANY_OMRON;
        return row->field != COMPANY || block->omron;
}

/* --- lines --- */

void trace_btmon_block_code(struct trace_btmon_block *block, uint32_t code) {
        block->has_code = true;
        block->code = code;
        block->kind = NULL;
        for (size_t i = 0; !block->kind && i < sizeof kinds / sizeof kinds[0]; i++)
                if (kinds[i].source == block->source &&
                    (kinds[i].code == code || kinds[i].code == ANY_CODE))
                        block->kind = &kinds[i];
}

/* "SMP: Pairing Failed (0x05) len 1", "LE Connection Complete (0x01)" */
static void take_code(struct trace_btmon_block *block, const char *text) {
        bool is_acl = block->source == TRACE_BTMON_ACL;
        const char *name = is_acl                       ? trace_btmon_field(text, "SMP")
                           : trace_btmon_has(text, ":") ? NULL
                                                        : text;
        uint64_t code;

        if (name && trace_btmon_bracket(name, &code) && code <= (is_acl ? UINT8_MAX : UINT16_MAX))
                trace_btmon_block_code(block, (uint32_t) code);
}

static bool take(struct trace_btmon_block *block, size_t i, const char *text) {
        const struct field_row *row = &field_rows[i];
        bool taken = row->max ? take_number(block, row, text) : take_other(block, row->field, text);

        if (taken)
                block->told |= BIT(row->field);
        return taken;
}

/* False: the next report begins. */
static bool take_field(struct trace_btmon_block *block, const char *text) {
        for (size_t i = 0; i < FIELD_ROWS; i++) {
                const struct field_row *row = &field_rows[i];
                const char *value = trace_btmon_field(text, row->name);

                if (!value || (row->source != TRACE_BTMON_OTHER && row->source != block->source))
                        continue;
                if (has(block, row->field) && row->field != COMPANY) /* the first one counts */
                        return row->field != REPORT;
                block->pending = take(block, i, value) ? 0 : (uint8_t) (i + 1);
                return true;
        }
        if (block->pending && !trace_btmon_has(text, ":"))
                (void) take(block, block->pending - 1u, text);
        block->pending = 0;
        return true;
}

bool trace_btmon_block_line(struct trace_btmon_block *block, const char *text) {
        if (!block->has_code) {
                take_code(block, text);
                return false;
        }
        if (!block->kind)
                return false;
        if (block->kind->kind != TRACE_SMP)
                return !take_field(block, text);
        trace_btmon_smp_line(block, text);
        return false;
}

/* --- the end of a block --- */

static enum trace_btmon_mark mark_of(const struct trace_btmon *b, const struct trace_event *event) {
        for (size_t i = 0; i < TRACE_BTMON_LINKS; i++)
                if (b->link[i].mark && b->link[i].adapter == event->adapter &&
                    b->link[i].handle == event->handle)
                        return b->link[i].mark;
        return TRACE_BTMON_CENTRAL;
}

static void mark(struct trace_btmon *b, const struct trace_event *event,
                 enum trace_btmon_mark what) {
        for (size_t i = 0; i < TRACE_BTMON_LINKS; i++)
                if (b->link[i].adapter == event->adapter && b->link[i].handle == event->handle)
                        b->link[i].mark = TRACE_BTMON_CENTRAL;
        if (what == TRACE_BTMON_CENTRAL)
                return;
        b->next_link = (uint8_t) ((b->next_link + 1) % TRACE_BTMON_LINKS);
        b->link[b->next_link].mark = what;
        b->link[b->next_link].adapter = event->adapter;
        b->link[b->next_link].handle = event->handle;
}

static enum trace_answer own_random(const struct trace_btmon_block *block, uint8_t type) {
        enum trace_answer used_private = TRACE_NOT_TOLD;

        if (has(block, OWN_PRIVATE))
                used_private = block->value[OWN_PRIVATE] ? TRACE_YES : TRACE_NO;
        return trace_own_random(type, used_private);
}

static bool connected(struct trace_btmon *b, struct trace_event *event) {
        const struct trace_btmon_block *block = &b->block;
        bool peripheral = has(block, ROLE) && block->value[ROLE] == ROLE_PERIPHERAL;

        if (block->value[STATUS] != 0)
                return false;
        if (block->source == TRACE_BTMON_EVENT) { /* no event: kept to know what is no cuff's */
                mark(b, event, TRACE_BTMON_BREDR);
                return false;
        }
        mark(b, event, peripheral ? TRACE_BTMON_PERIPHERAL : TRACE_BTMON_CENTRAL);
        if (!peripheral)
                event->own_random = own_random(
                        block, b->adapter[event->adapter % TRACE_BTMON_ADAPTERS].own_address_type);
        else if (has(block, PEER_TYPE)) /* the host is the peer; all types but 0 were random */
                event->own_random = block->value[PEER_TYPE] ? TRACE_YES : TRACE_NO;
        return true;
}

static bool disconnected(struct trace_btmon *b, struct trace_event *event) {
        if (b->block.value[STATUS] != 0)
                return false;
        event->status = (uint8_t) b->block.value[REASON];
        if (mark_of(b, event) == TRACE_BTMON_PERIPHERAL)
                event->status = trace_reason_turned(event->status);
        mark(b, event, TRACE_BTMON_CENTRAL);
        return true;
}

/* An event with a handle, or the refusal of the last command: it does not say which link. */
static bool encrypted(struct trace_btmon *b, struct trace_event *event) {
        const struct trace_btmon_block *block = &b->block;
        uint16_t *encrypting = &b->adapter[event->adapter % TRACE_BTMON_ADAPTERS].encrypting;

        event->status = (uint8_t) block->value[STATUS];
        if (block->source == TRACE_BTMON_STATUS) {
                event->handle = *encrypting;
                *encrypting = NO_HANDLE;
                return event->status != 0 && event->handle != NO_HANDLE;
        }
        if (mark_of(b, event) == TRACE_BTMON_BREDR)
                return false;
        return event->status != 0 || !has(block, ENABLED) || block->value[ENABLED] != 0;
}

static bool encryption_asked(struct trace_btmon *b, struct trace_event *event) {
        event->stored = b->block.value[RANDOM_NUMBER] != 0 || b->block.value[DIVERSIFIER] != 0;
        if (b->block.source == TRACE_BTMON_LE_EVENT) /* a peripheral's controller asks for it */
                mark(b, event, TRACE_BTMON_PERIPHERAL);
        else
                b->adapter[event->adapter % TRACE_BTMON_ADAPTERS].encrypting = event->handle;
        return true;
}

static void finish_smp(struct trace_btmon *b, struct trace_event *event) {
        trace_btmon_smp_finish(&b->block);
        if (mark_of(b, event) == TRACE_BTMON_PERIPHERAL && event->side != TRACE_UNKNOWN)
                event->side = event->side == TRACE_HOST ? TRACE_CUFF : TRACE_HOST;
}

/* What the fields mean. False: nothing happened. */
static bool finish(struct trace_btmon *b, struct trace_event *event) {
        const struct trace_btmon_block *block = &b->block;

        switch (block->kind->kind) {
        case TRACE_SMP:
                finish_smp(b, event);
                return true;
        case TRACE_CONNECTED:
                return connected(b, event);
        case TRACE_DISCONNECTED:
                return disconnected(b, event);
        case TRACE_ENCRYPTION_ASKED:
                return encryption_asked(b, event);
        case TRACE_ENCRYPTION_DONE:
                return encrypted(b, event);
        case TRACE_ADVERTISED:
                return event->has_address;
        case TRACE_BONDABLE:
                event->answer = block->value[SETTINGS] & SETTING_BONDABLE ? TRACE_YES : TRACE_NO;
                return true;
        case TRACE_KEY_STORED:
                return block->value[STORE_HINT] == STORE_HINT_YES;
        case OWN_ADDRESS:
                b->adapter[event->adapter % TRACE_BTMON_ADAPTERS].own_address_type =
                        (uint8_t) block->value[OWN_TYPE];
                return false;
        default: /* the rest of MGMT: these two, where it has them */
                event->io = (uint8_t) block->value[IO];
                event->status = (uint8_t) block->value[STATUS];
                return true;
        }
}

bool trace_btmon_block_finish(struct trace_btmon *b, struct trace_event *ret) {
        struct trace_btmon_block *block = &b->block;
        struct trace_event *event = &block->event;
        const struct trace_btmon_kind *kind = block->kind;
        uint16_t *handle = &b->adapter[event->adapter % TRACE_BTMON_ADAPTERS].handle;

        if (!block->open)
                return false;
        block->open = false;
        if (!kind || (block->told & kind->needs) != kind->needs)
                return false;
        if (kind->kind != TRACE_SMP) {
                if (has(block, BREDR)) /* which no cuff is */
                        return false;
                block->has_handle = has(block, HANDLE);
                event->handle = (uint16_t) block->value[HANDLE];
        }
        if (block->has_handle)
                *handle = event->handle;
        else if (kind->kind == TRACE_SMP)
                event->handle = *handle;
        event->kind = kind->kind;
        event->answer = kind->answer;
        if (!finish(b, event))
                return false;
        *ret = *event;
        return true;
}
