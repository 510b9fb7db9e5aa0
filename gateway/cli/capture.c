#include "cli/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/capture_source.h"

#define MAGIC_MAX       16 /* the longest beginning that tells a format */
#define CONTROLS_ONE_IN 16 /* text has no more control characters than that */

/* --- how it fails --- */

int capture_fail(struct capture *c, int error, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(c->trouble, sizeof c->trouble, format, arguments);
        va_end(arguments);
        return error;
}

int capture_fail_in_the_middle(struct capture *c, uint64_t number) {
        return capture_fail(c, -EBADMSG,
                            "%s ends in the middle of a frame (number %llu); what was before it "
                            "was read",
                            c->name, (unsigned long long) number);
}

int capture_fail_damaged(struct capture *c, uint64_t number, const char *why) {
        return capture_fail(c, -EBADMSG,
                            "%s is damaged at frame %llu (%.200s); what was before it was read",
                            c->name, (unsigned long long) number, why);
}

int capture_fail_read(struct capture *c) {
        int error = c->error > 0 ? c->error : EIO;

        return capture_fail(c, -error, "%s cannot be read: %s", c->name, strerror(error));
}

/* --- the file: its first bytes twice, so that a pipe can be looked at too --- */

static ssize_t read_some(struct capture *c, void *buffer, size_t size) {
        ssize_t n;

        do
                n = read(c->fd, buffer, size);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                c->error = errno;
        else
                c->position += (size_t) n;
        return n;
}

static ssize_t cookie_read(void *cookie, char *buffer, size_t size) {
        struct capture *c = cookie;
        size_t n = c->head_size - c->head_at;

        if (n == 0)
                return read_some(c, buffer, size);
        if (n > size)
                n = size;
        memcpy(buffer, c->head + c->head_at, n);
        c->head_at += n;
        return (ssize_t) n;
}

/* As much as tells the format; of a slow pipe no more than that is waited for. */
static int read_head(struct capture *c) {
        ssize_t n = 1;

        while (c->head_size < MAGIC_MAX && n > 0) {
                n = read_some(c, c->head + c->head_size, sizeof c->head - c->head_size);
                if (n < 0)
                        return capture_fail_read(c);
                c->head_size += (size_t) n;
        }
        return c->head_size > 0
                       ? 0
                       : capture_fail(c, -EINVAL, "%s is empty: take the capture again", c->name);
}

static int open_file(struct capture *c, const char *path) {
        struct stat s;

        c->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
        if (c->fd < 0) {
                int error = errno;

                return capture_fail(c, -error, "%s cannot be opened: %s%s", c->name,
                                    strerror(error),
                                    error == EACCES ? " (with sudo in front it may be)" : "");
        }
        if (fstat(c->fd, &s) < 0)
                s = (struct stat){0};
        if (S_ISDIR(s.st_mode))
                return capture_fail(c, -EINVAL, "%s is a directory: name a file in it", c->name);
        if (S_ISREG(s.st_mode))
                c->size = (uint64_t) s.st_size;
        c->file = fopencookie(c, "r", (cookie_io_functions_t){.read = cookie_read});
        return c->file ? 0 : capture_fail(c, -ENOMEM, "there is no memory left");
}

/* --- which format --- */

struct beginning {
        const char *bytes;
        size_t n;
        int (*open)(struct capture *c);
        const char *refusal; /* after "NAME is ", where it is not read */
};

#define BYTES(text) text, sizeof(text) - 1
/* clang-format off */
static const struct beginning beginnings[] = {
        {BYTES("btsnoop\0"),                .open = capture_btsnoop_open},
        {BYTES("\xa1\xb2\xc3\xd4"),         .open = capture_pcap_open}, /* microseconds */
        {BYTES("\xd4\xc3\xb2\xa1"),         .open = capture_pcap_open},
        {BYTES("\xa1\xb2\x3c\x4d"),         .open = capture_pcap_open}, /* nanoseconds */
        {BYTES("\x4d\x3c\xb2\xa1"),         .open = capture_pcap_open},
        {BYTES("\x0a\x0d\x0d\x0a"),         .open = capture_pcap_open}, /* pcapng */
        {BYTES("\x1f\x8b"),                 .refusal = "packed with gzip: unpack it first (gunzip)"},
        {BYTES("BZh"),                      .refusal = "packed with bzip2: unpack it first (bunzip2)"},
        {BYTES("\xfd" "7zXZ\0"),            .refusal = "packed with xz: unpack it first (unxz)"},
        {BYTES("\x28\xb5\x2f\xfd"),         .refusal = "packed with zstd: unpack it first (unzstd)"},
        {BYTES("PK\x03\x04"),               .refusal = "a zip archive: unpack it first; of an Android bug report "
                "take FS/data/misc/bluetooth/logs/btsnoop_hci.log out of it (some phones keep it in /data/log/bt)"},
        {BYTES("\x89PNG"),                  .refusal = "a picture: the capture itself, or its text, is needed"},
        {BYTES("\xff\xd8\xff"),             .refusal = "a picture: the capture itself, or its text, is needed"},
        {BYTES("%PDF-"),                    .refusal = "a PDF: the capture itself, or its text, is needed"},
};
/* clang-format on */

