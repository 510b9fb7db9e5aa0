"""A user of the broker who may publish requests and nothing else, or only read: what they send costs the gateway
nothing but an answer, and comes out nowhere else. Which rights that needs: docs/guarantees.md, Strangers."""

import json
import re
import time
import unittest

from harness import DEADLINE, Subscriber, Story
from request_story import ID
from test_hostile_bus import FRUGAL, resident_kb

LARGE = 'x' * 30000


class TestStranger(Story):
    def nothing_but_answers(self, w, before, start):
        """Nothing was said or kept outside the answers, except for what the gateway says by itself."""
        after = w.subscriber.retained()
        for topics in (before, after):
            for topic in ('bridge/health', 'device/%s/state' % ID):  # they change by themselves
                topics.pop('cuff2mqtt/' + topic, None)
        self.assertEqual(after, before)
        elsewhere = {m.topic for m in w.subscriber.messages[start:]
                     if not re.match(r'cuff2mqtt/(bridge/(re|health|logging|event)|device/%s/state)|test/|evil/' % ID, m.topic)}
        self.assertEqual(elsewhere, set())

    def test_properties(self):
        """MQTT 5: answers go below bridge/response only, whatever is asked for, with the correlation data as it came;
        what is larger than 64 KB together is not looked at, and counted."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.request('info')
        before, start = w.subscriber.retained(), w.subscriber.here()
        for topic in ('evil/x', 'cuff2mqtt/bridge/state', 'cuff2mqtt/device/%s/state' % ID, 'cuff2mqtt/bridge/response',
                      'cuff2mqtt/bridge/response/', 'cuff2mqtt/bridge/responses/x', '/cuff2mqtt/bridge/response/x',
                      'homeassistant/device/cuff2mqtt/config', '$SYS/x'):
            w.request('info', '{}', ResponseTopic=topic, CorrelationData=b'\x00\xff' * 100)  # answered at its own topic
        for properties in (dict(MessageExpiryInterval=1), dict(PayloadFormatIndicator=1), dict(ContentType=LARGE),
                           dict(UserProperty=[('k%d' % i, 'v' * 100) for i in range(200)]), dict(CorrelationData=b'c' * 60000)):
            self.assertEqual(w.request('info', '{}', **properties)['status'], 'ok', properties)
        where = 'cuff2mqtt/bridge/response/' + 'y' * 2000
        w.subscriber.publish('cuff2mqtt/bridge/request/info', '{}', ResponseTopic=where)
        self.assertEqual(w.subscriber.wait(where).json['status'], 'ok')
        told = w.subscriber.here()
        w.subscriber.publish('cuff2mqtt/bridge/request/info', '{"transaction": "no"}%s' % (' ' * 4000),
                             ResponseTopic='cuff2mqtt/bridge/response/z', CorrelationData=b'c' * 62000)
        self.assertEqual(w.request('health_check')['status'], 'ok')
        self.assertFalse(w.subscriber.find('cuff2mqtt/bridge/response/(z|info)', start=told))
        self.nothing_but_answers(w, before, start)
        w.verify()

    def test_a_flood(self):
        """Thousands of requests, damaged, unknown, too large, of 60 KB: all are answered or refused, memory stays, and a
        measurement arrives in between. Faster than they can be read: some are dropped, and counted; who asks again is
        answered."""
        w = self.world(env=FRUGAL, log_level='info')
        self.measure(w, '131/84/67')
        stranger, pid = Subscriber(w.broker.port, ('cuff2mqtt/bridge/response/#',)), w.running.pid
        self.addCleanup(stranger.stop)
        before = set(w.subscriber.retained())

        def flood(first, last):
            for n in range(first, last):
                for i in range(10):  # MQTT_NOTES_MESSAGES_MAX is not reached
                    for name, payload in (('history', json.dumps({'device': ID, 'transaction': i})), ('device/rename', LARGE * 2),
                                          ('no/such/%d' % i, '{}'), ('device/users', '{"device": "%s", "users": [' % ID),
                                          ('n' * 65, '{}'), ('options', '[' * 4000), ('', '{}'), ('info/', '\0' * 300)):
                        stranger.client.publish('cuff2mqtt/bridge/request/' + name, payload, qos=1)
                stranger.publish('cuff2mqtt/bridge/request/info', '{"transaction": %d}' % n)
                stranger.wait('cuff2mqtt/bridge/response/info', lambda m: m.json['transaction'] == n)
                stranger.messages.clear()
        flood(0, 10)
        memory = resident_kb(pid)
        w.fake.do('measure 128/80/64')
        flood(10, 40)
        w.measured('128/80/64')
        self.assertLess(resident_kb(pid) - memory, 3000)
        for _ in range(20000):
            stranger.client.publish('cuff2mqtt/bridge/request/health_check', 'x')
        end = time.monotonic() + DEADLINE
        while not stranger.find('cuff2mqtt/bridge/response/devices'):
            self.assertLess(time.monotonic(), end)
            stranger.publish('cuff2mqtt/bridge/request/devices', '{}')
            w.ping()
        self.measure(w, '118/76/60')
        self.assertEqual(set(w.subscriber.retained()), before)
        w.verify()


if __name__ == '__main__':
    unittest.main()
