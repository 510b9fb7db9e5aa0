/* The parts of doctor_host: what files of the system tell. */
#pragma once

#include "cli/doctor.h"

void doctor_radio(struct doctor *d);     /* doctor_radio.c: RFKILL DRIVER WIFI */
void doctor_main_conf(struct doctor *d); /* doctor_main_conf.c: PRIVACY .. SECURE_CONNECTIONS */
