/* The driver for the memory of OMRON cuffs: unlock or token, START, settings, records, END.
 *
 *   subscribe -> [unlock | program key | token] -> START -> settings of each candidate -> newest
 *   record of each user (the proof) -> records, oldest first -> [writes] -> END -> drained
 *
 * One START and one END per link; END also after an error. Reads are tried four times, writes once.
 * Nothing is written unless `may_write` says so. Records are handed over as they are read, each
 * user's oldest first: take them after each plan step, keep them, and keep the last one's place. */
#pragma once

#include "core/omron_frame.h"
#include "core/omron_settings.h"
#include "core/omron_unlock.h"
#include "cuff/driver.h"
#include "cuff/memory_error.h"

#define DRIVER_OMRON_RING_SIZE  24000 /* the largest: 9700T, 1000 x 24 */
#define DRIVER_OMRON_QUEUE      8     /* records one reply can complete, and more */
#define DRIVER_OMRON_PROOF_SIZE 512
#define DRIVER_OMRON_DUMP_MAX   96 /* reads of one dump */

enum driver_omron_write { /* bits of may_write: each only by an option for this very cuff */
                          OMRON_MAY_SET_CLOCK = 1,
                          OMRON_MAY_CLEAR_UNREAD = 2,
                          OMRON_MAY_REGISTER = 4,
};

struct driver_omron_setup {
        enum omron_stack stack;
        uint16_t mtu;                     /* ATT; 0: unknown, taken as 23 */
        bool paired_now;                  /* this link has just bonded, in pairing mode */
        const struct omron_model *proved; /* in an earlier session; NULL */
        bool has_key;                     /* classic */
        uint8_t key[OMRON_KEY_SIZE]; /* the cuff's if has_key, else the one to program if paired_now
                                      */
        bool no_token;               /* modern: START stayed unanswered after a token once */
        uint8_t nonce[OMRON_TOKEN_NONCE_SIZE]; /* random */
        struct omron_mark mark[OMRON_USERS_MAX];
        unsigned may_write;
        bool clock_by_profile; /* 2A2B is there and was not refused: the clock is not our business
                                */
        bool dump;             /* read what describes the memory instead of its records */
        struct driver_timing timing;
};

struct driver_omron_record {
        uint8_t user; /* 1.. */
        uint16_t slot;
        bool behind; /* the ring held newer ones when it was read */
        struct measurement measurement;
        uint8_t raw[OMRON_RECORD_SIZE_MAX];
        size_t raw_size;
        int error; /* 0; -EBADMSG checksum wrong twice; -ERANGE implausible; -ENODATA a failed
                    * measurement: keep the bytes, it is no measurement */
};

/* One answered read of a dump. */
struct driver_omron_block {
        uint16_t address;
        uint8_t size, result; /* result: of the frame; size 0 when refused */
        uint8_t bytes[OMRON_PAYLOAD_MAX];
};

struct driver_omron_facts {
        enum memory_error error;         /* why it failed; MEMORY_OK: it did not */
        const struct omron_model *model; /* proved in this session, by a record too; NULL */
        bool key_programmed, key_opened; /* the key of the setup is now the cuff's; it opened it */
        bool token_answered, start_unanswered;
        uint8_t token_status; /* if answered; 0 is fine */
        bool started;         /* START was answered: the memory was open */
        bool complete;        /* all rings were read to their end */
        struct number unread[OMRON_USERS_MAX];
        bool wrote_clock, wrote_unread, wrote_registration, writes_refused;
        bool has_clock, clock_unset;
        struct number drift_s;               /* memory clock minus now; unknown if unset */
        char proof[DRIVER_OMRON_PROOF_SIZE]; /* when refused: "HEM-7155T-K4: index parity wrong; .."
                                              */
        unsigned odd_checksums; /* records with a wrong one: damaged, if the model's is proven */
        unsigned reads, retries;
};

/* One write that is due: a window of the settings block. */
struct driver_omron_window {
        unsigned permission; /* the one bit of may_write it needs */
        size_t from, size;   /* in the settings block */
        uint8_t bytes[OMRON_PAYLOAD_MAX];
        struct {
                size_t from, to;
        } meant[3]; /* what may differ from what was read, in the settings block */
};

