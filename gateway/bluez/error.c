#include "bluez/error.h"

#include <errno.h>
#include <string.h>

#define BLUEZ_ERROR(name) "org.bluez.Error." name
#define DBUS_ERROR(name)  "org.freedesktop.DBus.Error." name

/* The first row whose name is equal and whose fragment is in the text (NULL: any text) decides, so
 * the rows with a fragment stand before the plain row of their name. Texts are BlueZ 5.66
 * to 5.86's. */
/* clang-format off */
static const struct {
        const char *name, *fragment;
        enum bluez_error error;
} replies[] = {
        { BLUEZ_ERROR("InProgress"),              NULL,                          BLUEZ_IN_PROGRESS },
        { BLUEZ_ERROR("AlreadyExists"),           NULL,                          BLUEZ_ALREADY },
        { BLUEZ_ERROR("AlreadyConnected"),        NULL,                          BLUEZ_ALREADY },
        { BLUEZ_ERROR("ConnectionAttemptFailed"), NULL,                          BLUEZ_CONNECT_TIMEOUT },
        { BLUEZ_ERROR("BREDR.ProfileUnavailable"), NULL,                         BLUEZ_WRONG_BEARER },
        { BLUEZ_ERROR("Canceled"),                NULL,                          BLUEZ_CANCELED },
        { BLUEZ_ERROR("AuthenticationFailed"),    NULL,                          BLUEZ_AUTH_FAILED },
        { BLUEZ_ERROR("AuthenticationCanceled"),  NULL,                          BLUEZ_AUTH_CANCELED },
        { BLUEZ_ERROR("AuthenticationRejected"),  NULL,                          BLUEZ_AUTH_REJECTED },
        { BLUEZ_ERROR("AuthenticationTimeout"),   NULL,                          BLUEZ_AUTH_TIMEOUT },
        { BLUEZ_ERROR("NotReady"),                NULL,                          BLUEZ_NOT_READY },
        { BLUEZ_ERROR("Blocked"),                 NULL,                          BLUEZ_BLOCKED },
        { BLUEZ_ERROR("DoesNotExist"),            NULL,                          BLUEZ_GONE },
        { BLUEZ_ERROR("NotConnected"),            NULL,                          BLUEZ_NOT_CONNECTED },
        { BLUEZ_ERROR("NotPermitted"),            "not paired",                  BLUEZ_NOT_ENCRYPTED },
        { BLUEZ_ERROR("NotPermitted"),            NULL,                          BLUEZ_NOT_PERMITTED },
        { BLUEZ_ERROR("NotAuthorized"),           NULL,                          BLUEZ_NOT_ENCRYPTED },
        { BLUEZ_ERROR("NotSupported"),            NULL,                          BLUEZ_NOT_SUPPORTED },

        /* Both bearers name the same causes; what is left of br-connection-* is the wrong bearer. */
        { BLUEZ_ERROR("Failed"), "-connection-key-missing",        BLUEZ_KEY_MISSING },
        { BLUEZ_ERROR("Failed"), "-connection-canceled",           BLUEZ_CANCELED },
        { BLUEZ_ERROR("Failed"), "-connection-already-connected",  BLUEZ_ALREADY },
        { BLUEZ_ERROR("Failed"), "-connection-busy",               BLUEZ_IN_PROGRESS },
        { BLUEZ_ERROR("Failed"), "-adapter-not-powered",           BLUEZ_NOT_READY },
        { BLUEZ_ERROR("Failed"), "le-connection-abort-by-",        BLUEZ_CONNECT_ABORTED },
        { BLUEZ_ERROR("Failed"), "le-connection-timeout",          BLUEZ_CONNECT_TIMEOUT },
        { BLUEZ_ERROR("Failed"), "br-connection-",                 BLUEZ_WRONG_BEARER },
        { BLUEZ_ERROR("Failed"), "att error: 0x05",                BLUEZ_NOT_ENCRYPTED }, /* authentication */
        { BLUEZ_ERROR("Failed"), "att error: 0x08",                BLUEZ_NOT_ENCRYPTED }, /* authorization */
        { BLUEZ_ERROR("Failed"), "att error: 0x0c",                BLUEZ_NOT_ENCRYPTED }, /* key size */
        { BLUEZ_ERROR("Failed"), "att error: 0x0f",                BLUEZ_NOT_ENCRYPTED }, /* encryption */
        { BLUEZ_ERROR("Failed"), "att error: 0x",                  BLUEZ_ATT_ERROR },
        { BLUEZ_ERROR("Failed"), "already notifying",              BLUEZ_ALREADY },
        { BLUEZ_ERROR("Failed"), "already in progress",            BLUEZ_IN_PROGRESS },
        { BLUEZ_ERROR("Failed"), "not connected",                  BLUEZ_NOT_CONNECTED },

        { DBUS_ERROR("UnknownObject"),    NULL,                               BLUEZ_GONE },
        { DBUS_ERROR("UnknownMethod"),    NULL,                               BLUEZ_GONE },
        { DBUS_ERROR("UnknownInterface"), NULL,                               BLUEZ_GONE },
        { DBUS_ERROR("ServiceUnknown"),   NULL,                               BLUEZ_GONE },
        { DBUS_ERROR("NameHasNoOwner"),   NULL,                               BLUEZ_GONE },
        { DBUS_ERROR("Disconnected"),     NULL,                               BLUEZ_GONE },
        { DBUS_ERROR("NoReply"),          "disconnected from message bus",    BLUEZ_GONE },
        { DBUS_ERROR("NoReply"),          "connection terminated",            BLUEZ_GONE },
        { DBUS_ERROR("NoReply"),          NULL,                               BLUEZ_NO_REPLY },
        { DBUS_ERROR("Timeout"),          NULL,                               BLUEZ_NO_REPLY },
        { DBUS_ERROR("TimedOut"),         NULL,                               BLUEZ_NO_REPLY },
        { DBUS_ERROR("AccessDenied"),     NULL,                               BLUEZ_ACCESS_DENIED },
};

