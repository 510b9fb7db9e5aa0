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

from templates import Checker, render_all  # noqa: E402

CUFF = "homeassistant/device/cuff2mqtt_0123456789ab_aabbcc001122/config"
USER = "homeassistant/device/cuff2mqtt_0123456789ab_aabbcc001122_u1/config"
GATEWAY = "homeassistant/device/cuff2mqtt_0123456789ab/config"
MEASUREMENT = "cuff2mqtt/device/aabbcc001122/user/1/measurement"
EVENT = "cuff2mqtt/device/aabbcc001122/user/1/event"
SOURCES = ["gateway/mqtt/json.c", "gateway/mqtt/message.c", "gateway/mqtt/homeassistant.c"]


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
                if c["platform"] != "event":
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
