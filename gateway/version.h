/* The one place that knows the version. The Makefile reads it too. */
#pragma once

#define CUFF2MQTT_VERSION "0.1.0"
