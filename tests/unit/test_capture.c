#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/capture.h"
#include "core/trace_btmon.h"

/* --- files, made here --- */

#define FRAMES_MAX 8

struct file {
        uint8_t bytes[4096];
        size_t n;
        size_t head;            /* where its header ends */
        size_t end[FRAMES_MAX]; /* where each frame ends */
        unsigned frames;
        bool little; /* pcap: the order of its numbers */
        bool nano;
};

static void put(struct file *f, const void *bytes, size_t n) {
        memcpy(f->bytes + f->n, bytes, n);
        f->n += n;
}

static void put_be(struct file *f, uint64_t number, unsigned n) {
        while (n-- > 0)
                f->bytes[f->n++] = (uint8_t) (number >> 8 * n);
}

static void put_le(struct file *f, uint64_t number, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                f->bytes[f->n++] = (uint8_t) (number >> 8 * i);
}

static void put_number(struct file *f, uint64_t number, unsigned n) {
        if (f->little)
                put_le(f, number, n);
        else
                put_be(f, number, n);
}

static void frame_ends(struct file *f) {
        f->end[f->frames++] = f->n;
}

static struct file btsnoop(uint32_t datalink) {
        struct file f = {0};

        put(&f, "btsnoop\0", 8);
        put_be(&f, 1, 4);
        put_be(&f, datalink, 4);
        f.head = f.n;
        return f;
}

#define YEAR_ZERO 0x00dcddb30f2f8000 /* 1970, as btsnoop counts */

static void btsnoop_frame_as(struct file *f, uint32_t flags, uint64_t usec, uint32_t wire,
                             const void *bytes, size_t n) {
        put_be(f, wire, 4);
        put_be(f, n, 4);
        put_be(f, flags, 4);
        put_be(f, 0, 4);
        put_be(f, usec, 8);
        put(f, bytes, n);
        frame_ends(f);
}

static void btsnoop_frame(struct file *f, uint32_t flags, uint64_t usec, const void *bytes,
                          size_t n) {
        btsnoop_frame_as(f, flags, YEAR_ZERO + usec, (uint32_t) n, bytes, n);
}

static struct file pcap(uint32_t link, bool little, bool nano) {
        struct file f = {.little = little, .nano = nano};

        put_number(&f, nano ? 0xa1b23c4d : 0xa1b2c3d4, 4);
        put_number(&f, 2, 2);
        put_number(&f, 4, 2);
        put_number(&f, 0, 8);
        put_number(&f, 65535, 4);
        put_number(&f, link, 4);
        f.head = f.n;
        return f;
}

static void pcap_frame(struct file *f, uint32_t usec, uint32_t wire, const void *bytes, size_t n) {
        put_number(f, 1700000000 + usec / 1000000, 4);
        put_number(f, usec % 1000000 * (f->nano ? 1000 : 1), 4);
        put_number(f, n, 4);
        put_number(f, wire, 4);
        put(f, bytes, n);
        frame_ends(f);
}

static void pcapng_interface(struct file *f, uint32_t link) {
        put_le(f, 1, 4);
        put_le(f, 20, 4);
        put_le(f, link, 4);
        put_le(f, 65535, 4);
        put_le(f, 20, 4);
        f->head = f->n;
}

static struct file pcapng(uint32_t link) {
        struct file f = {0};

        put_le(&f, 0x0a0d0d0a, 4);
        put_le(&f, 28, 4);
        put_le(&f, 0x1a2b3c4d, 4);
        put_le(&f, 1, 4);
        put_le(&f, UINT64_MAX, 8);
        put_le(&f, 28, 4);
        pcapng_interface(&f, link);
        return f;
}

static void pcapng_frame(struct file *f, uint64_t usec, uint32_t wire, const void *bytes,
                         size_t n) {
        size_t padded = (n + 3) / 4 * 4;

        put_le(f, 6, 4);
        put_le(f, 32 + padded, 4);
        put_le(f, 0, 4);
        put_le(f, usec >> 32, 4);
        put_le(f, usec, 4);
        put_le(f, n, 4);
        put_le(f, wire, 4);
        put(f, bytes, n);
        put_le(f, 0, (unsigned) (padded - n));
        put_le(f, 32 + padded, 4);
        frame_ends(f);
}

static struct file text(const void *bytes, size_t n) {
        struct file f = {0};

        put(&f, bytes, n);
        return f;
}

#define TEXT(literal) text(literal, sizeof(literal) - 1)

/* --- what was read, as text --- */

struct reading {
        int opened, ended;
        unsigned n;
        char why[CAPTURE_WHY_MAX], trouble[CAPTURE_WHY_MAX], format[80];
        uint64_t position, size;
        char *frames; /* a line each */
};

