#include "cuff/driver_omron.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/gatt_uuid.h"
#include "cuff/driver_omron_steps.h"
#include "cuff/text.h"

#define READ_TRIES 4
#define MTU_MIN    23 /* of every ATT link */

enum kind {
        KIND_SUBSCRIBE,
        KIND_PAUSE,
        KIND_KEEP,
        KIND_UNLOCK, /* write to the unlock characteristic, wait for its notification */
        KIND_FRAME,  /* the same with a frame, on the channels */
        KIND_OVER,
};

/* clang-format off */
static const struct {
        enum kind kind;
        const char *uuid;
        bool (*ask)(struct driver_omron *d, const struct driver_now *now); /* NULL: always */
        void (*done)(struct driver_omron *d, const struct driver_now *now, enum memory_error error);
} steps[STEP_MAX_] = {
        [STEP_RX0]             = { KIND_SUBSCRIBE, UUID_OMRON_RX0,    NULL,                             driver_omron_done_step },
        [STEP_UNLOCK_NOTIFY]   = { KIND_SUBSCRIBE, UUID_OMRON_UNLOCK, NULL,                             driver_omron_done_unlock_notify },
        [STEP_SETTLE]          = { KIND_PAUSE,     NULL,              driver_omron_ask_settle,          driver_omron_done_step },
        [STEP_LINK_PAUSE]      = { KIND_PAUSE,     NULL,              driver_omron_ask_link_pause,      driver_omron_done_step },
        [STEP_LINK_CHECK]      = { KIND_UNLOCK,    NULL,              driver_omron_ask_link_check,      driver_omron_done_link_check },
        [STEP_KEEP_KEY]        = { KIND_KEEP,      NULL,              driver_omron_ask_keep_key,        driver_omron_done_step },
        [STEP_STORE_KEY]       = { KIND_UNLOCK,    NULL,              driver_omron_ask_store_key,       driver_omron_done_store_key },
        [STEP_OPEN]            = { KIND_UNLOCK,    NULL,              driver_omron_ask_open,            driver_omron_done_open },
        [STEP_TOKEN]           = { KIND_UNLOCK,    NULL,              driver_omron_ask_token,           driver_omron_done_token },
        [STEP_RX1]             = { KIND_SUBSCRIBE, UUID_OMRON_RX1,    driver_omron_ask_channel,         driver_omron_done_step },
        [STEP_RX2]             = { KIND_SUBSCRIBE, UUID_OMRON_RX2,    driver_omron_ask_channel,         driver_omron_done_step },
        [STEP_RX3]             = { KIND_SUBSCRIBE, UUID_OMRON_RX3,    driver_omron_ask_channel,         driver_omron_done_step },
        [STEP_SETTLE_CHANNELS] = { KIND_PAUSE,     NULL,              driver_omron_ask_settle_channels, driver_omron_done_step },
        [STEP_START]           = { KIND_FRAME,     NULL,              driver_omron_ask_start,           driver_omron_done_start },
        [STEP_SETTINGS]        = { KIND_FRAME,     NULL,              driver_omron_ask_settings,        driver_omron_done_settings },
        [STEP_NEWEST]          = { KIND_FRAME,     NULL,              driver_omron_ask_newest,          driver_omron_done_run },
        [STEP_RECORDS]         = { KIND_FRAME,     NULL,              driver_omron_ask_records,         driver_omron_done_run },
        [STEP_BACKUP]          = { KIND_KEEP,      NULL,              driver_omron_ask_backup,          driver_omron_done_backup },
        [STEP_WRITE]           = { KIND_FRAME,     NULL,              driver_omron_ask_write,           driver_omron_done_write },
        [STEP_SETTLE_WRITE]    = { KIND_PAUSE,     NULL,              driver_omron_ask_settle_write,    driver_omron_done_settle_write },
        [STEP_DUMP]            = { KIND_FRAME,     NULL,              driver_omron_ask_dump,            driver_omron_done_dump },
        [STEP_END]             = { KIND_FRAME,     NULL,              driver_omron_ask_end,             driver_omron_done_end },
        [STEP_DRAINED]         = { KIND_OVER,      NULL,              NULL,                             NULL },
        [STEP_FAILED]          = { KIND_OVER,      NULL,              NULL,                             NULL },
};

