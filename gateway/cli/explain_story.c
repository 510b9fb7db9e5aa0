/* One pairing as a story: what was said, what it came to, and why. */
#include <string.h>

#include "cli/explain.h"
#include "cli/explain_words.h"
#include "core/words.h"

#define SENTENCE_MAX (VERDICT_EVIDENCE_MAX + 512)

/* --- the steps, with the raw bytes --- */

static const char *side_word(enum trace_side side) {
        return side == TRACE_CUFF ? "cuff" : side == TRACE_HOST ? "host" : "?";
}

/* What an SMP PDU says, in one line; nothing that is a key. */
static void print_pdu_meaning(FILE *f, const struct trace_step *s) {
        char auth[SMP_TEXT_MAX], initiator[SMP_TEXT_MAX], responder[SMP_TEXT_MAX];
        const char *indent = "                    ";
        struct smp_pdu pdu;

        if (s->malformed)
                fprintf(f, "%smalformed: not as long as its code wants, or a reserved code\n",
                        indent);
        if (smp_decode(s->pdu, s->pdu_size, &pdu) < 0)
                return;
        switch (pdu.code) {
        case SMP_PAIRING_REQUEST:
        case SMP_PAIRING_RESPONSE:
                fprintf(f, "%s%s; %s; keys up to %u bytes\n", indent,
                        smp_io_to_string(pdu.features.io), smp_oob_to_string(pdu.features.oob),
                        pdu.features.max_key_size);
                fprintf(f, "%s%s\n", indent, smp_auth_print(pdu.features.auth, auth));
                fprintf(f, "%sinitiator keys: %s\n", indent,
                        smp_keys_print(pdu.features.initiator_keys, initiator));
                fprintf(f, "%sresponder keys: %s\n", indent,
                        smp_keys_print(pdu.features.responder_keys, responder));
                break;
        case SMP_SECURITY_REQUEST:
                fprintf(f, "%s%s\n", indent, smp_auth_print(pdu.auth, auth));
                break;
        case SMP_PAIRING_FAILED:
                fprintf(f, "%s%s (0x%02x)\n", indent, smp_reason_to_string(pdu.reason), pdu.reason);
                break;
        default:
                break;
        }
}

static void print_pdu_bytes(FILE *f, const struct trace_step *s, bool keys) {
        bool hidden = !keys && s->pdu_size > 1 && smp_is_secret(s->pdu[0]);
        char hex[3 * SMP_PDU_MAX + 1];
        struct words w = words_in(hex, sizeof hex);

        words_add_hex(&w, s->pdu, hidden ? 1 : s->pdu_size);
        fputs(hex, f);
        if (hidden)
                fprintf(f, " .. (%zu bytes, hidden)", s->pdu_size - 1);
        if (s->pdu_cut)
                fputs(" .. (not all of it is in the capture)", f);
        fputc('\n', f);
}

/* What a step that is no PDU says. */
static void print_other(FILE *f, const struct trace_step *s) {
        switch (s->kind) {
        case TRACE_ENCRYPTION_ASKED:
                fprintf(f, "encrypt the link%s\n", s->stored ? " with a key from before" : "");
                return;
        case TRACE_ENCRYPTION_DONE:
                if (s->status == 0)
                        fprintf(f, "the link is encrypted\n");
                else
                        fprintf(f, "encryption failed: %s (0x%02x)\n",
                                trace_hci_error_to_string(s->status), s->status);
                return;
        case TRACE_DISCONNECTED:
                fprintf(f, "disconnected: %s (0x%02x)\n", trace_hci_error_to_string(s->status),
                        s->status);
                return;
        case TRACE_PAIR_ASKED:
                fprintf(f, "a program asks for pairing (%s)\n", smp_io_to_string(s->io));
                return;
        case TRACE_CONFIRM_ASKED:
                fprintf(f, "the kernel asks whether to go on\n");
                return;
        case TRACE_CONFIRM_ANSWERED:
                fprintf(f, "bluetoothd or the agent says %s\n",
                        s->answer == TRACE_YES ? "yes" : "no");
                return;
        case TRACE_KEY_STORED:
                fprintf(f, "the kernel hands the new key over to be stored\n");
                return;
        case TRACE_PAIRING_STATUS:
                fprintf(f, "the kernel reports: %s (MGMT status 0x%02x)\n",
                        s->status == 0 ? "paired" : "pairing failed", s->status);
                return;
        default:
                fprintf(f, "\n");
                return;
        }
}