static const char *const types[] = {"command",      "event",      "acl",
                                    "mgmt-command", "mgmt-event", "other"};
static const char *const received[] = {"?", "sent", "received"};

static void describe_hci(FILE *f, const struct trace_hci_frame *h) {
        fprintf(f, "%" PRIu64 " %s %s hci%u %" PRId64 " ", h->number, types[h->type],
                received[h->received], h->adapter, h->usec);
        for (size_t i = 0; i < h->n; i++)
                fprintf(f, "%02x", h->bytes[i]);
        fprintf(f, "%s\n", h->cut ? " cut" : "");
}

static void describe(FILE *f, const struct capture_frame *frame) {
        const struct trace_air_frame *a = &frame->air;

        if (frame->kind == CAPTURE_HCI)
                describe_hci(f, &frame->hci);
        if (frame->kind == CAPTURE_TEXT)
                fprintf(f, "|%.*s|\n", (int) frame->line.n, frame->line.text);
        if (frame->kind != CAPTURE_AIR)
                return;
        fprintf(f, "%" PRIu64 " air%d %" PRId64 " ", a->number, a->header, a->usec);
        for (size_t i = 0; i < a->n; i++)
                fprintf(f, "%02x", a->bytes[i]);
        fprintf(f, "%s\n", a->cut ? " cut" : "");
}

static struct reading read_path(const char *path) {
        struct reading x = {0};
        struct capture *c = NULL;
        struct capture_frame frame;
        size_t size;
        FILE *f = open_memstream(&x.frames, &size);

        x.opened = capture_open(path, &c, x.why, sizeof x.why);
        CHECK((x.opened == 0) == (c != NULL));
        CHECK((x.opened == 0) == (x.why[0] == '\0'));
        while (c && (x.ended = capture_next(c, &frame)) > 0) {
                CHECK_STR(capture_trouble(c), "");
                describe(f, &frame);
                x.n++;
        }
        fclose(f);
        if (!c)
                return x;
        CHECK_EQ(capture_next(c, &frame), 0);
        CHECK((x.ended < 0) == (capture_trouble(c)[0] != '\0'));
        snprintf(x.trouble, sizeof x.trouble, "%s", capture_trouble(c));
        snprintf(x.format, sizeof x.format, "%s", capture_format(c));
        x.position = capture_position(c);
        x.size = capture_size(c);
        capture_free(c);
        return x;
}

static struct reading read_bytes(const void *bytes, size_t n) {
        int fd = memfd_create("capture", MFD_CLOEXEC);
        char path[64];
        struct reading x;

        CHECK_EQ(write(fd, bytes, n), n);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        x = read_path(path);
        close(fd);
        return x;
}

/* Standard input is `fd` meanwhile. */
static struct reading read_stdin(int fd) {
        int before = dup(STDIN_FILENO);
        struct reading x;

        dup2(fd, STDIN_FILENO);
        x = read_path("-");
        dup2(before, STDIN_FILENO);
        close(before);
        return x;
}

static void check_frames(const struct file *f, const char *format, const char *want) {
        struct reading x = read_bytes(f->bytes, f->n);

        CHECK_EQ(x.opened, 0);
        CHECK_EQ(x.ended, 0);
        CHECK_STR(x.frames, want);
        CHECK_STR(x.format, format);
        free(x.frames);
}

static void check_refused(const void *bytes, size_t n, const char *says) {
        struct reading x = read_bytes(bytes, n);

        CHECK_EQ(x.opened, -EINVAL);
        if (!strstr(x.why, says))
                CHECK_STR(x.why, says);
        CHECK_EQ(strncmp(x.why, "/proc/self/fd/", 14), 0);
        free(x.frames);
}

/* --- btsnoop --- */

static struct file monitor_file(void) {
        struct file f = btsnoop(2001);

        btsnoop_frame(&f, 0xffff000c, 1000000, "Linux", 6);
        btsnoop_frame(&f, 0x00010002, 1000001, "\x03\x0c\x00", 3);
        btsnoop_frame(&f, 0x00010003, 1000007, "\x0e\x01\x00", 3);
        btsnoop_frame(&f, 0x00000004, 1500000, "\x40\x00\x00\x00", 4);
        btsnoop_frame(&f, 0x00000005, 2000000, "", 0);
        btsnoop_frame(&f, 0x00000010, 2000000, "\x01", 1);
        btsnoop_frame(&f, 0x00000011, 2000000, "\x02", 1);
        return f;
}

