"""Requests about one cuff: its name, its users, its options, its clock."""

import json
import unittest

from harness import CUFF
from memory_story import MemoryStory
from request_story import ID, RequestStory, SILENT, timing

# As Home Assistant's tojson writes what it does not like in HTML, and beyond the basic plane.
ESCAPED = {'Anna\\u0027s': "Anna's", 'No\\u00ebl': 'Noël', '\\ud83d\\ude00 \\u003cb\\u003e': '😀 <b>', 'Zoë': 'Zoë',
           '\\u6625 \\u00df': '春 ß', '\\"q\\" \\\\ \\/': '"q" \\ /'}


class DeviceStory(RequestStory):
    def users(self, w, users, **more):
        return self.ok(w, 'device/users', json.dumps({'device': ID, 'users': users, **more}))['data']

    def discovery(self, w, unit=ID):
        return json.loads(w.subscriber.retained()['homeassistant/device/%s_%s/config' % (self.inst(w), unit)])

    def inst(self, w):
        return self.ok(w, 'info')['data']['inst']


class TestNames(DeviceStory):
    def test_rename(self):
        """From, to; an event; the lists, Home Assistant and the next start have the new name; ids stay."""
        w = self.world()
        self.measure(w, '131/84/67')
        old = self.device(w)['name']
        ids = {topic for topic in w.subscriber.retained() if topic.startswith('homeassistant')}
        start = w.subscriber.here()
        answer = self.ok(w, 'device/rename', json.dumps({'device': ID, 'name': 'Kitchen', 'transaction': 'r'}))
        self.assertEqual(answer['data'], {'device': ID, 'from': old, 'to': 'Kitchen'})
        event = w.event('device_renamed', start)
        self.assertEqual((event['data'], event['transaction']), (answer['data'], 'r'))
        self.assertEqual(self.device(w)['name'], 'Kitchen')
        self.assertEqual(self.discovery(w)['device']['name'], 'Kitchen')
        self.assertEqual({topic for topic in w.subscriber.retained() if topic.startswith('homeassistant')}, ids)
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.assertEqual(self.device(w)['name'], 'Kitchen')
        self.measure(w, '132/85/68')
        self.assertEqual(self.device(w)['name'], 'Kitchen')  # not the model, which was read again
        w.verify()

    def test_names_as_home_assistant_writes_them(self):
        """Escapes, surrogate pairs: every letter arrives, in the answer, in the list, in discovery."""
        w = self.world()
        self.measure(w, '131/84/67')
        for text, name in ESCAPED.items():
            answer = self.ok(w, 'device/rename', '{"device": "%s", "name": "%s"}' % (ID, text))
            self.assertEqual(answer['data']['to'], name)
            self.assertEqual(self.device(w)['name'], name)
            answer = self.ok(w, 'device/users', '{"device": "%s", "users": {"1": {"name": "%s"}}}' % (ID, text))
            self.assertEqual(answer['data']['users']['1']['name'], name)
            self.assertIn(name, self.discovery(w, ID + '_u1')['device']['name'])
        longest = '😀' * 15 + 'abc'
        self.assertEqual(len(longest.encode()), 63)
        self.assertEqual(self.ok(w, 'device/rename', json.dumps({'device': ID, 'name': longest}))['data']['to'], longest)
        self.error(w, 'device/rename', json.dumps({'device': ID, 'name': longest + 'd'}), 'bad_request', '63 bytes')

    def test_users(self):
        """What is not given stays, null takes away; the measurement has the name; unknown is a user, too."""
        w = self.world()
        self.measure(w, '131/84/67')
        start = w.subscriber.here()
        self.assertEqual(self.users(w, {'1': {'name': 'Anna', 'person': 'anna'}}),
                         {'device': ID, 'users': {'1': {'name': 'Anna', 'person': 'anna'}}})
        newest = w.subscriber.wait('cuff2mqtt/device/%s/user/1/measurement' % ID, lambda m: m.json['user_name'], start=start)
        self.assertEqual(newest.json['user_name'], 'Anna')
        self.assertEqual(self.users(w, {'2': {'name': 'Ben'}, 'unknown': {'person': 'guest'}, '1': {'person': None}})['users'],
                         {'1': {'name': 'Anna', 'person': None}, '2': {'name': 'Ben', 'person': None},
                          'unknown': {'name': None, 'person': 'guest'}})
        self.assertEqual(self.users(w, {'1': {'name': None}, '2': {}, '3': {}})['users'],
                         {'1': {'name': None, 'person': None}, '2': {'name': 'Ben', 'person': None},
                          'unknown': {'name': None, 'person': 'guest'}})
        self.assertEqual(self.device(w)['users'], self.users(w, {})['users'])
        self.assertEqual(w.measured('131/84/67')['user_name'], None)
        self.users(w, {'1': {'name': 'Eve'}})
        self.assertEqual(self.measure(w, '132/85/68')['user_name'], 'Eve')
        w.verify()

    def test_one_bad_user_and_none_is_changed(self):
        w = self.world()
        for bad in ({'person': 'No'}, {'name': '\n'}, {'x': 1}):
            self.error(w, 'device/users', json.dumps({'device': ID, 'users': {'1': {'name': 'Anna'}, '2': bad}}), 'bad_request')
        self.assertEqual(self.device(w)['users'], {})


