/* A measurement as HL7 FHIR R4 (4.0.1) has it: an Observation of the pressures (profile bp: the
 * panel LOINC 85354-9 and its components), and one of the pulse (profile heartrate, LOINC 8867-4),
 * both vital signs. No resource for the person or the cuff: they are referred to by name. */
#pragma once

#include "core/bdaddr.h"
#include "store/measurements.h"

#define HISTORY_FHIR_UUID_SIZE 37
#define HISTORY_FHIR_ID_SIZE   65 /* what an id may be at most, and NUL */

struct history_fhir {
        const struct store_measurement *measurement;
        const char *measured_at;  /* ISO 8601 with offset */
        const char *patient;      /* a FHIR id */
        const char *patient_name; /* for people */
        const char *cuff_name;    /* the same */
};

enum history_fhir_kind { HISTORY_FHIR_PRESSURE, HISTORY_FHIR_PULSE };

/* An entry of a Bundle on one line, to be freed; NULL: memory is out. A pulse must be known. */
char *history_fhir_entry(const struct history_fhir *f, enum history_fhir_kind kind);

/* The same for the same measurement, for ever (version 8 of RFC 9562: we choose the bits). */
void history_fhir_uuid(const char *id, enum history_fhir_kind kind,
                       char ret[HISTORY_FHIR_UUID_SIZE]);
/* `person` as an id ([A-Za-z0-9.-]); where it is "", the cuff and the user. */
void history_fhir_patient(const char *person, const struct bdaddr *cuff, uint8_t user,
                          char ret[HISTORY_FHIR_ID_SIZE]);