#define RETRY_NEXT_TIME "Nothing to do: it is tried again when the cuff is heard next."
#define PAIR_AGAIN      "Open a pairing window, hold the cuff's Bluetooth button until P blinks, and pair it again."
#define TRY_IN_P        "Hold the cuff's Bluetooth button until P blinks, keep the cuff near, and pair again at once."
#define RESTART         "Restart Bluetooth with `sudo systemctl restart bluetooth`; if that does not help, reboot."

static const struct {
        const char *word, *cause, *remedy;
        int negative_errno;
} meanings[BLUEZ_ERROR_MAX_] = {
        [BLUEZ_OK]              = { "ok", "No error", "", 0 },
        [BLUEZ_IN_PROGRESS]     = { "in_progress", "Bluetooth is busy with something else",
                                    "Nothing to do: it is tried again. If it stays, close other Bluetooth programs.", -EIO },
        [BLUEZ_ALREADY]         = { "already", "This was done before", "", 0 },
        [BLUEZ_CONNECT_ABORTED] = { "connect_aborted", "The connection broke while it was being made",
                                    "Bring the cuff nearer to the Bluetooth adapter.", -ENOTCONN },
        [BLUEZ_CONNECT_TIMEOUT] = { "connect_timeout", "The cuff did not answer: it is asleep or out of range",
                                    "Press the cuff's Bluetooth button near the Bluetooth adapter.", -ENOTCONN },
        [BLUEZ_KEY_MISSING]     = { "key_missing", "The cuff and this computer no longer share a key", PAIR_AGAIN, -ENOTCONN },
        [BLUEZ_WRONG_BEARER]    = { "wrong_bearer", "BlueZ tried classic Bluetooth, which the cuff does not speak",
                                    "If nothing else needs classic Bluetooth, set ControllerMode=le in /etc/bluetooth/main.conf.", -EIO },
        [BLUEZ_CANCELED]        = { "canceled", "The attempt was cancelled", "Nothing to do: it is tried again.", -ENOTCONN },
        [BLUEZ_AUTH_FAILED]     = { "auth_failed", "Pairing or encryption failed; BlueZ does not say why",
                                    TRY_IN_P " If it fails twice, `sudo btmon -w FILE` records why, and "
                                    "`cuff2mqtt explain FILE` tells.", -EIO },
        [BLUEZ_AUTH_CANCELED]   = { "auth_canceled", "The cuff hung up during pairing", TRY_IN_P, -ENOTCONN },
        [BLUEZ_AUTH_REJECTED]   = { "auth_rejected", "Pairing was rejected",
                                    "End other pairings and close other Bluetooth programs, then pair again.", -EIO },
        [BLUEZ_AUTH_TIMEOUT]    = { "auth_timeout", "The cuff did not answer in time during pairing", TRY_IN_P, -EIO },
        [BLUEZ_NOT_READY]       = { "not_ready", "The Bluetooth adapter is switched off",
                                    "Run `bluetoothctl power on`.", -EIO },
        [BLUEZ_BLOCKED]         = { "blocked", "Bluetooth is switched off by a software block (rfkill)",
                                    "Run `sudo rfkill unblock bluetooth`.", -EIO },
        [BLUEZ_GONE]            = { "gone", "BlueZ does not know the cuff, or is not running", RETRY_NEXT_TIME, -ENOENT },
        [BLUEZ_NO_REPLY]        = { "no_reply", "The Bluetooth service does not answer", RESTART, -EIO },
        [BLUEZ_ACCESS_DENIED]   = { "access_denied", "This program may not talk to the Bluetooth service",
                                    "Add its user to the group bluetooth; in a container mount /run/dbus and use "
                                    "`--security-opt apparmor=unconfined`.", -EIO },
        [BLUEZ_NOT_CONNECTED]   = { "not_connected", "The cuff hung up", RETRY_NEXT_TIME, -ENOTCONN },
        [BLUEZ_NOT_PERMITTED]   = { "not_permitted", "The cuff or another program does not permit this",
                                    "Close other programs that talk to the cuff.", -EACCES },
        [BLUEZ_NOT_SUPPORTED]   = { "not_supported", "The cuff or BlueZ cannot do this",
                                    "Update BlueZ (5.66 or later); if it stays, tell the project which cuff it is.", -EIO },
        [BLUEZ_NOT_ENCRYPTED]   = { "not_encrypted", "The cuff wants an encrypted connection", PAIR_AGAIN, -EPERM },
        [BLUEZ_ATT_ERROR]       = { "att_error", "The cuff refused what it was asked", "Try again; if it stays, pair the cuff again.", -EACCES },
        [BLUEZ_FAILED]          = { "failed", "The Bluetooth service reported a failure", RETRY_NEXT_TIME, -EIO },
};
/* clang-format on */

enum bluez_error bluez_error_from(const sd_bus_error *error) {
        if (!sd_bus_error_is_set(error))
                return BLUEZ_OK;
        for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
                if (strcmp(replies[i].name, error->name) != 0)
                        continue;
                if (!replies[i].fragment ||
                    (error->message && strcasestr(error->message, replies[i].fragment)))
                        return replies[i].error;
        }
        return BLUEZ_FAILED;
}

const char *bluez_error_to_string(enum bluez_error error) {
        return meanings[error].word;
}

const char *bluez_error_cause(enum bluez_error error) {
        return meanings[error].cause;
}

const char *bluez_error_remedy(enum bluez_error error) {
        return meanings[error].remedy;
}

int bluez_error_to_errno(enum bluez_error error) {
        return meanings[error].negative_errno;
}
