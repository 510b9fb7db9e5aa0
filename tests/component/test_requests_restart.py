"""restart: once, in order, and never in a loop, however the connection fares."""

import json
import signal
import unittest

from harness import CUFF, DEADLINE
from request_story import ID, RequestStory, response, timing

RESTART = 'cuff2mqtt/bridge/request/restart'
RESPONSE = response('restart')
TEMPORARY = 75  # whoever supervises it starts it again


def is_puback(link, head, body):
    return head[0] >> 4 == 4 and link.delivered.get(body[:2]) == RESTART


def is_answer(link, head, body):
    return head[0] >> 4 == 3 and RESPONSE.encode() in body


class TestRestart(RequestStory):
    def ends(self, w):
        """With the exit code for another start."""
        self.assertEqual(w.running.process.wait(DEADLINE), TEMPORARY)
        w.running.stop()

    def stays(self, w):
        """It does not end: it answers, and works."""
        self.ok(w, 'info')
        self.measure(w, '141/91/71')
        self.assertTrue(w.running.alive())

    def test_in_order(self):
        """Answered with nothing, then offline, then exit 75; the next start works and nobody is told to restart."""
        w = self.world()
        self.measure(w, '131/84/67')
        start = w.subscriber.here()
        answer = w.request('restart', '{"transaction": "r"}')
        self.assertEqual(answer, {'status': 'ok', 'data': {}, 'transaction': 'r'})
        self.ends(w)
        w.running.err.wait('^info bridge: |^info app: A restart was asked for')
        w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'offline', start=start)
        topics = [m.topic for m in w.subscriber.messages[start:]]
        self.assertLess(topics.index(RESPONSE), topics.index('cuff2mqtt/bridge/state'))
        w.service()
        self.stays(w)
        self.answers(w, 'restart', start, 1)
        w.verify()

    def test_bare_and_with_a_field_too_many(self):
        w = self.world()
        self.error(w, 'restart', '{"transaction": 1, "now": true}', 'bad_request', '"now"', 1)
        self.assertEqual(w.request('restart', '')['status'], 'ok')
        self.ends(w)

    def test_twice(self):
        """Pressed again while it ends: ok again, or nobody there any more; one restart."""
        w = self.world('hang-up-after never')
        w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        start = w.subscriber.here()
        for _ in range(3):
            w.subscriber.publish(RESTART, '{}')
        w.subscriber.wait(RESPONSE, lambda m: m.json['status'] == 'ok', start=start)
        self.ends(w)
        self.assertEqual([m for m in w.subscriber.find(RESPONSE, start=start) if m.json['status'] != 'ok'], [])
        w.running.err.wait('A restart was asked for')
        self.assertEqual(w.running.err.count('A restart was asked for'), 1)

    def test_what_is_asked_while_it_ends(self):
        """busy, not silence and not half done; what only tells is told."""
        w = self.world('hang-up-after never', config='', service=True)
        w.fake.do('hold-indications 1 1500')
        w.fake.do('measure 131/84/67')
        self.state(w, lambda s: s['sync_state'] == 'reading')
        start = w.subscriber.here()
        w.subscriber.publish(RESTART, '{}')
        w.subscriber.publish('cuff2mqtt/bridge/request/device/rename',
                             json.dumps({'device': CUFF, 'name': 'x', 'transaction': 1}))
        w.subscriber.publish('cuff2mqtt/bridge/request/info', '{"transaction": 2}')
        w.subscriber.wait(RESPONSE, start=start)
        self.is_error(w.subscriber.wait(response('device/rename'), start=start).json, 'busy', 'ending', 1)
        self.assertEqual(w.subscriber.wait(response('info'), start=start).json['status'], 'ok')
        self.ends(w)

    def test_asked_for_while_it_is_stopped(self):
        """systemctl stop came first, and means it: no restart is promised, and none comes."""
        w = self.world('hang-up-after never')
        w.fake.do('hold-indications 1 1500')
        w.fake.do('measure 131/84/67')
        self.state(w, lambda s: s['sync_state'] == 'reading')
        w.running.process.send_signal(signal.SIGTERM)
        w.running.err.wait('^info app: Stopping')
        self.error(w, 'restart', '{"transaction": 1}', 'busy', 'ending', 1)
        self.assertEqual(w.running.stop(), 0)

    def test_asked_for_while_cuffs_are_being_armed(self):
        """BlueZ takes our registration in the last moment, which arms every cuff: none is left so, or it would be connected
        for nobody."""
        w = self.world(config=timing(cooldown=600))
        self.measure(w, '131/84/67')
        log = w.fake.out.here()
        w.fake.do('delay RegisterApplication 0.5 times=1')
        self.accepted(w, 'device/sync', {'device': ID})
        w.fake.wait('call UnregisterApplication', log)
        self.assertEqual(w.request('restart', '{"transaction": "r"}')['status'], 'ok')
        self.ends(w)
        w.fake.wait(' disarmed ' + CUFF, w.fake.wait(' armed ' + CUFF, log))
        w.verify()

    def cut(self, w, where):
        """Asked, and the link is gone when `where`; until the proxy is up() again."""
        w.proxy.cut_at = where
        w.subscriber.publish(RESTART, '{"transaction": "r"}')
        self.ends(w)
        w.proxy.cut_at = None

    def test_the_link_falls_before_the_puback(self):
        """The broker delivers the request again to the new start: answered, and not done again."""
        for version in ('5', '3.1.1'):
            with self.subTest(version=version):
                w = self.world(service=False)
                w.mqtt_version = version
                w.service()
                w.fake.wait('armed ' + CUFF)
                self.cut(w, is_puback)
                w.proxy.up()
                start = w.subscriber.here()
                w.service()
                answer = w.subscriber.wait(RESPONSE, start=start).json
                self.assertEqual(answer, {'status': 'ok', 'data': {}, 'transaction': 'r'})
                self.stays(w)
                self.answers(w, 'restart', start, 1)

    def test_the_link_falls_before_each_puback(self):
        """The new start cannot say that it has it either: still no loop."""
        w = self.world()
        self.cut(w, is_puback)
        w.proxy.up()
        w.proxy.cut_at = is_puback
        w.service(wait_connected=False)
        w.running.err.wait('^warning mqtt: ')  # the link fell once more
        w.proxy.cut_at = None
        start = w.subscriber.here()
        w.proxy.up()
        w.subscriber.wait(RESPONSE, start=start)
        self.stays(w)

    def test_the_link_falls_before_the_answer(self):
        """The broker knows that it has arrived: it comes once, and whoever asked may ask again."""
        w = self.world()
        self.cut(w, is_answer)
        w.proxy.up()
        start = w.subscriber.here()
        w.service()
        self.stays(w)
        self.answers(w, 'restart', start, 0)
        self.assertEqual(w.request('restart', '{"transaction": "r"}')['status'], 'ok')
        self.ends(w)

    def test_killed_before_the_puback(self):
        """The request came in the last moment of a service that was killed: it has been started anew, which is all that
        was wanted."""
        w = self.world()
        w.proxy.cut_at = is_puback
        w.subscriber.publish(RESTART, '{"transaction": "r"}')
        w.running.err.wait('A restart was asked for')
        w.running.stop(signal.SIGKILL)
        w.proxy.cut_at = None
        w.proxy.up()
        start = w.subscriber.here()
        w.service()
        w.subscriber.wait(RESPONSE, start=start)
        self.stays(w)

    def test_nothing_of_the_outbox_is_lost(self):
        """Measurements wait for their PUBACK when it is asked for: they are there after the next start."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.proxy.withholding = True
        start = w.subscriber.here()
        w.fake.do('measure announce=no 132/85/68')
        w.fake.do('measure 133/86/69')
        w.proxy.wait_held(2)
        w.subscriber.publish(RESTART, '{}')
        w.subscriber.wait(RESPONSE, start=start)
        self.ends(w)
        self.assertEqual(w.rows('SELECT count(*) FROM outbox')[0][0], 2)
        w.allowed_duplicates += 2
        w.proxy.withholding = False
        w.service()
        w.measured('133/86/69', count=2, start=start)
        w.verify()

    def test_retained(self):
        """It would restart for ever: ignored and said so, with either version."""
        w = self.world(service=False)
        w.subscriber.publish(RESTART, '{}', retain=True)
        for version in ('3.1.1', '5'):
            w.mqtt_version = version
            w.service()
            self.ok(w, 'info')
            if version == '3.1.1':
                w.running.err.wait('^warning bridge: A retained request restart is ignored')
            self.assertEqual(w.running.stop(), 0)
        self.assertEqual(w.subscriber.find(RESPONSE), [])


if __name__ == '__main__':
    unittest.main()