static void print_time(FILE *f, int64_t usec) {
        if (usec < 0)
                fprintf(f, "  %12s", "");
        else
                fprintf(f, "  %5lld.%06lld", (long long) (usec / 1000000),
                        (long long) (usec % 1000000));
}

static void print_step(FILE *f, const struct trace_step *s, bool keys) {
        const char *name = s->pdu_size > 0 ? smp_code_to_string(s->pdu[0]) : "?";

        print_time(f, s->usec);
        fprintf(f, "  #%-6llu", (unsigned long long) s->number);
        if (s->kind != TRACE_SMP) {
                fprintf(f, "  ----  ");
                print_other(f, s);
                return;
        }
        fprintf(f, "  %s  %-29s  ", side_word(s->side), name);
        print_pdu_bytes(f, s, keys);
        print_pdu_meaning(f, s);
}

/* --- what it came to --- */

static void say_beginning(FILE *f, const struct trace_pairing *p) {
        char auth[SMP_TEXT_MAX], span[32] = "", text[SENTENCE_MAX];
        struct words w = words_in(span, sizeof span);

        if (p->pairing_flag != TRACE_NOT_TOLD) {
                words_add_span(&w, p->flag_age_usec);
                snprintf(text, sizeof text,
                         "The cuff's last advertisement (%s before) said it was %sin pairing mode.",
                         p->flag_age_usec >= 0 ? span : "some time",
                         p->pairing_flag == TRACE_YES ? "" : "not ");
                explain_wrap(f, "  ", 2, text);
        }
        if (p->has_security_request) {
                snprintf(text, sizeof text, "The cuff asked for security (0x%02x: %s).",
                         p->security_request, smp_auth_print(p->security_request, auth));
                explain_wrap(f, "  ", 2, text);
        }
        if (p->pair_asked)
                explain_wrap(f, "  ", 2, "A program on the host asked for this pairing.");
        else if (!p->has_security_request && p->has_request)
                explain_wrap(f, "  ", 2, "The host began; the cuff had not asked for it.");
}

static void say_features(FILE *f, const char *who, const struct smp_features *s, const char *own,
                         const char *wanted) {
        char auth[SMP_TEXT_MAX], a[SMP_TEXT_MAX], b[SMP_TEXT_MAX], text[SENTENCE_MAX];

        snprintf(text, sizeof text, "%s: %s; %s; keys up to %u bytes. %s: %s. %s: %s.", who,
                 smp_io_to_string(s->io), smp_auth_print(s->auth, auth), s->max_key_size, own,
                 smp_keys_print(s->initiator_keys, a), wanted,
                 smp_keys_print(s->responder_keys, b));
        explain_wrap(f, "  ", 2, text);
}

static void say_agreement(FILE *f, const struct trace_pairing *p) {
        const struct smp_agreement *g = &p->agreement;
        char a[SMP_TEXT_MAX], b[SMP_TEXT_MAX], text[SENTENCE_MAX];

        if (!p->has_agreement) {
                if (p->has_request && !p->has_response)
                        explain_wrap(
                                f, "  ", 2,
                                "The cuff never said what it offers, so no method was agreed.");
                return;
        }
        snprintf(text, sizeof text,
                 "Together that gives %s with %s: %s key of %u bytes, %s. Keys to be sent by the "
                 "host: %s; by the cuff: %s.",
                 g->secure_connections ? "LE Secure Connections" : "LE legacy pairing",
                 smp_method_to_string(g->method),
                 g->mitm ? "an authenticated" : "an unauthenticated", g->key_size,
                 g->bonding ? "to be kept (bonding)" : "not to be kept (no bonding)",
                 smp_keys_print(g->initiator_keys, a), smp_keys_print(g->responder_keys, b));
        explain_wrap(f, "  ", 2, text);
}

/* bluetoothd answers by itself what a program asked it to do; for the rest it asks the agent. The
 * kernel does not hear which. */
static void say_agent(FILE *f, const struct trace_pairing *p) {
        if (p->confirm == TRACE_YES)
                explain_wrap(f, "  ", 2,
                             "The host was asked (bluetoothd or an agent), and agreed.");
        else if (p->confirm == TRACE_NO)
                explain_wrap(f, "  ", 2,
                             "The host was asked (bluetoothd or an agent), and refused.");
        else if (p->confirm_pending)
                explain_wrap(
                        f, "  ", 2,
                        "The host was asked (bluetoothd or an agent), and no answer was seen.");
        if (p->bondable == TRACE_NO)
                explain_wrap(f, "  ", 2, "The host's adapter was not pairable.");
}

