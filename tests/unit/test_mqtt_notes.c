/* The border to Paho's threads when more comes than the loop takes. */
#include "mqtt/notes.h"

#include "mqtt_fake_broker.h"

static void push(struct mqtt_notes *n, enum mqtt_note_kind kind, int id) {
        struct mqtt_note note = {.kind = kind, .id = id};

        if (kind == MQTT_NOTE_MESSAGE)
                note.incoming = calloc(1, sizeof *note.incoming);
        mqtt_notes_push(n, &note);
}

static void messages_have_a_limit_and_no_other_note_is_in_their_way(void) {
        struct mqtt_notes *n = NULL;
        struct mqtt_note note;
        uint64_t dropped = 0, sum = 0;
        int messages = 0, others = 0;

        CHECK_EQ(mqtt_notes_new(&n), 0);
        for (int i = 0; i < MQTT_NOTES_MESSAGES_MAX + 10; i++)
                push(n, MQTT_NOTE_MESSAGE, i);
        for (int i = 0; i < MQTT_NOTES_OTHERS_MAX; i++)
                push(n, MQTT_NOTE_ACKNOWLEDGED, i);
        push(n, MQTT_NOTE_LOST, 0); /* one too many: cannot be, and is counted */
        while (mqtt_notes_take(n, &note, &dropped)) {
                if (note.kind == MQTT_NOTE_MESSAGE)
                        CHECK_EQ(note.id, messages++); /* the first ones, in order */
                else
                        CHECK_EQ(note.id, others++);
                sum += dropped;
                mqtt_note_done(&note);
        }
        CHECK_EQ(messages, MQTT_NOTES_MESSAGES_MAX);
        CHECK_EQ(others, MQTT_NOTES_OTHERS_MAX);
        CHECK_EQ(sum, 11);
        push(n, MQTT_NOTE_MESSAGE, 7); /* there is room again */
        CHECK(mqtt_notes_take(n, &note, &dropped) && note.id == 7 && dropped == 0);
        mqtt_note_done(&note);
        mqtt_notes_unref(n);
}

/* A kept session's backlog, all of it before the SUBACK. */
static void as_many_messages_are_held_until_they_can_be_answered(void) {
        static uint8_t queued[7 * (MQTT_NOTES_MESSAGES_MAX + 44)];
        struct owner o = {
                .options = {.subscriptions = (const char *const[]){"t"}, .n_subscriptions = 1}};
        struct fake *f = fake_new(&o);

        for (size_t i = 0; i < sizeof queued; i += 7)
                memcpy(queued + i, (const uint8_t[]){0x30, 5, 0, 1, 't', 0, 'a'}, 7);
        f->queued = queued;
        f->queued_size = sizeof queued;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.messages == MQTT_NOTES_MESSAGES_MAX);
        WAIT(&o, mqtt_client_counters(o.client)->dropped == 44);
        CHECK_EQ(o.messages, MQTT_NOTES_MESSAGES_MAX);
        owner_done(&o);
        fake_free(f);
}

CHECK_MAIN("unit.mqtt_notes", TEST(messages_have_a_limit_and_no_other_note_is_in_their_way),
           TEST(as_many_messages_are_held_until_they_can_be_answered))