static const char monitor_frames[] = "1 other ? hci65535 0 4c696e757800\n"
                                     "2 command ? hci1 1 030c00\n"
                                     "3 event ? hci1 7 0e0100\n"
                                     "4 acl sent hci0 500000 40000000\n"
                                     "5 acl received hci0 1000000 \n"
                                     "6 mgmt-command ? hci0 1000000 01\n"
                                     "7 mgmt-event ? hci0 1000000 02\n";

static void reads_btsnoop_of_the_linux_monitor(void) {
        struct file f = monitor_file();

        check_frames(&f, "btsnoop (Linux monitor)", monitor_frames);
}

static void reads_btsnoop_with_h4(void) {
        struct file f = btsnoop(1002);

        btsnoop_frame(&f, 0, 0, "\x01\x03\x0c\x00", 4);
        btsnoop_frame(&f, 3, 5, "\x04\x0e\x00", 3);
        btsnoop_frame(&f, 0, 6, "\x02\x40\x00", 3);
        btsnoop_frame(&f, 1, 7, "\x02\x40\x20", 3);
        btsnoop_frame(&f, 1, 8, "\x03\x01", 2);
        btsnoop_frame(&f, 1, 9, "", 0);
        check_frames(&f, "btsnoop (HCI UART, H4)",
                     "1 command sent hci0 0 030c00\n"
                     "2 event received hci0 5 0e00\n"
                     "3 acl sent hci0 6 4000\n"
                     "4 acl received hci0 7 4020\n"
                     "5 other received hci0 8 01\n"
                     "6 other received hci0 9 \n");
}

static void reads_btsnoop_without_a_type(void) {
        struct file f = btsnoop(1001);

        btsnoop_frame(&f, 2, 0, "\x03\x0c\x00", 3);
        btsnoop_frame(&f, 3, 1, "\x0e\x00", 2);
        btsnoop_frame(&f, 0, 2, "\x40\x00", 2);
        btsnoop_frame(&f, 1, 3, "\x40\x20", 2);
        check_frames(&f, "btsnoop (HCI)",
                     "1 command sent hci0 0 030c00\n"
                     "2 event received hci0 1 0e00\n"
                     "3 acl sent hci0 2 4000\n"
                     "4 acl received hci0 3 4020\n");
}

static void says_what_was_cut_in_btsnoop(void) {
        struct file f = btsnoop(1001);

        btsnoop_frame_as(&f, 1, YEAR_ZERO, 5, "\x40\x20", 2);
        btsnoop_frame_as(&f, 1, YEAR_ZERO, 1, "\x40\x20", 2); /* lies: less than there is */
        check_frames(&f, "btsnoop (HCI)",
                     "1 acl received hci0 0 4020 cut\n"
                     "2 acl received hci0 0 4020\n");
}

static void keeps_lying_times_in_bounds(void) {
        struct file f = btsnoop(1001);

        btsnoop_frame_as(&f, 1, (uint64_t) INT64_MIN, 0, "", 0);
        btsnoop_frame_as(&f, 1, INT64_MAX, 0, "", 0);
        btsnoop_frame_as(&f, 1, 0, 0, "", 0);
        btsnoop_frame_as(&f, 1, (uint64_t) INT64_MIN + 9, 0, "", 0);
        check_frames(&f, "btsnoop (HCI)",
                     "1 acl received hci0 0 \n"
                     "2 acl received hci0 9223372036854775807 \n"
                     "3 acl received hci0 9223372036854775807 \n"
                     "4 acl received hci0 9 \n");
        f = btsnoop(1001);
        btsnoop_frame_as(&f, 1, 1000, 0, "", 0);
        btsnoop_frame_as(&f, 1, 999, 0, "", 0);
        btsnoop_frame_as(&f, 1, (uint64_t) INT64_MIN, 0, "", 0);
        check_frames(&f, "btsnoop (HCI)",
                     "1 acl received hci0 0 \n"
                     "2 acl received hci0 0 \n"
                     "3 acl received hci0 0 \n");
}

static struct reading read_long_frame(uint32_t n) {
        static uint8_t bytes[16 + 24 + 70000];
        struct file f = btsnoop(1001);

        put_be(&f, n, 4);
        put_be(&f, n, 4);
        memcpy(bytes, f.bytes, f.n);
        return read_bytes(bytes, sizeof bytes);
}

static void refuses_frames_that_cannot_be_that_long(void) {
        struct reading good = read_long_frame(65536), bad = read_long_frame(70000);

        CHECK_EQ(good.n, 1 + (70000 - 65536) / 24); /* zeros are empty frames */
        CHECK_EQ(bad.n, 0);
        CHECK_EQ(bad.ended, -EBADMSG);
        CHECK(strstr(bad.trouble,
                     "is damaged at frame 1 (a frame cannot be that long); what was before it"));
        free(good.frames);
        free(bad.frames);
        bad = read_long_frame(UINT32_MAX);
        CHECK_EQ(bad.ended, -EBADMSG);
        free(bad.frames);
}

