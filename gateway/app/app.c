#include "app/app.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "app/bridge.h"
#include "app/collector.h"
#include "app/cuff.h"
#include "app/health.h"
#include "app/publisher.h"
#include "app/requests.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/exit_code.h"
#include "mqtt/message.h"
#include "store/outbox.h"
#include "store/store.h"
#include "version.h"

#define LOG_COMPONENT "app"
#include "base/log.h"

#define GOODBYE_USEC 3000000u /* for "offline" and the broker's answer */

struct app {
        const struct config *config;
        sd_event *event;
        struct store *store;
        struct collector *collector;
        struct publisher *publisher;
        struct bridge bridge;
        struct health health;
        bool stopping;
        int exit_code;
        sd_event_source *stored; /* measurements were, in this turn */
        char status[640];        /* what systemd was told last */
};

/* --- what the halves tell each other --- */

static void tell_systemd(struct app *a) {
        char problem[512], status[sizeof a->status];
        const char *trouble = collector_problem(a->collector, problem, sizeof problem);
        int64_t waiting = 0;

        if (!a->publisher || a->stopping)
                return;
        store_outbox_count(a->store, &waiting);
        snprintf(status, sizeof status,
                 "STATUS=%zu cuffs; broker %s; %lld measurements waiting for it%s%s",
                 a->collector->n_cuffs,
                 mqtt_client_is_connected(a->publisher->client) ? "connected" : "not connected",
                 (long long) waiting, trouble ? "; " : "", trouble ? trouble : "");
        if (strcmp(status, a->status) == 0)
                return;
        memcpy(a->status, status, sizeof status);
        sd_notify(0, status);
}

static void on_stored(void *owner, const struct bdaddr *cuff, uint8_t user) {
        struct app *a = owner;

        if (a->publisher)
                publisher_stored(a->publisher, cuff, user);
        sd_event_source_set_enabled(a->stored, SD_EVENT_ONESHOT);
}

/* Once for a block of them. */
static int on_all_stored(sd_event_source *source, void *userdata) {
        tell_systemd(userdata);
        return 0;
}

static void on_cuff_changed(void *owner, const struct cuff *cuff) {
        struct app *a = owner;

        if (a->publisher)
                publisher_cuff_changed(a->publisher, &cuff->record.address,
                                       cuff->session.state == SESSION_RESTING);
}

static void on_cuff_known(void *owner, const struct cuff *cuff) {
        struct app *a = owner;

        if (a->publisher)
                publisher_cuff_known(a->publisher, &cuff->record.address);
}

static void on_bridge_changed(void *owner) {
        struct app *a = owner;

        if (!a->publisher)
                return;
        publisher_info_changed(a->publisher);
        requests_remove_look(&a->bridge);
        bridge_health_changed(&a->bridge);
        tell_systemd(a);
}

static void on_answered(void *owner, uint64_t ticket, enum request_code code, const char *data,
                        const char *error) {
        struct app *a = owner;

        bridge_answer(&a->bridge, ticket, code, data, error);
}

static void on_happened(void *owner, const char *type, const char *data, const char *transaction) {
        struct app *a = owner;

        bridge_event(&a->bridge, type, data, transaction);
}

/* In order: sessions end, the broker hears "offline". */
static void begin_stop(struct app *a) {
        if (!a->stopping)
                sd_notify(0, "STOPPING=1\nSTATUS=Stopping");
        a->stopping = true;
        collector_stop(a->collector);
}

static void on_request(void *owner, const char *name, const struct mqtt_incoming *m) {
        struct app *a = owner;

        bridge_request(&a->bridge, name, m);
        if (a->bridge.restart_asked && !a->stopping) {
                log_info("A restart was asked for");
                a->exit_code = EXIT_CODE_TEMPORARY;
                begin_stop(a);
        }
}

static void on_broker_changed(void *owner) {
        struct app *a = owner;

        bridge_health(&a->bridge);
        tell_systemd(a);
}

static char *on_health_asked(void *userdata) {
        struct app *a = userdata;

        return bridge_health_check(&a->bridge);
}

static char *on_info(void *owner) {
        struct app *a = owner;

        return bridge_info(&a->bridge);
}

/* --- the database --- */

static int open_store(struct app *a) {
        _cleanup_(freep) char *why = NULL;
        int r = store_open(a->config->state_directory, &a->store, &why);

        if (r < 0) {
                log_error("%s", why ? why : strerror(-r));
                return r;
        }
        if (store_set_aside(a->store))
                log_error("The database was damaged. It is kept as %s; what could be read of it "
                          "is in a new one",
                          store_set_aside(a->store));
        return 0;
}

/* In order all the same: a cuff is being read at this moment, most likely. */
static void give_up(struct app *a) {
        a->stopping = true;
        collector_stop(a->collector);
        collector_stop(a->collector);
}

/* Damaged while running: set aside and made anew, so that what waits in memory can be saved. */
static void on_store_broken(void *owner) {
        struct app *a = owner;

        log_error("The database is damaged");
        if (a->publisher)
                publisher_set_store(a->publisher, NULL);
        store_close(a->store);
        a->store = NULL;
        if (open_store(a) < 0)
                a->exit_code = EXIT_CODE_STATE; /* a->store stays NULL */
        collector_set_store(a->collector, a->store);
        bridge_set_store(&a->bridge, a->store);
        if (a->publisher)
                publisher_set_store(a->publisher, a->store);
        if (!a->store) {
                give_up(a);
                return;
        }
        bridge_event(&a->bridge, "database_set_aside", NULL, NULL);
}