static const char *const tx[OMRON_CHANNELS] = { UUID_OMRON_TX0, UUID_OMRON_TX1, UUID_OMRON_TX2, UUID_OMRON_TX3 };
static const char *const rx[OMRON_CHANNELS] = { UUID_OMRON_RX0, UUID_OMRON_RX1, UUID_OMRON_RX2, UUID_OMRON_RX3 };
/* clang-format on */

/* --- for the other files ---------------------------------------------------------------------- */

const struct omron_model *driver_omron_model(const struct driver_omron *d) {
        assert(d->at_candidate < d->n_candidates);
        return d->candidate[d->at_candidate];
}

/* A modern frame is one value: 8 bytes of its own, 3 of ATT. */
size_t driver_omron_room(const struct driver_omron *d) {
        size_t mtu = d->setup.mtu < MTU_MIN ? MTU_MIN : d->setup.mtu;
        size_t fits = mtu - 3 - OMRON_FRAME_MIN;

        return d->setup.stack == OMRON_MODERN && fits < OMRON_PAYLOAD_MAX ? fits
                                                                          : OMRON_PAYLOAD_MAX;
}

size_t driver_omron_limit(const struct driver_omron *d, const struct omron_model *m) {
        size_t room = driver_omron_room(d);

        return room < m->block ? room : m->block;
}

void driver_omron_request_read(struct driver_omron *d, unsigned address, size_t n) {
        assert(n > 0 && n <= OMRON_PAYLOAD_MAX);
        d->request = omron_frame_read((uint16_t) address, (uint8_t) n);
        d->facts.reads++;
}

void driver_omron_go(struct driver_omron *d, enum driver_omron_step step) {
        d->step = step;
        d->prepared = false;
}

/* That no row has its name is no news once the cuff itself has said something worse. */
static void note(struct driver_omron *d, enum memory_error error) {
        if (d->facts.error == MEMORY_OK ||
            (d->facts.error == MEMORY_UNKNOWN_MODEL && !d->facts.started))
                d->facts.error = error;
}

void driver_omron_fail(struct driver_omron *d, enum memory_error error) {
        note(d, error);
        driver_omron_go(d, driver_omron_is_open(d) ? STEP_END
                           : d->start_sent         ? STEP_DRAINED
                                                   : STEP_FAILED);
}

/* --- a link ------------------------------------------------------------------------------------
 */

void driver_omron_begin(struct driver_omron *d, const struct driver_omron_setup *setup,
                        const char *name) {
        memset(d, 0, sizeof *d);
        d->setup = *setup;
        if (setup->proved && setup->proved->stack == setup->stack)
                d->candidate[d->n_candidates++] = setup->proved;
        else
                d->n_candidates = omron_model_candidates(name, setup->stack, d->candidate);
        if (d->n_candidates == 0)
                d->facts.error = MEMORY_UNKNOWN_MODEL;
        d->dumping = setup->dump || d->n_candidates == 0;
}

bool driver_omron_is_open(const struct driver_omron *d) {
        return d->start_sent && !d->ended;
}

/* --- one request -------------------------------------------------------------------------------
 */

static void send_anew(struct driver_omron *d) {
        d->sent = d->has_answer = false;
        d->slice = 0;
        omron_assembly_begin(&d->assembly, d->setup.stack == OMRON_MODERN);
}

static void prepare(struct driver_omron *d, const struct driver_now *now) {
        while (!d->prepared) {
                unsigned step = d->step;

                d->wait_usec = d->setup.timing.reply_usec;
                if (!steps[step].ask || steps[step].ask(d, now)) {
                        d->prepared = true;
                        d->tries = 0;
                        send_anew(d);
                } else if (d->step == step) {
                        d->step++;
                }
        }
}

static void finish(struct driver_omron *d, const struct driver_now *now, enum memory_error error) {
        d->prepared = false;
        steps[d->step].done(d, now, error);
}

/* Without an answer. Only a read can be repeated: a second START is not answered, and what a second
 * write would do nobody knows. */
