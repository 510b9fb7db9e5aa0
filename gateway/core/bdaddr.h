/* Bluetooth device addresses: six bytes in printed order (AA:BB:CC:DD:EE:FF -> 0xAA first). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BDADDR_STRING_SIZE 18 /* "AA:BB:CC:DD:EE:FF" + NUL */
#define BDADDR_ID_SIZE     13 /* "aabbccddeeff" + NUL: the cuff's id in topics */

struct bdaddr {
        uint8_t byte[6];
};

/* "AA:BB:CC:DD:EE:FF" in either case, or the id "aabbccddeeff". 0 or -EINVAL. */
int bdaddr_from_string(const char *text, struct bdaddr *ret);

void bdaddr_to_string(const struct bdaddr *address, char ret[BDADDR_STRING_SIZE]);
void bdaddr_to_id(const struct bdaddr *address, char ret[BDADDR_ID_SIZE]);
bool bdaddr_equal(const struct bdaddr *a, const struct bdaddr *b);

/* As Bluetooth sends it: least significant byte first. */
struct bdaddr bdaddr_from_wire(const uint8_t wire[static 6]);
void bdaddr_to_wire(const struct bdaddr *address, uint8_t ret[static 6]);
