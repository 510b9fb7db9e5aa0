/* The D-Bus part of the doctor, in pieces. Private to doctor_bluez*.c. */
#pragma once

#include "bluez/survey.h"
#include "cli/doctor.h"

/* What a check says that cannot look because of an earlier one. */
void doctor_bluez_skip(struct doctor *d, enum doctor_check check);

/* AGENT, PAIRABLE, SCANNING: other programs at the same adapter; `a` is ours. */
void doctor_bluez_others(struct doctor *d, const struct bluez_survey_adapter *a);
/* CUFFS. `a` NULL: there is no adapter, and BlueZ then lists no devices. */
void doctor_bluez_cuffs(struct doctor *d, const struct bluez_survey_result *result,
                        const struct bluez_survey_adapter *a);

/* Which version of bluetoothd is installed here: what its file says when it is asked. */
struct doctor_version;

/* `done` is called once, from the loop, within 2 s: "5.66", or "" if it said nothing. It may free
 * the question. 0, or negative errno: there is no such file, or it cannot be run. */
int doctor_version_ask(const struct doctor *d, void (*done)(void *owner, const char *text),
                       void *owner, struct doctor_version **ret);
void doctor_version_free(struct doctor_version *v);
