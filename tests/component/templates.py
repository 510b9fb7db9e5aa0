"""Judges Home Assistant discovery as Home Assistant would, only harder: what it drops in silence or takes
with a warning is a problem here. The rules are those of its MQTT integration for device discovery
(2024.11 to 2026): which keys, classes and units each platform takes, and what a template must render.

    problems = render_all(retained, events)   # both {topic: payload}; [] when all is well
"""

import datetime
import json
import math
import re

import jinja2

TOP = {"device", "origin", "components", "availability", "availability_mode", "state_topic"}
DEVICE = {"identifiers", "connections", "name", "manufacturer", "model", "model_id", "sw_version",
          "hw_version", "serial_number", "via_device", "suggested_area", "configuration_url"}
ORIGIN = {"name", "sw_version", "support_url"}
AVAILABILITY = {"topic", "payload_available", "payload_not_available", "value_template"}
COMMON = {"platform", "unique_id", "name", "icon", "entity_category", "enabled_by_default", "qos", "encoding",
          "availability", "json_attributes_topic", "json_attributes_template"}
STATE = {"state_topic", "value_template"}
COMMAND = {"command_topic", "command_template"}
# expire_after and off_delay would be taken too, but never by us: a cuff is silent for days. Nor retain: a
# command that the broker keeps is carried out again at our next connection.
PLATFORMS = {
    "sensor": COMMON | STATE | {"device_class", "unit_of_measurement", "state_class", "suggested_display_precision",
                                "force_update", "options"},
    "binary_sensor": COMMON | STATE | {"device_class", "payload_on", "payload_off", "force_update"},
    "switch": COMMON | STATE | COMMAND | {"device_class", "payload_on", "payload_off", "state_on", "state_off",
                                          "optimistic"},
    "event": COMMON | STATE | {"device_class", "event_types"},
    "button": COMMON | COMMAND | {"device_class", "payload_press"},
    "select": COMMON | STATE | COMMAND | {"options", "optimistic"},
    "text": COMMON | STATE | COMMAND | {"min", "max", "mode", "pattern", "optimistic"},
}
REQUIRED = {"switch": {"command_topic"}, "event": {"event_types"}, "button": {"command_topic", "payload_press"},
            "select": {"command_topic", "options"}, "text": {"command_topic"}}
# The classes that occur in a blood-pressure gateway; for a sensor also its units (None: no unit).
SENSOR_UNITS = {"battery": {"%"}, "signal_strength": {"dB", "dBm"}, "duration": {"s", "min", "h", "d"},
                "timestamp": {None}, "enum": {None}, None: {None, "mmHg", "bpm"}}
CLASSES = {"binary_sensor": {None, "problem", "battery", "connectivity"}, "switch": {None, "switch"},
           "event": {None}, "button": {None, "restart", "identify", "update"}, "select": {None}, "text": {None}}
CATEGORIES = {"sensor": {None, "diagnostic"}, "binary_sensor": {None, "diagnostic"},
              "event": {None, "diagnostic"}, "switch": {None, "config"}, "button": {None, "config", "diagnostic"},
              "select": {None, "config"}, "text": {None, "config"}}
# Home Assistant would drop them from the attributes.
OWN_ATTRIBUTES = {"state_class", "friendly_name", "device_class", "unit_of_measurement", "icon", "options"}
TEXT_LIMIT = 255  # of a state
NOT_NUMERIC = {"timestamp", "enum"}

ENVIRONMENT = jinja2.Environment(undefined=jinja2.StrictUndefined)