static void try_again(struct driver_omron *d, const struct driver_now *now,
                      enum memory_error error) {
        bool is_read = steps[d->step].kind == KIND_FRAME && d->request.type == OMRON_FRAME_READ;

        if (is_read && ++d->tries < READ_TRIES) {
                d->facts.retries++;
                send_anew(d);
        } else {
                finish(d, now, error);
        }
}

static size_t slice_of(const struct driver_omron *d, uint8_t ret[OMRON_FRAME_MAX]) {
        uint8_t bytes[OMRON_FRAME_MAX];
        size_t size = omron_frame_encode(&d->request, bytes);
        size_t from = 0;

        if (d->setup.stack == OMRON_CLASSIC) {
                from = (size_t) d->slice * OMRON_SLICE_SIZE;
                size -= from;
                size = size > OMRON_SLICE_SIZE ? OMRON_SLICE_SIZE : size;
        }
        memcpy(ret, bytes + from, size);
        return size;
}

static bool was_last_slice(const struct driver_omron *d) {
        size_t size = OMRON_FRAME_MIN + d->request.payload_size;

        return steps[d->step].kind != KIND_FRAME || d->setup.stack == OMRON_MODERN ||
               ((size_t) d->slice + 1) * OMRON_SLICE_SIZE >= size;
}

static void fill_write(const struct driver_omron *d, struct driver_request *ret) {
        bool command = d->setup.stack == OMRON_MODERN;

        ret->verb = command ? DRIVER_WRITE_COMMAND : DRIVER_WRITE;
        if (steps[d->step].kind == KIND_FRAME) {
                ret->uuid = tx[command ? 0 : d->slice];
                ret->value_size = slice_of(d, ret->value);
                return;
        }
        ret->uuid = UUID_OMRON_UNLOCK;
        ret->value_size = d->value_size;
        memcpy(ret->value, d->value, d->value_size);
}

static int error_of(enum memory_error error) {
        switch (error) {
        case MEMORY_NOT_ENCRYPTED:
                return -EPERM;
        case MEMORY_HANG_UP:
                return -ENOTCONN;
        case MEMORY_INCOMPLETE:
                return -ENOENT;
        case MEMORY_LOCKED:
        case MEMORY_WRONG_KEY:
        case MEMORY_KEY_REFUSED:
        case MEMORY_REFUSED:
                return -EACCES;
        default:
                return -EIO;
        }
}

void driver_omron_next(struct driver_omron *d, const struct driver_now *now,
                       struct driver_request *ret) {
        *ret = (struct driver_request){.verb = DRIVER_WAIT,
                                       .wait_usec = d->setup.timing.reply_usec};
        if (d->abandoned || driver_omron_has_waiting(d))
                return;

        prepare(d, now);
        switch (steps[d->step].kind) {
        case KIND_SUBSCRIBE:
                *ret = (struct driver_request){.verb = DRIVER_SUBSCRIBE,
                                               .uuid = steps[d->step].uuid};
                break;
        case KIND_KEEP:
                *ret = (struct driver_request){
                        .verb = DRIVER_KEEP,
                        .value_size = d->value_size,
                        .keep = d->step == STEP_KEEP_KEY ? KEEP_KEY : KEEP_BACKUP,
                        .address = d->request.address,
                };
                memcpy(ret->value, d->value, d->value_size);
                break;
        case KIND_PAUSE:
                ret->wait_usec = d->wait_usec;
                return;
        case KIND_UNLOCK:
        case KIND_FRAME:
                if (d->sent) {
                        ret->wait_usec = d->wait_usec;
                        return;
                }
                *ret = (struct driver_request){0};
                fill_write(d, ret);
                break;
        case KIND_OVER:
                *ret = (struct driver_request){.verb = DRIVER_DRAINED};
                if (d->step == STEP_FAILED)
                        *ret = (struct driver_request){.verb = DRIVER_FAILED,
                                                       .error = error_of(d->facts.error)};
                return;
        }
        d->asked = true;
}

/* --- what became of it -------------------------------------------------------------------------
 */

static enum memory_error meaning_of(int error, enum kind kind) {
        if (error < 0 && kind == KIND_KEEP)
                return MEMORY_NOT_KEPT;
        switch (error) {
        case 0:
                return MEMORY_OK;
        case -ENOENT:
                return MEMORY_INCOMPLETE;
        case -EPERM:
                return MEMORY_NOT_ENCRYPTED;
        default:
                return MEMORY_REFUSED;
        }
}

