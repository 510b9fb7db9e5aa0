#include "cli/explain_words.h"

#include <string.h>

#include "base/cleanup.h"
#include "core/words.h"

void explain_wrap(FILE *f, const char *first, size_t indent, const char *text) {
        size_t column = strlen(first), n;

        if (!*text)
                return;
        fputs(first, f);
        for (const char *word = text; *word; word += n + (word[n] == ' ')) {
                n = strcspn(word, " ");
                if (word > text && column + 1 + n > EXPLAIN_COLUMNS) {
                        fprintf(f, "\n%*s", (int) indent, "");
                        column = indent;
                } else if (word > text) {
                        fputc(' ', f);
                        column++;
                }
                fwrite(word, 1, n, f);
                column += n;
        }
        fputc('\n', f);
}

const char *explain_reason_meaning(uint8_t reason, enum trace_side by) {
        static const struct {
                uint8_t reason;
                const char *cuff, *host; /* host NULL: the same */
        } meanings[] = {
                {SMP_REASON_PASSKEY_ENTRY_FAILED,
                 "The number was not typed in, or pairing was cancelled by hand.",
                 "A Linux host says so when bluetoothd or an agent says no, or when no agent is "
                 "there "
                 "to ask; elsewhere, pairing was cancelled by hand."},
                {SMP_REASON_OOB_NOT_AVAILABLE,
                 "It wants data from another channel (NFC, a code) that the other does not have.",
                 NULL},
                {SMP_REASON_AUTHENTICATION_REQUIREMENTS,
                 "The other cannot give the protection it insists on, judging by input and output.",
                 NULL},
                {SMP_REASON_CONFIRM_VALUE_FAILED,
                 "The proof it was sent does not match what it computed: another number was "
                 "entered, or something went wrong on the way. That was seen at a first try with a "
                 "cuff, and the next one succeeded.",
                 NULL},
                {SMP_REASON_PAIRING_NOT_SUPPORTED,
                 "Who sent it does not take part in pairing at the moment. Sent by a cuff it is "
                 "the "
                 "cuff's refusal; a Linux host without an agent would send it the other way.",
                 "The host does not take part in pairing at the moment: on Linux the kernel "
                 "answers so by itself when no agent is registered or the adapter is not "
                 "pairable. The cuff has refused nothing."},
                {SMP_REASON_ENCRYPTION_KEY_SIZE,
                 "The keys that both can do are shorter than it accepts.", NULL},
                {SMP_REASON_COMMAND_NOT_SUPPORTED, "It does not know what it was sent.", NULL},
                {SMP_REASON_UNSPECIFIED,
                 "The specification gives this reason no meaning: it says \"no\" and nothing "
                 "about why. Only when it was said, and in answer to what, tells something.",
                 NULL},
                {SMP_REASON_REPEATED_ATTEMPTS,
                 "Too little time has passed since the last failed attempt.", NULL},
                {SMP_REASON_INVALID_PARAMETERS,
                 "What it was sent has the wrong length or a value out of range.", NULL},
                {SMP_REASON_DHKEY_CHECK_FAILED,
                 "The check at the end of Secure Connections does not match what it computed.",
                 NULL},
                {SMP_REASON_NUMERIC_COMPARISON_FAILED, "The numbers shown were not the same.",
                 "With Secure Connections a Linux host says so when bluetoothd or an agent says "
                 "no, or "
                 "when no agent is there to ask, numbers or not."},
                {SMP_REASON_BREDR_IN_PROGRESS, "It is pairing over classic Bluetooth just now.",
                 NULL},
                {SMP_REASON_CROSS_TRANSPORT_NOT_ALLOWED,
                 "A key of the other kind of Bluetooth cannot be used for this.", NULL},
                {SMP_REASON_KEY_REJECTED, "It does not accept a key it was handed.", NULL},
                {SMP_REASON_BUSY, "It is busy and cannot pair just now.", NULL},
        };

        for (size_t i = 0; i < ELEMENTS(meanings); i++)
                if (meanings[i].reason == reason)
                        return by == TRACE_HOST && meanings[i].host ? meanings[i].host
                                                                    : meanings[i].cuff;
        return "The specification does not know this reason.";
}

const char *explain_side(enum trace_side side) {
        return side == TRACE_CUFF ? "the cuff" : side == TRACE_HOST ? "the host" : "one of the two";
}

static void add_failure(struct words *w, const struct trace_pairing *p) {
        if (!p->has_reason) {
                words_add(w, "failed");
        } else if (p->phase == TRACE_PHASE_ENCRYPTION && p->failed_by == TRACE_UNKNOWN) {
                words_add(w, "failed: the link could not be encrypted with the new key: ");
                words_add(w, trace_hci_error_to_string(p->reason));
        } else {
                words_add(w, "failed: ");
                words_add(w, explain_side(p->failed_by));
                words_add(w, " refused with ");
                words_add(w, smp_reason_to_string(p->reason));
        }
        if (p->has_reason) {
                words_add(w, " (");
                words_add_byte(w, p->reason);
                words_add(w, ")");
        }
}

char *explain_ending(const struct trace_pairing *p, char ret[EXPLAIN_ENDING_MAX]) {
        struct words w = words_in(ret, EXPLAIN_ENDING_MAX);

        switch (p->outcome) {
        case TRACE_BONDED:
                words_add(&w, "bonded: keys were exchanged and can be used again");
                break;
        case TRACE_PAIRED_WITHOUT_KEYS:
                words_add(&w, "paired, but without keys to keep: the next connection begins anew");
                break;
        case TRACE_FAILED:
                add_failure(&w, p);
                break;
        case TRACE_ENCRYPTED_WITH_STORED_KEY:
                words_add(&w, "encrypted with the key of an earlier pairing");
                break;
        case TRACE_KEY_REFUSED:
                words_add(&w, p->failed_by == TRACE_CUFF
                                      ? "the cuff refused the stored key: "
                                      : "encryption with the stored key failed: ");
                words_add(&w, trace_hci_error_to_string(p->reason));
                words_add(&w, " (");
                words_add_byte(&w, p->reason);
                words_add(&w, ")");
                break;
        case TRACE_INCOMPLETE:
        case TRACE_OUTCOME_MAX_:
                words_add(&w, p->has_disconnect ? "not finished: the connection ended: "
                                                : "not finished: the capture ends before it does");
                if (p->has_disconnect) {
                        words_add(&w, trace_hci_error_to_string(p->disconnect_reason));
                        words_add(&w, " (");
                        words_add_byte(&w, p->disconnect_reason);
                        words_add(&w, ")");
                }
                break;
        }
        return ret;
}
