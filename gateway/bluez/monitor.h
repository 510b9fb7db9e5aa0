/* What is on the air while somebody scans: sightings of devices, known or not. Broad matches, so it
 * runs only while a pairing window is open or own discovery is the way to notice cuffs. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bluez/adapter.h"
#include "core/bdaddr.h"

struct bluez_sighting {
        struct bdaddr address;
        char name[64]; /* "" unknown */
        bool has_rssi;
        int16_t rssi;
        bool blood_pressure; /* 1810, FE4A or ecbe3980 among its UUIDs */
        bool omron;          /* manufacturer data of company 0x020E is in this very sighting */
        uint8_t omron_data[32];
        size_t omron_size;
        /* Such data was heard of this address before, or BlueZ has it stored: a sighting of RSSI or
         * name alone is no other maker's cuff. Stays when BlueZ makes the object anew. */
        bool known_omron;
        bool connected, paired, bonded;
};

struct bluez_monitor;

/* `seen` is called for InterfacesAdded and for PropertiesChanged that carry RSSI, ManufacturerData,
 * UUIDs or Name: an event is an advertisement, a stored value is not. What is not in the signal is
 * filled from what was heard before in this monitor's life (at most 512 devices are remembered) and
 * from what BlueZ has stored, read once at the start; until that is in, nothing is told. */
int bluez_monitor_new(struct bluez_bus *bus, const char *adapter_path,
                      void (*seen)(void *owner, const struct bluez_sighting *s), void *owner,
                      struct bluez_monitor **ret);
void bluez_monitor_free(struct bluez_monitor *m);