class TestTime(RequestStory):
    TIME = 'device/time'

    def ask(self, w, transaction='t'):
        return self.accepted(w, self.TIME, {'device': ID}, transaction)

    def refused(self, w, code, words, start):
        self.is_error(self.second(w, self.TIME, start), code, words, 't')

    def writes(self, w):
        return w.fake.out.count(' write .*2a2b')

    def test_a_clock_that_is_wrong(self):
        """How far it was ahead, and it is right then; although the option forbids it otherwise."""
        w = self.world('clock +3600', config='bluetooth: { set_clock = false; };\n')
        self.measure(w, '131/84/67')
        self.assertEqual(self.writes(w), 0)
        start = self.ask(w)
        w.fake.do('advertise')
        data = self.second_ok(w, self.TIME, start)
        self.assertEqual(set(data), {'device', 'drift_before'})
        self.assertAlmostEqual(data['drift_before'], 3600, delta=120)
        self.assertEqual(self.writes(w), 1)
        start = self.ask(w, 'again')
        w.fake.do('advertise')
        self.assertAlmostEqual(self.second_ok(w, self.TIME, start, 'again')['drift_before'], 0, delta=120)
        self.assertEqual(self.writes(w), 2)
        w.verify()

    def test_a_clock_that_was_never_set(self):
        """There is no drift to tell: null."""
        w = self.world('clock unset', config='bluetooth: { set_clock = false; };\n')
        start = self.ask(w)
        w.fake.do('advertise')
        self.assertEqual(self.second_ok(w, self.TIME, start), {'device': ID, 'drift_before': None})
        self.assertEqual(self.show(w)['clock_set'], 'yes')

    def test_the_cuff_refuses(self):
        """unsupported at its connection; the next time at once."""
        w = self.world('clock +3600', 'clock-writable no')
        start = self.ask(w)
        w.fake.do('advertise')
        self.refused(w, 'unsupported', 'set it by hand', start)
        self.error(w, self.TIME, '{"device": "%s", "transaction": 2}' % ID, 'unsupported', 'set it by hand', 2)

    def test_this_computers_clock_is_not_right(self):
        """unsupported at once, and nothing is set later."""
        w = self.world('clock +3600', service=False, env={'CUFF2MQTT_SYSTEM_CLOCK': 'untrusted', 'TZ': 'Europe/Berlin'})
        w.service()
        w.fake.wait('armed ' + CUFF)
        self.error(w, self.TIME, '{"device": "%s", "transaction": 2}' % ID, 'unsupported', 'timedatectl', 2)
        self.measure(w, '131/84/67')
        self.assertEqual(self.writes(w), 0)

    def test_the_cuff_hangs_up_before(self):
        """It had not come so far: not said to have no clock."""
        w = self.world()
        start = self.ask(w)
        w.fake.do('vanish at=reading')
        w.fake.do('advertise')
        self.refused(w, 'ble_failed', 'ask again', start)

    def test_it_is_not_heard(self):
        w = self.world(config=timing(wish=0.3))
        self.refused(w, 'timeout', SILENT, self.ask(w))

    def test_busy_and_adapter_off(self):
        w = self.world()
        self.ask(w)
        payload = '{"device": "%s", "transaction": 2}' % ID
        self.error(w, self.TIME, payload, 'busy', 'asked for already', 2)
        w.fake.do('adapter-remove')
        w.event('adapter_down')
        self.error(w, 'device/sync', payload, 'adapter_off', 'plug it in', 2)

    def test_with_sync_in_one_session(self):
        """Both are asked, both are answered at the end of the same session."""
        w = self.world('clock +3600')
        start = self.ask(w)
        self.accepted(w, 'device/sync', {'device': ID})
        w.fake.do('advertise')
        self.second_ok(w, self.TIME, start)
        self.second_ok(w, 'device/sync', start)
        self.assertEqual(w.fake.out.count(' connect ' + CUFF), 1)


