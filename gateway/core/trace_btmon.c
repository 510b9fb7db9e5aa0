/*
 * Where blocks begin, and when (core/trace_btmon.h):
 *
 *      > ACL Data RX: Handle 64 flags 0x02 dlen 6             #17 [hci0] 26.323537
 *      < LE-ACL: Handle 64 [AA:BB:..] [1/6] flags 0x00 dlen 6 #18 [hci0] 10:11:12.323537
 *      < HCI Command: LE Start.. (0x08|0x0019) plen 28 #19 [hci0] 2024-01-01 10:11:12.323537
 *      > HCI Event: Encryption Change (0x08) plen 4           #20 [hci0] 26.420475
 *      @ MGMT Event: New Long Ter.. (0x000a) plen 37     {0x0001} [hci0] 26.420480
 *      = Open Index: 00:00:00:00:00:00                            [hci0] 26.420490
 *      what        : .. (code) or size               the stamp, maybe on the next line
 */
#include "core/trace_btmon_parts.h"

#include <string.h>

#define DAY_USEC        (INT64_C(24) * 3600 * 1000000)
#define NO_ADDRESS_TYPE 0xFF
#define NO_HANDLE       0xFFFF

enum hci_event {
        COMMAND_STATUS = 0x0F,
        LE_META = 0x3E,
};

enum mgmt_event {
        MGMT_COMMAND_COMPLETE = 0x0001,
        MGMT_COMMAND_STATUS = 0x0002,
};

/* What makes the line a header, beside the words and a colon. */
enum form {
        FORM_DLEN, /* " dlen 6" */
        FORM_PLEN, /* "(0x0e)" and " plen 4" */
        FORM_SIGN, /* = or @ in front: the words alone are everyday's */
};

static const struct head {
        const char *words;
        uint8_t source;
        enum form form;
        enum trace_side side; /* of the packets, our host being the central */
} heads[] = {
        /* clang-format off */
        {"ACL Data RX",  TRACE_BTMON_ACL,          FORM_DLEN, TRACE_CUFF},
        {"ACL Data TX",  TRACE_BTMON_ACL,          FORM_DLEN, TRACE_HOST},
        {"LE-ACL",       TRACE_BTMON_ACL,          FORM_DLEN, TRACE_UNKNOWN}, /* the sign tells */
        {"HCI Command",  TRACE_BTMON_COMMAND,      FORM_PLEN, TRACE_UNKNOWN},
        {"HCI Event",    TRACE_BTMON_EVENT,        FORM_PLEN, TRACE_UNKNOWN},
        {"MGMT Command", TRACE_BTMON_MGMT_COMMAND, FORM_PLEN, TRACE_UNKNOWN},
        {"MGMT Event",   TRACE_BTMON_MGMT_EVENT,   FORM_PLEN, TRACE_UNKNOWN},
        {"SCO Data RX",  TRACE_BTMON_OTHER,        FORM_DLEN, TRACE_UNKNOWN},
        {"SCO Data TX",  TRACE_BTMON_OTHER,        FORM_DLEN, TRACE_UNKNOWN},
        {"ISO Data RX",  TRACE_BTMON_OTHER,        FORM_DLEN, TRACE_UNKNOWN},
        {"ISO Data TX",  TRACE_BTMON_OTHER,        FORM_DLEN, TRACE_UNKNOWN},
        {"BR-ACL",       TRACE_BTMON_OTHER,        FORM_DLEN, TRACE_UNKNOWN},
        {"LE-CIS",       TRACE_BTMON_OTHER,        FORM_DLEN, TRACE_UNKNOWN},
        {"MGMT Open",    TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"MGMT Close",   TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"RAW Open",     TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"RAW Close",    TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"New Index",    TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"Delete Index", TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"Open Index",   TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"Close Index",  TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"Index Info",   TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"Note",         TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"System Note",  TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        {"bluetoothd",   TRACE_BTMON_OTHER,        FORM_SIGN, TRACE_UNKNOWN},
        /* clang-format on */
};

/* The row of a header; NULL: another line. `text` has no junk before it any more. */
static const struct head *head_of(const char *text, char sign) {
        uint64_t code;

        for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
                if (!trace_btmon_field(text, heads[i].words))
                        continue;
                if (heads[i].form == FORM_SIGN)
                        return sign == '=' || sign == '@' ? &heads[i] : NULL;
                if (heads[i].form == FORM_DLEN)
                        return trace_btmon_has(text, " dlen ") ? &heads[i] : NULL;
                return trace_btmon_bracket(text, &code) && trace_btmon_has(text, " plen ")
                               ? &heads[i]
                               : NULL;
        }
        return NULL;
}

/* --- the clock --- */

/* Since the first header's time; -1: before it (another capture follows in the same text). */
static int64_t since_first(struct trace_btmon *b, const struct trace_btmon_stamp *s) {
        int64_t usec = s->usec;

        if (s->has_date)
                usec += s->day * DAY_USEC;
        else if (s->of_day && b->has_first) {
                usec += b->last_usec / DAY_USEC * DAY_USEC;
                if (usec < b->last_usec - DAY_USEC / 2)
                        usec += DAY_USEC;
        }
        b->last_usec = usec;
        if (!b->has_first) {
                b->has_first = true;
                b->first_usec = usec;
        }
        return usec < b->first_usec ? -1 : usec - b->first_usec;
}

