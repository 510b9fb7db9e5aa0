"""Home Assistant's side of every control: what discovery says is published, to the letter, and what comes of it is
seen on the topics and at the cuff. And who can see whose measurements."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import CUFF, DEADLINE, FAST, Story, Subscriber, Timeout
from templates import Checker, command, render_all

ID = CUFF.replace(':', '').lower()
SECOND = 'C0:FF:EE:00:00:02'
NAME = "Zoë's Ümit 😀 \\ \"{{ 1 }}\""
CONTROLS = {'switch', 'button', 'select', 'text'}


class Entity:
    """One component of a discovery payload, as Home Assistant has it."""

    def __init__(self, w, topic, key):
        payload = json.loads(w.subscriber.retained()[topic])
        self.w, self.config, self.device = w, payload['components'][key], payload['device']
        self.topic = self.config.get('state_topic', payload.get('state_topic'))

    def send(self, payload):
        self.w.subscriber.publish(self.config['command_topic'], payload)

    def press(self):
        self.send(command(self.config, self.config['payload_press']))

    def turn(self, on):
        self.send(self.config['payload_on' if on else 'payload_off'])

    def set(self, value):
        """Of a select or a text; Home Assistant itself refuses what does not fit."""
        if self.config['platform'] == 'select':
            assert value in self.config['options'], value
        else:
            assert self.config['min'] <= len(value) <= self.config['max'], value
        self.send(command(self.config, value))

    def render(self, payload):
        checker = Checker({}, {}, '')
        text = checker.render(self.config['value_template'], payload)
        assert not checker.problems, checker.problems
        return text

    def wait(self, state, start=0):
        """Until it shows this state because of a message from `start` on."""
        return self.w.subscriber.wait(re.escape(self.topic), lambda m: self.render(m.payload) == state, start=start)

    def now(self):
        return self.render(self.w.subscriber.retained()[self.topic])


class ControlStory(Story):
    def free(self, *commands, **options):
        """A world whose configuration does not say what is logged."""
        w = self.world(*commands, service=False, **options)
        config = w.config
        w.config = lambda: config().replace('log_level = "debug";\n', '')
        w.service()
        if options.get('bonded', True):
            w.fake.wait('armed ' + CUFF)
        return w

    def topic(self, w, suffix=''):
        return 'homeassistant/device/%s%s/config' % (w.request('info')['data']['inst'], suffix)

    def entity(self, w, key, suffix=''):
        return Entity(w, self.topic(w, suffix), key)

    def discovery(self, w):
        return {t: json.loads(p) for t, p in w.subscriber.retained().items() if t.startswith('homeassistant/')}

    def assert_taken(self, w):
        retained = {t: p for t, p in w.subscriber.retained().items() if not t.startswith('test/')}
        events = {m.topic: m.payload for m in w.subscriber.messages if m.topic.endswith('/event')}
        self.assertEqual(render_all(retained, events), [])

    def at_rest(self, w, cuff=ID):
        """The last session is over: the newest state says so."""
        topic = 'cuff2mqtt/device/%s/state' % cuff
        with w.subscriber.changed:
            if not w.subscriber.changed.wait_for(
                    lambda: w.subscriber.find(topic)[-1].json['sync_state'] in ('resting', 'idle'), DEADLINE):
                raise Timeout('the cuff does not come to rest')

    def response(self, w, name, status, start):
        return w.subscriber.wait('cuff2mqtt/bridge/response/' + name, lambda m: m.json['status'] == status,
                                 start=start).json


class TestControls(ControlStory):
    def test_there_is_a_test_for_each(self):
        """A new control has to be tried here, too."""
        w = self.free()
        self.measure(w, '131/84/67')
        found = {('user' if '_u1/' in topic else 'cuff' if ID in topic else 'gateway', c['platform'], key)
                 for topic, payload in self.discovery(w).items()
                 for key, c in payload['components'].items() if c['platform'] in CONTROLS}
        self.assertEqual(found, {('gateway', 'switch', 'pairing'), ('gateway', 'select', 'log_level'),
                                 ('gateway', 'button', 'restart'), ('cuff', 'button', 'sync'),
                                 ('cuff', 'button', 'remove'), ('cuff', 'text', 'name'), ('user', 'text', 'name')})
        self.assert_taken(w)

    def test_pairing(self):
        """On opens the window, and a cuff can be paired; off closes it."""
        w = self.free(bonded=False)
        switch = self.entity(w, 'pairing')
        self.assertEqual(switch.now(), switch.config['state_off'])
        start = self.turn(w, switch, True)
        w.fake.do('pairing-mode %s on' % CUFF)
        w.event('device_paired', start)
        w.event('pairing_stopped', start)  # by itself, with the cuff
        switch.wait(switch.config['state_off'], start)
        self.turn(w, switch, True)
        self.turn(w, switch, False)
        self.assertEqual(switch.now(), switch.config['state_off'])

    def turn(self, w, switch, on):
        start = w.subscriber.here()
        switch.turn(on)
        switch.wait(switch.config['state_on' if on else 'state_off'], start)
        return start

    def test_log_level(self):
        """Each of its options is taken, is shown, and is still there after another start."""
        w = self.free()
        select = self.entity(w, 'log_level')
        self.assertEqual(select.now(), 'info')
        self.assertEqual(select.config['options'], ['error', 'warning', 'info', 'debug'])
        for level in ('debug', 'error', 'info', 'warning'):
            start = w.subscriber.here()
            select.set(level)
            select.wait(level, start)
            self.assertEqual(select.now(), level)
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.assertEqual(self.entity(w, 'log_level').now(), 'warning')

    def test_a_log_level_that_is_configured(self):
        """Where the choice would be refused there is none: the entity goes, and comes back as the same."""
        w = self.free()
        before = self.entity(w, 'log_level').config
        self.assertEqual(w.running.stop(), 0)
        config, topic = w.config, self.topic_of_gateway(w)
        w.config = lambda: 'log_level = "info";\n' + config()
        w.service()
        w.request('info')
        self.assertEqual(self.discovery(w)[topic]['components']['log_level'], {'platform': 'select'})
        self.assert_taken(w)
        self.assertEqual(w.running.stop(), 0)
        w.config = config
        w.service()
        self.assertEqual(self.entity(w, 'log_level').config, before)

    def topic_of_gateway(self, w):
        return min(self.discovery(w), key=len)

    def test_sync(self):
        """A cuff that rests after a session, here for ten minutes, is read once more when it speaks."""
        w = self.world(config=FAST.replace('cooldown = 0.6', 'cooldown = 600.0'))
        self.measure(w, '131/84/67')
        self.at_rest(w)
        start, log = w.subscriber.here(), w.fake.out.here()
        self.entity(w, 'sync', '_' + ID).press()
        self.response(w, 'device/sync', 'accepted', start)
        w.fake.do('advertise')
        w.fake.wait(r'log \S+ connect %s' % CUFF, log)
        w.event('sync_finished', start)
        self.assertEqual(self.response(w, 'device/sync', 'ok', start)['data'], {'device': ID, 'new_records': 0})
        w.verify()

    def test_sync_is_of_one_cuff(self):
        """The other one goes on resting."""
        w = self.world('cuff %s name=second users=1' % SECOND, 'bonded ' + SECOND)
        w.fake.wait('armed ' + SECOND)
        second = SECOND.replace(':', '').lower()
        start = w.subscriber.here()
        self.entity(w, 'sync', '_' + second).press()
        self.assertEqual(self.response(w, 'device/sync', 'accepted', start)['data']['device'], second)

    def test_remove(self):
        """One press: no bond, no topic, no device is left. Paired again the same devices are back."""
        w = self.free()
        self.measure(w, '131/84/67')
        self.measure(w, '121/81/61', 'measure user=2')
        self.at_rest(w)
        before = self.discovery(w)
        mine = {t for t in w.subscriber.retained() if ID in t}
        self.assertEqual(len(mine), 6)  # three devices, the state, two measurements
        button = self.entity(w, 'remove', '_' + ID)
        names = [self.entity(w, 'name', '_' + ID + unit) for unit in ('', '_u1')]
        self.assertIs(button.config['enabled_by_default'], False)
        start = w.subscriber.here()
        button.press()
        self.assertEqual(self.response(w, 'device/remove', 'ok', start)['data'], {'device': ID})
        for topic in mine:
            w.subscriber.wait(re.escape(topic), lambda m: m.payload == '', start=start)
        none = w.subscriber.wait('cuff2mqtt/bridge/devices', lambda m: m.json == [], start=start)
        for text in names:  # heard while the entity is still there
            self.assertGreaterEqual(len(text.render(none.payload)), text.config['min'])
        self.assertEqual([t for t in w.subscriber.retained() if ID in t], [])
        self.assertEqual(list(self.discovery(w)), [min(before, key=len)])
        w.fake.wait('call RemoveDevice')
        self.assert_taken(w)
        start = w.subscriber.here()
        w.pair()
        for topic in mine:
            w.subscriber.wait(re.escape(topic), lambda m: m.payload != '', start=start)
        self.assertEqual(self.discovery(w), before)
        self.assert_taken(w)

    def test_restart(self):
        """It ends as one that wants to be started again, and then everything is as before."""
        w = self.free()
        self.measure(w, '131/84/67')
        w.verify()
        before = self.discovery(w)
        retained = {t for t in w.subscriber.retained() if t.startswith('cuff2mqtt/')}
        start = w.subscriber.here()
        button = self.entity(w, 'restart')
        button.press()
        w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'offline', start=start)
        self.assertEqual(w.running.process.wait(DEADLINE), 75)
        self.assertEqual(w.running.stop(), 75)
        start = w.subscriber.here()
        w.service()
        for topic in retained:
            w.subscriber.wait(re.escape(topic), start=start)
        self.assertTrue(w.request('info')['data'])
        self.assertEqual(self.discovery(w), before)
        self.assertEqual(w.subscriber.retained()['cuff2mqtt/bridge/state'], 'online')
        self.assertTrue(w.running.alive())  # nothing that is left on the broker restarts it again


class TestNames(ControlStory):
    def without_names(self, found):
        return {t: {**p, 'device': {k: v for k, v in p['device'].items() if k != 'name'}} for t, p in found.items()}

    def rename(self, w, suffix, name):
        start = w.subscriber.here()
        text = self.entity(w, 'name', suffix)
        text.set(name)
        text.wait(name, start)
        return start

    def test_of_a_user(self):
        """In the list of cuffs, on the device, in the measurement, at once; ids and topics stay."""
        w = self.free()
        self.measure(w, '131/84/67')
        w.verify()
        before, topic = self.discovery(w), self.topic(w, '_%s_u1' % ID)
        measurement = 'cuff2mqtt/device/%s/user/1/measurement' % ID
        self.assertEqual(self.entity(w, 'name', '_%s_u1' % ID).now(), '')
        start = self.rename(w, '_%s_u1' % ID, NAME)
        w.subscriber.wait(re.escape(topic), lambda m: m.json['device']['name'] == NAME, start=start)
        w.subscriber.wait(measurement, lambda m: m.json['user_name'] == NAME, start=start)
        w.subscriber.wait('cuff2mqtt/bridge/devices', lambda m: m.json[0]['users']['1']['name'] == NAME, start=start)
        self.assertEqual(self.without_names(self.discovery(w)), self.without_names(before))
        self.assertEqual(self.measure(w, '128/80/64')['user_name'], NAME)
        self.assert_taken(w)
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.assertEqual(self.entity(w, 'name', '_%s_u1' % ID).now(), NAME)

    def test_of_one_of_two_users(self):
        """The other one keeps theirs."""
        w = self.free()
        self.measure(w, '131/84/67')
        self.measure(w, '121/81/61', 'measure user=2')
        self.rename(w, '_%s_u1' % ID, 'Anna')
        self.rename(w, '_%s_u2' % ID, 'Ben')
        self.assertEqual([self.entity(w, 'name', '_%s_u%d' % (ID, u)).now() for u in (1, 2)], ['Anna', 'Ben'])

    def test_taken_away_again(self):
        """An empty text: the device is called after its cuff."""
        w = self.free()
        self.measure(w, '131/84/67')
        topic = self.topic(w, '_%s_u1' % ID)
        before = self.discovery(w)[topic]['device']['name']
        self.rename(w, '_%s_u1' % ID, 'Anna')
        start = self.rename(w, '_%s_u1' % ID, '')
        w.subscriber.wait(re.escape(topic), lambda m: m.json['device']['name'] == before, start=start)
        w.subscriber.wait('cuff2mqtt/bridge/devices', lambda m: m.json[0]['users']['1']['name'] is None, start=start)
        self.assert_taken(w)

    def test_of_a_cuff(self):
        """Its device and those of nameless users follow; ids and topics stay."""
        w = self.free()
        self.measure(w, '131/84/67')
        before = self.discovery(w)
        start = self.rename(w, '_' + ID, NAME)
        w.event('device_renamed', start)
        for suffix, name in (('_' + ID, NAME), ('_%s_u1' % ID, NAME + ' user 1')):
            w.subscriber.wait(re.escape(self.topic(w, suffix)), lambda m, n=name: m.json['device']['name'] == n,
                              start=start)
        self.assertEqual(self.without_names(self.discovery(w)), self.without_names(before))
        self.assert_taken(w)

    def test_too_long(self):
        """63 letters are taken; 63 of several bytes each are refused, and the old name stays."""
        w = self.free()
        self.measure(w, '131/84/67')
        self.rename(w, '_%s_u1' % ID, 'a' * 63)
        self.rename(w, '_' + ID, 'b' * 63)
        for suffix, name, old in (('_%s_u1' % ID, 'device/users', 'a' * 63), ('_' + ID, 'device/rename', 'b' * 63)):
            start = w.subscriber.here()
            text = self.entity(w, 'name', suffix)
            text.set('ü' * 63)
            self.assertIn('bytes', self.response(w, name, 'error', start)['error'])
            self.assertEqual(text.now(), old)


# Timestamps, counters and sizes: nobody's pressures.
COUNTERS = {'uptime_s', 'rss_kb', 'cpu_s', 'fds', 'mqtt', 'ble', 'db'}
FIELDS = {'systolic', 'diastolic', 'map', 'pulse', 'pulse_pressure', 'category', 'irregular_heartbeat', 'measured_at'}


def health_data(value, numbers):
    """What in it tells of somebody's blood pressure."""
    if isinstance(value, dict):
        return [k for k in value if k in FIELDS] + [
            found for k, v in value.items() if k not in COUNTERS for found in health_data(v, numbers)]
    if isinstance(value, list):
        return [found for v in value for found in health_data(v, numbers)]
    if isinstance(value, str):
        return [word for word in re.findall(r'(?<![\w.])\d+(?!\w)', value) if int(word) in numbers]
    return [value] if not isinstance(value, bool) and value in numbers else []


