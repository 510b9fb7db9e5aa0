#include "app/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static void entry_done(struct answers_entry *e) {
        free(e->transaction);
        free(e->path);
        free(e->correlation);
        free(e->response);
        *e = (struct answers_entry){0};
}

void answers_done(struct answers *a) {
        for (size_t i = 0; i < ELEMENTS(a->entry); i++)
                entry_done(&a->entry[i]);
}

/* Free, else the oldest that is done; NULL: all wait. */
static struct answers_entry *find_place(struct answers *a) {
        struct answers_entry *oldest = NULL;

        for (size_t i = 0; i < ELEMENTS(a->entry); i++) {
                struct answers_entry *e = &a->entry[i];

                if (!e->ticket)
                        return e;
                if (!e->open && (!oldest || e->at_usec < oldest->at_usec))
                        oldest = e;
        }
        return oldest;
}

uint64_t answers_begin(struct answers *a, const struct answers_entry *asked) {
        struct answers_entry *to = find_place(a), copy = *asked;

        copy.transaction = asked->transaction ? strdup(asked->transaction) : NULL;
        copy.path = strdup(asked->path);
        copy.correlation = asked->correlation_size ? malloc(asked->correlation_size) : NULL;
        copy.response = NULL;
        if (copy.correlation)
                memcpy(copy.correlation, asked->correlation, asked->correlation_size);
        if (!to || (asked->transaction && !copy.transaction) || !copy.path ||
            (asked->correlation_size && !copy.correlation)) {
                entry_done(&copy);
                return 0;
        }
        entry_done(to);
        copy.ticket = ++a->last_ticket;
        copy.open = 1;
        *to = copy;
        return to->ticket;
}

struct answers_entry *answers_get(struct answers *a, uint64_t ticket) {
        for (size_t i = 0; ticket && i < ELEMENTS(a->entry); i++)
                if (a->entry[i].ticket == ticket && a->entry[i].open)
                        return &a->entry[i];
        return NULL;
}

struct answers_entry *answers_waiting(struct answers *a) {
        for (size_t i = 0; i < ELEMENTS(a->entry); i++)
                if (a->entry[i].open)
                        return &a->entry[i];
        return NULL;
}

static bool is_equal(const char *a, const char *b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

const struct answers_entry *answers_find(const struct answers *a, const char *name,
                                         const char *transaction, uint64_t asked,
                                         uint64_t now_usec) {
        for (size_t i = 0; i < ELEMENTS(a->entry); i++) {
                const struct answers_entry *e = &a->entry[i];

                if (e->response && e->asked == asked && strcmp(e->name, name) == 0 &&
                    is_equal(e->transaction, transaction) &&
                    (e->open || now_usec - e->at_usec < ANSWERS_KEEP_USEC))
                        return e;
        }
        return NULL;
}

void answers_keep(struct answers_entry *e, char *response, uint64_t now_usec) {
        if (!response) {
                entry_done(e);
                return;
        }
        free(e->response);
        e->response = response;
        e->at_usec = now_usec;
        if (e->open)
                return;
        free(TAKE_PTR(e->path)); /* a repeat says where its own answer goes */
        free(TAKE_PTR(e->correlation));
        e->correlation_size = 0;
}