static void refuses_other_btsnoop_by_name(void) {
        struct file f = btsnoop(1003);

        check_refused(f.bytes, f.n, "is btsnoop of kind 1003 (HCI BCSP), which is not read");
        f = btsnoop(1004);
        check_refused(f.bytes, f.n, "1004 (HCI Serial, H5)");
        f = btsnoop(2002);
        check_refused(f.bytes, f.n, "2002 (Linux simulator)");
        f = btsnoop(1000);
        check_refused(f.bytes, f.n, "1000 (unknown)");
        f = btsnoop(2001);
        f.bytes[11] = 2;
        check_refused(f.bytes, f.n, "is btsnoop of version 2: only 1 is read");
}

/* --- pcap --- */

#define SENT     "\0\0\0\0"
#define RECEIVED "\0\0\0\1"

static void put_pcap_frames(struct file *f) {
        pcap_frame(f, 10, 8, SENT "\x01\x03\x0c\x00", 8);
        pcap_frame(f, 20, 9, RECEIVED "\x02\x40\x20\x00", 8);
        pcap_frame(f, 1000010, 4, RECEIVED, 4);
        pcap_frame(f, 5, 3, "\0\0\0", 3);
}

static const char h4_frames[] = "1 command sent hci0 0 030c00\n"
                                "2 acl received hci0 10 402000 cut\n"
                                "3 other received hci0 1000000 \n"
                                "4 other ? hci0 0 000000\n";

static void reads_pcap_in_any_order_of_bytes(void) {
        for (unsigned i = 0; i < 4; i++) {
                struct file f = pcap(201, i & 1, i & 2);

                put_pcap_frames(&f);
                check_frames(&f, "pcap (HCI UART, H4 with direction)", h4_frames);
        }
}

static void reads_pcap_without_direction(void) {
        struct file f = pcap(187, true, false);

        pcap_frame(&f, 0, 4, "\x01\x03\x0c\x00", 4);
        pcap_frame(&f, 1, 3, "\x04\x0e\x00", 3);
        pcap_frame(&f, 2, 3, "\x02\x40\x20", 3);
        pcap_frame(&f, 3, 0, "", 0);
        check_frames(&f, "pcap (HCI UART, H4)",
                     "1 command ? hci0 0 030c00\n"
                     "2 event ? hci0 1 0e00\n"
                     "3 acl ? hci0 2 4020\n"
                     "4 other ? hci0 3 \n");
}

static void reads_pcap_of_the_linux_monitor(void) {
        struct file f = pcap(254, true, false);

        pcap_frame(&f, 0, 7, "\x00\x01\x00\x02\x03\x0c\x00", 7);
        pcap_frame(&f, 1, 5, "\x02\x00\x00\x05\x40", 5);
        pcap_frame(&f, 2, 3, "\x02\x00\x00", 3);
        check_frames(&f, "pcap (Linux monitor)",
                     "1 command ? hci1 0 030c00\n"
                     "2 acl received hci512 1 40\n"
                     "3 other ? hci0 2 020000\n");
}

static void reads_what_sniffers_write(void) {
        struct file f = pcap(251, true, false);

        pcap_frame(&f, 0, 4, "\xd6\xbe\x89\x8e", 4);
        check_frames(&f, "pcap (LE sniffer)", "1 air0 0 d6be898e\n");
        f = pcap(256, true, false);
        pcap_frame(&f, 0, 5, "\x25\x00\x00\x00", 4);
        check_frames(&f, "pcap (LE sniffer with header)", "1 air1 0 25000000 cut\n");
        f = pcap(272, true, false);
        pcap_frame(&f, 0, 1, "\x0a", 1);
        pcap_frame(&f, 3, 1, "\x0b", 1);
        check_frames(&f, "pcap (nRF Sniffer)", "1 air2 0 0a\n2 air2 3 0b\n");
}

static struct file pcapng_file(void) {
        struct file f = pcapng(201);

        pcapng_frame(&f, 1700000000000010, 8, SENT "\x01\x03\x0c\x00", 8);
        pcapng_frame(&f, 1700000000000020, 9, RECEIVED "\x02\x40\x20\x00", 8);
        pcapng_frame(&f, 1700000001000010, 4, RECEIVED, 4);
        pcapng_frame(&f, 1700000000000005, 3, "\0\0\0", 3);
        return f;
}

