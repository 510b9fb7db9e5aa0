/* Private to the import: texts of an export into a measurement. NULL, or why not: a part of a
 * sentence, without the values. */
#pragma once

#include "cli/import_parse.h"

struct import_text { /* not terminated */
        const char *at;
        size_t n;
};

bool import_text_is(struct import_text t, const char *word);

/* By a pattern: each run of Y M D h m s takes as many digits, anything else stands for itself.
 * "YY" is a year from 2000 on. What is in `ret` already stays. */
bool import_fields_time(struct import_text t, const char *pattern, struct date_time *ret);
/* One to three digits. */
bool import_fields_number(struct import_text t, int *ret);

/* The last look at a row whose fields are all read: its time, then its values. */
const char *import_fields_check(const struct import_row *row);

#define IMPORT_WHY_TIME     "its date or time is not written as in such a file"
#define IMPORT_WHY_PRESSURE "its blood pressure is not two whole numbers"
#define IMPORT_WHY_PULSE    "its pulse is not a whole number"
#define IMPORT_WHY_FLAG     "its \"mov\" or \"ihb\" is neither 0 nor 1"
#define IMPORT_WHY_USER     "its user is not a number from 1 to 254"

#define IMPORT_USER_MAX 254 /* 255 is MEASUREMENT_USER_UNKNOWN */
