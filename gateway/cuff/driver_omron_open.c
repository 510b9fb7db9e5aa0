/* The way in and out: subscriptions, key or token, START, END.
 *
 * Classic: RX0 makes the cuff ask for encryption; RX1 to RX3 wait until the key was taken: enabled
 * before, they left START unanswered and the cuff showing "Err" (userx14/omblepy,
 * eigger/hass-omron; sure). Modern: RX0, unlock, token, START, the order of OMRON's own app
 * (eigger/hass-omron#91). */
#include <string.h>

#include "cuff/driver_omron_steps.h"

#define LINK_CHECKS 10 /* the link is being encrypted meanwhile (userx14/omblepy: 1 s each) */

static bool is_classic(const struct driver_omron *d) {
        return d->setup.stack == OMRON_CLASSIC;
}

static void next_step(struct driver_omron *d) {
        driver_omron_go(d, (enum driver_omron_step)(d->step + 1));
}

static bool ask_unlock(struct driver_omron *d, enum omron_unlock_command command,
                       const uint8_t *key) {
        omron_unlock_encode(command, key, d->value);
        d->value_size = OMRON_UNLOCK_SIZE;
        d->wait_usec = d->setup.timing.unlock_usec;
        return true;
}

/* --- subscriptions and pauses ------------------------------------------------------------------
 */

void driver_omron_done_step(struct driver_omron *d, const struct driver_now *now,
                            enum memory_error error) {
        if (error)
                driver_omron_fail(d, error);
        else
                next_step(d);
}

/* On a modern cuff it is for the token only, and not every one has it. */
void driver_omron_done_unlock_notify(struct driver_omron *d, const struct driver_now *now,
                                     enum memory_error error) {
        d->no_unlock = error != MEMORY_OK;
        if (!is_classic(d) && error != MEMORY_NOT_ENCRYPTED)
                error = MEMORY_OK;
        driver_omron_done_step(d, now, error);
}

bool driver_omron_ask_channel(struct driver_omron *d, const struct driver_now *now) {
        return is_classic(d);
}

bool driver_omron_ask_settle(struct driver_omron *d, const struct driver_now *now) {
        d->wait_usec = d->setup.timing.settle_usec;
        return true;
}

bool driver_omron_ask_settle_channels(struct driver_omron *d, const struct driver_now *now) {
        return is_classic(d) && driver_omron_ask_settle(d, now);
}

/* --- the key -----------------------------------------------------------------------------------
 */

static bool programs_key(const struct driver_omron *d) {
        return is_classic(d) && d->setup.paired_now;
}

bool driver_omron_ask_link_pause(struct driver_omron *d, const struct driver_now *now) {
        d->wait_usec = d->setup.timing.program_usec;
        return d->checks > 0;
}

bool driver_omron_ask_link_check(struct driver_omron *d, const struct driver_now *now) {
        return programs_key(d) && ask_unlock(d, OMRON_UNLOCK_LINK_CHECK, NULL);
}

static enum memory_error meaning_of_check(const struct driver_omron *d, enum memory_error error) {
        if (error)
                return error;
        return d->unlocked.status == OMRON_STATUS_TIMEOUT ? MEMORY_NOT_ENCRYPTED
                                                          : MEMORY_KEY_REFUSED;
}

void driver_omron_done_link_check(struct driver_omron *d, const struct driver_now *now,
                                  enum memory_error error) {
        if (!error && d->unlocked.status == OMRON_STATUS_OK)
                next_step(d);
        else if (++d->checks < LINK_CHECKS)
                driver_omron_go(d, STEP_LINK_PAUSE);
        else
                driver_omron_fail(d, meaning_of_check(d, error));
}

/* First on disk: a cuff with a key that nobody has left must be paired again. */
bool driver_omron_ask_keep_key(struct driver_omron *d, const struct driver_now *now) {
        memcpy(d->value, d->setup.key, OMRON_KEY_SIZE);
        d->value_size = OMRON_KEY_SIZE;
        return programs_key(d);
}

