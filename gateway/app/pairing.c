#include "app/pairing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "app/wall_clock.h"
#include "mqtt/json.h"
#include "mqtt/message.h"

#define LOG_COMPONENT "pairing"
#include "base/log.h"

void pairing_progress(struct pairing *p, const char *step, const char *text,
                      const struct bluez_sighting *seen) {
        const struct cuff *cuff = p->candidate;
        struct json j = json_begin(cJSON_CreateObject());
        char until[WALL_CLOCK_TEXT_SIZE], id[BDADDR_ID_SIZE];

        wall_clock_format_local(p->until_s, until);
        json_text(&j, j.root, "step", step);
        json_text(&j, j.root, "text", text);
        if (seen) {
                bdaddr_to_id(&seen->address, id);
                json_text(&j, j.root, "device", id);
                json_text(&j, j.root, "name", seen->name);
                json_number(&j, j.root, "rssi", (struct number){seen->has_rssi, seen->rssi});
        } else if (cuff) {
                json_text(&j, j.root, "device", cuff->id);
                json_text(&j, j.root, "name", cuff_name(cuff));
        }
        if (cuff)
                json_real(&j, j.root, "attempt", p->failures + 1);
        json_text(&j, j.root, "until", until);
        log_info("%s", text);
        collector_happened(p->collector, "pairing_progress", json_end(&j), p->transaction);
}

/* What is not the cuff's doing. */
static void say(struct pairing *p, const char *code, const char *cause, const char *evidence,
                const char *remedy) {
        pairing_failure_say(&p->failure, code, cause, evidence, remedy);
        p->explained = true;
}

/* --- the agent --- */

static void on_registered(void *owner, enum bluez_error error) {
        struct pairing *p = owner;

        if (error == BLUEZ_OK || !p->active)
                return;
        say(p, "agent_not_taken", "BlueZ does not let the gateway answer pairing questions",
            bluez_error_cause(error),
            error == BLUEZ_ACCESS_DENIED
                    ? bluez_error_remedy(error)
                    : "Restart Bluetooth with `sudo systemctl restart bluetooth`, "
                      "then start pairing again");
        pairing_close(p, "agent_refused");
}

static void on_asked(void *owner, const char *method, bool ours, bool accepted) {
        struct pairing *p = owner;

        log_info("BlueZ asked %s: %s", method,
                 accepted ? "yes, that is the cuff being paired" : "no");
        if (ours)
                pairing_asked(p, accepted);
}

static void on_unregistered(void *owner) {
        log_debug("The pairing agent is withdrawn");
}

static void on_window_over(void *userdata);
static void on_retry(void *userdata);

int pairing_init(struct pairing *p, struct collector *c) {
        static const struct bluez_agent_events events = {
                .registered = on_registered,
                .asked = on_asked,
                .unregistered = on_unregistered,
        };

        *p = (struct pairing){.collector = c};
        deadline_init(&p->window, c->event, on_window_over, p);
        deadline_init(&p->retry, c->event, on_retry, p);
        pairing_ladder_init(p);
        return bluez_agent_new(c->bus, &events, p, &p->agent);
}

void pairing_done(struct pairing *p) {
        deadline_done(&p->window);
        deadline_done(&p->bond_check);
        deadline_done(&p->cuff_asks);
        deadline_done(&p->retry);
        bluez_agent_free(p->agent);
        free(p->transaction);
}

/* --- the window --- */

static void pause_others(struct collector *c) {
        for (size_t i = 0; i < c->n_cuffs; i++)
                if (!session_is_linked(&c->cuffs[i]->session))
                        cuff_pause(c->cuffs[i]);
}

int pairing_open(struct pairing *p, uint64_t usec, const struct bdaddr *address,
                 const char *transaction) {
        struct collector *c = p->collector;

        if (p->active)
                return -EBUSY;
        if (!c->adapter_on || c->stage != COLLECTOR_RUNNING)
                return -ENODEV;
        if (bluez_agent_register(p->agent) < 0)
                return -ENODEV;
        free(p->transaction);
        p->transaction = transaction ? strdup(transaction) : NULL;
        p->active = true;
        p->until_s = wall_clock_now() + (int64_t) (usec / 1000000);
        p->has_address = address != NULL;
        if (address)
                p->address = *address;
        p->candidate = NULL;
        p->attempt = (struct pairing_attempt){0};
        p->failures = p->faults = 0;
        p->why = "timeout";
        deadline_clear(&p->retry);
        p->removing = p->told_not_pairing = p->bonded_before = p->explained = false;
        p->ticket = 0;
        deadline_set_usec(&p->window, usec);
        pause_others(c); /* else the kernel connects them before we see the P */
        c->events->bridge_changed(c->owner);
        collector_happened(c, "pairing_started", NULL, p->transaction);
        pairing_progress(
                p, "looking",
                "Looking for a cuff in pairing mode: hold its Bluetooth button until the P blinks",
                NULL);
        wake_update(&c->wake);
        return 0;
}

