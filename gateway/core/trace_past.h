/* What is known of adapters and addresses from one pairing to the next. For trace*.c only. */
#pragma once

#include "core/trace.h"

/* The span between two times of a capture; -1 where one is not told, or they run backwards. */
int64_t trace_past_since(int64_t from_usec, int64_t to_usec);

/* An advertisement. One that does not tell the flag (a scan response) takes nothing back. */
void trace_past_advertised(struct trace *t, const struct trace_event *event);
/* The link came up: the flag in what was advertised before. */
void trace_past_connected(struct trace *t, struct trace_link *l);
/* User space asked for a pairing with this address, or got its answer. */
void trace_past_pair_asked(struct trace *t, const struct bdaddr *address, bool asked);
/* A setting of the adapter, or any other MGMT event of it. */
void trace_past_mgmt(struct trace *t, const struct trace_event *event);

/* What the past says about a pairing that has just begun; user space's wish is used up. */
void trace_past_tell(struct trace *t, struct trace_link *l);
/* The adapter's settings, into the link's pairing. */
void trace_past_tell_settings(struct trace *t, struct trace_link *l);
/* The pairing of `l` is over. */
void trace_past_keep(struct trace *t, struct trace_link *l);
