/* What the texts in the configuration must look like. Each answers true, or false with `why`: the
 * rest of a sentence that began with the option's name ("must begin with ..") and holds the remedy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/omron_unlock.h"

/* The next word of a list, whose words spaces or commas part; its size in `ret_n`. NULL: no more.
 */
const char *option_list_next(const char *at, size_t *ret_n);
/* A word of omron.keys. False: it is no key, and nothing is written. */
bool option_key(const char *word, size_t n, uint8_t ret[OMRON_KEY_SIZE]);

bool option_check_absolute(const char *text, char *why, size_t size);  /* a path */
bool option_check_file(const char *text, char *why, size_t size);      /* .. of a readable file */
bool option_check_time_zone(const char *text, char *why, size_t size); /* "Europe/Berlin" */
bool option_check_adapter(const char *text, char *why, size_t size);
bool option_check_url(const char *text, char *why, size_t size); /* one broker; without user info */
bool option_check_client_id(const char *text, char *why, size_t size);
bool option_check_topic(const char *text, char *why, size_t size); /* the beginning of a topic */
bool option_check_addresses(const char *text, char *why, size_t size); /* "AA:.. BB:.." */
bool option_check_keys(const char *text, char *why, size_t size);      /* never tells the text */

/* For every text: UTF-8 without control characters. */
bool option_check_characters(const char *text, char *why, size_t size);