class TestOptions(DeviceStory):
    def options(self, w, **options):
        data = self.ok(w, 'device/options', json.dumps({'device': ID, 'options': options}))['data']
        self.assertEqual((set(data), data['device'], data['restart_required']),
                         ({'device', 'from', 'to', 'restart_required'}, ID, False))
        return data['from'], data['to']

    def test_from_to_and_null(self):
        """All options, before and now; null takes back what was set; it outlives a start."""
        w = self.world()
        plain = {'set_clock': True, 'listen': True, 'memory': True}
        self.assertEqual(self.options(w), (plain, plain))
        self.assertEqual(self.options(w, set_clock=False, memory=False),
                         (plain, {'set_clock': False, 'listen': True, 'memory': False}))
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.assertEqual(self.options(w, memory=None)[1], {'set_clock': False, 'listen': True, 'memory': True})
        self.assertEqual(w.running.stop(), 0)
        w.extra_config = 'bluetooth: { set_clock = false; };\nomron: { memory = false; };\n'
        w.service()
        self.assertEqual(self.options(w, set_clock=None)[1], {'set_clock': False, 'listen': True, 'memory': False})

    def test_set_clock(self):
        """It comes before bluetooth.set_clock, either way."""
        for configured in ('true', 'false'):
            with self.subTest(configured=configured):
                w = self.world('clock +3600', config='bluetooth: { set_clock = %s; };\n' % configured)
                self.options(w, set_clock=configured == 'false')
                self.measure(w, '131/84/67')
                self.assertEqual(w.fake.out.count(' write .*2a2b'), 1 if configured == 'false' else 0)
                w.verify()


class TestMemoryOptions(MemoryStory, DeviceStory):
    KIND = 'k4'

    def test_memory(self):
        """false: its memory stays closed, from the next session on, and cannot be described; null opens it again."""
        w = self.world('fill 1 3', options='indicates=yes')
        self.ok(w, 'device/options', json.dumps({'device': ID, 'options': {'memory': False}}))
        self.error(w, 'device/dump', '{"device": "%s"}' % ID, 'unsupported', 'own option memory')
        session = self.sync(w, 'measure 131/84/67')[1]
        self.assertEqual((session.count(' start '), len(w.rows())), (0, 1))
        self.ok(w, 'device/options', json.dumps({'device': ID, 'options': {'memory': None}}))
        session = self.sync(w)[1]
        self.assertEqual((session.count(' start '), len(w.rows())), (1, 4))
        self.verify(w)

    def test_listen(self):
        """What the configuration says of this cuff comes first, and that is said; null is no wish against it."""
        w = self.world(config='omron: { keys = "default"; no_listening = "%s"; };\n' % CUFF)
        text = json.dumps({'device': ID, 'options': {'memory': False, 'listen': True}, 'transaction': 3})
        self.error(w, 'device/options', text, 'unsupported', 'omron.no_listening', 3)
        self.assertEqual(self.ok(w, 'device/options', json.dumps({'device': ID, 'options': {'listen': None}}))['data']['to'],
                         {'set_clock': True, 'listen': False, 'memory': True})

    def test_not_listening(self):
        """false: what it sends by itself is left alone; its memory has it."""
        w = self.world(options='indicates=yes')
        self.ok(w, 'device/options', json.dumps({'device': ID, 'options': {'listen': False}}))
        session = self.sync(w, 'measure 131/84/67')[1]
        self.assertEqual((session.count(' indication .*2a35'), len(w.rows())), (0, 1))
        self.verify(w)


if __name__ == '__main__':
    unittest.main()
