#include "app/pairing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "app/wall_clock.h"
#include "mqtt/message.h"

#define LOG_COMPONENT "pairing"
#include "base/log.h"

#define BOND_CHECK_USEC 3000000u /* Bonded follows the reply of Pair() within milliseconds */

static void progress(struct pairing *p, const char *step, const char *text) {
        log_info("%s", text);
        collector_happened(p->collector, "pairing_progress",
                           message_object("step", step, "text", text, NULL), p->transaction);
}

static void set_failure(struct pairing *p, const char *cause, const char *evidence,
                        const char *remedy) {
        snprintf(p->cause, sizeof p->cause, "%s", cause);
        snprintf(p->evidence, sizeof p->evidence, "%s", evidence);
        snprintf(p->remedy, sizeof p->remedy, "%s", remedy);
}

/* --- the agent --- */

static void on_registered(void *owner, enum bluez_error error) {
        struct pairing *p = owner;

        if (error == BLUEZ_OK || !p->active)
                return;
        set_failure(p, "BlueZ does not let the gateway answer pairing questions",
                    bluez_error_cause(error),
                    error == BLUEZ_ACCESS_DENIED
                            ? bluez_error_remedy(error)
                            : "Restart Bluetooth with `sudo systemctl restart bluetooth`, then "
                              "start pairing again");
        pairing_close(p, "agent_refused");
}

static void on_asked(void *owner, const char *method, bool accepted) {
        log_info("BlueZ asked %s: %s", method,
                 accepted ? "yes, that is the cuff being paired" : "no");
}

static void on_unregistered(void *owner) {
        log_debug("The pairing agent is withdrawn");
}

static void on_window_over(void *userdata);
static void on_bond_check(void *userdata);
static void on_retry(void *userdata);

int pairing_init(struct pairing *p, struct collector *c) {
        static const struct bluez_agent_events events = {
                .registered = on_registered,
                .asked = on_asked,
                .unregistered = on_unregistered,
        };

        *p = (struct pairing){.collector = c};
        deadline_init(&p->window, c->event, on_window_over, p);
        deadline_init(&p->bond_check, c->event, on_bond_check, p);
        deadline_init(&p->retry, c->event, on_retry, p);
        return bluez_agent_new(c->bus, &events, p, &p->agent);
}

void pairing_done(struct pairing *p) {
        deadline_done(&p->window);
        deadline_done(&p->bond_check);
        deadline_done(&p->retry);
        bluez_agent_free(p->agent);
        free(p->transaction);
}

/* --- the window --- */

int pairing_open(struct pairing *p, uint64_t usec, const struct bdaddr *address,
                 const char *transaction) {
        struct collector *c = p->collector;

        if (p->active)
                return -EBUSY;
        if (!c->adapter_on || c->stage != COLLECTOR_RUNNING)
                return -ENODEV;
        free(p->transaction);
        p->transaction = transaction ? strdup(transaction) : NULL;
        p->active = true;
        p->until_s = wall_clock_now() + (int64_t) (usec / 1000000);
        p->has_address = address != NULL;
        if (address)
                p->address = *address;
        p->candidate = NULL;
        p->failures = 0;
        deadline_clear(&p->retry);
        p->removing = p->told_not_pairing = false;
        set_failure(p, "No cuff in pairing mode was heard", "",
                    "Hold the cuff's Bluetooth button for some seconds until a P blinks on its "
                    "display, close to the "
                    "gateway, and start pairing again");
        deadline_set_usec(&p->window, usec);
        if (bluez_agent_register(p->agent) < 0) {
                p->active = false;
                deadline_clear(&p->window);
                return -ENODEV;
        }
        for (size_t i = 0; i < c->n_cuffs;
             i++) /* else the kernel connects them before we see the P */
                if (!session_is_linked(&c->cuffs[i]->session))
                        cuff_pause(c->cuffs[i]);
        c->events->bridge_changed(c->owner);
        collector_happened(c, "pairing_started", NULL, p->transaction);
        progress(
                p, "looking",
                "Looking for a cuff in pairing mode: hold its Bluetooth button until the P blinks");
        wake_update(&c->wake);
        return 0;
}

static void tell_failure(struct pairing *p) {
        log_warning("Pairing failed: %s. %s", p->cause, p->remedy);
        collector_happened(p->collector, "pairing_failed",
                           message_object("device", p->candidate ? p->candidate->id : NULL, "cause",
                                          p->cause, "evidence", p->evidence, "remedy", p->remedy,
                                          NULL),
                           p->transaction);
}

/* A cuff that was only being paired leaves nothing behind. */
static void forget_candidate(struct pairing *p) {
        struct cuff *cuff = p->candidate;

        p->candidate = NULL;
        if (!cuff || cuff->stored)
                return;
        bluez_adapter_remove_device(p->collector->adapter, &cuff->record.address, NULL, NULL);
        collector_drop(p->collector, cuff);
}

