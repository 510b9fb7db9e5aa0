/* Error replies of BlueZ and the bus: which meaning each has, and what each meaning says. */
#include "bluez/error.h"

#include <ctype.h>
#include <errno.h>

#include "check.h"

#define BLUEZ(name) "org.bluez.Error." name
#define DBUS(name)  "org.freedesktop.DBus.Error." name

static enum bluez_error meaning(const char *name, const char *text) {
        return bluez_error_from(&SD_BUS_ERROR_MAKE_CONST(name, text));
}

static void every_reply_has_its_meaning(void) {
        /* clang-format off */
        static const struct {
                const char *name, *text;
                enum bluez_error want;
        } rows[] = {
                { BLUEZ("InProgress"), "Operation already in progress", BLUEZ_IN_PROGRESS },
                { BLUEZ("AlreadyExists"), "Already Exists", BLUEZ_ALREADY },
                { BLUEZ("AlreadyConnected"), "Already Connected", BLUEZ_ALREADY },
                { BLUEZ("ConnectionAttemptFailed"), "Page Timeout", BLUEZ_CONNECT_TIMEOUT },
                { BLUEZ("BREDR.ProfileUnavailable"), "No more profiles to connect to", BLUEZ_WRONG_BEARER },
                { BLUEZ("Canceled"), "", BLUEZ_CANCELED },
                { BLUEZ("AuthenticationFailed"), "Authentication Failed", BLUEZ_AUTH_FAILED },
                { BLUEZ("AuthenticationCanceled"), "Authentication Canceled", BLUEZ_AUTH_CANCELED },
                { BLUEZ("AuthenticationRejected"), "Authentication Rejected", BLUEZ_AUTH_REJECTED },
                { BLUEZ("AuthenticationTimeout"), "Authentication Timeout", BLUEZ_AUTH_TIMEOUT },
                { BLUEZ("NotReady"), "Resource Not Ready", BLUEZ_NOT_READY },
                { BLUEZ("Blocked"), "Blocked through rfkill", BLUEZ_BLOCKED },
                { BLUEZ("DoesNotExist"), "Does Not Exist", BLUEZ_GONE },
                { BLUEZ("NotConnected"), "Not Connected", BLUEZ_NOT_CONNECTED },
                { BLUEZ("NotPermitted"), "Not paired", BLUEZ_NOT_ENCRYPTED },
                { BLUEZ("NotPermitted"), "Read not permitted", BLUEZ_NOT_PERMITTED },
                { BLUEZ("NotPermitted"), "Notify acquired", BLUEZ_NOT_PERMITTED },
                { BLUEZ("NotAuthorized"), "Operation Not Authorized", BLUEZ_NOT_ENCRYPTED },
                { BLUEZ("NotSupported"), "Operation is not supported", BLUEZ_NOT_SUPPORTED },

                { BLUEZ("Failed"), "le-connection-key-missing", BLUEZ_KEY_MISSING },
                { BLUEZ("Failed"), "br-connection-key-missing", BLUEZ_KEY_MISSING },
                { BLUEZ("Failed"), "br-connection-canceled", BLUEZ_CANCELED },
                { BLUEZ("Failed"), "br-connection-already-connected", BLUEZ_ALREADY },
                { BLUEZ("Failed"), "le-connection-busy", BLUEZ_IN_PROGRESS },
                { BLUEZ("Failed"), "br-connection-busy", BLUEZ_IN_PROGRESS },
                { BLUEZ("Failed"), "br-connection-adapter-not-powered", BLUEZ_NOT_READY },
                { BLUEZ("Failed"), "le-connection-adapter-not-powered", BLUEZ_NOT_READY },
                { BLUEZ("Failed"), "le-connection-abort-by-local", BLUEZ_CONNECT_ABORTED },
                { BLUEZ("Failed"), "le-connection-abort-by-remote", BLUEZ_CONNECT_ABORTED },
                { BLUEZ("Failed"), "le-connection-timeout", BLUEZ_CONNECT_TIMEOUT },
                { BLUEZ("Failed"), "br-connection-profile-unavailable", BLUEZ_WRONG_BEARER },
                { BLUEZ("Failed"), "br-connection-unknown", BLUEZ_WRONG_BEARER },
                { BLUEZ("Failed"), "Operation failed with ATT error: 0x05", BLUEZ_NOT_ENCRYPTED },
                { BLUEZ("Failed"), "Operation failed with ATT error: 0x08", BLUEZ_NOT_ENCRYPTED },
                { BLUEZ("Failed"), "Operation failed with ATT error: 0x0c", BLUEZ_NOT_ENCRYPTED },
                { BLUEZ("Failed"), "Operation failed with ATT error: 0x0f", BLUEZ_NOT_ENCRYPTED },
                { BLUEZ("Failed"), "Operation failed with ATT error: 0x0e", BLUEZ_ATT_ERROR },
                { BLUEZ("Failed"), "Operation failed with ATT error: 0x80", BLUEZ_ATT_ERROR },
                { BLUEZ("Failed"), "Already notifying", BLUEZ_ALREADY },
                { BLUEZ("Failed"), "Operation already in progress", BLUEZ_IN_PROGRESS },
                { BLUEZ("Failed"), "Not connected", BLUEZ_NOT_CONNECTED },
                { BLUEZ("Failed"), "Operation failed", BLUEZ_FAILED },
                { BLUEZ("Failed"), NULL, BLUEZ_FAILED },

                { DBUS("UnknownObject"), "Method \"Connect\" .. doesn't exist", BLUEZ_GONE },
                { DBUS("UnknownMethod"), "", BLUEZ_GONE },
                { DBUS("UnknownInterface"), "", BLUEZ_GONE },
                { DBUS("ServiceUnknown"), "The name org.bluez was not provided", BLUEZ_GONE },
                { DBUS("NameHasNoOwner"), "", BLUEZ_GONE },
                { DBUS("Disconnected"), "", BLUEZ_GONE },
                { DBUS("NoReply"), "Message recipient disconnected from message bus without replying", BLUEZ_GONE },
                { DBUS("NoReply"), "Connection terminated", BLUEZ_GONE },
                { DBUS("NoReply"), "Method call timed out", BLUEZ_NO_REPLY },
                { DBUS("Timeout"), "", BLUEZ_NO_REPLY },
                { DBUS("TimedOut"), "", BLUEZ_NO_REPLY },
                { DBUS("AccessDenied"), "Rejected send message", BLUEZ_ACCESS_DENIED },

                { BLUEZ("SomethingNew"), "le-connection-timeout", BLUEZ_FAILED },
        };
        /* clang-format on */

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
                CHECK_STR(bluez_error_to_string(meaning(rows[i].name, rows[i].text)),
                          bluez_error_to_string(rows[i].want));
}

