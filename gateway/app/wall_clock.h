/* The system's clock and the configured time zone: the only place that reads either. Cuff times are
 * local wall clock without a zone; the database and MQTT have UTC seconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/date_time.h"

#define WALL_CLOCK_TEXT_SIZE 32 /* "2026-11-22T18:04:31+01:00" + NUL, with room */

/* Takes the zone for the whole process; NULL: the system's. */
void wall_clock_set_zone(const char *time_zone);

/* -EOVERFLOW: the system's clock stands beyond what libc can tell (2038, where time_t has 32 bits).
 * libsystemd aborts then, so nothing is begun. */
int wall_clock_check(void);
int64_t wall_clock_now(void); /* UTC seconds; 0 where the above fails */
uint64_t wall_clock_monotonic_usec(void);

/* Local time of an instant, and back. The later of two equal local times in autumn is not told from
 * the earlier: libc decides. -ERANGE when the calendar cannot express it, which ends in 2038 where
 * time_t has 32 bits. */
int wall_clock_local(int64_t utc, struct date_time *ret);
int wall_clock_utc(const struct date_time *local, int64_t *ret);

/* "2026-11-22", or "2026-11-22T18:04[:31]" (or a blank for the T), which is local time unless "Z"
 * or an offset as "+01:00" stands behind it. In UTC seconds: when the day, the minute or the second
 * begins, and when it has ended. 0, or -EBADMSG: nothing else is taken, and years of 1970 to 9998.
 * Local time that libc's calendar cannot express counts as UTC. */
int wall_clock_parse(const char *text, int64_t *ret_begin, int64_t *ret_end);

/* ISO 8601 with the zone's offset, or in UTC with Z. Local time that libc's calendar cannot express
 * is told in UTC. Years 1 to 9999. */
void wall_clock_format_local(int64_t utc, char ret[WALL_CLOCK_TEXT_SIZE]);
void wall_clock_format_utc(int64_t utc, char ret[WALL_CLOCK_TEXT_SIZE]);

/* Whether the kernel holds its clock for synchronised (adjtimex): 1, 0, or negative errno where it
 * must not be asked (seccomp, systemd's ProtectClock=): app/system_clock.h. */
int wall_clock_ask_kernel(void);
/* The zone is UTC although nobody asked for it: containers often run so, cuffs never do. */
bool wall_clock_is_suspicious(const char *configured);
