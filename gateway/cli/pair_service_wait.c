/* What is not heard: a broker, an answer, an ending; and what is said then. */
#include "app/wall_clock.h"
#include "cli/pair_service.h"
#include "store/survey.h"

#define PATIENCE_USEC 10000000u  /* for the broker, and for the service's answer */
#define AWAY_USEC     20000000u  /* for either of them to come back while a window is open */
#define ENDING_USEC   2000000u   /* the window is closed: for the event that tells how */
#define MARGIN_USEC   15000000u  /* after the window's end: for the same */
#define READING_USEC  300000000u /* after the bond: from one event to the next */
#define WINDOW_MAX_S  600        /* no window is longer */

void service_wait(struct service *s, enum wait what) {
        static const uint64_t usec[] = {
                [WAIT_BROKER] = PATIENCE_USEC, [WAIT_ANSWER] = PATIENCE_USEC,
                [WAIT_BACK] = AWAY_USEC,       [WAIT_ENDING] = ENDING_USEC,
                [WAIT_CLOSED] = PATIENCE_USEC,
        };

        if (s->wait == what && deadline_is_set(&s->patience))
                return;
        s->wait = what;
        deadline_set_usec(&s->patience, usec[what]);
}

static uint64_t window_usec(const struct service *s) {
        int64_t left_s = s->pair->view.until_s - wall_clock_now();

        return (uint64_t) (left_s < 0 || left_s > WINDOW_MAX_S ? WINDOW_MAX_S : left_s) * 1000000u;
}

/* By the window's end once: the clock that tells of it may be set meanwhile. */
void service_wait_for_end(struct service *s) {
        bool told = s->pair->view.until_s != 0;

        if (s->pair->view.bonded)
                deadline_set_usec(&s->bound, READING_USEC);
        else if (!deadline_is_set(&s->bound) || (told && !s->end_told))
                deadline_set_usec(&s->bound, window_usec(s) + MARGIN_USEC);
        s->end_told = told;
}

/* What is known of who holds the database. */
static enum store_survey_lock who_holds(const struct service *s) {
        return store_survey_lock(s->pair->config->state_directory);
}

static void no_broker(struct service *s) {
        const char *evidence =
                s->trouble[0] ? s->trouble : "the broker did not answer within 10 seconds";

        if (who_holds(s) == STORE_SURVEY_LOCK_FORBIDDEN)
                pair_fail(s->pair, "no_broker",
                          "The MQTT broker is away, and this user may not see whether the service "
                          "runs",
                          evidence, "Run it as root: `sudo cuff2mqtt pair`");
        else
                pair_fail(s->pair, "no_broker", "The service runs, but the MQTT broker is away",
                          evidence,
                          "Start the broker, or see `cuff2mqtt doctor`; without the service (`sudo "
                          "systemctl stop cuff2mqtt`) this program pairs by itself");
}

static void no_answer(struct service *s) {
        enum store_survey_lock lock = who_holds(s);
        bool hidden = lock == STORE_SURVEY_LOCK_FORBIDDEN;

        if (!hidden && lock != STORE_SURVEY_LOCK_HELD)
                pair_fail(s->pair, "service_silent", "The service has ended",
                          "it held the database when this program began, and does not any more",
                          "Pair again: without the service this program pairs by itself");
        else
                pair_fail(s->pair, "service_silent", "The service does not answer",
                          s->offline ? "the broker knows the service as offline"
                                     : "nothing came back on the request to pair within 10 seconds",
                          hidden ? "Run it as root, who may see whether the service runs: `sudo "
                                   "cuff2mqtt pair`"
                                 : "If another `cuff2mqtt pair` is at work, let it end. Else see "
                                   "`journalctl -u cuff2mqtt -n 20`: the service's broker and base "
                                   "topic must be those of this configuration");
}

/* The keys are exchanged, and nobody is left to tell of the first reading. */
static bool is_bonded(struct service *s) {
        if (!s->pair->view.bonded || s->pair->view.end != PAIR_GOES_ON)
                return false;
        s->pair->view.end = PAIR_CLOSED;
        s->pair->part->finish(s->pair);
        return true;
}

static void not_heard(struct service *s, const char *evidence) {
        if (!is_bonded(s))
                pair_fail(s->pair, "service_silent", "How the pairing ended was not heard",
                          evidence,
                          "See `journalctl -u cuff2mqtt -n 20` for how it ended, or pair again");
}

static void went_away(struct service *s) {
        if (is_bonded(s))
                return;
        if (guest_is_connected(&s->guest))
                pair_fail(s->pair, "service_silent", "The service went away during pairing",
                          s->offline ? "the broker says that it is offline"
                                     : "the broker was away, and the service has not come back",
                          "Run `systemctl status cuff2mqtt`, then pair again");
        else
                pair_fail(s->pair, "no_broker", "The MQTT broker went away during pairing",
                          s->trouble,
                          "See `journalctl -u cuff2mqtt -n 20` for how the pairing goes on, or "
                          "start the broker and pair again");
}

static void on_patience_over(void *userdata) {
        struct service *s = userdata;

        switch (s->wait) {
        case WAIT_BROKER:
                no_broker(s);
                break;
        case WAIT_ANSWER:
                if (guest_is_connected(&s->guest))
                        no_answer(s);
                else
                        no_broker(s);
                break;
        case WAIT_BACK:
                went_away(s);
                break;
        case WAIT_ENDING:
                not_heard(s, "the window was closed while the service or the broker was away");
                break;
        case WAIT_CLOSED:
                s->pair->part->finish(s->pair);
                break;
        }
}

static void on_bound(void *userdata) {
        struct service *s = userdata;

        if (s->offline || !guest_is_connected(&s->guest))
                went_away(s);
        else
                not_heard(s, "the time of the window is over, and nothing came about its end");
}

void service_wait_init(struct service *s) {
        deadline_init(&s->patience, s->pair->event, on_patience_over, s);
        deadline_init(&s->bound, s->pair->event, on_bound, s);
}

void service_wait_done(struct service *s) {
        deadline_done(&s->patience);
        deadline_done(&s->bound);
}
