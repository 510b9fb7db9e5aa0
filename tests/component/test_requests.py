"""Requests over MQTT: each that there is, and everything that can be wrong with one."""

import json
import unittest

import paho.mqtt.client as paho

from harness import CUFF
from request_story import RequestStory

ID = CUFF.replace(':', '').lower()
PAIRING, HEALTH = 'cuff2mqtt/bridge/request/pairing', 'cuff2mqtt/bridge/request/health_check'


class TestGood(RequestStory):
    def test_info_devices_and_health_check(self):
        """They answer with what the retained topics hold, and with the transaction of the request."""
        w = self.world()
        self.measure(w, '131/84/67')
        info = self.ok(w, 'info', '{"transaction": "one"}')
        self.assertEqual(info['transaction'], 'one')
        retained = w.subscriber.retained()
        self.assertEqual(info['data'], json.loads(retained['cuff2mqtt/bridge/info']))
        self.assertEqual(set(info['data']), {'version', 'commit', 'started', 'hostname', 'inst', 'base_topic',
                                             'discovery_prefix', 'log_level', 'time_zone', 'adapter', 'pairing', 'mqtt',
                                             'restart_required'})
        self.assertEqual(set(info['data']['adapter']), {'address', 'name', 'state', 'powered', 'discovering'})
        devices = self.ok(w, 'devices', '{"transaction": 42}')
        self.assertEqual(devices['transaction'], 42)
        self.assertEqual([(d['id'], d['address']) for d in devices['data']], [(ID, CUFF)])
        self.assertEqual(set(devices['data'][0]['users']), {'1'})
        self.assertEqual(devices['data'], json.loads(w.subscriber.retained()['cuff2mqtt/bridge/devices']))
        health = self.ok(w, 'health_check', '')
        self.assertIsNone(health['transaction'])
        self.assertEqual(health['data'], {'healthy': True, 'problem': None,
                                          'checks': {'bluetooth': True, 'database': True, 'mqtt': True}})

    def test_pairing_opens_and_closes_the_window(self):
        """`until` comes back, the info topic follows, an event tells the beginning and the end."""
        w = self.world()
        start = w.subscriber.here()
        answer = self.ok(w, 'pairing', '{"active": true, "timeout": 10, "address": "%s", "transaction": "t1"}' % CUFF)
        self.assertTrue(answer['data']['active'] and answer['data']['until'])
        self.assertEqual(w.event('pairing_started', start)['transaction'], 't1')
        info = w.subscriber.wait('cuff2mqtt/bridge/info', lambda m: m.json['pairing']['active'], start=start).json
        self.assertEqual(info['pairing']['until'], answer['data']['until'])
        answer = self.ok(w, 'pairing', '{"active": false}')
        self.assertEqual(answer['data'], {'active': False, 'until': None})
        w.event('pairing_stopped', start)
        w.subscriber.wait('cuff2mqtt/bridge/info', lambda m: not m.json['pairing']['active'],
                          start=w.subscriber.messages.index(w.subscriber.wait('cuff2mqtt/bridge/event', lambda m:
                                                            m.json['type'] == 'pairing_started', start=start)))

    def test_a_bare_value_and_escapes(self):
        """`true` alone opens the window; transactions keep every letter, however they were escaped."""
        w = self.world()
        self.assertTrue(self.ok(w, 'pairing', 'true')['data']['active'])
        self.assertFalse(self.ok(w, 'pairing', ' false\n')['data']['active'])
        for text in ('o\\u0027clock', 'No\\u00ebl', '\\ud83d\\ude00', 'Zoë'):
            self.assertEqual(self.ok(w, 'info', '{"transaction": "%s"}' % text)['transaction'], json.loads('"%s"' % text))
        for number in (0, -1, 2 ** 53 - 1):
            self.assertEqual(self.ok(w, 'info', '{"transaction": %d}' % number)['transaction'], number)


