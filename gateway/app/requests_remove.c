/* A cuff is forgotten: by BlueZ, by the database, on the broker, in Home Assistant. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/cuff.h"
#include "app/requests.h"
#include "base/cleanup.h"
#include "mqtt/message.h"
#include "store/keys.h"
#include "store/removed.h"

#define LOG_COMPONENT "bridge"
#include "base/log.h"

#define UNPAIR_USEC 10000000u

/* The database first: what it has forgotten can be forgotten everywhere, again after a restart. */
static int forget(struct bridge *b, struct cuff *cuff, bool purge, const char *transaction) {
        struct bdaddr address = cuff->record.address;
        char *data = message_object("device", cuff->id, "name", cuff_name(cuff), NULL);
        int r = store_removed_add(b->store, &address, purge);

        if (r < 0) {
                free(data);
                return r;
        }
        if (purge && (r = store_key_remove(b->config->state_directory, &address)) < 0)
                log_cuff_error(cuff->address,
                               "Its key is still in %s/keys and could not be deleted (%s): delete "
                               "that file by hand",
                               b->config->state_directory, strerror(-r));
        log_cuff_info(cuff->address, "Removed%s", purge ? ", with its measurements" : "");
        cuff_wishes_refuse(cuff, REQUEST_UNKNOWN_DEVICE,
                           "The cuff was removed before this was done");
        if (cuff->device && bluez_device_info(cuff->device)->bonded)
                cuff_pause(cuff); /* off the list of those that BlueZ connects by itself */
        collector_drop(b->collector, cuff);
        wake_update(&b->collector->wake);
        publisher_cuff_removed(b->publisher, &address);
        collector_happened(b->collector, "device_removed", data, transaction);
        return 0;
}

static struct reply answer(const char *id, int r) {
        return r < 0 ? requests_refuse(REQUEST_INTERNAL, "The database does not forget it: %s",
                                       strerror(-r))
                     : requests_ok(message_object("device", id, NULL));
}

/* The second answer; another bond may be removed from now on. */
static void end(struct bridge *b, struct reply reply) {
        uint64_t ticket = b->removal.ticket;

        b->removal.ticket = 0;
        deadline_clear(&b->removal.limit);
        bridge_answer(b, ticket, reply.code, reply.data, reply.error);
        free(reply.data);
        free(reply.error);
}

/* A device that BlueZ does not know has no bond. */
static void on_unpaired(void *userdata, enum bluez_error error) {
        struct bridge *b = userdata;
        struct bridge_removal *removal = &b->removal;
        struct cuff *cuff = collector_find(b->collector, &removal->address);
        const struct answers_entry *asked = answers_get(&b->answers, removal->ticket);
        char id[BDADDR_ID_SIZE];

        if (!removal->ticket) /* nobody waits any more */
                return;
        bdaddr_to_id(&removal->address, id);
        if (error != BLUEZ_OK && error != BLUEZ_GONE)
                end(b, requests_refuse(REQUEST_BLE_FAILED, "BlueZ keeps the bond: %s. %s",
                                       bluez_error_cause(error), bluez_error_remedy(error)));
        else if (!b->store)
                end(b, requests_refuse(REQUEST_INTERNAL,
                                       "The database cannot be used: the gateway ends"));
        else if (cuff && cuff == b->collector->pairing.candidate) /* begun since: that one wins */
                end(b, requests_refuse(REQUEST_BUSY, "The cuff is being paired just now, so it "
                                                     "stays: ask again when that is over"));
        else
                end(b, answer(id, cuff ? forget(b, cuff, removal->purge,
                                                asked ? asked->transaction : NULL)
                                       : 0));
}

void requests_remove_limit(void *userdata) {
        end(userdata, requests_refuse(REQUEST_TIMEOUT, "BlueZ does not answer: look at `systemctl "
                                                       "status bluetooth`, then ask again"));
}

/* BlueZ will not answer any more. */
void requests_remove_look(struct bridge *b) {
        if (b->removal.ticket && !b->collector->adapter_on)
                end(b, requests_no_adapter(b));
}

static struct reply unpair(struct bridge *b, const struct cuff *cuff, bool purge) {
        int r = b->removal.ticket
                        ? -EBUSY
                        : bluez_adapter_remove_device(b->collector->adapter, &cuff->record.address,
                                                      on_unpaired, b);

        if (r == -EBUSY)
                return requests_refuse(REQUEST_BUSY, "Another bond is being removed just now: try "
                                                     "again in a moment");
        if (r < 0)
                return requests_refuse(REQUEST_INTERNAL, "%s", strerror(-r));
        b->removal.ticket = b->ticket;
        b->removal.address = cuff->record.address;
        b->removal.purge = purge;
        deadline_set_usec(&b->removal.limit, UNPAIR_USEC);
        return requests_accept(message_object("device", cuff->id, NULL));
}

struct reply requests_device_remove(struct bridge *b, const struct request *request) {
        const struct request_value *keep = &request->value[REMOVE_UNPAIR];
        bool purge = request->value[REMOVE_PURGE].boolean;
        struct reply reply;
        struct cuff *cuff = requests_cuff(b, request->value[DEVICE].text, &reply);
        char id[BDADDR_ID_SIZE];

        if (!cuff)
                return reply;
        if (session_is_linked(&cuff->session) || cuff == b->collector->pairing.candidate)
                return requests_refuse(REQUEST_BUSY, "The cuff is being read just now: try again "
                                                     "when it is at rest");
        memcpy(id, cuff->id, sizeof id);
        if (keep->present && !keep->boolean)
                return answer(id, forget(b, cuff, purge, request->transaction));
        if (!b->collector->adapter_on)
                return requests_refuse(REQUEST_ADAPTER_OFF,
                                       "The Bluetooth adapter is not ready, so the bond cannot be "
                                       "removed: switch it on, or ask with \"unpair\": false");
        return unpair(b, cuff, purge);
}
