/* What the files of driver_omron say to each other; nobody else includes this, but its tests.
 *
 * A step asks: it fills in what is to be sent and returns true; false: it has nothing (more) to
 * ask, and the next one is due, or the one it went to. When the exchange is over, retries and all,
 * its `done` is told: MEMORY_OK and the answer in `d`, or why there is none. It then goes on or
 * stays: a step that stays is asked again. */
#pragma once

#include "cuff/driver_omron.h"

enum driver_omron_step {
        STEP_RX0,
        STEP_UNLOCK_NOTIFY,
        STEP_SETTLE,
        STEP_LINK_PAUSE, /* between two link checks */
        STEP_LINK_CHECK,
        STEP_KEEP_KEY,
        STEP_STORE_KEY,
        STEP_OPEN,
        STEP_TOKEN,
        STEP_RX1,
        STEP_RX2,
        STEP_RX3,
        STEP_SETTLE_CHANNELS,
        STEP_START,
        STEP_SETTINGS, /* this and the next one for each candidate */
        STEP_NEWEST,
        STEP_RECORDS,
        STEP_BACKUP, /* this and the next two for each write */
        STEP_WRITE,
        STEP_SETTLE_WRITE,
        STEP_DUMP, /* left out unless dumping */
        STEP_END,
        STEP_DRAINED, /* where the plan ends */
        STEP_FAILED,  /* the same, before there was a START */
        STEP_MAX_,
};

/* --- driver_omron.c ----------------------------------------------------------------------------
 */
void driver_omron_go(struct driver_omron *d, enum driver_omron_step step);
/* No further: END if it is open. The first cause stays. */
void driver_omron_fail(struct driver_omron *d, enum memory_error error);
void driver_omron_request_read(struct driver_omron *d, unsigned address, size_t n);
/* The longest payload this link takes, either way. */
size_t driver_omron_room(const struct driver_omron *d);
/* The longest read this model and this link take. */
size_t driver_omron_limit(const struct driver_omron *d, const struct omron_model *m);
/* The candidate that is being tried, or was chosen. */
const struct omron_model *driver_omron_model(const struct driver_omron *d);

/* --- driver_omron_open.c -----------------------------------------------------------------------
 */
bool driver_omron_ask_settle(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_channel(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_settle_channels(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_link_pause(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_link_check(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_keep_key(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_store_key(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_open(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_token(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_start(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_end(struct driver_omron *d, const struct driver_now *now);
void driver_omron_done_step(struct driver_omron *d, const struct driver_now *now,
                            enum memory_error error);
void driver_omron_done_unlock_notify(struct driver_omron *d, const struct driver_now *now,
                                     enum memory_error error);
void driver_omron_done_link_check(struct driver_omron *d, const struct driver_now *now,
                                  enum memory_error error);
void driver_omron_done_store_key(struct driver_omron *d, const struct driver_now *now,
                                 enum memory_error error);
void driver_omron_done_open(struct driver_omron *d, const struct driver_now *now,
                            enum memory_error error);
void driver_omron_done_token(struct driver_omron *d, const struct driver_now *now,
                             enum memory_error error);
void driver_omron_done_start(struct driver_omron *d, const struct driver_now *now,
                             enum memory_error error);
void driver_omron_done_end(struct driver_omron *d, const struct driver_now *now,
                           enum memory_error error);

/* --- driver_omron_proof.c ----------------------------------------------------------------------
 */
void driver_omron_begin_proof(struct driver_omron *d);
bool driver_omron_ask_settings(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_newest(struct driver_omron *d, const struct driver_now *now);
void driver_omron_done_settings(struct driver_omron *d, const struct driver_now *now,
                                enum memory_error error);
/* A record read for the proof; NULL: the cuff refuses to read it. */
void driver_omron_judge(struct driver_omron *d, const uint8_t *raw);

/* --- driver_omron_read.c -----------------------------------------------------------------------
 */
/* Which slots of each ring are read. */
void driver_omron_begin_records(struct driver_omron *d);
bool driver_omron_ask_records(struct driver_omron *d, const struct driver_now *now);
/* The next piece of the present user's run; for the proof too. */
void driver_omron_ask_run(struct driver_omron *d);
void driver_omron_done_run(struct driver_omron *d, const struct driver_now *now,
                           enum memory_error error);

/* --- driver_omron_queue.c ----------------------------------------------------------------------
 */
/* `raw` was read from `slot` of the present user's ring. */
void driver_omron_hand_over(struct driver_omron *d, const uint8_t *raw, uint16_t slot, bool behind);
/* The present user's ring lies in d->ring: hand it over sorted. False: nothing in it makes sense.
 */
bool driver_omron_begin_sorted(struct driver_omron *d);
bool driver_omron_has_waiting(const struct driver_omron *d);

/* --- driver_omron_write.c ----------------------------------------------------------------------
 */
bool driver_omron_ask_backup(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_write(struct driver_omron *d, const struct driver_now *now);
bool driver_omron_ask_settle_write(struct driver_omron *d, const struct driver_now *now);
void driver_omron_done_backup(struct driver_omron *d, const struct driver_now *now,
                              enum memory_error error);
void driver_omron_done_write(struct driver_omron *d, const struct driver_now *now,
                             enum memory_error error);
void driver_omron_done_settle_write(struct driver_omron *d, const struct driver_now *now,
                                    enum memory_error error);

enum driver_omron_guard { /* what must hold before anything is written */
                          GUARD_OK,
                          GUARD_PROVED,    /* 1: the model, by this session's content */
                          GUARD_PERMITTED, /* 2: this kind of write, for this cuff */
                          GUARD_WINDOW,    /* 3: a whole known window inside the write copy */
                          GUARD_SOURCE, /* 4: its bytes were read in this session, and make sense,
                                           as they were .. */
                          GUARD_RESULT, /* .. and as they will be */
                          GUARD_MEANT,  /* 5: nothing differs but what is meant to */
                          GUARD_FRAME,  /* 6: it fits one frame, and that one the link */
};
/* The first one that does not hold. The others follow by themselves: one try, the reply is checked,
 * END is checked, and a backup is kept first. */
enum driver_omron_guard driver_omron_check_write(const struct driver_omron *d,
                                                 const struct driver_omron_window *w);

/* --- driver_omron_dump.c -----------------------------------------------------------------------
 */
bool driver_omron_ask_dump(struct driver_omron *d, const struct driver_now *now);
void driver_omron_done_dump(struct driver_omron *d, const struct driver_now *now,
                            enum memory_error error);