static void reads_pcapng(void) {
        struct file f = pcapng_file();

        check_frames(&f, "pcapng (HCI UART, H4 with direction)", h4_frames);
}

static void refuses_other_link_types_by_name(void) {
        struct file f = pcap(1, true, false);

        check_refused(f.bytes, f.n, "holds packets of link type 1 (EN10MB), which are not read");
        f = pcapng(189);
        check_refused(f.bytes, f.n, "link type 189 (USB_LINUX)");
        f = pcap(250, true, false);
        check_refused(f.bytes, f.n, "link type 250 (");
}

static void says_what_to_do_about_several_interfaces(void) {
        struct file f = pcapng_file();
        struct reading x;

        pcapng_interface(&f, 251);
        x = read_bytes(f.bytes, f.n);
        CHECK_EQ(x.n, 4);
        CHECK_EQ(x.ended, -EBADMSG);
        CHECK(strstr(x.trouble, "several interfaces that differ"));
        CHECK(strstr(x.trouble, "only one interface chosen"));
        free(x.frames);

        f = pcapng_file();
        pcapng_interface(&f, 201); /* the same kind is fine */
        pcapng_frame(&f, 1700000000000030, 4, RECEIVED, 4);
        x = read_bytes(f.bytes, f.n);
        CHECK_EQ(x.n, 5);
        CHECK_EQ(x.ended, 0);
        free(x.frames);
}

static void says_where_pcap_is_damaged(void) {
        struct file f = pcap(201, true, false);
        struct reading x;

        put_pcap_frames(&f);
        put_le(&f, 0, 8);
        put_le(&f, 0x7fffffff, 4); /* a length that libpcap refuses */
        put_le(&f, 0x7fffffff, 4);
        put(&f, f.bytes, 100);
        x = read_bytes(f.bytes, f.n);
        CHECK_EQ(x.n, 4);
        CHECK_EQ(x.ended, -EBADMSG);
        CHECK(strstr(x.trouble, "is damaged at frame 5 ("));
        CHECK(strstr(x.trouble, "); what was before it was read"));
        free(x.frames);
        f = pcap(201, true, false);
        f.bytes[4] = 99; /* a version that does not exist */
        check_refused(f.bytes, f.n, "is damaged in its header (");
}

/* Where time_t has 32 bits libpcap drops the others before we see them: this time is then one of
 * before 1970, and of no use, but in bounds. */
static void keeps_lying_times_of_pcapng_in_bounds(void) {
        const bool cut = sizeof(time_t) == 4;
        struct file f = pcapng(187);
        struct reading x;

        pcapng_frame(&f, 0, 1, "\x04", 1);
        pcapng_frame(&f, UINT64_MAX, 1, "\x04", 1);
        pcapng_frame(&f, 1, 1, "\x04", 1);
        x = read_bytes(f.bytes, f.n);
        CHECK_EQ(x.n, 3);
        CHECK_STR(x.frames, cut ? "1 event ? hci0 0 \n"
                                  "2 event ? hci0 0 \n"
                                  "3 event ? hci0 1 \n"
                                : "1 event ? hci0 0 \n"
                                  "2 event ? hci0 9223372036854775807 \n"
                                  "3 event ? hci0 1 \n");
        free(x.frames);
}

/* --- text --- */

static void reads_text_line_by_line(void) {
        struct file f = TEXT("> HCI Event: \xc3\xa4\n\n  plen 4\r\nlast\r");

        check_frames(&f, "btmon's text", "|> HCI Event: \xc3\xa4|\n||\n|  plen 4|\n|last|\n");
        f = TEXT("\n");
        check_frames(&f, "btmon's text", "||\n");
        f = TEXT("x");
        check_frames(&f, "btmon's text", "|x|\n");
        f = TEXT("\033[0;34m> HCI\033[0m\n\xe4 latin\n");
        check_frames(&f, "btmon's text", "|\033[0;34m> HCI\033[0m|\n|\xe4 latin|\n");
}

static void leaves_out_byte_order_marks(void) {
        struct file f = TEXT("\xef\xbb\xbf> HCI\n");

        check_frames(&f, "btmon's text", "|> HCI|\n");
        f = TEXT("\xef\xbb\xbf");
        check_frames(&f, "btmon's text", "");
}

static void reads_utf16(void) {
        struct file f = TEXT("\xff\xfe>\0 \0H\0\r\0\n\0\xe4\0a\0\x0a\x01z\0");

        check_frames(&f, "btmon's text", "|> H|\n|?a?z|\n");
        f = TEXT("\xfe\xff\0>\0 \0H\0\r\0\n\0\xe4\0a\x01\x0a\0z\0"); /* half a character last */
        check_frames(&f, "btmon's text", "|> H|\n|?a?z|\n");
        f = TEXT("\xff\xfe");
        check_frames(&f, "btmon's text", "");
}

