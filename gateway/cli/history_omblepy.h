/* CSV as omblepy writes and reads it. */
#pragma once

#include <stdio.h>

#include "store/measurements.h"

void history_omblepy_head(FILE *out);
/* What such a file must have and a measurement may lack: then nothing is written. */
enum history_omblepy_gap {
        HISTORY_OMBLEPY_NO_GAP,
        HISTORY_OMBLEPY_NO_PULSE,
        HISTORY_OMBLEPY_NO_TIME, /* of the cuff: read again it would be another measurement */
        HISTORY_OMBLEPY_GAPS,
};
enum history_omblepy_gap history_omblepy_line(FILE *out, const struct store_measurement *m);
