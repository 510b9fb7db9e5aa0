#!/usr/bin/python3
"""Discovery against the payloads of the same code: Home Assistant would take all of it. And: the judge
(templates.py) finds each kind of mistake."""

import copy
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

from templates import Checker, command, render_all  # noqa: E402

CUFF = "homeassistant/device/cuff2mqtt_0123456789ab_aabbcc001122/config"
USER = "homeassistant/device/cuff2mqtt_0123456789ab_aabbcc001122_u1/config"
GATEWAY = "homeassistant/device/cuff2mqtt_0123456789ab/config"
DEVICES = "cuff2mqtt/bridge/devices"
STATE = "cuff2mqtt/device/aabbcc001122/state"
MEASUREMENT = "cuff2mqtt/device/aabbcc001122/user/1/measurement"
EVENT = "cuff2mqtt/device/aabbcc001122/user/1/event"
SOURCES = ["gateway/mqtt/json.c", "gateway/mqtt/message.c",
           *sorted(glob.glob(os.path.join(ROOT, "gateway/mqtt/homeassistant*.c")))]


class TestDiscoveryTemplates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="cuff2mqtt-")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        program = os.path.join(cls.directory, "dump_payloads")
        core = sorted(glob.glob(os.path.join(ROOT, "gateway/core/*.c")))
        subprocess.run(
            [os.environ.get("CC", "cc"), "-std=gnu17", "-D_GNU_SOURCE", "-Igateway", "-o", program,
             os.path.join(HERE, "dump_payloads.c"), *SOURCES, *core, "-lcjson"],
            cwd=ROOT, check=True)
        cls.full, cls.poor = cls.dump(program, "full"), cls.dump(program, "poor")

    @staticmethod
    def dump(program, variant):
        """(retained, events), each {topic: payload}."""
        lines = subprocess.run([program, variant], check=True, stdout=subprocess.PIPE, timeout=30).stdout
        messages = [json.loads(line) for line in lines.decode("utf-8").splitlines()]
        return tuple({m["topic"]: m["payload"] for m in messages if m["retain"] == retain}
                     for retain in (True, False))

    def setUp(self):
        self.retained, self.events = copy.deepcopy(self.full)

    def edit(self, topic, change):
        """Applies `change` to the object on `topic`."""
        payload = json.loads(self.retained[topic])
        change(payload)
        self.retained[topic] = json.dumps(payload)

    def component(self, topic, key, **change):
        """Sets (or with None removes) keys of one component."""
        def apply(payload):
            component = payload["components"][key]
            component.update(change)
            for name in [n for n, value in change.items() if value is None]:
                del component[name]
        self.edit(topic, apply)

    def assert_problem(self, words):
        problems = render_all(self.retained, self.events)
        self.assertTrue(any(words in p for p in problems), f"{words!r} not in {problems}")

    # --- ours -------------------------------------------------------------------------------------

    def test_all_is_taken_when_everything_is_known(self):
        self.assertEqual(render_all(*self.full), [])

    def test_all_is_taken_when_hardly_anything_is_known(self):
        self.assertEqual(render_all(*self.poor), [])

    def test_gateway_cuff_and_every_user_are_announced(self):
        topics = [t for t in self.retained if t.endswith("/config")]
        self.assertEqual(len(topics), 5)
        self.assertEqual(len(self.events), 4)  # of three users, and the gateway's

    def test_payloads_are_one_line_and_not_large(self):
        for topic, payload in {**self.retained, **self.events}.items():
            self.assertNotIn("\n", payload, topic)
            self.assertLess(len(payload.encode()), 5000, topic)

    def test_every_value_reaches_its_entity(self):
        """What is known is not rendered as unknown: a poor template would hide behind None."""
        nulls = []
        for topic in [t for t in self.retained if t.endswith("/config")]:
            payload = json.loads(self.retained[topic])
            for key, c in payload["components"].items():
                if c["platform"] not in ("event", "button"):
                    topics = {**self.retained, **self.events}
                    state = topics[c.get("state_topic", payload["state_topic"])]
                    text = Checker({}, {}, "").render(c.get("value_template"), state)
                    nulls += [f"{topic} {key}"] if text == "None" else []
        self.assertEqual(nulls, [])

    def test_problems_are_on_when_the_cuff_reports_them(self):
        values = {"irregular_heartbeat": "ON", "body_movement": "OFF", "cuff_fit": "OFF", "position": "ON"}
        components = json.loads(self.retained[USER])["components"]
        for key, want in values.items():
            got = Checker({}, {}, "").render(components[key]["value_template"],
                                                       self.retained[MEASUREMENT])
            self.assertEqual(got, want, key)

    def render(self, topic, key, state, template="value_template"):
        component = json.loads(self.retained[topic])["components"][key]
        return Checker({}, {}, "").render(component[template], state)

    def test_why_it_could_not_be_read_is_an_attribute(self):
        """Of any length and with any sign in it; the topic is written out, for attributes inherit none."""
        c = json.loads(self.retained[CUFF])["components"]["sync_problem"]
        self.assertEqual(c["json_attributes_topic"], STATE)
        for reason in ("x" * 800, 'It said "no": \'bond\'', None):
            state = json.dumps({**json.loads(self.retained[STATE]), "sync_error": reason})
            self.assertEqual(json.loads(self.render(CUFF, "sync_problem", state, "json_attributes_template")),
                             {"reason": reason})
            self.assertEqual(self.render(CUFF, "sync_problem", state), "ON" if reason else "OFF")

    def test_a_cuff_that_does_not_count_is_unknown(self):
        state = json.loads(self.retained[STATE])
        self.assertEqual(self.render(CUFF, "unread", json.dumps({**state, "unread": None})), "None")
        self.assertEqual(self.render(CUFF, "unread", json.dumps({**state, "unread": 0})), "0")

    def test_names_are_those_of_this_cuff_and_this_user(self):
        """Whatever is in them; without one it is empty, for None would be shown as a name."""
        devices = self.retained[DEVICES]
        self.assertEqual(self.render(CUFF, "name", devices), "Evolv")
        self.assertEqual(self.render(USER, "name", devices), 'Zo\u00eb "Z" {{ 1 }}')
        self.assertEqual(self.render(USER.replace("_u1", "_u2"), "name", devices), "")
        self.assertEqual(self.render(USER.replace("_u1", "_uunknown"), "name", devices), "")
        other = json.loads(devices)[0]
        other.update(id="aabbcc001133", name="Other", users={"1": {"name": "Bob", "person": None}})
        both = json.dumps([other, *json.loads(devices)])
        self.assertEqual(self.render(CUFF, "name", both), "Evolv")
        self.assertEqual(self.render(USER, "name", both), 'Zo\u00eb "Z" {{ 1 }}')
        # It was removed just now: nothing that the entity could not take. And its user only, with the rest of the cuff there.
        self.assertEqual(self.render(CUFF, "name", json.dumps([other])), "-")
        self.assertEqual(self.render(USER, "name", json.dumps([other])), "")
        other.update(id="aabbcc001122", users={})
        self.assertEqual(self.render(USER, "name", json.dumps([other])), "")

    def test_names_are_sent_as_they_were_typed(self):
        text = "O'Neil \u00fc \U0001f600 \\ \"{{ 1 }}"
        sent = command(json.loads(self.retained[USER])["components"]["name"], text)
        self.assertEqual(json.loads(sent), {"device": "aabbcc001122", "users": {"1": {"name": text}}})
        self.assertTrue(sent.isascii())
        sent = command(json.loads(self.retained[USER])["components"]["name"], "")
        self.assertEqual(json.loads(sent), {"device": "aabbcc001122", "users": {"1": {"name": None}}})
        sent = command(json.loads(self.retained[CUFF])["components"]["name"], text)
        self.assertEqual(json.loads(sent), {"device": "aabbcc001122", "name": text})

    def test_a_log_level_that_cannot_be_chosen_is_taken_away(self):
        """Home Assistant removes an entity of whose component only the platform is left."""
        gateway = json.loads(self.poor[0][GATEWAY])
        self.assertEqual(gateway["components"]["log_level"], {"platform": "select"})
        self.assertIn("command_topic", json.loads(self.retained[GATEWAY])["components"]["log_level"])

    def test_what_is_off_until_it_is_wanted(self):
        off = {(t, key) for t in (GATEWAY, CUFF, USER)
               for key, c in json.loads(self.retained[t])["components"].items() if c.get("enabled_by_default") is False}
        self.assertEqual(off, {(CUFF, "rssi"), (CUFF, "clock_drift"), (CUFF, "remove"), (USER, "map"),
                               (USER, "pulse_pressure")})

    def last_event(self, kind, **data):
        template = json.loads(self.retained[GATEWAY])["components"]["last_event"]["value_template"]
        payload = {"type": kind, "data": data, "time": "2026-11-20T17:00:12Z", "transaction": None}
        return Checker({}, {}, "").render(template, json.dumps(payload))

    def test_the_last_event_is_words_for_people(self):
        self.assertEqual(self.last_event("pairing_progress", step="found", text="Found it"), "Found it")
        self.assertEqual(self.last_event("pairing_failed", cause="No P", remedy="Hold it."), "No P. Hold it.")
        self.assertEqual(self.last_event("sync_failed", device="1", reason="It hung up"), "It hung up")
        self.assertEqual(self.last_event("adapter_up"), "adapter_up")
        self.assertEqual(self.last_event("pairing_failed", cause="c" * 200, remedy="r" * 200),
                         "c" * 200 + ". " + "r" * 53)

    # --- the judge finds mistakes -----------------------------------------------------------------

    def test_an_undefined_key_is_found(self):
        self.component(USER, "pulse", value_template="{{ value_json.puls }}")
        self.assert_problem("fails: 'dict object' has no attribute 'puls'")

    def test_a_field_missing_from_the_payload_is_found(self):
        self.edit(MEASUREMENT, lambda p: p.pop("map"))
        self.assert_problem("has no attribute 'map'")

    def test_a_payload_that_is_not_json_is_found(self):
        self.retained[MEASUREMENT] = "120/80"
        self.assert_problem("'value_json' is undefined")

    def test_a_broken_template_is_found(self):
        self.component(USER, "pulse", value_template="{{ value_json.pulse }")
        self.assert_problem("fails")

    def test_a_missing_state_message_is_found(self):
        del self.retained[MEASUREMENT]
        self.assert_problem(f"nothing was published on {MEASUREMENT}")

    def test_a_retained_event_is_found(self):
        self.retained["cuff2mqtt/bridge/event"] = self.events["cuff2mqtt/bridge/event"]
        self.assert_problem("cuff2mqtt/bridge/event is retained")

    def test_unknown_keys_are_found_everywhere(self):
        self.edit(USER, lambda p: p.update({"~": "cuff2mqtt"}))
        self.assert_problem("the payload takes no key '~'")
        self.edit(USER, lambda p: p["device"].update(firmware="1"))
        self.assert_problem("device takes no key 'firmware'")
        self.edit(USER, lambda p: p["origin"].update(version="1"))
        self.assert_problem("origin takes no key 'version'")
        self.component(USER, "pulse", object_id="pulse")
        self.assert_problem("sensor takes no key 'object_id'")
        self.component(USER, "pulse", expire_after=60)
        self.assert_problem("sensor takes no key 'expire_after'")
        self.component(USER, "body_movement", unit_of_measurement="mmHg")
        self.assert_problem("binary_sensor takes no key 'unit_of_measurement'")

    def test_null_in_a_device_is_found(self):
        self.edit(CUFF, lambda p: p["device"].update(serial_number=None))
        self.assert_problem("device: 'serial_number' is null")

    def test_missing_parts_are_found(self):
        for key in ("device", "origin", "components"):
            self.setUp()
            self.edit(USER, lambda p, k=key: p.pop(k))
            self.assert_problem(f"needs '{key}'")
        self.setUp()
        self.edit(USER, lambda p: p["device"].pop("identifiers"))
        self.assert_problem("nothing identifies the device")

    def test_a_missing_or_doubled_unique_id_is_found(self):
        self.component(USER, "pulse", unique_id=None)
        self.assert_problem("sensor needs 'unique_id'")
        self.component(USER, "pulse", unique_id="cuff2mqtt_0123456789ab_version")
        self.assert_problem("unique_id is also that of")

    def test_wrong_units_and_classes_are_found(self):
        self.component(USER, "systolic", unit_of_measurement="mmhg")
        self.assert_problem("takes no unit 'mmhg'")
        self.component(USER, "diastolic", device_class="pressure")
        self.assert_problem("sensor takes no device_class 'pressure'")
        self.component(USER, "measured_at", unit_of_measurement="s")
        self.assert_problem("class timestamp takes no unit 's'")
        self.component(USER, "measured_at", unit_of_measurement=None, state_class="measurement")
        self.assert_problem("state_class 'measurement' with unit None")
        self.component(USER, "pulse", state_class="total")
        self.assert_problem("state_class 'total'")
        self.component(USER, "position", device_class="motion_")
        self.assert_problem("binary_sensor takes no device_class")
        self.component(CUFF, "battery", entity_category="config")
        self.assert_problem("sensor takes no entity_category 'config'")

    def test_states_that_home_assistant_cannot_take_are_found(self):
        self.edit(MEASUREMENT, lambda p: p.update(pulse="EE"))
        self.assert_problem("sensor cannot take the state 'EE'")
        self.edit(MEASUREMENT, lambda p: p.update(measured_at="2026-11-03T08:00:00"))
        self.assert_problem("cannot take the state '2026-11-03T08:00:00'")
        self.component(USER, "body_movement", value_template="{{ value_json.body_movement }}")
        self.assert_problem("binary_sensor cannot take the state 'False'")
        self.component(GATEWAY, "pairing", value_template="{{ value_json.pairing.active }}")
        self.assert_problem("switch cannot take the state 'True'")
        self.retained["cuff2mqtt/bridge/state"] = '{"state":"online"}'
        self.assert_problem("binary_sensor cannot take the state")
        self.assert_problem("availability topic 'cuff2mqtt/bridge/state' holds")

    def test_words_that_are_no_options_are_found(self):
        self.edit(MEASUREMENT, lambda p: p["category"].update(acc_aha="fine"))
        self.assert_problem("sensor cannot take the state 'fine'")
        self.component(USER, "category", options=None)
        self.assert_problem("options go with class enum")
        self.component(USER, "category", options=[])
        self.assert_problem("options go with class enum")
        self.component(USER, "systolic", options=["high"])
        self.assert_problem("u1/config systolic: options go with class enum")

    def test_controls_that_could_not_work_are_found(self):
        self.component(CUFF, "sync", payload_press=None)
        self.assert_problem("button needs 'payload_press'")
        self.component(CUFF, "sync", payload_press="PRESS")
        self.assert_problem("the request PRESS is not JSON")
        self.component(CUFF, "remove", command_topic=None)
        self.assert_problem("button needs 'command_topic'")
        self.component(CUFF, "remove", command_topic="cuff2mqtt/device/remove")
        self.assert_problem("'cuff2mqtt/device/remove' is no request")
        self.component(CUFF, "remove", retain=True)
        self.assert_problem("button takes no key 'retain'")
        self.component(CUFF, "sync", device_class="sync")
        self.assert_problem("button takes no device_class 'sync'")
        self.component(GATEWAY, "log_level", options=None)
        self.assert_problem("select needs 'options'")
        self.component(GATEWAY, "restart", state_topic="x")
        self.assert_problem("button takes no key 'state_topic'")
        self.component(USER, "name", max=256)
        self.assert_problem("a text of 0 to 256 letters")
        self.component(USER, "name", command_template='{"name":"{{ value }}"}')
        self.assert_problem('is not JSON')
        self.component(CUFF, "name", entity_category="diagnostic")
        self.assert_problem("text takes no entity_category 'diagnostic'")

    def test_states_that_controls_cannot_show_are_found(self):
        self.component(USER.replace("_u1", "_u2"), "name",
                       value_template="{% for c in value_json %}{{ c.users['2'].name }}{% endfor %}")
        self.assert_problem("text cannot take the state 'None'")
        self.edit("cuff2mqtt/bridge/info", lambda p: p.update(log_level="loud"))
        self.assert_problem("select cannot take the state 'loud'")

    def test_odd_attributes_are_found(self):
        self.component(CUFF, "sync_problem", json_attributes_template="{{ value_json.sync_error }}")
        self.assert_problem("are no object")
        self.component(CUFF, "sync_problem", json_attributes_template='{"icon":1}')
        self.assert_problem("the attribute 'icon' is Home Assistant's own")
        self.component(CUFF, "sync_problem", json_attributes_topic=None)
        self.assert_problem("no attributes on None")

    def test_an_illegal_topic_is_found(self):
        self.retained[USER.replace("aabbcc001122", "AA:BB:CC:00:11:22")] = self.retained.pop(USER)
        self.assert_problem("the id in the topic")

    def test_an_unknown_parent_is_found(self):
        del self.retained[CUFF]
        self.assert_problem("is nobody's identifier")

    def test_odd_events_are_found(self):
        self.events[EVENT] = self.events[EVENT].replace('"event_type":"measurement"', '"event_type":"x"')
        self.assert_problem("event_type 'x' is not announced")
        self.events[EVENT] = "120/80"
        self.assert_problem("the event is not JSON")
        self.retained[EVENT] = "{}"
        self.assert_problem("is retained: Home Assistant ignores it")
        self.component(USER, "measurement", event_types=None)
        self.assert_problem("event needs 'event_types'")

    def test_doubled_names_are_found(self):
        self.component(USER, "pulse", name="Systolic")
        self.assert_problem("has the name of another entity")

    def test_no_discovery_at_all_is_found(self):
        self.assertEqual(render_all({}), ["no discovery under homeassistant/"])


if __name__ == "__main__":
    unittest.main()
