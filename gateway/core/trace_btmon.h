/* btmon's text, as it is shown and as people paste it: indentation lost or not, quoted ("> > ACL"),
 * with HTML's &lt;, &gt; and <br>, with colours, line numbers, bluetoothctl's prompt, headers
 * broken in two. Names changed with its versions, the numbers behind them did not. Very old ones
 * ("@ Device Connected: ..") say nothing of the management interface that is read here; hcidump's
 * text is not btmon's.
 *
 * A block begins with a line that names a packet ("> ACL Data RX: Handle 64 flags 0x02 dlen 6
 * #17 [hci0] 26.323537", "< HCI Command: ..", "@ MGMT Event: ..") and lasts to the next. Direction
 * comes from the words (TX, RX, Command, Event), not from the sign before them: forums eat it. Only
 * the newest btmon has no other word for it ("< LE-ACL: Handle 64 ..").
 *
 * Of an event `number` is btmon's "#17" where there is one, else the ordinal of its block in the
 * text, from 1: btmon does not number what is not HCI. `usec` counts from the first time told.
 * Where a narrow terminal cut a handle away, it is the one told last. */
#pragma once

#include "core/trace_event.h"

#define TRACE_BTMON_LINE_MAX 1024 /* longer lines are cut there */

/* The rest down to the functions is private, but for `seen`. */
#define TRACE_BTMON_FIELDS   18
#define TRACE_BTMON_ADAPTERS 4
#define TRACE_BTMON_LINKS    8 /* that are marked */

struct trace_btmon_kind; /* what a block is about (trace_btmon_fields.c) */

struct trace_btmon_block {
        bool open;
        uint8_t source;                      /* which kind of header (trace_btmon_parts.h) */
        uint32_t code;                       /* .. and which command or event */
        bool has_code;                       /* else a line is awaited that tells it */
        const struct trace_btmon_kind *kind; /* NULL: nothing about a pairing */
        bool has_time, has_handle;
        uint32_t told;   /* the fields, or the parts of an SMP PDU, that it showed so far */
        uint8_t pending; /* the row + 1 of a field whose value may be on the next line */
        bool omron;      /* the next "Data" is OMRON's */
        uint64_t value[TRACE_BTMON_FIELDS];
        struct trace_event event;
};

enum trace_btmon_mark {
        TRACE_BTMON_CENTRAL, /* or not known */
        TRACE_BTMON_PERIPHERAL,
        TRACE_BTMON_BREDR,
};

struct trace_btmon {
        bool seen; /* a line named a packet: this is btmon's text */

        struct trace_btmon_block block; /* under way */
        uint64_t blocks;
        bool has_first;                /* the clock: `first_usec` is the text's beginning */
        int64_t first_usec, last_usec; /* last: of the header before; a day's turn is counted on */
        struct {
                uint8_t own_address_type; /* of the last Create Connection; 0xFF none */
                uint16_t encrypting;     /* the link of the last LE Start Encryption; 0xFFFF none */
                uint16_t handle;         /* told last */
        } adapter[TRACE_BTMON_ADAPTERS]; /* by number modulo */
        struct {
                enum trace_btmon_mark mark;
                uint16_t adapter, handle;
        } link[TRACE_BTMON_LINKS]; /* those that are not our host's as central */
        uint8_t next_link;
};

void trace_btmon_init(struct trace_btmon *b);
/* One line, without its end. True: `*ret` is the event of the block (of several advertising reports
 * in one block: of the report) that this line ended. */
bool trace_btmon_line(struct trace_btmon *b, const char *line, size_t n, struct trace_event *ret);
/* After the last line. */
bool trace_btmon_end(struct trace_btmon *b, struct trace_event *ret);
/* Whether a line is the first of a block: what tells btmon's text from other text. */
bool trace_btmon_is_header(const char *line, size_t n);