void pairing_close(struct pairing *p, const char *why) {
        struct collector *c = p->collector;

        if (!p->active)
                return;
        p->active = false;
        deadline_clear(&p->window);
        deadline_clear(&p->bond_check);
        deadline_clear(&p->retry);
        if (strcmp(why, "paired") != 0 && strcmp(why, "requested") != 0)
                tell_failure(p);
        bluez_agent_allow(p->agent, NULL);
        bluez_agent_unregister(p->agent);
        forget_candidate(p);
        collector_happened(c, "pairing_stopped", message_object("reason", why, NULL),
                           p->transaction);
        c->events->bridge_changed(c->owner);
        wake_arm(&c->wake);
}

static void on_window_over(void *userdata) {
        struct pairing *p = userdata;

        pairing_close(p, p->failures >= PAIRING_ATTEMPTS_MAX ? "attempts" : "timeout");
}

void pairing_bus_down(struct pairing *p) {
        bluez_agent_bus_down(p->agent);
        if (p->active)
                set_failure(p, "Bluetooth went away during pairing",
                            "bluetoothd or the adapter is gone",
                            "Check `systemctl status bluetooth` and the adapter, then start "
                            "pairing again");
        pairing_close(p, "adapter");
}

/* --- finding the cuff --- */

/* By what was heard, or by what the cuff said of itself when it was read. */
static bool is_omron(const struct pairing *p, const struct bluez_sighting *s) {
        const struct cuff *cuff = collector_find(p->collector, &s->address);

        return s->known_omron || (cuff && strncasecmp(cuff->record.manufacturer, "OMRON", 5) == 0);
}

static bool is_wanted(struct pairing *p, const struct bluez_sighting *s) {
        struct advertisement advert;
        char text[BDADDR_STRING_SIZE], words[160];

        if (p->has_address && !bdaddr_equal(&p->address, &s->address))
                return false;
        if (s->omron && advertisement_decode(s->omron_data, s->omron_size, &advert) == 0) {
                if (advert.pairing)
                        return true;
                if (!p->told_not_pairing) {
                        p->told_not_pairing = true;
                        bdaddr_to_string(&s->address, text);
                        snprintf(words, sizeof words,
                                 "%s is near, but not in pairing mode: hold its Bluetooth button "
                                 "longer, until the P blinks",
                                 s->name[0] ? s->name : text);
                        progress(p, "not_in_pairing_mode", words);
                }
                return false;
        }
        if (!s->omron && is_omron(p, s))
                return false;  /* half a signal: the flag comes with the next */
        return p->has_address; /* other makers' cuffs have no flag: the address must be given */
}

static void on_retry(void *userdata) {
        struct pairing *p = userdata;

        wake_update(&p->collector->wake);
}

/* A scan tells of a cuff once, and again ten seconds later: it begins when it is of use. */
static void try_later(struct pairing *p) {
        char text[sizeof p->cause + 64];

        log_warning("%s (%s)", p->cause, p->evidence);
        if (++p->failures == PAIRING_ATTEMPTS_MAX) {
                deadline_set_usec(&p->window, 0); /* not from inside its session */
                return;
        }
        deadline_set_usec(&p->retry, p->collector->config->timing.pairing_retry_usec);
        snprintf(text, sizeof text, "%s. Trying again as soon as the cuff is heard", p->cause);
        progress(p, "retry", text);
}

static void on_removed(void *userdata, enum bluez_error error) {
        struct pairing *p = userdata;

        p->removing = false;
        if (error != BLUEZ_OK && error != BLUEZ_GONE) {
                set_failure(p, "The old bond could not be removed", bluez_error_cause(error),
                            bluez_error_remedy(error));
                try_later(p);
        }
        wake_update(&p->collector->wake); /* scan again: the next advertisement is a stranger's */
}