static void hang_up(struct driver_omron *d) {
        d->ended = d->start_sent;
        driver_omron_fail(d, MEMORY_HANG_UP);
}

static void written(struct driver_omron *d, const struct driver_now *now, int error) {
        if (error == -EPERM && d->step != STEP_END) {
                driver_omron_fail(d, MEMORY_NOT_ENCRYPTED);
        } else if (error < 0) {
                try_again(d, now, MEMORY_TIMEOUT);
        } else if (!was_last_slice(d)) {
                d->slice++;
        } else {
                d->sent = true;
                if (d->has_answer)
                        finish(d, now, MEMORY_OK);
        }
}

void driver_omron_reply(struct driver_omron *d, const struct driver_now *now, int error) {
        enum kind kind = steps[d->step].kind;

        if (!d->asked)
                return;
        d->asked = false;
        if (error == -ENOTCONN && kind != KIND_KEEP) {
                d->abandoned = false;
                hang_up(d);
        } else if (d->abandoned) {
                d->abandoned = false;
        } else if (kind == KIND_UNLOCK || kind == KIND_FRAME) {
                written(d, now, error);
        } else {
                finish(d, now, meaning_of(error, kind));
        }
}

/* The answer can overtake the reply to the write that asked for it: then it waits for that. */
static void answered(struct driver_omron *d, const struct driver_now *now) {
        if (d->sent)
                finish(d, now, MEMORY_OK);
        else
                d->has_answer = true;
}

static void take_unlock(struct driver_omron *d, const struct driver_now *now, const uint8_t *value,
                        size_t n) {
        struct omron_unlock_reply reply;

        if (steps[d->step].kind != KIND_UNLOCK || omron_unlock_decode(value, n, &reply) < 0)
                return;
        if (reply.command != d->value[0])
                return;
        if (reply.command == OMRON_UNLOCK_TOKEN &&
            memcmp(reply.nonce, d->setup.nonce, sizeof reply.nonce) != 0)
                return;
        d->unlocked = reply;
        answered(d, now);
}

static void take_frame(struct driver_omron *d, const struct driver_now *now, unsigned channel,
                       const uint8_t *value, size_t n) {
        struct omron_frame frame;
        int r;

        if (steps[d->step].kind != KIND_FRAME || d->has_answer)
                return;
        r = omron_assembly_add(&d->assembly, channel, value, n, &frame);
        if (r < 0 && d->sent && d->request.type == OMRON_FRAME_READ) {
                try_again(d, now, MEMORY_CHECKSUM);
        } else if (r > 0 && omron_frame_answers(&frame, &d->request)) {
                d->answer = frame;
                answered(d, now);
        }
}

int driver_omron_value(struct driver_omron *d, const struct driver_now *now, const char *uuid,
                       const uint8_t *value, size_t value_size) {
        unsigned channels = d->setup.stack == OMRON_MODERN ? 1 : OMRON_CHANNELS;
        bool expected = d->prepared && !d->abandoned && (d->asked || d->sent);

        if (text_equal(uuid, UUID_OMRON_UNLOCK)) {
                if (expected)
                        take_unlock(d, now, value, value_size);
                return 0;
        }
        for (unsigned i = 0; i < channels; i++) {
                if (!text_equal(uuid, rx[i]))
                        continue;
                if (expected && value_size > 0)
                        take_frame(d, now, i, value, value_size);
                return 0;
        }
        return -ENOTSUP;
}

void driver_omron_elapsed(struct driver_omron *d, const struct driver_now *now) {
        if (d->abandoned) { /* the call was dropped with its reply */
                d->abandoned = d->asked = false;
                return;
        }
        if (!d->prepared || d->asked)
                return;
        if (steps[d->step].kind == KIND_PAUSE)
                finish(d, now, MEMORY_OK);
        else if (d->sent)
                try_again(d, now, MEMORY_TIMEOUT);
}

void driver_omron_stop(struct driver_omron *d) {
        if (d->step >= STEP_END)
                return;
        d->abandoned = d->asked;
        driver_omron_fail(d, MEMORY_STOPPED);
}
