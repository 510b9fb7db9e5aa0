"""device/sync: a cuff is read because somebody asks, and the second answer comes whatever happens."""

import json
import unittest

from harness import CUFF
from request_story import Answers, ID, RequestStory, response, SECOND, SECOND_ID, SILENT, timing, TWO_CUFFS

SYNC = 'device/sync'


class TestSync(RequestStory):
    def ask(self, w, transaction='t', **data):
        return self.accepted(w, SYNC, {'device': ID, **data}, transaction)

    def test_at_rest_before_its_time(self):
        """A cuff that rests is read as soon as it is heard: long before the rest would have been over."""
        w = self.world(config=timing(cooldown=600))
        self.measure(w, '131/84/67')
        self.assertEqual(self.state(w, lambda s: s['last_sync'])['sync_state'], 'resting')
        log = w.fake.out.here()
        start = self.ask(w)
        w.fake.wait('armed ' + CUFF, log)
        w.fake.do('measure 132/85/68')
        self.assertEqual(self.second_ok(w, SYNC, start), {'device': ID, 'new_records': 1})
        w.measured('132/85/68')
        self.answers(w, SYNC, start, 2)
        w.verify()

    def test_idle(self):
        """What the first answer says to do; then how many were new, also none."""
        w = self.world()
        start = self.ask(w)
        first = w.subscriber.find(response(SYNC), start=start)[0].json['data']
        self.assertEqual(first, {'device': ID, 'next': "Press the cuff's Bluetooth button"})
        w.fake.do('advertise')
        self.assertEqual(self.second_ok(w, SYNC, start), {'device': ID, 'new_records': 0})
        w.event('sync_finished', start)
        self.assertEqual(len(w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_started', start)), 1)
        w.verify()

    def test_a_cuff_by_its_bare_id(self):
        """Without JSON: no transaction comes back, in neither answer."""
        w = self.world()
        start = w.subscriber.here()
        self.assertEqual(w.request(SYNC, ID)['status'], 'accepted')
        w.fake.do('advertise')
        self.assertEqual(self.second_ok(w, SYNC, start, transaction=None)['device'], ID)
        w.verify()

    def test_while_it_is_read(self):
        """busy, and the session that goes on is not disturbed."""
        w = self.world('hang-up-after never')
        w.fake.do('measure 131/84/67')
        self.state(w, lambda s: s['sync_state'] == 'reading')
        self.error(w, SYNC, '{"device": "%s", "transaction": 1}' % ID, 'busy', 'being read just now', 1)
        self.error(w, SYNC, '{"transaction": 2}', 'busy', 'being read just now', 2)
        w.measured('131/84/67')
        self.assertEqual(w.running.stop(), 0)
        w.verify()

    def test_asked_for_twice(self):
        """By somebody else: busy, and what to do; the first is answered all the same."""
        w = self.world()
        start = self.ask(w)
        self.error(w, SYNC, '{"device": "%s", "transaction": "other"}' % ID, 'busy', 'asked for already', 'other')
        w.fake.do('advertise')
        self.second_ok(w, SYNC, start)
        self.answers(w, SYNC, start, 3)

    def test_it_is_not_heard(self):
        """timeout, after timing.wish; asked again it is accepted again: an error is not answered from memory."""
        w = self.world(config=timing(wish=0.3))
        start = self.ask(w)
        self.is_error(self.second(w, SYNC, start), 'timeout', SILENT, 't')
        start = self.ask(w)
        self.is_error(self.second(w, SYNC, start), 'timeout', SILENT, 't')
        self.answers(w, SYNC, start, 2)

    def test_it_vanishes(self):
        """In the middle of a session, and while it is being connected: ble_failed, with the reason."""
        for where in ('collecting', 'connected'):
            with self.subTest(where=where):
                w = self.world()
                start = self.ask(w)
                w.fake.do('vanish at=' + where)
                w.fake.do('advertise')
                answer = self.second(w, SYNC, start)
                if where == 'connected':
                    self.is_error(answer, 'ble_failed', 'closer', 't')
                    self.assertEqual(w.event('sync_failed', start)['data']['reason'], answer['error'])

    def test_in_a_pairing_window(self):
        """Then cuffs are not read: busy, and how to close it."""
        w = self.world()
        self.ok(w, 'pairing', 'true')
        self.error(w, SYNC, '{"device": "%s", "transaction": 1}' % ID, 'busy', 'pairing window is open', 1)
        self.ok(w, 'pairing', 'false')
        start = self.ask(w)
        w.fake.do('advertise')
        self.second_ok(w, SYNC, start)

    def test_no_bond(self):
        """BlueZ has forgotten the cuff: not_paired at once, nobody needs to press a button in vain."""
        w = self.world()
        self.forget_bond(w)
        w.event('bond_lost')
        self.error(w, SYNC, '{"device": "%s", "transaction": 1}' % ID, 'not_paired', 'start pairing', 1)

    def test_no_cuff_at_all(self):
        w = self.world(bonded=False)
        self.error(w, SYNC, '{"transaction": 1}', 'unknown_device', 'pair one', 1)


class TestFaults(RequestStory):
    """The second answer comes, and soon."""

    def ask(self, w, transaction='t'):
        return self.accepted(w, SYNC, {'device': ID}, transaction)

    def test_adapter_off(self):
        """Before: adapter_off with a remedy. Pulled while it waits: the answer comes with timing.wish."""
        w = self.world(config=timing(wish=0.5))
        start = self.ask(w)
        w.fake.do('adapter-remove')
        self.is_error(self.second(w, SYNC, start), 'adapter_off', 'the adapter', 't')
        self.error(w, SYNC, '{"device": "%s", "transaction": 2}' % ID, 'adapter_off', 'plug it in', 2)
        w.fake.do('adapter-add')
        w.event('adapter_up', start)
        self.is_error(self.second(w, SYNC, self.ask(w)), 'timeout', SILENT, 't')

    def test_adapter_pulled_while_it_is_read(self):
        w = self.world('hang-up-after never')
        start = self.ask(w)
        w.fake.do('advertise')
        self.state(w, lambda s: s['sync_state'] == 'reading', start)
        w.fake.do('adapter-remove')
        self.second(w, SYNC, start)

    def test_bluetoothd_goes_while_it_waits(self):
        """It does not come back: adapter_off when timing.wish is over."""
        w = self.world(config=timing(wish=0.5))
        start = self.ask(w)
        w.fake.do('bluetoothd-stop')
        self.is_error(self.second(w, SYNC, start), 'adapter_off', 'systemctl status bluetooth', 't')

    def test_bluetoothd_restarts_while_it_waits(self):
        """What was asked for outlives that."""
        w = self.world()
        start = self.ask(w)
        w.fake.do('bluetoothd-stop')
        log = w.fake.do('bluetoothd-start')
        w.fake.wait('armed ' + CUFF, log)
        w.fake.do('advertise')
        self.assertEqual(self.second_ok(w, SYNC, start), {'device': ID, 'new_records': 0})

    def test_the_service_stops(self):
        """It says so before it goes, for each that waits, there where the first answer went."""
        w = self.world(cuffs=TWO_CUFFS)
        own = Answers(self, w, response('mine'))
        start = w.subscriber.here()
        w.subscriber.publish('cuff2mqtt/bridge/request/' + SYNC, '{"device": "%s"}' % ID,
                             ResponseTopic=response('mine'), CorrelationData=b'1')
        own.wait(1)
        self.accepted(w, 'device/time', {'device': ID})
        self.assertEqual(w.running.stop(), 0)
        answer, correlation = own.wait(2)[1]
        self.is_error(answer, 'busy', 'The gateway was stopped')
        self.assertEqual(correlation, b'1')
        self.is_error(self.second(w, 'device/time', start), 'busy', 'The gateway was stopped', 't')
        topics = [m.topic for m in w.subscriber.messages[start:]]
        self.assertLess(topics.index(response('device/time')), len(topics) - 1 - topics[::-1].index('cuff2mqtt/bridge/state'))

    def test_the_broker_is_away_when_it_is_over(self):
        """The answer is told when it is back."""
        w = self.world()
        start = self.ask(w)
        w.proxy.down()
        w.running.err.wait('^warning mqtt: ')
        w.fake.do('advertise')
        w.running.err.wait('^info cuff: .*Read; new measurements: 0')
        w.proxy.up()
        self.assertEqual(self.second_ok(w, SYNC, start), {'device': ID, 'new_records': 0})
        self.answers(w, SYNC, start, 2)

    def test_bonded_too_late(self):
        """The time is over while it is being paired, by an attempt that was given up when the bond came: that is no session,
        and the answer comes all the same."""
        w = self.world('hang-up-after never', config=timing(wish=0.8, pairing=1.0))
        w.fake.do('bond-lost')
        start = self.ask(w)
        w.fake.do('delay Pair 1.3')
        w.fake.do('unanswered Disconnect times=9')
        self.ok(w, 'pairing', 'true')
        w.fake.do('pairing-mode on')
        self.is_error(self.second(w, SYNC, start), 'timeout', SILENT, 't')
        w.event('device_paired', start)

    def test_the_cuff_is_removed_meanwhile(self):
        w = self.world()
        start = self.ask(w)
        self.ok(w, 'device/remove', json.dumps({'device': ID, 'unpair': False}))
        self.is_error(self.second(w, SYNC, start), 'unknown_device', 'removed', 't')


class TestAll(RequestStory):
    def world(self, *commands, **options):
        w = super().world('cuff %s name=second' % SECOND, 'bonded ' + SECOND, *commands, cuffs=TWO_CUFFS[:1], **options)
        w.fake.wait('armed ' + SECOND)
        return w

    def test_one_answer_each(self):
        """To the topic of one's own, with one's own correlation data; no other client's answers get mixed up."""
        w = self.world()
        own = Answers(self, w, response('all'))
        w.subscriber.publish('cuff2mqtt/bridge/request/' + SYNC, '{}', ResponseTopic=response('all'), CorrelationData=b'\x00a')
        first = own.wait(1)[0][0]
        self.assertEqual(first, {'status': 'accepted', 'transaction': None,
                                 'data': {'device': None, 'next': 'Press the Bluetooth button of each cuff'}})
        for n, cuff in enumerate((SECOND, CUFF), 2):
            w.fake.do('measure %s 131/84/67' % cuff)
            own.wait(n)
        answers = own.wait(3)
        self.assertEqual([c for _, c in answers], [b'\x00a'] * 3)
        self.assertEqual([a['data'] for a, _ in answers[1:]], [{'device': SECOND_ID, 'new_records': 1},
                                                               {'device': ID, 'new_records': 1}])
        self.answers(w, SYNC, 0, 0)
        w.verify()

    def test_one_is_asked_for_already(self):
        """It is left out; each answer goes to who asked, although none has a transaction."""
        w = self.world()
        one, all_of_them = Answers(self, w, response('one')), Answers(self, w, response('all'))
        w.subscriber.publish('cuff2mqtt/bridge/request/' + SYNC, ID, ResponseTopic=response('one'), CorrelationData=b'1')
        one.wait(1)
        w.subscriber.publish('cuff2mqtt/bridge/request/' + SYNC, '', ResponseTopic=response('all'), CorrelationData=b'2')
        all_of_them.wait(1)
        w.fake.do('advertise ' + SECOND)
        answer, correlation = all_of_them.wait(2)[1]
        self.assertEqual((answer['data']['device'], correlation), (SECOND_ID, b'2'))
        w.fake.do('advertise ' + CUFF)
        answer, correlation = one.wait(2)[1]
        self.assertEqual((answer['data']['device'], correlation), (ID, b'1'))
        self.answers(w, SYNC, 0, 0)
        self.assertEqual((len(one.messages), len(all_of_them.messages)), (2, 2))

    def test_all_are_silent(self):
        w = self.world(config=timing(wish=0.3))
        start = self.accepted(w, SYNC)
        for n in (1, 2):
            self.is_error(self.second(w, SYNC, start, count=n), 'timeout', SILENT, 't')
        self.answers(w, SYNC, start, 3)


class TestLimit(RequestStory):
    """64 requests may wait for their second answer (ANSWERS_MAX)."""
    CUFFS = ['C0:FF:EE:00:00:%02X' % n for n in range(22)]

    def payload(self, cuff, n):
        return json.dumps({'device': cuff, 'transaction': n})

    def test_as_many_as_can_wait(self):
        """One more is refused, what only tells is not; when one has its answer there is room; at the end all have one."""
        w = self.world(*('bonded ' + cuff for cuff in self.CUFFS), bonded=False,
                       cuffs=['cuff %s name=n%d' % (cuff, n) for n, cuff in enumerate(self.CUFFS)])
        w.wait_count('cuff', len(self.CUFFS))
        asked = [(name, cuff) for cuff in self.CUFFS for name in (SYNC, 'device/time', 'device/dump')][:64]
        for n, (name, cuff) in enumerate(asked):
            self.assertEqual(w.request(name, self.payload(cuff, n))['status'], 'accepted')
        last = ('device/time', self.payload(self.CUFFS[-1], 64))
        self.error(w, *last, 'busy', 'Too many requests wait', 64)
        self.error(w, 'device/rename', json.dumps({'device': self.CUFFS[0], 'name': 'x'}), 'busy', 'Too many requests wait')
        self.assertEqual(len(self.ok(w, 'devices')['data']), 22)
        w.fake.do('measure %s 131/84/67' % self.CUFFS[5])
        w.subscriber.wait(response('device/time'), lambda m: m.json['status'] == 'ok')  # the last of its three
        self.assertEqual(w.request(*last)['status'], 'accepted')
        self.assertEqual(w.running.stop(), 0)
        done = [m.json['transaction'] for name in (SYNC, 'device/time', 'device/dump')
                for m in w.subscriber.find(response(name)) if m.json['status'] != 'accepted']
        done.remove(64)  # refused once
        self.assertEqual(sorted(done), list(range(65)))


class TestRepeats(RequestStory):
    """The same request with the same transaction, within a minute."""

    def ask(self, w, **properties):
        return w.request(SYNC, '{"device": "%s", "transaction": "t"}' % ID, **properties)

    def connects(self, w):
        return w.fake.out.count(' connect ' + CUFF)

    def test_while_it_is_open_and_after(self):
        """Open: the first answer again. Done: the last one again, and the cuff is not read once more. With another
        transaction it is."""
        w = self.world()
        start = w.subscriber.here()
        self.assertEqual(self.ask(w)['status'], 'accepted')
        self.assertEqual(self.ask(w)['status'], 'accepted')
        w.fake.do('measure 131/84/67')
        done = self.second(w, SYNC, start)
        self.assertEqual(done['data'], {'device': ID, 'new_records': 1})
        self.assertEqual(self.ask(w), done)
        self.assertEqual(self.connects(w), 1)
        self.answers(w, SYNC, start, 4)
        again = self.accepted(w, SYNC, {'device': ID}, 'another')
        w.fake.do('advertise')
        self.assertEqual(self.second_ok(w, SYNC, again, 'another'), {'device': ID, 'new_records': 0})
        self.assertEqual(self.connects(w), 2)

    def test_the_repeat_says_where(self):
        """The repeat's answer goes to its own response topic; the second answer to the first's."""
        w = self.world()
        first, other = Answers(self, w, response('first')), Answers(self, w, response('other'))
        for topic, who in (('first', first), ('other', other)):
            w.subscriber.publish('cuff2mqtt/bridge/request/' + SYNC, '{"device": "%s", "transaction": "t"}' % ID,
                                 ResponseTopic=response(topic), CorrelationData=topic.encode())
            self.assertEqual(who.wait(1)[0][0]['status'], 'accepted')
        w.fake.do('advertise')
        self.assertEqual([c for _, c in first.wait(2)], [b'first'] * 2)
        self.ok(w, 'info')
        self.assertEqual([c for _, c in other.messages], [b'other'])

    def test_another_request_with_the_same_transaction(self):
        """Clients that begin to count anew: what is not the same request is done."""
        w = self.world()
        for name in ('One', 'Two', 'One'):
            answer = self.ok(w, 'device/rename', json.dumps({'device': ID, 'name': name, 'transaction': 1}))
            self.assertEqual(answer['data']['to'], name)
        self.assertEqual(self.device(w)['name'], 'Two')  # the third was the first once more
        self.ok(w, 'device/rename', json.dumps({'device': ID, 'name': 'One', 'transaction': 2}))
        self.assertEqual(self.device(w)['name'], 'One')

    def test_what_only_tells_is_told_anew(self):
        w = self.world()
        before = self.ok(w, 'devices', '{"transaction": 1}')['data']
        self.ok(w, 'device/rename', json.dumps({'device': ID, 'name': 'New'}))
        self.assertNotEqual(self.ok(w, 'devices', '{"transaction": 1}')['data'], before)

    def test_more_than_are_remembered(self):
        """70 that change something are remembered one after another, 64 at a time: the first is done anew."""
        w = self.world()
        for n in range(70):
            self.ok(w, 'device/rename', json.dumps({'device': ID, 'name': 'n%d' % n, 'transaction': n}))
        self.assertEqual(self.ok(w, 'device/rename', json.dumps({'device': ID, 'name': 'n0', 'transaction': 0}))['data'],
                         {'device': ID, 'from': 'n69', 'to': 'n0'})


if __name__ == '__main__':
    unittest.main()
