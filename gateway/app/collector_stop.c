/* An orderly stop: sessions may end, cuffs are disconnected, the kernel's auto-connect list is
 * left. */
#include "app/collector.h"
#include "app/cuff.h"
#include "app/pairing_first.h"

/* Every cuff off the kernel's list, then the profile: else the kernel goes on connecting for
 * nobody. */
static void disconnect_all(struct collector *c) {
        c->stage = COLLECTOR_DISCONNECTING;
        for (size_t i = 0; i < c->n_cuffs; i++) {
                cuff_event(c->cuffs[i], EVENT_STOP);
                if (!session_is_linked(&c->cuffs[i]->session))
                        cuff_pause(c->cuffs[i]);
        }
        deadline_set_usec(&c->stop_timer, c->config->timing.session.disconnecting_usec);
}

static void finish(struct collector *c) {
        if (c->stage == COLLECTOR_STOPPED)
                return;
        c->stage = COLLECTOR_STOPPED;
        deadline_clear(&c->stop_timer);
        wake_stop(&c->wake);
        c->events->stopped(c->owner);
}

void collector_update_stopping(struct collector *c) {
        if (c->stage == COLLECTOR_FINISHING && !collector_is_linked(c))
                disconnect_all(c); /* there may be nothing to wait for */
        if (c->stage != COLLECTOR_DISCONNECTING || collector_is_linked(c) ||
            c->wake.arming) /* arms all of them again */
                return;
        for (size_t i = 0; i < c->n_cuffs; i++)
                if (c->cuffs[i]->pausing)
                        return;
        deadline_set_usec(&c->stop_timer, 0); /* not from inside a session */
}

void collector_on_stop_timer(void *userdata) {
        struct collector *c = userdata;

        if (c->stage == COLLECTOR_FINISHING)
                disconnect_all(c);
        else
                finish(c);
        collector_update_stopping(c);
}

void collector_stop(struct collector *c) {
        if (c->stage == COLLECTOR_RUNNING) {
                c->stage = COLLECTOR_FINISHING;
                pairing_close(&c->pairing, "stopping");
                intake_hurry(&c->intake);
                wake_update(&c->wake);
                for (size_t i = 0; i < c->n_cuffs; i++) {
                        if (!session_is_linked(&c->cuffs[i]->session))
                                pairing_first_end(c->cuffs[i], PAIRING_FIRST_STOPPED);
                        cuff_memory_close(c->cuffs[i]);
                }
                deadline_set_usec(&c->stop_timer, c->config->timing.stop_usec);
        } else if (c->stage == COLLECTOR_FINISHING) {
                disconnect_all(c);
        }
        collector_update_stopping(c);
}