class TestBad(RequestStory):
    def test_what_is_not_json(self):
        """bad_json, with and without arguments, and for bytes that are no text."""
        w = self.world()
        for name in ('info', 'devices', 'health_check', 'pairing'):
            self.error(w, name, '{"active": tru', 'bad_json')
            self.error(w, name, b'{"active": "\xff"}', 'bad_json')
        self.error(w, 'info', 'now', 'bad_json')
        self.error(w, 'info', '{} {}', 'bad_json')

    def test_what_is_no_good_request(self):
        """bad_request with the transaction, the key and what it must be; nothing happens."""
        w = self.world()
        start = w.subscriber.here()
        for payload, words in (('{"transaction": "t", "active": true, "timeot": 60}', '"timeout"'),
                               ('{"transaction": "t", "active": "yes"}', '"active" must be true or false'),
                               ('{"transaction": "t", "active": 1}', '"active" must be true or false'),
                               ('{"transaction": "t", "active": true, "timeout": 9}', 'from 10 to 600'),
                               ('{"transaction": "t", "active": true, "timeout": 601}', 'from 10 to 600'),
                               ('{"transaction": "t", "active": true, "timeout": 60.5}', 'from 10 to 600'),
                               ('{"transaction": "t", "active": true, "timeout": "60"}', 'from 10 to 600'),
                               ('{"transaction": "t", "active": true, "address": "28FF"}', '"address" must be an address'),
                               ('{"transaction": "t", "active": true, "active": false}', '"active" is there twice'),
                               ('{"transaction": "t"}', '"active" is missing')):
            self.error(w, 'pairing', payload, 'bad_request', words, 't')
        for payload in ('[]', '[true]', '"{"', '{"transaction": 9007199254740994}', '{"transaction": 1.5}',
                        '{"transaction": "a\\u0000b"}', '{"transaction": {}}', '{"transaction": true}'):
            self.error(w, 'info', payload, 'bad_request')
        self.error(w, 'devices', '{"device": "x"}', 'bad_request', 'unknown key "device"')
        self.assertEqual(w.subscriber.find('cuff2mqtt/bridge/event', start=start), [])

    def test_an_unknown_request_is_answered(self):
        """unknown_request, where one would listen for it, with the transaction."""
        w = self.world()
        for name in ('pair', 'device/paint', 'Info', 'info/'):
            self.error(w, name, '{"transaction": 7, "x": 1}', 'unknown_request', transaction=7)

    def test_too_large(self):
        """4096 bytes are taken, one more is not; 70 kB do no harm."""
        w = self.world()
        fits = json.dumps({'transaction': 'x'}).ljust(4096)
        self.assertEqual(self.ok(w, 'info', fits)['transaction'], 'x')
        self.error(w, 'info', fits + ' ', 'too_large', '4096')
        w.subscriber.publish(HEALTH, 'x' * 70000)
        self.ok(w, 'info')

    def test_busy(self):
        """A second window while one is open, and how to close the first."""
        w = self.world()
        self.ok(w, 'pairing', 'true')
        self.error(w, 'pairing', '{"active": true, "transaction": 5}', 'busy', '"active": false', 5)

    def test_adapter_off(self):
        """No adapter: pairing says so and what helps, info and health_check still answer, pairing works later."""
        w = self.world()
        start = w.subscriber.here()
        w.fake.do('adapter-remove')
        w.event('adapter_down', start)
        self.error(w, 'pairing', '{"active": true, "transaction": "t"}', 'adapter_off', 'plug it in', 't')
        health = self.ok(w, 'health_check')['data']
        self.assertEqual((health['healthy'], health['checks']['bluetooth']), (False, False))
        self.assertIn('plug it in', health['problem'])
        self.assertFalse(self.ok(w, 'info')['data']['adapter']['powered'])
        self.assertFalse(self.ok(w, 'pairing', 'false')['data']['active'])
        w.fake.do('adapter-add')
        w.event('adapter_up', start)
        self.ok(w, 'pairing', 'true')

    def test_a_retained_request_is_ignored(self):
        """Left over on the broker, it is not carried out at the next start; live it is answered, and said so
        where the broker marks it."""
        w = self.world(service=False)
        w.subscriber.publish(PAIRING, '{"active": true}', retain=True)
        w.mqtt_version = '3.1.1'  # with 5 the broker does not even deliver it
        w.service()
        w.running.err.wait('^warning bridge: A retained request pairing is ignored')
        self.assertFalse(self.ok(w, 'info')['data']['pairing']['active'])
        self.assertEqual(w.running.stop(), 0)
        w.mqtt_version = '5'
        w.service()
        self.assertFalse(self.ok(w, 'info')['data']['pairing']['active'])
        self.assertEqual(w.subscriber.find('cuff2mqtt/bridge/response/pairing'), [])


class TestWhere(RequestStory):
    def ask(self, w, topic, **properties):
        w.subscriber.publish(HEALTH, '{"transaction": "%s"}' % topic, **properties)

    def test_a_response_topic_of_ones_own(self):
        """With MQTT 5 the answer goes where the request says, with its correlation data."""
        w = self.world()
        raw = []
        client = paho.Client(protocol=paho.MQTTv5)
        client.on_message = lambda c, u, m: (raw.append(m), w.subscriber._on_message(c, u, m))
        client.connect('127.0.0.1', w.broker.port)
        client.subscribe('cuff2mqtt/bridge/response/my/own', 1)
        client.loop_start()
        self.addCleanup(client.loop_stop)
        self.addCleanup(client.disconnect)
        w.subscriber.publish(HEALTH, '{}', ResponseTopic='cuff2mqtt/bridge/response/my/own', CorrelationData=b'\x00\xffid')
        w.subscriber.wait('cuff2mqtt/bridge/response/my/own', count=2)
        self.assertEqual(raw[0].properties.CorrelationData, b'\x00\xffid')
        self.assertEqual(w.subscriber.find('cuff2mqtt/bridge/response/health_check'), [])

    def test_no_response_topic_elsewhere(self):
        """Who may send requests must not make the gateway write anywhere else."""
        w = self.world()
        for topic in ('homeassistant/device/evil/config', 'cuff2mqtt/bridge/response', 'cuff2mqtt/bridge/response/',
                      'cuff2mqtt/bridge/state', 'cuff2mqtt/bridge/response-x/y', 'cuff2mqtt/bridge/request/restart'):
            start = w.subscriber.here()
            self.ask(w, topic, ResponseTopic=topic, CorrelationData=b'c')
            answer = w.subscriber.wait('cuff2mqtt/bridge/response/health_check', start=start)
            self.assertEqual(answer.json['transaction'], topic)
            self.assertEqual([m for m in w.subscriber.messages[start:] if m.topic == topic], [])


if __name__ == '__main__':
    unittest.main()