class Checker:
    def __init__(self, messages, events, prefix):
        self.messages, self.events, self.prefix = messages, events, prefix
        self.problems, self.where = [], ""
        self.unique_ids, self.identifiers, self.parents = {}, set(), {}

    def expect(self, condition, problem):
        if not condition:
            self.problems.append(f"{self.where}: {problem}")
        return condition

    def expect_keys(self, got, allowed, what):
        for key in got.keys() - allowed:
            self.expect(False, f"{what} takes no key {key!r}")
        for key, value in got.items():
            self.expect(value is not None, f"{what}: {key!r} is null")

    # --- one discovery payload ------------------------------------------------------------------

    def check_discovery(self, topic, text):
        self.where = topic
        match = re.fullmatch(re.escape(self.prefix) + r"/device/([A-Za-z0-9_-]+)/config", topic)
        self.expect(match, "the id in the topic has other characters than A-Z a-z 0-9 _ -")
        try:
            payload = json.loads(text)
        except ValueError as e:
            self.expect(False, f"is not JSON: {e}")
            return
        if not self.expect(isinstance(payload, dict), "is no object"):
            return
        self.expect_keys(payload, TOP, "the payload")
        for key in ("device", "origin", "components"):
            if not self.expect(isinstance(payload.get(key), dict) and payload[key], f"needs {key!r}"):
                payload[key] = {}
        self.check_device(payload["device"])
        self.check_origin(payload["origin"])
        self.check_availability(payload.get("availability"), "the payload")
        names = set()
        for key, component in payload["components"].items():
            self.where = f"{topic} {key}"
            self.expect(re.fullmatch(r"[A-Za-z0-9_-]+", key), "has an illegal key")
            self.check_component(component, payload)
            self.expect(component.get("name") not in names or len(component) == 1, "has the name of another entity")
            names.add(component.get("name"))

    def check_device(self, device):
        self.expect_keys(device, DEVICE, "device")
        self.expect(device.get("identifiers") or device.get("connections"), "nothing identifies the device")
        self.expect(isinstance(device.get("name"), str) and device.get("name"), "the device has no name")
        for identifier in device.get("identifiers", []):
            self.expect(identifier not in self.identifiers, f"identifier {identifier!r} is taken")
            self.identifiers.add(identifier)
        for connection in device.get("connections", []):
            self.expect(len(connection) == 2 and re.fullmatch(r"([0-9A-F]{2}:){5}[0-9A-F]{2}", connection[1]),
                        f"odd connection {connection}")
        if "via_device" in device:
            self.parents[self.where] = device["via_device"]
        for key in device.keys() & DEVICE - {"identifiers", "connections"}:
            self.expect(isinstance(device[key], str), f"device {key!r} is no text")

    def check_origin(self, origin):
        self.expect_keys(origin, ORIGIN, "origin")
        self.expect(isinstance(origin.get("name"), str), "origin has no name")

    def check_availability(self, availability, what):
        if not self.expect(isinstance(availability, list), f"{what} needs 'availability', a list"):
            return
        for entry in availability:
            self.expect_keys(entry, AVAILABILITY, "availability")
            state = self.messages.get(entry.get("topic"))
            legal = {entry.get("payload_available", "online"), entry.get("payload_not_available", "offline")}
            self.expect(state in legal, f"availability topic {entry.get('topic')!r} holds {state!r}")

    # --- one component --------------------------------------------------------------------------

    def check_component(self, c, payload):
        platform = c.get("platform")
        if not self.expect(platform in PLATFORMS, f"platform {platform!r} is not one of ours"):
            return
        if c.keys() == {"platform"}:  # the entity is taken away
            return
        self.expect_keys(c, PLATFORMS[platform], platform)
        for key in REQUIRED.get(platform, set()) | {"unique_id", "name"}:
            self.expect(c.get(key), f"{platform} needs {key!r}")
        self.expect(c.get("unique_id") not in self.unique_ids,
                    f"unique_id is also that of {self.unique_ids.get(c.get('unique_id'))}")
        self.unique_ids[c.get("unique_id")] = self.where
        self.expect(c.get("qos", 0) in (0, 1, 2), "qos is 0, 1 or 2")
        self.expect(c.get("entity_category") in CATEGORIES[platform],
                    f"{platform} takes no entity_category {c.get('entity_category')!r}")
        self.expect(re.fullmatch(r"mdi:[a-z0-9-]+", c.get("icon", "mdi:x")), "odd icon")
        if "availability" in c:
            self.check_availability(c["availability"], platform)
        device_name = payload["device"].get("name") or ""
        self.expect(not device_name or not (c.get("name") or "").startswith(device_name),
                    "the name repeats the device's")
        if platform == "sensor":
            self.check_sensor(c)
        else:
            self.expect(c.get("device_class") in CLASSES[platform],
                        f"{platform} takes no device_class {c.get('device_class')!r}")
        if "command_topic" in PLATFORMS[platform]:
            self.check_command(c)
        if "json_attributes_topic" in c or "json_attributes_template" in c:
            self.check_attributes(c)
        if "state_topic" in PLATFORMS[platform]:
            self.check_value(c, c.get("state_topic") or payload.get("state_topic"))

    def check_sensor(self, c):
        device_class, unit = c.get("device_class"), c.get("unit_of_measurement")
        if self.expect(device_class in SENSOR_UNITS, f"sensor takes no device_class {device_class!r} here"):
            self.expect(unit in SENSOR_UNITS[device_class], f"class {device_class} takes no unit {unit!r}")
        legal = {None} if device_class in NOT_NUMERIC else {"measurement"} if unit else {None, "measurement"}
        self.expect(c.get("state_class") in legal, f"state_class {c.get('state_class')!r} with unit {unit!r}")
        numeric = bool(unit or c.get("state_class")) and device_class not in NOT_NUMERIC
        self.expect(numeric or "suggested_display_precision" not in c, "precision of what is no number")
        self.expect(bool(c.get("options")) == (device_class == "enum"), "options go with class enum")

    def check_command(self, c):
        self.expect(re.fullmatch(r"[^+#]+/bridge/request/[a-z_/]+", c.get("command_topic") or ""),
                    f"{c.get('command_topic')!r} is no request")
        if c["platform"] == "text":
            low, high = c.get("min", 0), c.get("max", TEXT_LIMIT)
            self.expect(0 <= low < high <= TEXT_LIMIT, f"a text of {low} to {high} letters")
        for sent in commands(c):
            try:
                self.expect(isinstance(json.loads(sent), dict), f"the request {sent} is no object")
            except ValueError:
                self.expect(False, f"the request {sent} is not JSON")

    def check_attributes(self, c):
        state = self.messages.get(c.get("json_attributes_topic"))
        if not self.expect(state is not None, f"no attributes on {c.get('json_attributes_topic')}"):
            return
        text = self.render(c.get("json_attributes_template"), state)
        try:
            attributes = json.loads(text or "")
        except ValueError:
            attributes = None
        if self.expect(isinstance(attributes, dict), f"the attributes {text} are no object"):
            for key in attributes.keys() & OWN_ATTRIBUTES:
                self.expect(False, f"the attribute {key!r} is Home Assistant's own")
            self.expect(len(text) < 1024, "the attributes are large")

    # --- its value ------------------------------------------------------------------------------

    def check_value(self, c, topic):
        if not self.expect(topic, "has no state_topic"):
            return
        if c["platform"] == "event":
            self.expect(topic not in self.messages, f"{topic} is retained: Home Assistant ignores it")
            if topic in self.events:
                self.check_event(c, self.events[topic])
            return
        if topic.endswith("/bridge/event"):  # not retained: unknown until something happens
            self.expect(topic not in self.messages, f"{topic} is retained: an old event would be the last")
            state = self.events.get(topic)
        else:
            state = self.messages.get(topic)
            self.expect(state is not None, f"nothing was published on {topic}")
        if state is not None:
            value = self.render(c.get("value_template"), state)
            if value is not None:
                self.check_state(c, value)

    def render(self, template, payload):
        """As MqttValueTemplate does: the text, or None (a problem is then noted)."""
        if template is None:
            return payload
        variables = {"value": payload}
        try:
            variables["value_json"] = json.loads(payload)
        except ValueError:
            pass
        try:
            return ENVIRONMENT.from_string(template).render(variables).strip()
        except jinja2.TemplateError as e:
            self.expect(False, f"{template} fails: {e}")
            return None

    def check_state(self, c, value):
        if c["platform"] == "binary_sensor":
            legal = {c.get("payload_on", "ON"), c.get("payload_off", "OFF"), "None"}
            ok = value in legal
        elif c["platform"] == "switch":
            ok = value in {c.get("state_on", c.get("payload_on", "ON")),
                           c.get("state_off", c.get("payload_off", "OFF")), "None"}
        elif c["platform"] == "text":  # it has no word for unknown: None would be shown as it is
            ok = value != "None" and c.get("min", 0) <= len(value) <= c.get("max", TEXT_LIMIT)
        elif c["platform"] == "select":
            ok = value == "None" or value in c.get("options", [])
        elif value == "None":
            ok = True
        elif c.get("device_class") == "timestamp":
            ok = is_timestamp(value)
        elif c.get("device_class") == "enum":
            ok = value in c.get("options", [])
        elif "unit_of_measurement" in c or "state_class" in c:
            ok = is_number(value)
        else:
            ok = 0 < len(value) <= 255
        self.expect(ok, f"{c['platform']} cannot take the state {value!r}")

    def check_event(self, c, text):
        try:
            event = json.loads(self.render(c.get("value_template"), text) or "")
        except ValueError as e:
            self.expect(False, f"the event is not JSON: {e}")
            return
        if self.expect(isinstance(event, dict), "the event is no object"):
            self.expect(event.get("event_type") in (c.get("event_types") or []),
                        f"event_type {event.get('event_type')!r} is not announced")

    def check_parents(self):
        for where, parent in self.parents.items():
            self.where = where
            self.expect(parent in self.identifiers, f"via_device {parent!r} is nobody's identifier")