static void cuts_long_lines_and_tolerates_nul(void) {
        static char bytes[20000], want[4096];
        struct reading x;

        memset(bytes, 'a', sizeof bytes);
        bytes[9000] = '\0';
        memcpy(bytes + sizeof bytes - 10, "\nb\0c\nlast\n", 10);
        x = read_bytes(bytes, sizeof bytes);
        snprintf(want, sizeof want, "|%.*s|\n|b c|\n|last|\n", TRACE_BTMON_LINE_MAX, bytes);
        CHECK_STR(x.frames, want);
        CHECK_EQ(x.ended, 0);
        free(x.frames);
}

/* --- what is none of these --- */

#define REFUSED(literal, says) check_refused(literal, sizeof(literal) - 1, says)

static void says_what_it_is_instead(void) {
        REFUSED("", "is empty: take the capture again");
        REFUSED("\x1f\x8b\x08\0\0", "packed with gzip: unpack it first (gunzip)");
        REFUSED("BZh91AY", "packed with bzip2");
        REFUSED("\xfd"
                "7zXZ\0\0",
                "packed with xz");
        REFUSED("\x28\xb5\x2f\xfd", "packed with zstd");
        REFUSED("PK\x03\x04\x14", "FS/data/misc/bluetooth/logs/btsnoop_hci.log");
        REFUSED("PK\x03\x04\x14", "/data/log/bt");
        REFUSED("\x89PNG\r\n", "is a picture");
        REFUSED("\xff\xd8\xff\xe0", "is a picture");
        REFUSED("%PDF-1.7\n", "is a PDF");
        REFUSED("\0\0\0\x0d\x5f\x00\x00\x00\x00\x01\x00\x00\x00\x03\x0c\x00\x00", "PacketLogger");
        REFUSED("\0\0\0\x0d\x5f\x00\x00\x00\x00\xff\x00\x00\x00\x03\x0c\x00\x00", "no Bluetooth");
        REFUSED("===\n== dumpstate: 2024-01-01\n===\n", "Android bug report");
        REFUSED("--- BEGIN:BTSNOOP_LOG_SUMMARY (99 bytes in) ---\n", "BTSNOOZ");
        REFUSED("\x7f"
                "ELF\x02\x01\x01\0\0\0",
                "is no Bluetooth capture: btsnoop (btmon -w, Android), pcap, pcapng and btmon's");
        REFUSED("\x01\x02\x03\x04\x05", "is no Bluetooth capture");
}

static void says_why_it_cannot_be_opened(void) {
        char path[600];
        struct reading x = read_path("/no-such-directory/walk.log");

        CHECK_EQ(x.opened, -ENOENT);
        CHECK_STR(x.why, "/no-such-directory/walk.log cannot be opened: No such file or directory");
        free(x.frames);
        x = read_path("/proc");
        CHECK_EQ(x.opened, -EINVAL);
        CHECK_STR(x.why, "/proc is a directory: name a file in it");
        free(x.frames);
        x = read_path("/proc/self/mem"); /* nothing is mapped at its beginning */
        CHECK_EQ(x.opened, -EIO);
        CHECK_STR(x.why, "/proc/self/mem cannot be read: Input/output error");
        free(x.frames);
        memset(path, 'x', sizeof path); /* of a long name its end */
        snprintf(path + sizeof path - 10, 10, "/walk.log");
        x = read_path(path);
        CHECK_EQ(x.opened, -ENAMETOOLONG);
        CHECK_EQ(strncmp(x.why, "...xxx", 6), 0);
        CHECK(strstr(x.why, "x/walk.log cannot be opened: "));
        free(x.frames);
}

/* --- whatever the end --- */

static unsigned frames_before(const struct file *f, size_t n) {
        unsigned i = 0;

        while (i < f->frames && f->end[i] <= n)
                i++;
        return i;
}

