/* Method calls: every one passes here, so that it can be made to fail, dawdle or stay unanswered.
 */
#pragma once

#include "dbus_daemon.h"

struct call_method {
        const char *member;
        /* Answers now or keeps a reference and answers later. */
        void (*work)(struct daemon *d, sd_bus_message *m);
};

/* A table ends with {NULL, NULL}. */
int call_dispatch(struct daemon *d, sd_bus_message *m, const struct call_method *methods);

/* GetManagedObjects, which sd-bus answers by itself: a fault planned for it befalls it. 0 or
 * negative errno. It cannot be delayed. */
int call_watch_objects(struct daemon *d, sd_bus *bus);

/* Answers, logs "call METHOD path=.. answer=.."; NAME gets "org.bluez.Error." in front if it has no
 * dot. */
void call_ok(struct daemon *d, sd_bus_message *m);
void call_error(struct daemon *d, sd_bus_message *m, const char *name, const char *text);
/* Also releases the reference kept in *m; does nothing for NULL. */
void call_finish(struct daemon *d, sd_bus_message **m, const char *name, const char *text);

void call_free(struct daemon *d); /* what is still planned or delayed, at the very end */

enum fault_kind { FAULT_FAIL, FAULT_DELAY, FAULT_UNANSWERED };
void call_add_fault(struct daemon *d, enum fault_kind kind, const char *method, const char *name,
                    const char *text, uint64_t delay_usec, unsigned times);
void call_link_ended(struct daemon *d, const char *path); /* what was delayed below it fails */
void call_forget_faults(struct daemon *d);                /* what has not befallen a call yet */