def command(c, value):
    """What is sent when a select or a text is set to `value`, or a button with the payload `value` is pressed."""
    template = c.get("command_template")
    return value if template is None else ENVIRONMENT.from_string(template).render(value=value)


def commands(c):
    """All that this control can send; of a text what is hard to write."""
    values = {"switch": [c.get("payload_on"), c.get("payload_off")], "button": [c.get("payload_press")],
              "select": c.get("options") or [], "text": ["", "O'Neil", 'Zo\u00eb "\\ {{ 1 }}', "\U0001f600"]}
    return [command(c, value) or "" for value in values[c["platform"]]]


def is_timestamp(text):
    try:
        # Python 3.11 reads Z; older ones do not.
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False


def is_number(text):
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def render_all(messages, events=None, prefix="homeassistant"):
    """Problems, as sentences. `messages`: what the broker retains; `events`: the last payload seen on
    topics that are not retained. Discovery must be among the messages."""
    checker = Checker(messages, events or {}, prefix)
    found = {t: p for t, p in messages.items() if t.startswith(prefix + "/") and p}
    if not found:
        return [f"no discovery under {prefix}/"]
    for topic, payload in sorted(found.items()):
        if topic.endswith("/config"):
            checker.check_discovery(topic, payload)
    checker.check_parents()
    return checker.problems