bool driver_omron_ask_store_key(struct driver_omron *d, const struct driver_now *now) {
        return programs_key(d) && ask_unlock(d, OMRON_UNLOCK_STORE_KEY, d->setup.key);
}

void driver_omron_done_store_key(struct driver_omron *d, const struct driver_now *now,
                                 enum memory_error error) {
        if (!error && d->unlocked.status != OMRON_STATUS_OK)
                error = MEMORY_KEY_REFUSED;
        d->facts.key_programmed = !error;
        driver_omron_done_step(d, now, error);
}

bool driver_omron_ask_open(struct driver_omron *d, const struct driver_now *now) {
        if (!is_classic(d) || d->setup.paired_now)
                return false;
        if (!d->setup.has_key) {
                driver_omron_fail(d, MEMORY_LOCKED);
                return false;
        }
        return ask_unlock(d, OMRON_UNLOCK_OPEN, d->setup.key);
}

static enum memory_error meaning_of_open(uint8_t status) {
        switch (status) {
        case OMRON_STATUS_OK:
                return MEMORY_OK;
        case OMRON_STATUS_WRONG_KEY:
                return MEMORY_WRONG_KEY;
        case OMRON_STATUS_NOT_ENCRYPTED:
                return MEMORY_NOT_ENCRYPTED;
        default:
                return MEMORY_REFUSED;
        }
}

void driver_omron_done_open(struct driver_omron *d, const struct driver_now *now,
                            enum memory_error error) {
        if (!error)
                error = meaning_of_open(d->unlocked.status);
        d->facts.key_opened = !error;
        driver_omron_done_step(d, now, error);
}

/* --- the token ---------------------------------------------------------------------------------
 */

bool driver_omron_ask_token(struct driver_omron *d, const struct driver_now *now) {
        if (is_classic(d) || d->setup.no_token || d->no_unlock)
                return false;
        omron_token_encode(d->setup.nonce, d->value);
        d->value_size = OMRON_TOKEN_SIZE;
        d->wait_usec = d->setup.timing.token_usec;
        return true;
}

/* Silence and refusals are no failure: START tells. */
void driver_omron_done_token(struct driver_omron *d, const struct driver_now *now,
                             enum memory_error error) {
        d->facts.token_answered = !error;
        d->facts.token_status = error ? 0 : d->unlocked.status;
        next_step(d);
}

/* --- the envelope ------------------------------------------------------------------------------
 */

bool driver_omron_ask_start(struct driver_omron *d, const struct driver_now *now) {
        d->request = omron_frame_start();
        d->start_sent = true;
        return true;
}

void driver_omron_done_start(struct driver_omron *d, const struct driver_now *now,
                             enum memory_error error) {
        if (error) {
                d->facts.start_unanswered = true;
                driver_omron_fail(d, MEMORY_NO_START);
                return;
        }
        if (d->answer.result != OMRON_RESULT_OK) {
                driver_omron_fail(d, MEMORY_REFUSED);
                return;
        }

        d->facts.started = true;
        if (d->dumping)
                driver_omron_go(d, STEP_DUMP);
        else
                driver_omron_begin_proof(d);
}

bool driver_omron_ask_end(struct driver_omron *d, const struct driver_now *now) {
        d->request = omron_frame_end();
        return true;
}

/* An END that is not answered has been said all the same. E5: what was written is refused as a
 * whole (eigger/hass-omron 2.8.x notes; fairly sure). */
void driver_omron_done_end(struct driver_omron *d, const struct driver_now *now,
                           enum memory_error error) {
        struct driver_omron_facts *facts = &d->facts;
        uint8_t result = error ? OMRON_RESULT_OK : d->answer.result;

        d->ended = true;
        if (result == OMRON_RESULT_SETTINGS) {
                facts->writes_refused = true;
                facts->wrote_clock = facts->wrote_unread = facts->wrote_registration = false;
                driver_omron_fail(d, MEMORY_REFUSED_SETTINGS);
        } else if (result != OMRON_RESULT_OK) {
                driver_omron_fail(d, MEMORY_REFUSED);
        } else {
                driver_omron_go(d, STEP_DRAINED);
        }
}