/* Texts that are not btmon's, and what would have been a capture. */
#define BUG_REPORT                                                                                 \
        "the text of an Android bug report, which holds the Bluetooth log only packed (BTSNOOZ): " \
        "take btsnoop_hci.log out of the report's zip archive, or unpack it with btsnooz.py"
#define HCIDUMP "the text of hcidump, which is not read: record with `sudo btmon -w FILE` instead"
static const struct {
        const char *says, *refusal;
} texts[] = {
        {"== dumpstate: ", BUG_REPORT},
        {"BTSNOOP_LOG_SUMMARY", BUG_REPORT},
        {"HCI sniffer - Bluetooth packet analyzer", HCIDUMP},
        {" ACL data: handle ", HCIDUMP}, /* btmon: "ACL Data RX: Handle" */
        {" bytes captured (",
         "Wireshark's text, which is not read: save the packets as pcapng (File, Save As)"},
};

/* Apple's PacketLogger has no magic. A record is: BE32 length of what follows, BE32 seconds, BE32
 * microseconds, one byte type (0x00 to 0x0b packets, from 0xf8 on notes), the packet. */
static bool is_packet_logger(const struct capture *c) {
        const uint8_t *p = c->head;

        return c->head_size > 12 && capture_be32(p) >= 9 && capture_be32(p) <= 0xFFFF &&
               capture_be32(p + 8) < 1000000 && (p[12] <= 0x0B || p[12] >= 0xF8);
}

static bool head_has(const struct capture *c, const char *text) {
        return memmem(c->head, c->head_size, text, strlen(text));
}

static bool is_utf16(const struct capture *c) {
        return c->head_size >= 2 &&
               (memcmp(c->head, "\xff\xfe", 2) == 0 || memcmp(c->head, "\xfe\xff", 2) == 0);
}

static bool is_text(const struct capture *c) {
        size_t controls = 0;

        if (is_utf16(c))
                return true;
        for (size_t i = 0; i < c->head_size; i++) {
                uint8_t b = c->head[i];

                if (b == '\0')
                        return false;
                controls += (b < ' ' && !strchr("\t\n\v\f\r\b\033", b)) || b == 0x7F;
        }
        return controls * CONTROLS_ONE_IN <= c->head_size;
}

static int open_format(struct capture *c) {
        for (size_t i = 0; i < ELEMENTS(beginnings); i++) {
                const struct beginning *b = &beginnings[i];

                if (c->head_size < b->n || memcmp(c->head, b->bytes, b->n) != 0)
                        continue;
                return b->open ? b->open(c)
                               : capture_fail(c, -EINVAL, "%s is %s", c->name, b->refusal);
        }
        if (is_packet_logger(c))
                return capture_fail(c, -EINVAL,
                                    "%s is of Apple's PacketLogger, whose own format is not read: "
                                    "save the capture as btsnoop or pcap",
                                    c->name);
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (head_has(c, texts[i].says))
                        return capture_fail(c, -EINVAL, "%s is %s", c->name, texts[i].refusal);
        if (is_text(c))
                return capture_text_open(c);
        return capture_fail(c, -EINVAL,
                            "%s is no Bluetooth capture: btsnoop (btmon -w, Android), pcap, pcapng "
                            "and btmon's text are read",
                            c->name);
}

/* --- what the readers share --- */

int64_t capture_since_first(struct capture *c, int64_t usec) {
        int64_t since;

        if (!c->has_first)
                c->first_usec = usec;
        c->has_first = true;
        if (usec < c->first_usec)
                return 0;
        return __builtin_sub_overflow(usec, c->first_usec, &since) ? INT64_MAX : since;
}

/* --- the interface --- */

/* Of a long path its end: that is what tells files apart. */
static void name_it(struct capture *c, const char *path) {
        size_t n = strlen(path), keep = sizeof c->name - sizeof "...";

        if (strcmp(path, "-") == 0)
                snprintf(c->name, sizeof c->name, "standard input");
        else if (n < sizeof c->name)
                memcpy(c->name, path, n + 1);
        else
                snprintf(c->name, sizeof c->name, "...%s", path + n - keep);
}

int capture_open(const char *path, struct capture **ret, char *ret_why, size_t why_size) {
        _cleanup_(capture_freep) struct capture *c = calloc(1, sizeof *c);
        int r;

        if (!c) {
                snprintf(ret_why, why_size, "there is no memory left");
                return -ENOMEM;
        }
        name_it(c, path);
        r = open_file(c, path);
        if (r == 0)
                r = read_head(c);
        if (r == 0)
                r = open_format(c);
        if (r < 0) {
                snprintf(ret_why, why_size, "%s", c->trouble);
                return r;
        }
        *ret = TAKE_PTR(c);
        return 0;
}

void capture_free(struct capture *c) {
        if (!c)
                return;
        if (c->pcap)
                pcap_close(c->pcap);
        if (c->file)
                fclose(c->file);
        if (c->fd > STDIN_FILENO)
                close(c->fd);
        free(c);
}

int capture_next(struct capture *c, struct capture_frame *ret) {
        int r = c->ended ? 0 : c->next(c, ret);

        c->ended = r <= 0;
        return r;
}

const char *capture_trouble(const struct capture *c) {
        return c->trouble;
}

uint64_t capture_position(const struct capture *c) {
        return c->position;
}

uint64_t capture_size(const struct capture *c) {
        return c->size;
}

const char *capture_format(const struct capture *c) {
        return c->format;
}
