/* One look at the system bus and at what bluetoothd shows, for somebody who wants to know what is
 * wrong. Only asks: no agent, no discovery, no connection, and bluetoothd is not started by it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

#include "core/bdaddr.h"

#define SURVEY_ADAPTERS_MAX 8
#define SURVEY_DEVICES_MAX  64

enum bluez_survey_outcome {
        BLUEZ_SURVEY_DONE,
        BLUEZ_SURVEY_NO_BUS,     /* its socket cannot be opened: `error` */
        BLUEZ_SURVEY_BUS_CLOSED, /* it ended the connection: it does not let us in, or it ended */
        BLUEZ_SURVEY_BUS_SILENT, /* connected, but it has not greeted us within the limit */
        BLUEZ_SURVEY_DENIED,     /* AccessDenied: its rules, or AppArmor */
        BLUEZ_SURVEY_ABSENT,     /* nobody has the name org.bluez */
        BLUEZ_SURVEY_SILENT,     /* bluetoothd has not answered within the limit */
        BLUEZ_SURVEY_FAILED,     /* it answered with an error: `message`, or something unreadable */
};

struct bluez_survey_adapter {
        char path[64], address[BDADDR_STRING_SIZE], alias[64], modalias[64];
        char power_state[32]; /* "" on releases that do not tell it */
        bool powered, pairable, discoverable, discovering;
        bool has_roles;
        bool central; /* among its roles: it can do Low Energy */
};

struct bluez_survey_device {
        char adapter[64]; /* the path of its adapter */
        char address[BDADDR_STRING_SIZE], name[64];
        bool bonded; /* on releases without Bonded: paired */
        bool paired, connected, trusted, blocked;
        bool is_cuff; /* has blood pressure or a service of OMRON's, or advertised as OMRON */
};

struct bluez_survey_result {
        enum bluez_survey_outcome outcome;
        int error;         /* NO_BUS: negative errno */
        char message[128]; /* FAILED: name of the error */
        bool activatable;  /* ABSENT: D-Bus knows how to start bluetoothd, so BlueZ is installed */
        pid_t pid;         /* of bluetoothd, as the bus sees it; 0 not known */
        struct bluez_survey_adapter adapter[SURVEY_ADAPTERS_MAX];
        size_t n_adapters;
        struct bluez_survey_device device[SURVEY_DEVICES_MAX];
        size_t n_devices; /* what is paired; those past the limit are left out */
};

struct bluez_survey;

/* `done` is called once, from the loop and at the latest after `limit_usec`; it may free the
 * survey, and the result goes with it. 0, or negative errno when there is no memory. */
int bluez_survey_new(sd_event *event, uint64_t limit_usec,
                     void (*done)(void *owner, const struct bluez_survey_result *result),
                     void *owner, struct bluez_survey **ret);
void bluez_survey_free(struct bluez_survey *s);

/* The adapter that the service would use: the one with this address, or (NULL) the first powered
 * one, else the first, by path. NULL: none. */
const struct bluez_survey_adapter *bluez_survey_choose(const struct bluez_survey_result *result,
                                                       const struct bdaddr *wanted);
