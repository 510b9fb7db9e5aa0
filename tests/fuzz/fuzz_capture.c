/* Any bytes as a capture, as a file and through a pipe: both say the same, whatever it is. */
#include "cli/capture.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/trace_btmon.h"
#include "exact.h"
#include "fuzz/property.h"

#define PIPE_MAX 65536 /* what a pipe holds without a reader */

struct story {
        int opened, ended;
        uint64_t frames, fingerprint;
};

static void add(struct story *s, const void *bytes, size_t n) {
        const uint8_t *p = bytes;

        for (size_t i = 0; i < n; i++)
                s->fingerprint = (s->fingerprint ^ p[i]) * 0x100000001b3;
}

static void add_number(struct story *s, uint64_t number) {
        add(s, &number, sizeof number);
}

static void add_hci(struct story *s, const struct trace_hci_frame *f) {
        REQUIRE(f->type <= TRACE_HCI_OTHER && f->received <= TRACE_YES);
        REQUIRE(f->number == s->frames && f->usec >= 0);
        add(s, f->bytes, f->n);
        add_number(s, f->type);
        add_number(s, f->received);
        add_number(s, f->adapter);
        add_number(s, (uint64_t) f->usec);
        add_number(s, f->cut);
}

static void add_air(struct story *s, const struct trace_air_frame *f) {
        REQUIRE(f->header <= TRACE_AIR_NORDIC);
        REQUIRE(f->number == s->frames && f->usec >= 0);
        add(s, f->bytes, f->n);
        add_number(s, f->header);
        add_number(s, (uint64_t) f->usec);
        add_number(s, f->cut);
}

static void add_frame(struct story *s, const struct capture_frame *f) {
        s->frames++;
        switch (f->kind) {
        case CAPTURE_HCI:
                add_hci(s, &f->hci);
                break;
        case CAPTURE_AIR:
                add_air(s, &f->air);
                break;
        case CAPTURE_TEXT:
                REQUIRE(f->line.n <= TRACE_BTMON_LINE_MAX);
                REQUIRE(!memchr(f->line.text, '\n', f->line.n));
                REQUIRE(!memchr(f->line.text, '\0', f->line.n));
                add(s, f->line.text, f->line.n);
                break;
        default:
                REQUIRE(false);
        }
        add_number(s, f->kind);
}

static struct story read_all(const char *path, size_t n) {
        struct story s = {0};
        struct capture *c = NULL;
        struct capture_frame f;
        char why[CAPTURE_WHY_MAX] = "";

        s.opened = capture_open(path, &c, why, sizeof why);
        REQUIRE(s.opened == 0 || s.opened == -EINVAL);
        REQUIRE((s.opened == 0) == (c != NULL) && (s.opened == 0) == (why[0] == '\0'));
        if (!c)
                return s;
        while ((s.ended = capture_next(c, &f)) > 0) {
                REQUIRE(capture_trouble(c)[0] == '\0');
                add_frame(&s, &f);
        }
        REQUIRE(s.ended == 0 || s.ended == -EBADMSG);
        REQUIRE((s.ended == 0) == (capture_trouble(c)[0] == '\0'));
        REQUIRE(capture_next(c, &f) == 0);
        REQUIRE(capture_position(c) <= n && capture_format(c)[0] != '\0');
        REQUIRE(s.ended != 0 || capture_position(c) == n);
        capture_free(c);
        return s;
}

static struct story read_file(const uint8_t *data, size_t n) {
        int fd = memfd_create("capture", MFD_CLOEXEC);
        char path[64];
        struct story s;

        REQUIRE(fd >= 0 && write(fd, data, n) == (ssize_t) n);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        s = read_all(path, n);
        close(fd);
        return s;
}

static struct story read_pipe(const uint8_t *data, size_t n) {
        int ends[2];
        struct story s;

        REQUIRE(pipe(ends) == 0 && write(ends[1], data, n) == (ssize_t) n);
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        s = read_all("-", n);
        return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        struct story file, piped;

        if (n > PIPE_MAX)
                return 0;
        file = read_file(data, n);
        piped = read_pipe(data, n);
        REQUIRE(file.opened == piped.opened && file.ended == piped.ended);
        REQUIRE(file.frames == piped.frames && file.fingerprint == piped.fingerprint);
        return 0;
}
