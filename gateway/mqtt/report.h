/* Paho's callbacks. They run on Paho's threads with Paho's lock held: each copies, pushes one note
 * and returns, and none may call Paho (but to free what it was given). Their context is a struct
 * mqtt_report. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <MQTTAsync.h>

#include "mqtt/notes.h"

struct mqtt_report {
        struct mqtt_notes *notes;
        unsigned generation;
        size_t n_subscriptions;
        bool tls_told; /* Paho's threads only, under Paho's lock */
};

void mqtt_report_connected(void *context, MQTTAsync_successData *data);
void mqtt_report_connected5(void *context, MQTTAsync_successData5 *data);
void mqtt_report_failed(void *context, MQTTAsync_failureData *data);
void mqtt_report_failed5(void *context, MQTTAsync_failureData5 *data);
int mqtt_report_tls_error(const char *text, size_t n, void *context);
void mqtt_report_subscribed(void *context, MQTTAsync_successData *data);
void mqtt_report_subscribed5(void *context, MQTTAsync_successData5 *data);
void mqtt_report_not_subscribed(void *context, MQTTAsync_failureData *data);
void mqtt_report_not_subscribed5(void *context, MQTTAsync_failureData5 *data);
void mqtt_report_sent(void *context, MQTTAsync_successData *data);
void mqtt_report_sent5(void *context, MQTTAsync_successData5 *data);
void mqtt_report_not_sent5(void *context, MQTTAsync_failureData5 *data);
void mqtt_report_disconnected(void *context, MQTTAsync_successData *data);
void mqtt_report_disconnected5(void *context, MQTTAsync_successData5 *data);
void mqtt_report_server_leaves(void *context, MQTTProperties *properties,
                               enum MQTTReasonCodes code);
void mqtt_report_lost(void *context, char *cause);
int mqtt_report_message(void *context, char *topic, int length, MQTTAsync_message *m);
