/* The system bus, and whether bluetoothd is on it. */
#pragma once

#include <stdbool.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

struct bluez_bus;

struct bluez_bus_events {
        void (*up)(void *owner);       /* org.bluez has an owner (also once at the start) */
        void (*down)(void *owner);     /* bluetoothd left: every path, call and session is void;
                                        * also once when it is not there at the start */
        void (*bus_gone)(void *owner); /* the bus connection ended: exit for restart */
};

/* Connects to DBUS_SYSTEM_BUS_ADDRESS or the system's bus, attaches to `event`, watches the name.
 * Never blocks on a reply. 0, or negative errno when the socket cannot be opened at all. */
int bluez_bus_new(sd_event *event, const struct bluez_bus_events *events, void *owner,
                  struct bluez_bus **ret);
void bluez_bus_free(struct bluez_bus *b);

bool bluez_bus_is_up(const struct bluez_bus *b);

/* For the other files of this room only. A signal can come from anyone on the bus: handlers ask
 * bluez_bus_is_sender() first. The rule is completed with type, sender and what `format` says. */
sd_bus *bluez_bus_get(struct bluez_bus *b);
bool bluez_bus_is_sender(const struct bluez_bus *b, sd_bus_message *m);
int bluez_bus_match(struct bluez_bus *b, sd_bus_slot **ret, sd_bus_message_handler_t handler,
                    void *userdata, const char *format, ...) __attribute__((format(printf, 5, 6)));
