#include "cuff/memory_error.h"

#include <stddef.h>

#define NEXT_TIME "Nothing to do: it is tried again when the cuff is heard next"
#define PAIR_AGAIN                                                                                 \
        "Hold the cuff's Bluetooth button until P blinks, and pair it with this gateway again"
#define SEND_DUMP                                                                                  \
        "Make a dump of this cuff and send it to the project: it shows how the memory is arranged"
#define NEARER "Keep the cuff near the Bluetooth adapter and press its Bluetooth button again"

/* clang-format off */
static const struct {
        const char *word, *cause, *remedy;
} meanings[MEMORY_ERROR_MAX_] = {
        [MEMORY_OK]               = { "ok", "", "" },
        [MEMORY_LOCKED]           = { "locked", "The cuff opens its memory only with a key, and this gateway has none for it",
                                      PAIR_AGAIN ", or enter the key another program gave it as omron.keys in the configuration" },
        [MEMORY_WRONG_KEY]        = { "wrong_key", "Another device (a phone app or another program) has put its own key into the cuff",
                                      "Pair the cuff with this gateway again, or enter that key as omron.keys in the configuration "
                                      "(\"default\" for omblepy and hass-omron)" },
        [MEMORY_NOT_ENCRYPTED]    = { "not_encrypted", "The connection to the cuff is not encrypted, or the cuff was not in pairing mode",
                                      PAIR_AGAIN },
        [MEMORY_KEY_REFUSED]      = { "key_refused", "The cuff did not store the new key", PAIR_AGAIN },
        [MEMORY_REFUSED]          = { "refused", "The cuff refused to let its memory be read, and did not say why", NEXT_TIME },
        [MEMORY_NO_START]         = { "no_start", "The cuff did not open its memory", NEXT_TIME "; if it stays, pair the cuff again" },
        [MEMORY_REFUSED_ADDRESS]  = { "refused_address", "The cuff's memory is not arranged as this model's is", SEND_DUMP },
        [MEMORY_REFUSED_SETTINGS] = { "refused_settings", "The cuff did not accept the settings that were written to it",
                                      "Leave the options that write to this cuff switched off; take its batteries out and put them back "
                                      "if it shows Err" },
        [MEMORY_TIMEOUT]          = { "timeout", "The cuff stopped answering while its memory was read", NEARER },
        [MEMORY_CHECKSUM]         = { "checksum", "What the cuff sent stayed damaged on the way", NEARER },
        [MEMORY_PARITY]           = { "parity", "The cuff's memory no longer looks as this model's should", SEND_DUMP },
        [MEMORY_HANG_UP]          = { "hang_up", "The connection broke while the memory was read", NEARER },
        [MEMORY_UNKNOWN_MODEL]    = { "unknown_model", "This model of cuff is not known here", SEND_DUMP },
        [MEMORY_UNPROVED]         = { "unproved", "What is in the cuff's memory does not tell for sure which model it is", SEND_DUMP },
        [MEMORY_INCOMPLETE]       = { "incomplete", "The cuff does not show all that is needed to read its memory", PAIR_AGAIN },
        [MEMORY_STOPPED]          = { "stopped", "Reading the memory was stopped by this program", NEXT_TIME },
        [MEMORY_NOT_KEPT]         = { "not_kept", "The disk did not take what must be kept before the cuff is changed",
                                      "Make room on the disk, and see that this program may write to its data directory" },
};
/* clang-format on */

const char *memory_error_to_string(enum memory_error error) {
        return meanings[error].word;
}

const char *memory_error_cause(enum memory_error error) {
        return meanings[error].cause;
}

const char *memory_error_remedy(enum memory_error error) {
        return meanings[error].remedy;
}
