"""device/pair, and pairing where the window is not free: accepted, and answered when it is over."""

import json
import unittest

from harness import CUFF, FAST
from request_story import Answers, ID, RequestStory, response, SECOND

PAIR = 'device/pair'


class TestPair(RequestStory):
    def world(self, *commands, bonded=False, **options):
        return super().world(*commands, bonded=bonded, **options)

    def ask(self, w, address=CUFF, transaction='t', **data):
        return self.accepted(w, PAIR, {'address': address, **data}, transaction)

    def refused(self, w, start, code, words=''):
        answer = self.second(w, PAIR, start)
        self.is_error(answer, code, words, 't')
        return answer

    def test_paired(self):
        """What to do first; the answer when it is bonded, the events with the same transaction; then it is read."""
        w = self.world()
        start = self.ask(w)
        first = w.subscriber.find(response(PAIR), start=start)[0].json['data']
        self.assertEqual(first, {'device': ID, 'next': "Hold the cuff's Bluetooth button until the P blinks"})
        w.fake.do('pairing-mode on')
        self.assertEqual(self.second_ok(w, PAIR, start), {'device': ID})
        for kind in ('pairing_started', 'device_paired', 'pairing_stopped'):
            self.assertEqual(w.event(kind, start)['transaction'], 't')
        w.event('sync_finished', start)
        self.assertEqual(self.device(w)['bonded'], True)
        self.answers(w, PAIR, start, 2)
        self.measure(w, '131/84/67')
        w.verify()

    def test_where_it_was_asked_for(self):
        """Response topic and correlation data, for the second answer too; and a bare address."""
        w = self.world()
        own = Answers(self, w, response('mine'))
        w.subscriber.publish('cuff2mqtt/bridge/request/' + PAIR, CUFF, ResponseTopic=response('mine'), CorrelationData=b'\x01')
        own.wait(1)
        w.fake.do('pairing-mode on')
        answers = own.wait(2)
        self.assertEqual([(a['status'], a['transaction'], c) for a, c in answers], [('accepted', None, b'\x01'), ('ok', None, b'\x01')])
        w.event('sync_finished')
        self.answers(w, PAIR, 0, 0)

    def test_asked_again_while_it_is_open_and_after(self):
        """The same request is answered and opens no second window, also when it is paired."""
        w = self.world()
        start = self.ask(w)
        self.ask(w)
        w.fake.do('pairing-mode on')
        done = self.second(w, PAIR, start)
        w.event('sync_finished', start)
        self.assertEqual(w.request(PAIR, json.dumps({'address': CUFF, 'transaction': 't'})), done)
        self.assertEqual(len(w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'pairing_started')), 1)
        w.verify()

    def test_only_that_one(self):
        """Another cuff that blinks is left alone, and the answer says that this one did not."""
        w = self.world('cuff %s name=second' % SECOND, config=FAST.replace('pairing_window = 60.0', 'pairing_window = 2.0'))
        start = self.ask(w, SECOND)
        w.fake.do('pairing-mode %s on' % CUFF)
        self.refused(w, start, 'timeout', 'P')
        self.assertEqual(w.fake.out.count('pair-start'), 0)
        self.assertEqual(w.event('pairing_stopped', start)['data']['reason'], 'timeout')

    def test_window_open(self):
        """busy, from either request, and how to close it; the open one goes on."""
        w = self.world()
        start = self.ask(w)
        self.error(w, PAIR, json.dumps({'address': SECOND, 'transaction': 2}), 'busy', '"active": false', 2)
        self.error(w, 'pairing', '{"active": true, "transaction": 3}', 'busy', '"active": false', 3)
        w.fake.do('pairing-mode on')
        self.second_ok(w, PAIR, start)
        w.event('sync_finished', start)

    def test_closed_by_hand(self):
        w = self.world()
        start = self.ask(w)
        self.ok(w, 'pairing', 'false')
        self.refused(w, start, 'timeout', 'closed before')
        self.answers(w, PAIR, start, 2)

    def test_a_window_of_pairing_has_one_answer(self):
        """The request pairing hears no more, also in a window after one of device/pair."""
        w = self.world()
        start = self.ask(w)
        self.ok(w, 'pairing', 'false')
        self.second(w, PAIR, start)
        self.ok(w, 'pairing', '{"active": true, "transaction": "p"}')
        w.fake.do('pairing-mode on')
        w.event('device_paired', start)
        w.event('sync_finished', start)
        self.answers(w, PAIR, start, 2)
        self.answers(w, 'pairing', start, 2)

    def test_the_cuff_refuses_to_the_end(self):
        w = self.world('pairing-outcome fail')
        start = self.ask(w)
        w.fake.do('pairing-mode on')
        answer = self.refused(w, start, 'auth_failed')
        self.assertIn(answer['error'], w.event('pairing_stopped', start)['data']['text'])

    def test_the_adapter_goes(self):
        """Before, and while it is open."""
        w = self.world()
        start = self.ask(w)
        w.fake.do('adapter-remove')
        self.refused(w, start, 'adapter_off', 'the adapter')
        w.event('adapter_down', start)
        self.error(w, PAIR, json.dumps({'address': CUFF, 'transaction': 2}), 'adapter_off', 'plug it in', 2)

    def test_bluetoothd_restarts(self):
        w = self.world()
        start = self.ask(w)
        w.fake.do('bluetoothd-stop')
        self.refused(w, start, 'adapter_off', 'bluetooth')
        w.fake.do('bluetoothd-start')
        w.event('adapter_up', start)
        start = self.ask(w)
        w.fake.do('pairing-mode on')
        self.second_ok(w, PAIR, start)
        w.event('sync_finished', start)

    def test_the_cuff_vanishes(self):
        """In the middle of pairing: tried until the window is over, then answered."""
        w = self.world(config=FAST.replace('pairing_window = 60.0', 'pairing_window = 3.0'))
        start = self.ask(w)
        w.fake.do('vanish at=pairing')
        w.fake.do('pairing-mode on')
        answer = self.second(w, PAIR, start)
        self.assertIn(answer['code'], ('auth_failed', 'timeout'))
        self.assertIn(answer['error'], w.event('pairing_stopped', start)['data']['text'])

    def test_the_service_stops(self):
        w = self.world()
        start = self.ask(w)
        self.assertEqual(w.running.stop(), 0)
        self.refused(w, start, 'busy', 'stopped during pairing')
        self.answers_were(w, start, 2)

    def answers_were(self, w, start, count):
        self.assertEqual(len(w.subscriber.find(response(PAIR), start=start)), count)

    def test_somebodys_keyboard(self):
        """What has this address is bonded and no cuff: unsupported, and it keeps its bond."""
        w = self.world('stranger 11:22:33:44:55:66 adverts=5/s bonded=yes')
        start = self.ask(w, '11:22:33:44:55:66')
        self.refused(w, start, 'unsupported', 'is no cuff')
        self.assertEqual(w.fake.out.count('call RemoveDevice'), 0)


if __name__ == '__main__':
    unittest.main()
