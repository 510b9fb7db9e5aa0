/* The pairing of one link: what each event means for it. For trace*.c only. */
#pragma once

#include "core/trace.h"

/* Whether this event is the first of a (new) pairing; one that is under way or settled ends with
 * it. `l` may be NULL: a link that nothing was seen of. */
bool trace_link_begins(const struct trace_link *l, const struct trace_event *event);
/* One of the link's own events or of user space, for the pairing that is active. True: it is over;
 * what the outcome is stands in it. */
bool trace_link_step(struct trace_link *l, const struct trace_event *event);
