/* The service itself: wires bus, database, broker and cuffs together and runs until it is told to
 * stop. */
#pragma once

#include "app/config.h"

/* Runs until SIGTERM or SIGINT. Returns one of cli/exit_code.h:
 *   0  EXIT_CODE_OK              stopped in good order
 *   1  EXIT_CODE_FAILURE         something failed; another try may well succeed
 *   65 EXIT_CODE_DATABASE_NEWER  the database belongs to a newer cuff2mqtt
 *   73 EXIT_CODE_STATE           the state directory or database cannot be used
 *   75 EXIT_CODE_TEMPORARY       the system bus ended: start again
 * (64 usage and 78 configuration are found out before this is called.) */
int app_run(const struct config *config);
