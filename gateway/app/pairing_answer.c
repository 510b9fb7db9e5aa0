/* The second answer to the request device/pair. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "app/pairing.h"
#include "mqtt/message.h"

void pairing_answer(struct pairing *p, uint64_t ticket) {
        p->ticket = ticket;
}

static enum request_code code_of(const struct pairing *p, const char *why) {
        static const struct {
                const char *why;
                enum request_code code;
        } codes[] = {
                {"adapter", REQUEST_ADAPTER_OFF},    {"agent_refused", REQUEST_ADAPTER_OFF},
                {"requested", REQUEST_TIMEOUT},      {"stopping", REQUEST_BUSY},
                {"not_a_cuff", REQUEST_UNSUPPORTED}, {"too_many", REQUEST_UNSUPPORTED},
        };

        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
                if (strcmp(codes[i].why, why) == 0)
                        return codes[i].code;
        return strcmp(p->failure.code, "not_in_pairing_mode") == 0 ? REQUEST_TIMEOUT
                                                                   : REQUEST_AUTH_FAILED;
}

void pairing_answer_end(struct pairing *p, const char *why, bool failed) {
        char words[sizeof p->failure.cause + sizeof p->failure.remedy + sizeof ". "];
        struct collector *c = p->collector;
        uint64_t ticket = p->ticket;
        char *data;

        p->ticket = 0;
        if (!ticket)
                return;
        if (p->candidate && strcmp(why, "paired") == 0) {
                data = message_object("device", p->candidate->id, NULL);
                c->events->answered(c->owner, ticket, REQUEST_OK, data, NULL);
                free(data);
                return;
        }
        if (failed)
                snprintf(words, sizeof words, "%s. %s", p->failure.cause, p->failure.remedy);
        c->events->answered(c->owner, ticket, code_of(p, why), NULL,
                            failed ? words : "The window was closed before the cuff was paired");
}
