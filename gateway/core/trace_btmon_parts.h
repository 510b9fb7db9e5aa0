/* What trace_btmon*.c share; nobody else includes it. */
#pragma once

#include "core/trace_btmon.h"

/* --- pieces of a line (trace_btmon_text.c); a text ends with NUL --- */

/* The line without colours, HTML's entities and the blanks that were put in: one blank between two
 * words. */
void trace_btmon_clean(const char *line, size_t n, char ret[TRACE_BTMON_LINE_MAX + 1]);
/* Behind what stands before btmon's words: line numbers, marks of quotation, the name of the
 * process that sent the packet ("bluetoothd[746]: "). `*ret_sign` is the last of < > @ = among it,
 * or NUL. */
const char *trace_btmon_skip(const char *text, char *ret_sign);
/* Behind "name:" or "name[16]:", and blanks; NULL: another name. */
const char *trace_btmon_field(const char *text, const char *name);
bool trace_btmon_begins(const char *text, const char *words);
bool trace_btmon_has(const char *text, const char *words); /* anywhere */

/* "64", "0x40"; `*at` moves behind it. False: no number, or none of 64 bits. */
bool trace_btmon_number(const char **at, uint64_t *ret);
/* The first number in brackets: "(0x0b)", "(526)"; "(0x08|0x0019)" is opcode 0x2019. */
bool trace_btmon_bracket(const char *text, uint64_t *ret);
/* A field's number: in brackets, or else the first word. */
bool trace_btmon_value(const char *text, uint64_t *ret);
/* "AA:BB:CC:DD:EE:FF (..)" */
bool trace_btmon_address(const char *text, struct bdaddr *ret);
/* How many bytes the first word holds ("0102ff"), at most `max`. */
size_t trace_btmon_hex(const char *text, uint8_t *ret, size_t max);

/* The right end of a header: "#17 [hci0] 2024-01-01 10:11:12.323537". */
struct trace_btmon_stamp {
        bool has_number, has_adapter, has_date, has_time;
        bool of_day; /* the time is that of the wall clock, else since the capture's beginning */
        uint64_t number, adapter;
        int64_t day, usec; /* since 1970-01-01; of the day, or since the beginning */
};

void trace_btmon_take_stamp(const char *text, struct trace_btmon_stamp *ret);

/* --- what the lines of a block say (trace_btmon_fields.c) --- */

enum trace_btmon_source {
        TRACE_BTMON_OTHER,
        TRACE_BTMON_ACL,
        TRACE_BTMON_COMMAND,
        TRACE_BTMON_EVENT,
        TRACE_BTMON_MGMT_COMMAND,
        TRACE_BTMON_MGMT_EVENT,
        /* Those whose second line tells the code. */
        TRACE_BTMON_STATUS,     /* HCI Command Status */
        TRACE_BTMON_LE_EVENT,   /* LE Meta Event */
        TRACE_BTMON_MGMT_REPLY, /* MGMT Command Complete, Command Status */
};

/* A header's code in brackets: what the block is. */
void trace_btmon_block_code(struct trace_btmon_block *block, uint32_t code);
/* A line below the header. True: another report begins in the same block; finish this one. */
bool trace_btmon_block_line(struct trace_btmon_block *block, const char *text);
/* The end of the block: whether it is an event. Closes it. */
bool trace_btmon_block_finish(struct trace_btmon *b, struct trace_event *ret);

/* --- .. of SMP (trace_btmon_smp.c) --- */

void trace_btmon_smp_line(struct trace_btmon_block *block, const char *text);
/* The parts that were told, put together in `block->event`: from the code to the first that was
 * not. */
void trace_btmon_smp_finish(struct trace_btmon_block *block);