static void remove_stale_bond(struct pairing *p, const struct bluez_sighting *s) {
        progress(
                p, "old_bond",
                "The cuff is in pairing mode although it was paired before: removing the old bond");
        p->removing = true;
        if (bluez_adapter_remove_device(p->collector->adapter, &s->address, on_removed, p) < 0)
                on_removed(p, BLUEZ_NOT_READY);
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

void pairing_sighted(struct pairing *p, const struct bluez_sighting *s) {
        struct collector *c = p->collector;
        char text[128];

        if (!p->active || p->removing || deadline_is_set(&p->retry) || !is_wanted(p, s))
                return;
        if (p->candidate && !bdaddr_equal(&p->candidate->record.address, &s->address))
                return; /* one at a time; the first is tried until the window closes */
        if (p->candidate && session_is_linked(&p->candidate->session))
                return;
        if (collector_is_connecting(c))
                return;
        if (s->bonded || s->paired) {
                remove_stale_bond(p, s);
                return;
        }
        if (!p->candidate && take_candidate(p, s) < 0) {
                set_failure(p, "The gateway cannot take another cuff",
                            "there are 64 already, or memory is short",
                            "Remove one that is not used any more, then start pairing again");
                return;
        }
        snprintf(text, sizeof text, "Found %s, connecting",
                 s->name[0] ? s->name : p->candidate->address);
        progress(p, "found", text);
        bluez_agent_allow(p->agent, bluez_device_path(p->candidate->device));
        p->explained = false;
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

/* --- the pairing itself --- */

static void bonded(struct pairing *p, struct cuff *cuff) {
        struct collector *c = p->collector;

        deadline_clear(&p->bond_check);
        cuff->stored = cuff->memory.paired_now = true;
        cuff->memory.given_up = false;
        cuff->record.paired_at = wall_clock_now();
        cuff->record.bond_lost = false;
        cuff->session.unresolved_losses = 0;
        cuff->trouble[0] = '\0';
        cuff_save(cuff);
        log_cuff_info(cuff->address, "Bonded");
        progress(p, "bonded",
                 "The cuff and the gateway have exchanged keys; reading what it holds");
        collector_happened(c, "device_paired",
                           message_object("device", cuff->id, "name", cuff_name(cuff), NULL),
                           p->transaction);
        c->events->cuff_known(c->owner, cuff);
        cuff_event(cuff, EVENT_BONDED);
        pairing_close(p, "paired");
}

void pairing_begins(struct pairing *p, struct cuff *cuff) {
        progress(p, "pairing", "Connected; exchanging keys");
        if (bluez_device_info(cuff->device)->bonded) /* on the cuff's own Security Request */
                bonded(p, cuff);
        else if (bluez_device_pair(cuff->device) < 0)
                cuff_event(cuff, EVENT_REFUSED);
}

static void failed(struct pairing *p, struct cuff *cuff) {
        deadline_clear(&p->bond_check);
        p->explained = true;
        cuff_set_trouble(cuff, "%s. %s", p->cause, p->remedy);
        cuff_event(cuff, EVENT_REFUSED);
}

static void on_bond_check(void *userdata) {
        struct pairing *p = userdata;

        if (!p->candidate || p->candidate->session.state != SESSION_PAIRING)
                return;
        set_failure(p, "The cuff agreed, but no keys were stored",
                    "Paired is true and Bonded stayed false: the adapter is not pairable",
                    "Run `bluetoothctl pairable on`, then start pairing again");
        failed(p, p->candidate);
}

/* Can come before the reply of Pair(), or without one: BlueZ 5.66 forgets it when the services
 * become known during the pairing. */
void pairing_bonded_changed(struct pairing *p, struct cuff *cuff) {
        if (bluez_device_info(cuff->device)->bonded)
                bonded(p, cuff);
        else if (bluez_device_info(cuff->device)->paired)
                deadline_set_usec(&p->bond_check, BOND_CHECK_USEC);
}

void pairing_pair_done(struct pairing *p, struct cuff *cuff, enum bluez_error error) {
        if (error == BLUEZ_OK || error == BLUEZ_ALREADY) {
                deadline_set_usec(&p->bond_check, BOND_CHECK_USEC);
                pairing_bonded_changed(p, cuff);
                return;
        }
        if (error == BLUEZ_IN_PROGRESS) /* the cuff's own Security Request came first */
                return;
        set_failure(p, bluez_error_cause(error), bluez_error_to_string(error),
                    bluez_error_remedy(error));
        failed(p, cuff);
}

/* A cuff's trouble is sentences; a cause is a clause that others are put behind. */
static void end_without_stop(char *text) {
        size_t n = strlen(text);

        while (n > 0 && (text[n - 1] == '.' || text[n - 1] == ' '))
                text[--n] = '\0';
}

void pairing_session_rests(struct pairing *p, struct cuff *cuff) {
        if (!p->active || p->candidate != cuff)
                return;
        deadline_clear(&p->bond_check);
        if (!p->explained && cuff->trouble[0]) {
                set_failure(p, cuff->trouble, "the connection ended before keys were exchanged",
                            "Hold the cuff's Bluetooth button until the P blinks again and stay "
                            "close to the gateway");
                end_without_stop(p->cause);
        } else if (!p->explained)
                set_failure(p, "The cuff refused to pair, or hung up",
                            "the link fell before keys were exchanged",
                            "Hold the cuff's Bluetooth button until the P blinks and start pairing "
                            "again; if it "
                            "happens each time, take the cuff's batteries out for a minute");
        try_later(p);
}