/* Of the header, or of the line below it. False: that line is none. */
static bool take_stamp(struct trace_btmon *b, const char *text, bool is_header) {
        struct trace_btmon_block *block = &b->block;
        struct trace_btmon_stamp stamp;

        trace_btmon_take_stamp(text, &stamp);
        if (!is_header && !stamp.has_time && !stamp.has_adapter)
                return false;
        if (stamp.has_number)
                block->event.number = stamp.number;
        if (stamp.has_adapter && stamp.adapter <= UINT16_MAX)
                block->event.adapter = (uint16_t) stamp.adapter;
        if (stamp.has_time) {
                block->has_time = true;
                block->event.usec = since_first(b, &stamp);
        }
        return true;
}

/* --- blocks --- */

/* "ACL Data RX: Handle 64 flags ..", where the terminal was wide enough: else "Handl..", "Handle
 * 6..". */
static void take_handle(struct trace_btmon_block *block, const char *text) {
        uint64_t handle;

        if (!trace_btmon_begins(text, "Handle "))
                return;
        text += strlen("Handle ");
        if (!trace_btmon_number(&text, &handle) || *text != ' ' || handle > 0x0FFF)
                return;
        block->has_handle = true;
        block->event.handle = (uint16_t) handle;
}

static void take_code(struct trace_btmon_block *block, const char *text) {
        uint64_t code = 0;

        (void) trace_btmon_bracket(text, &code);
        if (block->source == TRACE_BTMON_EVENT && code == COMMAND_STATUS)
                block->source = TRACE_BTMON_STATUS;
        else if (block->source == TRACE_BTMON_EVENT && code == LE_META)
                block->source = TRACE_BTMON_LE_EVENT;
        else if (block->source == TRACE_BTMON_MGMT_EVENT &&
                 (code == MGMT_COMMAND_COMPLETE || code == MGMT_COMMAND_STATUS))
                block->source = TRACE_BTMON_MGMT_REPLY;
        else if (code <= UINT16_MAX)
                trace_btmon_block_code(block, (uint32_t) code);
}

static enum trace_side side_of(const struct head *head, char sign) {
        if (head->side != TRACE_UNKNOWN || head->source != TRACE_BTMON_ACL)
                return head->side;
        return sign == '<' ? TRACE_HOST : sign == '>' ? TRACE_CUFF : TRACE_UNKNOWN;
}

static void begin(struct trace_btmon *b, const struct head *head, const char *text, char sign) {
        struct trace_btmon_block *block = &b->block;

        b->seen = true;
        *block = (struct trace_btmon_block){
                .open = true,
                .source = head->source,
                .event = {.number = ++b->blocks, .usec = -1, .side = side_of(head, sign)},
        };
        (void) take_stamp(b, text, true);
        if (head->source == TRACE_BTMON_ACL)
                take_handle(block, trace_btmon_field(text, head->words));
        else if (head->form == FORM_PLEN)
                take_code(block, text);
}

void trace_btmon_init(struct trace_btmon *b) {
        memset(b, 0, sizeof *b);
        for (size_t i = 0; i < TRACE_BTMON_ADAPTERS; i++) {
                b->adapter[i].own_address_type = NO_ADDRESS_TYPE;
                b->adapter[i].encrypting = NO_HANDLE;
        }
}

/* The next advertising report in the same block: as if its header stood here again. */
static bool next_report(struct trace_btmon *b, const char *text, struct trace_event *ret) {
        struct trace_btmon_block again = {
                .open = true,
                .source = b->block.source,
                .has_time = b->block.has_time,
                .event = {.number = b->block.event.number,
                          .usec = b->block.event.usec,
                          .adapter = b->block.event.adapter},
        };
        bool made;

        trace_btmon_block_code(&again, b->block.code);
        made = trace_btmon_block_finish(b, ret);
        b->block = again;
        (void) trace_btmon_block_line(&b->block, text);
        return made;
}

bool trace_btmon_line(struct trace_btmon *b, const char *line, size_t n, struct trace_event *ret) {
        char clean[TRACE_BTMON_LINE_MAX + 1], sign;
        const struct head *head;
        const char *text;
        bool made;

        trace_btmon_clean(line, n, clean);
        text = trace_btmon_skip(clean, &sign);
        head = head_of(text, sign);
        if (head) {
                made = trace_btmon_block_finish(b, ret);
                begin(b, head, text, sign);
                return made;
        }
        if (!b->block.open || !*text || (!b->block.has_time && take_stamp(b, clean, false)))
                return false;
        return trace_btmon_block_line(&b->block, text) && next_report(b, text, ret);
}

bool trace_btmon_end(struct trace_btmon *b, struct trace_event *ret) {
        return trace_btmon_block_finish(b, ret);
}

bool trace_btmon_is_header(const char *line, size_t n) {
        char clean[TRACE_BTMON_LINE_MAX + 1], sign;
        const char *text;

        trace_btmon_clean(line, n, clean);
        text = trace_btmon_skip(clean, &sign);
        return head_of(text, sign);
}