static void tell_failure(struct pairing *p) {
        const char *device = p->candidate ? p->candidate->id : NULL;

        if (!p->explained)
                pairing_guess_unended(p);
        log_warning("Pairing failed: %s. %s", p->failure.cause, p->failure.remedy);
        collector_happened(p->collector, "pairing_failed",
                           pairing_failure_print(&p->failure, device), p->transaction);
}

/* A cuff that was only being paired leaves nothing behind; one that is known leaves its link. */
static void forget_candidate(struct pairing *p) {
        struct cuff *cuff = p->candidate;

        p->candidate = NULL;
        if (!cuff)
                return;
        if (cuff->stored) {
                if (cuff->session.state == SESSION_CONNECTING ||
                    cuff->session.state == SESSION_PAIRING)
                        cuff_event(cuff, EVENT_STOP);
                return;
        }
        bluez_adapter_remove_device(p->collector->adapter, &cuff->record.address, NULL, NULL);
        collector_drop(p->collector, cuff);
}

static const char *words_of_end(const char *why) {
        if (strcmp(why, "paired") == 0)
                return "The window is closed: the cuff is paired, and is being read";
        return "The window is closed, as was asked for";
}

/* The last that is said of a window: for who reads nothing else, why. */
static void tell_stopped(struct pairing *p, const char *why, bool failed) {
        char words[sizeof p->failure.cause + sizeof p->failure.remedy + sizeof ". "];

        if (failed)
                snprintf(words, sizeof words, "%s. %s", p->failure.cause, p->failure.remedy);
        collector_happened(
                p->collector, "pairing_stopped",
                message_object("reason", why, "text", failed ? words : words_of_end(why), NULL),
                p->transaction);
}

void pairing_close(struct pairing *p, const char *why) {
        bool failed = strcmp(why, "paired") != 0 && strcmp(why, "requested") != 0;
        struct collector *c = p->collector;

        if (!p->active)
                return;
        if (strcmp(why, "stopping") == 0)
                say(p, "stopping", "The gateway was stopped during pairing",
                    "its service is ending", "Start the gateway again, then start pairing again");
        if (failed)
                tell_failure(p);
        pairing_answer_end(p, why, failed);
        p->active = p->attempt.open = p->removing = false;
        deadline_clear(&p->window);
        deadline_clear(&p->bond_check);
        deadline_clear(&p->cuff_asks);
        deadline_clear(&p->retry);
        bluez_agent_allow(p->agent, NULL);
        bluez_agent_unregister(p->agent);
        forget_candidate(p);
        tell_stopped(p, why, failed);
        c->events->bridge_changed(c->owner);
        wake_arm(&c->wake);
}

static void on_window_over(void *userdata) {
        struct pairing *p = userdata;

        pairing_close(p, p->why);
}

void pairing_bus_down(struct pairing *p) {
        if (!bluez_bus_is_up(p->collector->bus)) /* else the agent must be withdrawn */
                bluez_agent_bus_down(p->agent);
        if (p->active)
                say(p, "adapter", "Bluetooth went away during pairing",
                    "bluetoothd or the adapter is gone",
                    "Check `systemctl status bluetooth` and the adapter, then "
                    "start pairing again");
        pairing_close(p, "adapter");
}

/* --- finding the cuff --- */

/* By what was heard, or by what the cuff said of itself when it was read. */
static bool is_omron(const struct pairing *p, const struct bluez_sighting *s) {
        const struct cuff *cuff = collector_find(p->collector, &s->address);

        return s->known_omron || (cuff && strncasecmp(cuff->record.manufacturer, "OMRON", 5) == 0);
}

static void tell_not_pairing(struct pairing *p, const struct bluez_sighting *s) {
        char text[BDADDR_STRING_SIZE], words[160];

        if (p->told_not_pairing)
                return;
        p->told_not_pairing = true;
        bdaddr_to_string(&s->address, text);
        snprintf(words, sizeof words,
                 "%s is near, but not in pairing mode: hold its Bluetooth button longer, until the "
                 "P blinks",
                 s->name[0] ? s->name : text);
        pairing_progress(p, "not_in_pairing_mode", words, s);
}

/* `ret_users`: how many it has; 0: it says nothing of them, nor of its P. */
static bool is_wanted(struct pairing *p, const struct bluez_sighting *s, unsigned *ret_users) {
        struct advertisement advert;

        *ret_users = 0;
        if (p->has_address && !bdaddr_equal(&p->address, &s->address))
                return false;
        if (s->omron && advertisement_decode(s->omron_data, s->omron_size, &advert) == 0) {
                *ret_users = advert.user_slots;
                if (!advert.pairing)
                        tell_not_pairing(p, s);
                return advert.pairing;
        }
        if (!s->omron && is_omron(p, s))
                return false;  /* half a signal: the flag comes with the next */
        return p->has_address; /* other makers' cuffs have no flag: the address must be given */
}

