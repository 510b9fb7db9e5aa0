#include "vhci_address.h"

#include <stdio.h>
#include <string.h>

bool address_parse(const char *text, uint8_t ret[6]) {
        unsigned byte[6];
        int end = 0;

        if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[5], &byte[4], &byte[3], &byte[2],
                   &byte[1], &byte[0], &end) != 6 ||
            end != 17 || text[end])
                return false;
        for (int i = 0; i < 6; i++)
                ret[i] = (uint8_t) byte[i];
        return true;
}

const char *address_text(const uint8_t address[6], char ret[18]) {
        snprintf(ret, 18, "%02X:%02X:%02X:%02X:%02X:%02X", address[5], address[4], address[3],
                 address[2], address[1], address[0]);
        return ret;
}

bool address_equal(const struct smp_address *a, const struct smp_address *b) {
        return a->type == b->type && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