/* --- stopping --- */

static void on_publisher_stopped(void *owner) {
        struct app *a = owner;

        sd_event_exit(a->event, 0);
}

static void on_collector_stopped(void *owner) {
        struct app *a = owner;

        bridge_finish(&a->bridge);
        publisher_stop(a->publisher, GOODBYE_USEC);
}

static void on_bus_gone(void *owner) {
        struct app *a = owner;

        a->exit_code = EXIT_CODE_TEMPORARY;
        a->stopping = true;
        bridge_finish(&a->bridge);
        publisher_stop(a->publisher, GOODBYE_USEC);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        struct app *a = userdata;

        if (info->ssi_signo == SIGHUP) {
                log_warning("The configuration is read at the start only: restart the service to "
                            "take it over");
                return 0;
        }
        log_info(a->stopping ? "Told again to stop: hurrying" : "Stopping");
        begin_stop(a);
        return 0;
}

/* --- starting --- */

/* Blocked before Paho starts its threads: else a signal could land in one of them and kill us. */
static int set_up_signals(struct app *a) {
        static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        sigset_t set;
        int r = 0;

        sigaction(SIGPIPE, &ignore, NULL);
        sigaction(SIGXFSZ, &ignore, NULL);
        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTS(signals); i++)
                sigaddset(&set, signals[i]);
        sigprocmask(SIG_BLOCK, &set, NULL);
        for (size_t i = 0; i < ELEMENTS(signals) && r >= 0; i++)
                r = sd_event_add_signal(a->event, NULL, signals[i], on_signal, a);
        return r;
}

static int make_halves(struct app *a) {
        static const struct collector_events collector_events = {
                .stored = on_stored,
                .cuff_changed = on_cuff_changed,
                .cuff_known = on_cuff_known,
                .bridge_changed = on_bridge_changed,
                .happened = on_happened,
                .answered = on_answered,
                .store_broken = on_store_broken,
                .bus_gone = on_bus_gone,
                .stopped = on_collector_stopped,
        };
        static const struct publisher_events publisher_events = {
                .request = on_request,
                .changed = on_broker_changed,
                .info = on_info,
                .store_broken = on_store_broken,
                .stopped = on_publisher_stopped,
        };
        int r = collector_new(a->event, a->config, a->store, &collector_events, a, &a->collector);

        if (r < 0) {
                log_error("The system's message bus cannot be reached (%s): is dbus running, or "
                          "its socket mounted "
                          "into the container?",
                          strerror(-r));
                a->exit_code = EXIT_CODE_TEMPORARY;
                return r;
        }
        bridge_init(&a->bridge, a->event, a->config, a->store, a->collector);
        r = publisher_new(a->event, a->config, a->store, a->collector, &publisher_events, a,
                          &a->publisher);
        if (r < 0) {
                log_error("The MQTT client could not be set up: %s", strerror(-r));
                return r;
        }
        bridge_start(&a->bridge, a->publisher);
        return publisher_start(a->publisher);
}

static int start(struct app *a) {
        int r = sd_event_default(&a->event);

        if (r >= 0)
                r = set_up_signals(a);
        if (r >= 0)
                r = sd_event_add_defer(a->event, &a->stored, on_all_stored, a);
        if (r >= 0)
                r = sd_event_source_set_enabled(a->stored, SD_EVENT_OFF);
        if (r < 0) {
                log_error("The event loop could not be set up: %s", strerror(-r));
                return r;
        }
        wall_clock_set_zone(a->config->time_zone);
        if (wall_clock_is_suspicious(a->config->time_zone))
                log_warning("The time zone is UTC. Cuffs show local time: if yours do not run on "
                            "UTC, set the option "
                            "time_zone (CUFF2MQTT_TIME_ZONE), e.g. \"Europe/Berlin\"");
        r = open_store(a);
        if (r < 0) {
                a->exit_code = r == -ENOTSUP ? EXIT_CODE_DATABASE_NEWER : EXIT_CODE_STATE;
                return r;
        }
        r = make_halves(a);
        if (r < 0)
                return r;
        r = health_start(&a->health, a->event, a->config->state_directory, on_health_asked, a);
        if (r < 0)
                log_warning("`cuff2mqtt health` gets no answer: no socket can be made in %s (%s)",
                            a->config->state_directory, strerror(-r));
        sd_event_set_watchdog(a->event, true);
        return 0;
}

static void app_done(struct app *a) {
        health_stop(&a->health);
        if (a->collector)
                bridge_done(&a->bridge);
        publisher_free(a->publisher);
        a->publisher = NULL; /* what the collector saves in its last moment is for the next run */
        collector_free(a->collector);
        store_close(a->store);
        sd_event_source_disable_unref(a->stored);
        sd_event_unref(a->event);
}

int app_run(const struct config *config) {
        struct app a = {.config = config, .exit_code = EXIT_CODE_OK};
        int r;

        log_open();
        log_set_level(config->log_level);
        log_info("cuff2mqtt " CUFF2MQTT_VERSION);
        r = start(&a);
        if (r >= 0) {
                sd_notify(0, "READY=1");
                log_info("Ready");
                tell_systemd(&a);
                r = sd_event_loop(a.event);
        }
        if (r < 0 && a.exit_code == EXIT_CODE_OK)
                a.exit_code = EXIT_CODE_FAILURE;
        app_done(&a);
        log_info("Stopped");
        return a.exit_code;
}