static void on_retry(void *userdata) {
        struct pairing *p = userdata;

        if (p->candidate)
                cuff_take_link(p->candidate); /* it is there already, and will not advertise */
        wake_update(&p->collector->wake);
}

static void on_removed(void *userdata, enum bluez_error error) {
        struct pairing *p = userdata;

        if (!p->removing) /* the window that asked for it is closed */
                return;
        p->removing = false;
        if (error != BLUEZ_OK && error != BLUEZ_GONE) {
                say(p, "old_bond", "The old bond could not be removed", bluez_error_cause(error),
                    bluez_error_remedy(error));
                pairing_try_later(p, &p->faults);
        }
        wake_update(&p->collector->wake); /* scan again: the next advertisement is a stranger's */
}

/* A bond that works for something else is not given up for a slip of the pen. */
static bool is_cuff(const struct pairing *p, const struct bluez_sighting *s) {
        return s->blood_pressure || is_omron(p, s) || collector_find(p->collector, &s->address);
}

static void refuse_other(struct pairing *p) {
        say(p, "not_a_cuff", "What has this address is paired with this computer, and is no cuff",
            "BlueZ knows no blood pressure service of it",
            "Look for the cuff's own address with `bluetoothctl devices`, or pair without one");
        p->why = "not_a_cuff";
        deadline_set_usec(&p->window, 0); /* not from inside what the monitor does just now */
}

static void remove_stale_bond(struct pairing *p, const struct bluez_sighting *s) {
        int r;

        pairing_progress(
                p, "old_bond",
                "The cuff is in pairing mode although it was paired before: removing the old bond",
                s);
        p->removing = p->bonded_before = true;
        p->removed = s->address;
        r = bluez_adapter_remove_device(p->collector->adapter, &s->address, on_removed, p);
        if (r < 0)
                on_removed(p, r == -EBUSY ? BLUEZ_IN_PROGRESS : BLUEZ_NOT_READY);
        else
                wake_update(&p->collector->wake);
}

static int take_candidate(struct pairing *p, const struct bluez_sighting *s) {
        struct collector *c = p->collector;
        struct cuff *cuff = collector_find(c, &s->address);
        struct store_cuff record = {.address = s->address};
        int r;

        if (!cuff) {
                r = collector_add(c, &record, /* stored= */ false, &cuff);
                if (r < 0)
                        return r;
        }
        p->candidate = cuff;
        return 0;
}

/* One at a time: the first is tried until the window closes. */
static bool is_in_the_way(const struct pairing *p, const struct bluez_sighting *s) {
        if (!p->candidate)
                return collector_is_connecting(p->collector);
        return !bdaddr_equal(&p->candidate->record.address, &s->address) ||
               session_is_linked(&p->candidate->session) || collector_is_connecting(p->collector);
}

static void tell_found(struct pairing *p, const struct bluez_sighting *s) {
        const char *name = s->name[0] ? s->name : p->candidate->address;
        char text[160];

        if (s->has_rssi)
                snprintf(text, sizeof text, "Found the cuff %s, signal %d dBm", name, s->rssi);
        else
                snprintf(text, sizeof text, "Found the cuff %s", name);
        pairing_progress(p, "found", text, s);
}

void pairing_sighted(struct pairing *p, const struct bluez_sighting *s) {
        struct collector *c = p->collector;
        unsigned users;

        if (!p->active || p->removing || deadline_is_set(&p->retry) || !is_wanted(p, s, &users) ||
            is_in_the_way(p, s))
                return;
        if (s->bonded || s->paired) {
                if (is_cuff(p, s))
                        remove_stale_bond(p, s);
                else
                        refuse_other(p);
                return;
        }
        if (!p->candidate && take_candidate(p, s) < 0) {
                say(p, "too_many", "The gateway cannot take another cuff",
                    "there are 64 already, or memory is short",
                    "Remove one that is not used any more, then start pairing again");
                p->why = "too_many";
                deadline_set_usec(&p->window, 0);
                return;
        }
        p->users = users;
        pairing_attempt_start(p, users ? TRACE_YES : TRACE_NOT_TOLD);
        tell_found(p, s);
        bluez_agent_allow(p->agent, bluez_device_path(p->candidate->device));
        c->events->bridge_changed(c->owner);
        cuff_event(p->candidate, EVENT_NEWS); /* out of a rest */
        cuff_event(p->candidate, EVENT_SEEN);
}

bool pairing_wants(const struct pairing *p, const struct cuff *cuff) {
        return p->active && p->candidate == cuff;
}

bool pairing_waits(const struct pairing *p, const struct cuff *cuff) {
        return pairing_wants(p, cuff) && deadline_is_set(&p->retry);
}