struct driver_omron {
        struct driver_omron_setup setup;
        struct driver_omron_facts facts;
        /* the rest is the driver's own */
        unsigned step, tries, checks; /* checks: of the link, before a key is programmed */
        bool prepared;                /* it is settled what this step asks */
        bool asked;                   /* a call is under way: its reply is due */
        bool abandoned;               /* .. and nobody wants to know it any more */
        bool sent;                    /* all of it is out: the answer is due */
        bool has_answer;              /* it came before the reply to the write did */
        bool start_sent, ended, no_unlock;
        unsigned slice;
        uint64_t wait_usec;
        struct omron_frame request, answer;
        uint8_t value[DRIVER_VALUE_SIZE]; /* of an unlock, or to be kept */
        size_t value_size;
        struct omron_unlock_reply unlocked;
        struct omron_assembly assembly;

        const struct omron_model *candidate[OMRON_CANDIDATES_MAX];
        size_t n_candidates, at_candidate, n_proved, winner;
        bool seen, doubt; /* a record spoke for, one spoke against the candidate */
        uint64_t newest_hash[OMRON_USERS_MAX];
        struct omron_settings settings;
        uint8_t settings_bytes[OMRON_SETTINGS_SIZE_MAX];
        size_t settings_have;

        unsigned user; /* whose records are read, 0.. */
        struct {
                uint16_t first, count; /* slots still to be read, in ring order */
                bool planned;
                bool check; /* the first one is the mark's: only compared */
                bool whole; /* the index is not trusted: all slots, sorted afterwards */
        } run[OMRON_USERS_MAX];
        uint8_t carry[OMRON_RECORD_SIZE_MAX + OMRON_PAYLOAD_MAX]; /* begins where a record does */
        size_t carried;
        unsigned singly;  /* that many records are read each by itself */
        bool again;       /* this record was read before, with a wrong checksum */
        int fitting_sums; /* records with a right checksum, less those with a wrong one */
        struct driver_omron_record queue[DRIVER_OMRON_QUEUE];
        size_t queued, taken;
        uint8_t ring[DRIVER_OMRON_RING_SIZE];
        struct {
                bool by_sequence;
                uint16_t left, slot; /* not handed over yet; the last one that was */
                int64_t key;         /* of the same */
        } sort;

        bool dumping, has_block;
        struct {
                size_t row, area, done; /* which table row, which stretch of it, bytes behind us */
                unsigned silent;        /* reads in a row without an answer */
                size_t reads;
                uint16_t address[DRIVER_OMRON_DUMP_MAX]; /* of the reads so far */
        } dump;
        struct driver_omron_block block;

        unsigned write; /* which one is due */
        bool writing, settling, registered;
        struct driver_omron_window window;
};

/* A new link. `name`: what the cuff calls itself (2A24) or "". Copies the setup. Candidates: the
 * proved model, else those of the name. With none of them: facts.error is MEMORY_UNKNOWN_MODEL, and
 * the plan is that of a dump. */
void driver_omron_begin(struct driver_omron *d, const struct driver_omron_setup *setup,
                        const char *name);
/* As in driver_standard.h. DRIVER_DRAINED follows END (facts.error tells whether it was a success);
 * DRIVER_FAILED only when there was no START to end. While records wait to be taken the answer is
 * DRIVER_WAIT with wait_usec of the reply: take them first. */
void driver_omron_next(struct driver_omron *d, const struct driver_now *now,
                       struct driver_request *ret);
void driver_omron_reply(struct driver_omron *d, const struct driver_now *now, int error);
/* A notification. 0: ours. -ENOTSUP: not one of our characteristics. */
int driver_omron_value(struct driver_omron *d, const struct driver_now *now, const char *uuid,
                       const uint8_t *value, size_t value_size);
/* The wait of DRIVER_WAIT is over. */
void driver_omron_elapsed(struct driver_omron *d, const struct driver_now *now);
/* No more reading: END, if it is open. */
void driver_omron_stop(struct driver_omron *d);
/* The next record, oldest first; false: none now. */
bool driver_omron_take(struct driver_omron *d, struct driver_omron_record *ret);
bool driver_omron_take_block(struct driver_omron *d, struct driver_omron_block *ret);
/* Between START and the answer to END: the link must not be cut. */
bool driver_omron_is_open(const struct driver_omron *d);
