/* CSV as `cuff2mqtt history --csv` writes it. */
#pragma once

#include <stdio.h>

void history_csv_head(FILE *out);
/* One measurement, as message_measurement() has it. 0, -ENOMEM. */
int history_csv_line(FILE *out, const char *payload);
/* One text, quoted where it must be, harmless to a spreadsheet. */
void history_csv_text(FILE *out, const char *text);