/* At any place a file may end: what was before is delivered. */
static void check_truncations(const struct file *f) {
        struct reading whole = read_bytes(f->bytes, f->n);

        CHECK_EQ(whole.n, f->frames);
        for (size_t n = 8; n <= f->n; n++) {
                struct reading x = read_bytes(f->bytes, n);
                unsigned want = frames_before(f, n);
                bool between = n == (want ? f->end[want - 1] : f->head);
                char says[64];

                CHECK_EQ(x.opened, n < f->head ? -EINVAL : 0);
                CHECK_EQ(x.n, want);
                CHECK_EQ(strncmp(x.frames, whole.frames, strlen(x.frames)), 0);
                CHECK_EQ(x.ended, n < f->head || between ? 0 : -EBADMSG);
                snprintf(says, sizeof says, " ends in the middle of a frame (number %u); ",
                         want + 1);
                CHECK((x.ended == -EBADMSG) == (strstr(x.trouble, says) != NULL));
                free(x.frames);
        }
        free(whole.frames);
}

static void delivers_what_was_before_any_end(void) {
        struct file f = monitor_file();

        check_truncations(&f);
        f = pcap(201, true, false);
        put_pcap_frames(&f);
        check_truncations(&f);
        f = pcapng_file();
        check_truncations(&f);
}

static void any_few_bytes_are_taken(void) {
        struct file f = monitor_file(), p = pcap(201, true, false);

        for (size_t n = 0; n < 8; n++) {
                struct reading x = read_bytes(f.bytes, n), y = read_bytes(p.bytes, n);

                CHECK(x.opened == 0 || x.opened == -EINVAL);
                CHECK(y.opened == 0 || y.opened == -EINVAL);
                free(x.frames);
                free(y.frames);
        }
}

static void a_header_alone_has_no_frames(void) {
        struct file f = btsnoop(2001);

        check_frames(&f, "btsnoop (Linux monitor)", "");
        f = pcap(254, true, false);
        check_frames(&f, "pcap (Linux monitor)", "");
        f = pcapng(254);
        check_frames(&f, "pcapng (Linux monitor)", "");
}

/* --- pipes --- */

/* A child that writes `bytes`, in pieces of `piece`. */
static pid_t feed(int to, int other, const uint8_t *bytes, size_t n, size_t piece) {
        pid_t child = fork();

        if (child != 0)
                return child;
        close(other);
        for (size_t i = 0; i < n; i += piece)
                if (write(to, bytes + i, n - i < piece ? n - i : piece) < 0)
                        _exit(1);
        _exit(0);
}

static void check_pipe(const struct file *f, size_t piece) {
        struct reading whole = read_bytes(f->bytes, f->n), x;
        int ends[2];
        pid_t child;

        CHECK_EQ(pipe(ends), 0);
        child = feed(ends[1], ends[0], f->bytes, f->n, piece);
        close(ends[1]);
        x = read_stdin(ends[0]);
        close(ends[0]);
        waitpid(child, NULL, 0);
        CHECK_EQ(x.opened, 0);
        CHECK_EQ(x.ended, whole.ended);
        CHECK_STR(x.frames, whole.frames);
        CHECK_EQ(whole.size, f->n);
        CHECK_EQ(whole.position, f->n);
        CHECK_EQ(x.size, 0);
        CHECK_EQ(x.position, f->n);
        free(x.frames);
        free(whole.frames);
}

static void reads_pipes_as_it_reads_files(void) {
        for (size_t piece = 1; piece < 4096; piece *= 63) {
                struct file f = monitor_file();

                check_pipe(&f, piece);
                f = pcap(201, false, true);
                put_pcap_frames(&f);
                check_pipe(&f, piece);
                f = pcapng_file();
                check_pipe(&f, piece);
                f = TEXT("> HCI Event: one\n  two\n");
                check_pipe(&f, piece);
                f = TEXT("\xff\xfe>\0 \0H\0\n\0");
                check_pipe(&f, piece);
        }
}

static void calls_a_pipe_standard_input(void) {
        int ends[2];
        struct reading x;

        CHECK_EQ(pipe(ends), 0);
        close(ends[1]);
        x = read_stdin(ends[0]);
        close(ends[0]);
        CHECK_EQ(x.opened, -EINVAL);
        CHECK_STR(x.why, "standard input is empty: take the capture again");
        free(x.frames);
}

/* A socket whose other end broke off: its bytes come first, then the error. */
static struct reading read_until_error(const struct file *f) {
        int ends[2];
        struct reading x;

        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        CHECK_EQ(write(ends[0], "never read", 10), 10);
        CHECK_EQ(write(ends[1], f->bytes, f->n), f->n);
        close(ends[1]);
        x = read_stdin(ends[0]);
        close(ends[0]);
        return x;
}

static void check_error(const struct file *f, unsigned frames) {
        struct reading x = read_until_error(f);

        CHECK_EQ(x.opened, 0);
        CHECK_EQ(x.n, frames);
        CHECK_EQ(x.ended, -ECONNRESET);
        CHECK_STR(x.trouble, "standard input cannot be read: Connection reset by peer");
        free(x.frames);
}