static void no_error_is_ok(void) {
        sd_bus_error none = SD_BUS_ERROR_NULL;

        CHECK_EQ(bluez_error_from(NULL), BLUEZ_OK);
        CHECK_EQ(bluez_error_from(&none), BLUEZ_OK);
}

/* A word is a topic value and a key of documentation: [a-z_], and no two alike. */
static void every_meaning_has_a_word_of_its_own(void) {
        for (int e = 0; e < BLUEZ_ERROR_MAX_; e++) {
                const char *word = bluez_error_to_string((enum bluez_error) e);

                CHECK(word && word[0]);
                for (const char *c = word; *c; c++)
                        CHECK(islower((unsigned char) *c) || *c == '_');
                for (int other = 0; other < e; other++)
                        CHECK(strcmp(word, bluez_error_to_string((enum bluez_error) other)) != 0);
        }
}

/* A cause is continued with a colon or a full stop by who prints it; a remedy is a whole sentence.
 */
static void causes_and_remedies_can_be_printed(void) {
        for (int e = 0; e < BLUEZ_ERROR_MAX_; e++) {
                const char *cause = bluez_error_cause((enum bluez_error) e);
                const char *remedy = bluez_error_remedy((enum bluez_error) e);

                CHECK(isupper((unsigned char) cause[0]));
                CHECK(cause[strlen(cause) - 1] != '.');
                CHECK(!remedy[0] || remedy[strlen(remedy) - 1] == '.');
        }
        CHECK_STR(bluez_error_remedy(BLUEZ_BLOCKED), "Run `sudo rfkill unblock bluetooth`.");
}

static void the_driver_gets_its_errno(void) {
        /* clang-format off */
        static const int want[BLUEZ_ERROR_MAX_] = {
                [BLUEZ_OK] = 0, [BLUEZ_ALREADY] = 0,
                [BLUEZ_CONNECT_ABORTED] = -ENOTCONN, [BLUEZ_CONNECT_TIMEOUT] = -ENOTCONN,
                [BLUEZ_KEY_MISSING] = -ENOTCONN, [BLUEZ_CANCELED] = -ENOTCONN,
                [BLUEZ_AUTH_CANCELED] = -ENOTCONN, [BLUEZ_NOT_CONNECTED] = -ENOTCONN,
                [BLUEZ_NOT_PERMITTED] = -EACCES, [BLUEZ_ATT_ERROR] = -EACCES,
                [BLUEZ_NOT_ENCRYPTED] = -EPERM, [BLUEZ_GONE] = -ENOENT,
                [BLUEZ_IN_PROGRESS] = -EIO, [BLUEZ_WRONG_BEARER] = -EIO, [BLUEZ_AUTH_FAILED] = -EIO,
                [BLUEZ_AUTH_REJECTED] = -EIO, [BLUEZ_AUTH_TIMEOUT] = -EIO, [BLUEZ_NOT_READY] = -EIO,
                [BLUEZ_BLOCKED] = -EIO, [BLUEZ_NO_REPLY] = -EIO, [BLUEZ_ACCESS_DENIED] = -EIO,
                [BLUEZ_NOT_SUPPORTED] = -EIO, [BLUEZ_FAILED] = -EIO,
        };
        /* clang-format on */

        for (int e = 0; e < BLUEZ_ERROR_MAX_; e++)
                CHECK_EQ(bluez_error_to_errno((enum bluez_error) e), want[e]);
}

CHECK_MAIN("unit.bluez_error", TEST(every_reply_has_its_meaning), TEST(no_error_is_ok),
           TEST(every_meaning_has_a_word_of_its_own), TEST(causes_and_remedies_can_be_printed),
           TEST(the_driver_gets_its_errno))
