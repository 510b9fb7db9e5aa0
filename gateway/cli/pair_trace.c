/* The kernel's monitor channel is what btmon listens to: a raw HCI socket whose messages are
 *
 *      OO OO  II II  LL LL  data*LL      opcode, adapter, size, each least significant byte first
 *
 * (Linux: include/net/bluetooth/hci_mon.h and hci_sock.h; the library of BlueZ is not needed for
 * it.) */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "cli/explain.h"
#include "cli/explain_words.h"
#include "cli/pair.h"
#include "core/bytes.h"

#define PROTOCOL_HCI    1      /* BTPROTO_HCI */
#define CHANNEL_MONITOR 2      /* HCI_CHANNEL_MONITOR */
#define NO_DEVICE       0xFFFF /* HCI_DEV_NONE */
#define MESSAGE_MAX     4096   /* the largest packet that matters has 1028 */

struct monitor_address { /* sockaddr_hci */
        sa_family_t family;
        uint16_t device, channel;
};

struct pair_trace {
        struct explain explain;
        sd_event_source *source;
        int fd;
        uint64_t number, begin_usec;
        struct trace_pairing last; /* that is worth telling: a failed one before any other */
        bool has_last, ended;
        unsigned pairings;
};

static void on_pairing(void *owner, const struct trace_pairing *p) {
        struct pair_trace *t = owner;
        bool good = p->outcome == TRACE_BONDED || p->outcome == TRACE_ENCRYPTED_WITH_STORED_KEY;

        t->pairings++;
        if (good && t->has_last)
                return;
        t->last = *p;
        t->has_last = true;
}

static uint64_t now_usec(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t) now.tv_sec * 1000000u + (uint64_t) now.tv_nsec / 1000u;
}

static void take(struct pair_trace *t, const uint8_t *message, size_t n) {
        struct bytes b = bytes_of(message, n);
        struct capture_frame frame = {.kind = CAPTURE_HCI};
        uint16_t opcode = bytes_le16(&b);
        uint16_t size;

        frame.hci.type = trace_hci_of_monitor(opcode, &frame.hci.received);
        frame.hci.adapter = bytes_le16(&b);
        size = bytes_le16(&b);
        if (b.short_read)
                return;
        frame.hci.number = ++t->number;
        frame.hci.usec = (int64_t) (now_usec() - t->begin_usec);
        frame.hci.bytes = b.at;
        frame.hci.n = bytes_left(&b) < size ? bytes_left(&b) : size;
        frame.hci.cut = frame.hci.n < size;
        explain_frame(&t->explain, &frame);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct pair_trace *t = userdata;
        uint8_t message[MESSAGE_MAX];
        ssize_t n;

        while ((n = recv(fd, message, sizeof message, MSG_DONTWAIT)) > 0)
                take(t, message, (size_t) n);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
                sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

int pair_trace_open(void) {
        struct monitor_address address = {AF_BLUETOOTH, NO_DEVICE, CHANNEL_MONITOR};
        int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, PROTOCOL_HCI);

        if (fd < 0)
                return -errno;
        if (bind(fd, (const struct sockaddr *) &address, sizeof address) < 0) {
                int error = errno == EACCES ? EPERM : errno;

                close(fd);
                return -error;
        }
        return fd;
}

int pair_trace_new(sd_event *event, int fd, struct pair_trace **ret) {
        static const struct explain_events events = {.pairing = on_pairing};
        struct pair_trace *t = calloc(1, sizeof *t);
        int r;

        if (!t) {
                close(fd);
                return -ENOMEM;
        }
        t->fd = fd;
        t->begin_usec = now_usec();
        explain_init(&t->explain, &events, t);
        r = sd_event_add_io(event, &t->source, fd, EPOLLIN, on_readable, t);
        if (r < 0) {
                pair_trace_free(t);
                return r;
        }
        *ret = t;
        return 0;
}

void pair_trace_free(struct pair_trace *t) {
        if (!t)
                return;
        sd_event_source_disable_unref(t->source);
        close(t->fd);
        free(t);
}

/* To the end of what the kernel has told by now. */
static void end(struct pair_trace *t) {
        if (t->ended)
                return;
        t->ended = true;
        on_readable(t->source, t->fd, 0, t);
        explain_end(&t->explain);
}

bool pair_trace_verdict(struct pair_trace *t, const char *device, struct verdict *ret) {
        char id[BDADDR_ID_SIZE];

        end(t);
        if (!t->has_last || !t->last.has_address)
                return false;
        bdaddr_to_id(&t->last.address, id);
        if (strcmp(id, device) != 0)
                return false;
        verdict_of(&t->last, ret);
        return ret->n > 0;
}

/* That it failed is known. */
void pair_trace_evidence(const struct pair_trace *t, const struct verdict_cause *cause, char *ret,
                         size_t size) {
        static const char failed[] = "failed: ";
        char ending[EXPLAIN_ENDING_MAX];
        const char *from = explain_ending(&t->last, ending);

        if (strncmp(from, failed, sizeof failed - 1) == 0)
                from += sizeof failed - 1;
        snprintf(ret, size, "%c%s.%s%s", toupper((unsigned char) *from), from + 1,
                 cause->evidence_for[0] ? " " : "", cause->evidence_for);
}

void pair_trace_tell(struct pair_trace *t, FILE *out) {
        struct verdict verdict;

        end(t);
        if (!t->has_last) {
                fprintf(out, "\nNo pairing was seen between this computer and a cuff.\n");
                return;
        }
        verdict_of(&t->last, &verdict);
        fprintf(out, "\nWhat the kernel saw\n\n");
        explain_story(out, t->pairings, &t->last, &verdict, false);
}
