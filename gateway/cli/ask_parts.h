/* What the files of ask.c share: the guest and what it hears there, waiting and asking in
 * ask_request.c, cuffs and people in ask_cuff.c. */
#pragma once

#include "cli/ask.h"

#define ASK_STATE       "bridge/state"
#define ASK_DEVICES     "bridge/devices"
#define ASK_RESPONSE    "bridge/response/"
#define ASK_SECOND_USEC 1000000u

bool ask_is_over(const struct ask *a);
/* One turn of the loop. An exit code; EXIT_CODE_OK: it goes on. */
int ask_run(struct ask *a);

void ask_wait_init(struct ask *a);
void ask_wait_done(struct ask *a);
/* After each change of who is there: how long it is waited, and for what. */
void ask_settle(struct ask *a);
/* What was asked may be lost: asks once more. */
void ask_again(struct ask *a);
bool ask_is_answer(const struct ask *a, const char *path);
void ask_take_answer(struct ask *a, cJSON *answer); /* takes it */
void ask_requests_done(struct ask *a);