static void say_failure(FILE *f, const struct trace_pairing *p) {
        char span[32] = "", text[SENTENCE_MAX];
        struct words w = words_in(span, sizeof span);

        words_add_span(&w, p->failed_after_usec);
        snprintf(text, sizeof text, "%s refused with %s (0x%02x)%s%s%s%s.",
                 p->failed_by == TRACE_CUFF   ? "The cuff"
                 : p->failed_by == TRACE_HOST ? "The host"
                                              : "One of the two (the capture does not tell which)",
                 smp_reason_to_string(p->reason), p->reason, p->failed_after_usec >= 0 ? ", " : "",
                 p->failed_after_usec >= 0 ? span : "",
                 !p->failed_after_code       ? ""
                 : p->failed_after_usec >= 0 ? " after the "
                                             : ", after the ",
                 p->failed_after_code ? smp_code_to_string(p->failed_after_code) : "");
        explain_wrap(f, "  ", 2, text);
        explain_wrap(f, "  ", 2, explain_reason_meaning(p->reason, p->failed_by));
}

static void say_ending(FILE *f, const struct trace_pairing *p) {
        char text[SENTENCE_MAX], ending[EXPLAIN_ENDING_MAX];

        if (p->outcome == TRACE_FAILED && p->has_reason && p->phase != TRACE_PHASE_ENCRYPTION) {
                say_failure(f, p);
        } else {
                snprintf(text, sizeof text, "It ended: %s.", explain_ending(p, ending));
                explain_wrap(f, "  ", 2, text);
        }
        if (p->has_disconnect && p->outcome != TRACE_INCOMPLETE) {
                snprintf(text, sizeof text, "Then the connection ended: %s (0x%02x).",
                         trace_hci_error_to_string(p->disconnect_reason), p->disconnect_reason);
                explain_wrap(f, "  ", 2, text);
        }
}

/* --- why --- */

static void say_cause(FILE *f, size_t n, const struct verdict_cause *c) {
        char first[32], text[SENTENCE_MAX];

        snprintf(first, sizeof first, "  %zu. ", n);
        snprintf(text, sizeof text, "%s (%s).", pairing_cause_meaning(c->cause),
                 pairing_cause_to_string(c->cause));
        explain_wrap(f, first, 5, text);
        explain_wrap(f, "     For: ", 7, c->evidence_for);
        explain_wrap(f, "     Against: ", 7, c->evidence_against);
        explain_wrap(f, "     Do: ", 7, pairing_cause_remedy(c->cause));
        explain_wrap(f, "     To tell: ", 7, pairing_cause_check(c->cause));
}

static void say_causes(FILE *f, const struct verdict *v) {
        if (v->n > 0)
                fprintf(f, "\n  Why, the likeliest first\n");
        for (size_t i = 0; i < v->n; i++)
                say_cause(f, i + 1, &v->cause[i]);
        if (v->n_ruled_out > 0)
                fprintf(f, "\n  Ruled out by these bytes\n");
        for (size_t i = 0; i < v->n_ruled_out; i++) {
                const struct verdict_cause *c = &v->ruled_out[i];
                char text[SENTENCE_MAX];

                snprintf(text, sizeof text, "%s (%s): %s", pairing_cause_meaning(c->cause),
                         pairing_cause_to_string(c->cause), c->evidence_against);
                explain_wrap(f, "  - ", 4, text);
        }
}

void explain_story(FILE *f, unsigned n, const struct trace_pairing *p, const struct verdict *v,
                   bool keys) {
        char ending[EXPLAIN_ENDING_MAX], address[BDADDR_STRING_SIZE] = "";

        if (p->has_address)
                bdaddr_to_string(&p->address, address);
        fprintf(f, "Pairing %u%s%s: %s.\n\n", n, address[0] ? " with " : "", address,
                explain_ending(p, ending));
        for (size_t i = 0; i < p->n_steps; i++)
                print_step(f, &p->step[i], keys);
        if (p->steps_left_out > 0)
                fprintf(f, "  (%llu more not shown)\n", (unsigned long long) p->steps_left_out);
        fprintf(f, "\n  What happened\n");
        say_beginning(f, p);
        if (p->has_request)
                say_features(f, "The host's Pairing Request", &p->request, "It would hand out",
                             "It wants from the cuff");
        if (p->has_response)
                say_features(f, "The cuff's Pairing Response", &p->response,
                             "It takes from the host", "It hands out");
        say_agreement(f, p);
        say_agent(f, p);
        say_ending(f, p);
        say_causes(f, v);
        fprintf(f, "\n");
}
