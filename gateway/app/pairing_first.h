/* The first reading of a cuff that was just paired, told to who asked for the pairing: what it is,
 * its clock, what it held, what happens from now on. The window is closed meanwhile. */
#pragma once

#define PAIRING_FIRST_STOPPED "The gateway was stopped"

struct cuff;
struct pairing_first;

/* The cuff is bonded. Its session is under way, or begins within `timing.connecting`, or it is said
 * that it could not be read. `users`: as it advertises, 0: it does not tell. `transaction`: JSON
 * text or NULL; copied. */
void pairing_first_begin(struct cuff *cuff, unsigned users, const char *transaction);
/* Each step of the plan: what is known by now. This and the next do nothing unless it was begun. */
void pairing_first_look(struct cuff *cuff);
/* The first session is over, or there will be none: says `pairing_finished`. `why` it was not read;
 * NULL: it was. */
void pairing_first_end(struct cuff *cuff, const char *why);
void pairing_first_free(struct cuff *cuff);
