/* pcap and pcapng through libpcap. What stands before the packet, by link type:
 *
 *      187 H4                  one byte type; the direction is not told
 *      201 H4 with direction   BE32 0 sent, 1 received; one byte type
 *      254 Linux monitor       BE16 adapter, BE16 opcode
 *      251, 256, 272           a sniffer's: core/trace_air reads all of it */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/capture_source.h"

/* The numbers in files and libpcap's DLT_ are equal for these. */
/* clang-format off */
static const struct link {
        int number;
        enum capture_kind kind;
        enum trace_air_header header; /* of CAPTURE_AIR */
        const char *name;
} links[] = {
        {DLT_BLUETOOTH_HCI_H4,           CAPTURE_HCI, TRACE_AIR_NONE,   "HCI UART, H4"},
        {DLT_BLUETOOTH_HCI_H4_WITH_PHDR, CAPTURE_HCI, TRACE_AIR_NONE,   "HCI UART, H4 with direction"},
        {DLT_BLUETOOTH_LINUX_MONITOR,    CAPTURE_HCI, TRACE_AIR_NONE,   "Linux monitor"},
        {DLT_BLUETOOTH_LE_LL,            CAPTURE_AIR, TRACE_AIR_NONE,   "LE sniffer"},
        {DLT_BLUETOOTH_LE_LL_WITH_PHDR,  CAPTURE_AIR, TRACE_AIR_PHDR,   "LE sniffer with header"},
        {DLT_NORDIC_BLE,                 CAPTURE_AIR, TRACE_AIR_NORDIC, "nRF Sniffer"},
};
/* clang-format on */

static const struct link *find_link(int number) {
        for (size_t i = 0; i < ELEMENTS(links); i++)
                if (links[i].number == number)
                        return &links[i];
        return NULL;
}

/* --- one frame --- */

static void skip(struct trace_hci_frame *f, size_t n) {
        f->bytes += n;
        f->n -= n;
}

static void strip_h4(struct trace_hci_frame *f) {
        if (f->n < 1)
                return;
        f->type = trace_hci_of_h4(f->bytes[0]);
        skip(f, 1);
}

/* What is too short for its header stays OTHER. */
static void strip_header(const struct capture *c, struct trace_hci_frame *f) {
        const uint8_t *p = f->bytes;

        if (c->datalink == DLT_BLUETOOTH_HCI_H4)
                strip_h4(f);
        else if (f->n >= 4 && c->datalink == DLT_BLUETOOTH_HCI_H4_WITH_PHDR) {
                f->received = p[3] & 1 ? TRACE_YES : TRACE_NO;
                skip(f, 4);
                strip_h4(f);
        } else if (f->n >= 4) {
                f->adapter = (uint16_t) (p[0] << 8 | p[1]);
                f->type = trace_hci_of_monitor((uint16_t) (p[2] << 8 | p[3]), &f->received);
                skip(f, 4);
        }
}

/* Of the file's two numbers one, as far as it goes. */
static int64_t usec_of(const struct timeval *t) {
        int64_t usec;

        if (__builtin_mul_overflow((int64_t) t->tv_sec, 1000000, &usec) ||
            __builtin_add_overflow(usec, (int64_t) t->tv_usec, &usec))
                return t->tv_sec < 0 ? INT64_MIN : INT64_MAX;
        return usec;
}

/* libpcap says in words only what went wrong, so we look at the file too. */
static int fail(struct capture *c) {
        const char *words = pcap_geterr(c->pcap);
        uint64_t number = c->number + 1;

        if (ferror(pcap_file(c->pcap)))
                return capture_fail_read(c);
        if (strstr(words, " different from "))
                return capture_fail(c, -EBADMSG,
                                    "%s holds several interfaces that differ, which cannot be "
                                    "read: capture again with only one interface chosen",
                                    c->name);
        return feof(pcap_file(c->pcap)) ? capture_fail_in_the_middle(c, number)
                                        : capture_fail_damaged(c, number, words);
}

static int pcap_reader_next(struct capture *c, struct capture_frame *ret) {
        const struct link *link = find_link((int) c->datalink);
        struct pcap_pkthdr *head;
        const uint8_t *bytes;
        int64_t usec;
        int r = pcap_next_ex(c->pcap, &head, &bytes);

        if (r == PCAP_ERROR_BREAK)
                return 0;
        if (r != 1)
                return fail(c);
        c->number++;
        usec = capture_since_first(c, usec_of(&head->ts));
        *ret = (struct capture_frame){.kind = link->kind};
        if (link->kind == CAPTURE_AIR) {
                ret->air = (struct trace_air_frame){
                        .header = link->header,
                        .number = c->number,
                        .usec = usec,
                        .bytes = bytes,
                        .n = head->caplen,
                        .cut = head->caplen < head->len,
                };
                return 1;
        }
        ret->hci = (struct trace_hci_frame){
                .type = TRACE_HCI_OTHER,
                .received = TRACE_NOT_TOLD,
                .number = c->number,
                .usec = usec,
                .bytes = bytes,
                .n = head->caplen,
                .cut = head->caplen < head->len,
        };
        strip_header(c, &ret->hci);
        return 1;
}

/* --- its header --- */

int capture_pcap_open(struct capture *c) {
        char words[PCAP_ERRBUF_SIZE] = "";
        const struct link *link;
        int number;

        c->pcap = pcap_fopen_offline_with_tstamp_precision(c->file, PCAP_TSTAMP_PRECISION_MICRO,
                                                           words);
        if (!c->pcap)
                return ferror(c->file)
                               ? capture_fail_read(c)
                               : capture_fail(c, -EINVAL,
                                              "%s is damaged in its header (%.200s): take the "
                                              "capture again",
                                              c->name, words);
        c->file = NULL; /* libpcap closes it */
        number = pcap_datalink(c->pcap);
        link = find_link(number);
        if (!link) {
                const char *name = pcap_datalink_val_to_name(number);

                return capture_fail(c, -EINVAL,
                                    "%s holds packets of link type %d (%s), which are not read: "
                                    "187 and 201 (HCI), 254 (Linux monitor) and 251, 256, 272 (LE "
                                    "sniffers) are; on Linux take it with btmon -w",
                                    c->name, number, name ? name : "unknown");
        }
        c->datalink = (uint32_t) number;
        c->next = pcap_reader_next;
        snprintf(c->format, sizeof c->format, "%s (%s)", c->head[0] == '\n' ? "pcapng" : "pcap",
                 link->name);
        return 0;
}
