/* Between request.c (the whole) and request_value.c (one value of it). */
#pragma once

#include <cjson/cJSON.h>

#include "mqtt/request.h"

/* `*ret_error`: the sentence (NULL when memory is out). Returns `code`. */
enum request_code request_refuse(char **ret_error, enum request_code code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* `item` NULL has no type at all. False: it is none for this field. */
bool request_value_take(const struct request_field *field, const cJSON *item,
                        struct request_value *ret);
bool request_value_integer(const struct request_field *field, const cJSON *item,
                           struct request_value *ret);
/* Says what it must be. */
enum request_code request_value_refuse(const struct request_field *field, char **ret_error);
