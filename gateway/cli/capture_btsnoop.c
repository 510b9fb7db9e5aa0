/* btsnoop, as btmon -w and Android write it. All numbers are big endian:
 *
 *      header   8 "btsnoop\0"   4 version 1   4 datalink
 *      record   4 length on the wire   4 length here   4 flags   4 drops so far
 *               8 microseconds since the year 0   then the frame
 *
 *      datalink            flags                                  the frame
 *      1001 HCI            bit 0 received, bit 1 command, event   the packet
 *      1002 H4             bit 0 received                         one byte type, the packet
 *      2001 Linux monitor  adapter << 16 | opcode                 the packet */
#include <errno.h>

#include "base/cleanup.h"
#include "cli/capture_source.h"

#define HEADER_SIZE 16
#define RECORD_SIZE 24

#define FLAG_RECEIVED 0x1
#define FLAG_CONTROL  0x2

enum {
        DATALINK_HCI = 1001,
        DATALINK_H4 = 1002,
        DATALINK_MONITOR = 2001,
};

/* --- one frame --- */

static enum trace_hci_type hci_type(uint32_t flags) {
        if (!(flags & FLAG_CONTROL))
                return TRACE_HCI_ACL;
        return flags & FLAG_RECEIVED ? TRACE_HCI_EVENT : TRACE_HCI_COMMAND;
}

static void explain_flags(const struct capture *c, uint32_t flags, struct trace_hci_frame *f) {
        f->received = flags & FLAG_RECEIVED ? TRACE_YES : TRACE_NO;
        if (c->datalink == DATALINK_HCI)
                f->type = hci_type(flags);
        if (c->datalink == DATALINK_H4 && f->n > 0) {
                f->type = trace_hci_of_h4(f->bytes[0]);
                f->bytes++;
                f->n--;
        }
        if (c->datalink == DATALINK_MONITOR) {
                f->received = TRACE_NOT_TOLD;
                f->adapter = (uint16_t) (flags >> 16);
                f->type = trace_hci_of_monitor((uint16_t) flags, &f->received);
        }
}

static int btsnoop_next(struct capture *c, struct capture_frame *ret) {
        uint8_t head[RECORD_SIZE];
        uint64_t number = c->number + 1;
        size_t n = fread(head, 1, sizeof head, c->file), size;

        if (ferror(c->file))
                return capture_fail_read(c);
        if (n == 0)
                return 0;
        if (n < sizeof head)
                return capture_fail_in_the_middle(c, number);
        size = capture_be32(head + 4);
        if (size > sizeof c->bytes)
                return capture_fail_damaged(c, number, "a frame cannot be that long");
        n = fread(c->bytes, 1, size, c->file);
        if (ferror(c->file))
                return capture_fail_read(c);
        if (n < size)
                return capture_fail_in_the_middle(c, number);
        c->number = number;
        *ret = (struct capture_frame){
                .kind = CAPTURE_HCI,
                .hci = {
                        .type = TRACE_HCI_OTHER,
                        .number = number,
                        .usec = capture_since_first(
                                c, (int64_t) ((uint64_t) capture_be32(head + 16) << 32 |
                                              capture_be32(head + 20))),
                        .bytes = c->bytes,
                        .n = size,
                        .cut = size < capture_be32(head),
                }};
        explain_flags(c, capture_be32(head + 8), &ret->hci);
        return 1;
}

/* --- its header --- */

/* clang-format off */
static const struct datalink {
        uint32_t number;
        bool read;
        const char *name;
} datalinks[] = {
        {DATALINK_HCI,     true,  "HCI"},
        {DATALINK_H4,      true,  "HCI UART, H4"},
        {DATALINK_MONITOR, true,  "Linux monitor"},
        {1003,             false, "HCI BCSP"},
        {1004,             false, "HCI Serial, H5"},
        {2002,             false, "Linux simulator"},
};
/* clang-format on */

static const struct datalink *find_datalink(uint32_t number) {
        for (size_t i = 0; i < ELEMENTS(datalinks); i++)
                if (datalinks[i].number == number)
                        return &datalinks[i];
        return NULL;
}

int capture_btsnoop_open(struct capture *c) {
        uint8_t head[HEADER_SIZE];
        const struct datalink *d;

        if (fread(head, 1, sizeof head, c->file) < sizeof head) /* of what was read ahead */
                return capture_fail(c, -EINVAL, "%s ends in its header: take the capture again",
                                    c->name);
        if (capture_be32(head + 8) != 1)
                return capture_fail(c, -EINVAL, "%s is btsnoop of version %u: only 1 is read",
                                    c->name, capture_be32(head + 8));
        c->datalink = capture_be32(head + 12);
        d = find_datalink(c->datalink);
        if (!d || !d->read)
                return capture_fail(c, -EINVAL,
                                    "%s is btsnoop of kind %u (%s), which is not read: 1001 (HCI), "
                                    "1002 (H4) and 2001 (Linux monitor) are; take it with btmon -w",
                                    c->name, c->datalink, d ? d->name : "unknown");
        snprintf(c->format, sizeof c->format, "btsnoop (%s)", d->name);
        c->next = btsnoop_next;
        return 0;
}