static void says_when_reading_fails(void) {
        struct file f = monitor_file();
        struct reading x;

        check_error(&f, f.frames);
        f.n -= 1; /* in the middle */
        check_error(&f, f.frames - 1);
        f.n = 10; /* in the header */
        x = read_until_error(&f);
        CHECK_EQ(x.opened, -ECONNRESET);
        free(x.frames);
        f = pcap(201, true, false);
        put_pcap_frames(&f);
        check_error(&f, f.frames);
        f.n = 20;
        x = read_until_error(&f);
        CHECK_EQ(x.opened, -ECONNRESET);
        CHECK_STR(x.why, "standard input cannot be read: Connection reset by peer");
        free(x.frames);
        f = TEXT("> HCI Event: one\n  two\n");
        check_error(&f, 2);
}

/* --- memory --- */

#define ENDLESS (50u << 20)

static long resident_pages(void) {
        long pages = 0;
        FILE *f = fopen("/proc/self/statm", "r");

        CHECK(f && fscanf(f, "%*d %ld", &pages) == 1);
        fclose(f);
        return pages;
}

/* A child that writes the header and then its frames, again and again. */
static pid_t feed_endlessly(int to, int other, const struct file *f) {
        static uint8_t block[1 << 16];
        size_t n = 0, once = f->n - f->head;
        pid_t child = fork();

        if (child != 0)
                return child;
        close(other);
        signal(SIGPIPE, SIG_DFL);
        while (n + once <= sizeof block) {
                memcpy(block + n, f->bytes + f->head, once);
                n += once;
        }
        if (write(to, f->bytes, f->head) < 0)
                _exit(1);
        while (write(to, block, n) == (ssize_t) n)
                ;
        _exit(0);
}

static void check_memory(const struct file *f) {
        int before = dup(STDIN_FILENO), ends[2];
        struct capture *c = NULL;
        struct capture_frame frame;
        char why[CAPTURE_WHY_MAX];
        long early;
        pid_t child;

        CHECK_EQ(pipe(ends), 0);
        child = feed_endlessly(ends[1], ends[0], f);
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        CHECK_EQ(capture_open("-", &c, why, sizeof why), 0);
        while (c && capture_position(c) < ENDLESS / 50 && capture_next(c, &frame) > 0)
                ;
        early = resident_pages();
        while (c && capture_position(c) < ENDLESS && capture_next(c, &frame) > 0)
                ;
        CHECK(c && capture_position(c) >= ENDLESS);
        CHECK(resident_pages() < early + early / 4);
        capture_free(c);
        dup2(before, STDIN_FILENO);
        close(before);
        close(ends[0]);
        waitpid(child, NULL, 0);
}

static void endless_input_stays_in_constant_memory(void) {
        struct file f = monitor_file();
        char line[4000];

        check_memory(&f);
        f = pcap(201, true, false);
        put_pcap_frames(&f);
        check_memory(&f);
        f = pcapng_file();
        check_memory(&f);
        memset(line, 'a', sizeof line); /* longer than a line may be */
        line[sizeof line - 1] = '\n';
        f = text(line, sizeof line);
        check_memory(&f);
}

CHECK_MAIN("unit.capture", TEST(reads_btsnoop_of_the_linux_monitor), TEST(reads_btsnoop_with_h4),
           TEST(reads_btsnoop_without_a_type), TEST(says_what_was_cut_in_btsnoop),
           TEST(keeps_lying_times_in_bounds), TEST(refuses_frames_that_cannot_be_that_long),
           TEST(refuses_other_btsnoop_by_name), TEST(reads_pcap_in_any_order_of_bytes),
           TEST(reads_pcap_without_direction), TEST(reads_pcap_of_the_linux_monitor),
           TEST(reads_what_sniffers_write), TEST(reads_pcapng),
           TEST(refuses_other_link_types_by_name), TEST(says_what_to_do_about_several_interfaces),
           TEST(says_where_pcap_is_damaged), TEST(keeps_lying_times_of_pcapng_in_bounds),
           TEST(reads_text_line_by_line), TEST(leaves_out_byte_order_marks), TEST(reads_utf16),
           TEST(cuts_long_lines_and_tolerates_nul), TEST(says_what_it_is_instead),
           TEST(says_why_it_cannot_be_opened), TEST(delivers_what_was_before_any_end),
           TEST(any_few_bytes_are_taken), TEST(a_header_alone_has_no_frames),
           TEST(reads_pipes_as_it_reads_files), TEST(calls_a_pipe_standard_input),
           TEST(says_when_reading_fails), TEST(endless_input_stays_in_constant_memory))
