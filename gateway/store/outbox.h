/* Measurements the broker has not acknowledged, oldest first. */
#pragma once

#include "store/measurements.h"

struct store_outbox_row {
        int64_t sequence; /* ever growing */
        struct store_measurement measurement;
};

/* The first row with a sequence greater than `after`. 0, -ENODATA, negative errno. */
int store_outbox_next(struct store *s, int64_t after, struct store_outbox_row *ret);
/* PUBACK came. 0 also if it is gone already. */
int store_outbox_remove(struct store *s, int64_t sequence);
/* The same for several, in one transaction. */
int store_outbox_remove_many(struct store *s, const int64_t *sequences, size_t n);
int store_outbox_count(struct store *s, int64_t *ret);
