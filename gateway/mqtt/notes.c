#include "mqtt/notes.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"

#define NOTES_MAX (MQTT_NOTES_MESSAGES_MAX + MQTT_NOTES_OTHERS_MAX)

struct mqtt_notes {
        pthread_mutex_t mutex; /* guards all below */
        unsigned references;
        int fd; /* -1 closed */
        uint64_t dropped;
        size_t first, n, n_messages;
        struct mqtt_note ring[NOTES_MAX];
};

int mqtt_notes_new(struct mqtt_notes **ret) {
        _cleanup_(freep) struct mqtt_notes *n = calloc(1, sizeof *n);
        int r;

        if (!n)
                return -ENOMEM;
        n->references = 1;
        n->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
        if (n->fd < 0)
                return -errno;
        r = pthread_mutex_init(&n->mutex, NULL);
        if (r != 0) {
                close(n->fd);
                return -r;
        }
        *ret = TAKE_PTR(n);
        return 0;
}

struct mqtt_notes *mqtt_notes_ref(struct mqtt_notes *n) {
        pthread_mutex_lock(&n->mutex);
        n->references++;
        pthread_mutex_unlock(&n->mutex);
        return n;
}

void mqtt_notes_unref(struct mqtt_notes *n) {
        unsigned left;

        if (!n)
                return;
        pthread_mutex_lock(&n->mutex);
        left = --n->references;
        pthread_mutex_unlock(&n->mutex);
        if (left > 0)
                return;
        mqtt_notes_close(n);
        pthread_mutex_destroy(&n->mutex);
        free(n);
}

int mqtt_notes_fd(const struct mqtt_notes *n) {
        return n->fd;
}

void mqtt_notes_close(struct mqtt_notes *n) {
        pthread_mutex_lock(&n->mutex);
        if (n->fd >= 0)
                close(n->fd);
        n->fd = -1;
        for (size_t i = 0; i < n->n; i++)
                mqtt_note_done(&n->ring[(n->first + i) % NOTES_MAX]);
        n->n = n->n_messages = 0;
        pthread_mutex_unlock(&n->mutex);
}

/* With the mutex held, so that the number cannot have become somebody else's descriptor. */
static void poke(const struct mqtt_notes *n) {
        uint64_t one = 1;
        ssize_t written = write(n->fd, &one, sizeof one);

        (void) written; /* cannot fail short of 2^64 pokes */
}

static bool has_room_for(const struct mqtt_notes *n, const struct mqtt_note *note) {
        if (note->kind == MQTT_NOTE_MESSAGE)
                return n->n_messages < MQTT_NOTES_MESSAGES_MAX;
        return n->n - n->n_messages < MQTT_NOTES_OTHERS_MAX;
}

void mqtt_notes_push(struct mqtt_notes *n, const struct mqtt_note *note) {
        struct mqtt_note refused = *note;

        pthread_mutex_lock(&n->mutex);
        if (n->fd >= 0 && has_room_for(n, note)) {
                n->ring[(n->first + n->n++) % NOTES_MAX] = *note;
                n->n_messages += note->kind == MQTT_NOTE_MESSAGE;
                refused = (struct mqtt_note){0};
                poke(n);
        } else
                n->dropped++;
        pthread_mutex_unlock(&n->mutex);
        mqtt_note_done(&refused);
}

void mqtt_notes_count_dropped(struct mqtt_notes *n) {
        pthread_mutex_lock(&n->mutex);
        if (n->dropped++ == 0 && n->fd >= 0) /* once: a flood must not keep the loop awake */
                poke(n);
        pthread_mutex_unlock(&n->mutex);
}

bool mqtt_notes_take(struct mqtt_notes *n, struct mqtt_note *ret, uint64_t *ret_dropped) {
        uint64_t one;
        ssize_t got;
        bool found;

        pthread_mutex_lock(&n->mutex);
        got = read(n->fd, &one, sizeof one);
        (void) got; /* empty: somebody was faster, the ring tells */
        found = n->n > 0;
        if (found) {
                *ret = n->ring[n->first];
                n->first = (n->first + 1) % NOTES_MAX;
                n->n--;
                n->n_messages -= ret->kind == MQTT_NOTE_MESSAGE;
        }
        *ret_dropped = n->dropped;
        n->dropped = 0;
        pthread_mutex_unlock(&n->mutex);
        return found;
}

void mqtt_note_done(struct mqtt_note *note) {
        free(note->text);
        free(note->incoming);
        note->text = NULL;
        note->incoming = NULL;
}
