/* Addresses: as text, and as HCI and SMP carry them, lowest byte first. */
#pragma once

#include <stdbool.h>

#include "smp_crypto.h"

enum { ADDRESS_PUBLIC, ADDRESS_RANDOM };

/* "00:1A:7D:DA:71:01"; false: it is none, and `ret` is untouched. */
bool address_parse(const char *text, uint8_t ret[6]);
/* Upper case; returns `ret`. */
const char *address_text(const uint8_t address[6], char ret[18]);
bool address_equal(const struct smp_address *a, const struct smp_address *b);
