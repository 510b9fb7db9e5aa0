/* D-Bus error names of BlueZ, what they mean and what follows. Sources: BlueZ
 * 5.66 to 5.86, and what users of bleak, BlueZ and hass-omron reported. */
#pragma once

#include <stdbool.h>

#include <systemd/sd-bus.h>

enum bluez_error {
        BLUEZ_OK,
        BLUEZ_IN_PROGRESS,     /* another client or BlueZ itself is busy: wait, then once more */
        BLUEZ_ALREADY,         /* AlreadyExists, AlreadyConnected, already notifying: success */
        BLUEZ_CONNECT_ABORTED, /* le-connection-abort-by-local and 0x3E kin: at once again, max 3 */
        BLUEZ_CONNECT_TIMEOUT, /* asleep or out of range: wait for the next advertisement */
        BLUEZ_KEY_MISSING,     /* bond mismatch */
        BLUEZ_WRONG_BEARER,    /* br-connection-*: BlueZ tried classic Bluetooth */
        BLUEZ_CANCELED,        /* our own cancel came through */
        BLUEZ_AUTH_FAILED,     /* AuthenticationFailed: D-Bus never says why */
        BLUEZ_AUTH_CANCELED,   /* the cuff hung up during pairing */
        BLUEZ_AUTH_REJECTED,
        BLUEZ_AUTH_TIMEOUT,
        BLUEZ_NOT_READY, /* adapter off */
        BLUEZ_BLOCKED,   /* rfkill */
        BLUEZ_GONE,      /* UnknownObject, UnknownMethod, DoesNotExist: object or bluetoothd gone */
        BLUEZ_NO_REPLY,  /* bluetoothd wedged */
        BLUEZ_ACCESS_DENIED, /* D-Bus policy or AppArmor */
        BLUEZ_NOT_CONNECTED,
        BLUEZ_NOT_PERMITTED, /* read/write not permitted, notify acquired by another client */
        BLUEZ_NOT_SUPPORTED,
        BLUEZ_NOT_ENCRYPTED, /* ATT 0x05, 0x08, 0x0C, 0x0F, NotAuthorized on GATT */
        BLUEZ_ATT_ERROR,     /* Failed with another ATT code, e.g. 0x80 */
        BLUEZ_FAILED,        /* anything else */
        BLUEZ_ERROR_MAX_,
};

/* Of an error reply; BLUEZ_OK for NULL or an unset error. Goes by name first, then by the text. */
enum bluez_error bluez_error_from(const sd_bus_error *error);

const char *bluez_error_to_string(enum bluez_error error); /* "in_progress", .. */
const char *bluez_error_cause(enum bluez_error error);     /* what happened, for a family member */
const char *bluez_error_remedy(enum bluez_error error);    /* what to do next; "" if nothing */
int bluez_error_to_errno(
        enum bluez_error error); /* negative errno (README.md of gateway); 0 for OK */