def parsed(payload):
    try:
        return json.loads(payload)
    except ValueError:
        return payload


class TestWhoSees(ControlStory):
    def fenced(self):
        """A broker with three logins: the gateway, Home Assistant, and Anna, who is user 1."""
        tool = shutil.which('mosquitto_passwd')
        if not tool:
            self.skipTest('mosquitto_passwd is missing')
        directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self.addCleanup(shutil.rmtree, directory)
        os.chmod(directory, 0o755)
        passwords, rights = (os.path.join(directory, name) for name in ('passwords', 'acl'))
        for i, user in enumerate(('gateway', 'home', 'anna')):
            subprocess.run([tool, '-b', *(['-c'] if i == 0 else []), passwords, user, 'secret'], check=True,
                           capture_output=True)
        with open(rights, 'w') as f:
            f.write('user gateway\ntopic readwrite cuff2mqtt/#\ntopic write homeassistant/device/+/config\n'
                    'topic read homeassistant/status\n\nuser home\ntopic readwrite #\n\n'
                    'user anna\ntopic read cuff2mqtt/device/+/user/1/#\n')
        for path in (passwords, rights):
            os.chmod(path, 0o644)
        w = self.world(service=False, login=('home', 'secret'), broker_extra=(
            'allow_anonymous false\npassword_file %s\nacl_file %s\n' % (passwords, rights)))
        w.env = {'CUFF2MQTT_MQTT_USER': 'gateway', 'CUFF2MQTT_MQTT_PASSWORD': 'secret'}
        w.service()
        w.fake.wait('armed ' + CUFF)
        return w

    def anna(self, w):
        subscriber = Subscriber(w.broker.port, ('#', 'cuff2mqtt/device/+/user/2/#', 'cuff2mqtt/person/#'),
                                login=('anna', 'secret'))
        self.addCleanup(subscriber.stop)
        return subscriber

    def heard(self, w, subscriber):
        """All that she has heard by now: up to something published behind it where she may read."""
        marker = 'cuff2mqtt/device/marker/user/1/%d' % w.subscriber.here()
        w.subscriber.publish(marker, 'x')
        subscriber.wait(re.escape(marker))
        return [m for m in subscriber.messages if '/marker/' not in m.topic]

    def test_two_users_can_be_fenced(self):
        """A login for cuff2mqtt/device/+/user/1/# sees that user's measurements, and nothing of the other's."""
        w = self.fenced()
        live = self.anna(w)
        self.measure(w, '187/113/67')
        self.measure(w, '176/109/61', 'measure user=2')
        self.entity(w, 'name', '_%s_u2' % ID).set('Ben')
        w.subscriber.wait('cuff2mqtt/device/%s/user/2/measurement' % ID, lambda m: m.json['user_name'] == 'Ben')
        w.verify()
        for subscriber, leaves in ((live, {'measurement', 'event'}), (self.anna(w), {'measurement'})):
            heard = self.heard(w, subscriber)
            self.assertEqual({m.topic for m in heard}, {'cuff2mqtt/device/%s/user/1/%s' % (ID, leaf) for leaf in leaves})
            self.assertEqual({(m.json['user'], m.json['systolic']) for m in heard}, {(1, 187)})
            for m in heard:
                self.assertEqual(health_data(m.json, {176, 109}), [k for k in m.json if k in FIELDS])
        start = w.subscriber.here()
        live.publish('cuff2mqtt/bridge/request/history', '{}')  # she may ask for nothing
        w.request('health_check')
        self.assertEqual(w.subscriber.find('cuff2mqtt/bridge/response/history', start=start), [])

    def read_a_memory(self, w, values):
        """A measurement out of the second cuff's memory, and a description of that memory."""
        start = w.subscriber.here()
        w.fake.do('measure %s %s' % (SECOND, values))
        w.measured(values)
        w.event('sync_finished', start)
        self.at_rest(w, SECOND.replace(':', '').lower())
        start = w.subscriber.here()
        w.subscriber.publish('cuff2mqtt/bridge/request/device/dump', '{"device": "%s", "values": true}' % SECOND)
        self.response(w, 'device/dump', 'accepted', start)
        w.fake.do('advertise ' + SECOND)
        self.response(w, 'device/dump', 'ok', start)

    def test_the_bridge_tells_no_pressures(self):
        """From pairing to removing, with all that goes wrong and all that can be asked: only the answer to
        `history` has any."""
        w = self.world('cuff %s memory=k4 name=second' % SECOND, 'bonded ' + SECOND, bonded=False)
        w.pair()
        self.read_a_memory(w, '169/107/72')
        self.measure(w, '187/113/67')
        self.measure(w, '176/109/61', 'measure user=2')
        start = w.subscriber.here()
        w.fake.do('measure %s 299/173/71' % CUFF)  # nobody has that: refused, and reported
        w.event('measurement_refused', start)
        w.event('sync_finished', start)
        self.measure(w, '193/118/71')
        for name, payload in (('info', '{}'), ('devices', '{}'), ('health_check', '{}'), ('backup', '{}'),
                              ('device/users', '{"device": "%s", "users": {"1": {"name": "Anna"}}}' % ID),
                              ('device/rename', '{"device": "%s", "name": "Bedroom"}' % ID),
                              ('history', '{"device": "%s"}' % ID)):
            answer = w.request(name, payload)
        self.assertEqual(len(answer['data']['records']), 3)
        self.at_rest(w)
        start = w.subscriber.here()
        self.entity(w, 'remove', '_' + ID).press()
        self.response(w, 'device/remove', 'ok', start)
        w.request('health_check')
        numbers = {n for s, d in ((169, 107), (187, 113), (176, 109), (299, 173), (193, 118))
                   for n in (s, d, d + (s - d + 1) // 3)}
        bridge, history = w.subscriber.find('cuff2mqtt/bridge/.*'), 'cuff2mqtt/bridge/response/history'
        self.assertTrue({'cuff2mqtt/bridge/' + leaf for leaf in ('state', 'info', 'devices', 'health', 'logging', 'event')}
                        <= {m.topic for m in bridge})
        found = [(m, health_data(parsed(m.payload), numbers)) for m in bridge]
        self.assertEqual([(m, what) for m, what in found if what and m.topic != history], [])
        self.assertTrue({187, 113, 'systolic'} <= {one for m, what in found if m.topic == history for one in what})


if __name__ == '__main__':
    unittest.main()
