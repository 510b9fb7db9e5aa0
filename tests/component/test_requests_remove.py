"""device/remove: forgotten by BlueZ, by the database and by the broker, whatever comes between; nobody else is."""

import json
import os
import sqlite3
import unittest

from harness import CUFF
from memory_story import MemoryStory
from request_story import EVENT, ID, RequestStory, response, SECOND, SECOND_ID, TWO_CUFFS

REMOVE = 'device/remove'


class RemoveStory(RequestStory):
    def two(self, *commands, **options):
        """Two cuffs, both with a measurement; the first one with two users."""
        w = self.world('bonded ' + SECOND, *commands, cuffs=TWO_CUFFS, **options)
        w.fake.wait('armed ' + SECOND)
        self.measure(w, '131/84/67')
        self.measure(w, '132/85/68 user=2')
        self.measure(w, '111/71/51', cuff=SECOND)
        return w

    def measure(self, w, values, command='measure', cuff=CUFF):
        start = w.subscriber.here()
        w.fake.do('%s %s %s' % (command, cuff, values))
        w.measured(values.split()[0], start=start, user=None)
        w.event('sync_finished', start)
        self.state(w, lambda s: s['sync_state'] == 'idle', start, cuff)

    def remove(self, w, transaction='t', **data):
        start = self.accepted(w, REMOVE, {'device': ID, **data}, transaction)
        self.assertEqual(self.second_ok(w, REMOVE, start, transaction), {'device': ID})
        return start

    def remove_when_at_rest(self, w, **data):
        for transaction in range(200):
            start = w.subscriber.here()
            answer = w.request(REMOVE, json.dumps({'device': ID, 'transaction': transaction, **data}))
            if answer.get('code') != 'busy':
                break
        self.assertEqual(answer['status'], 'accepted', answer)
        w.subscriber.wait(response(REMOVE), lambda m: m.json['status'] == 'ok' and m.json['transaction'] == transaction, start=start)

    def topics(self, w, cuff=ID):
        """Retained, of this cuff."""
        return {topic: payload for topic, payload in w.subscriber.retained().items() if cuff in topic}

    def gone(self, w):
        """What was retained of the first cuff: cleared, live and for who comes later. The other one's is whole."""
        for leaf in ('state', 'user/1/measurement', 'user/2/measurement'):
            w.subscriber.wait('cuff2mqtt/device/%s/%s' % (ID, leaf), lambda m: m.payload == '')
        for unit in ('', '_u1', '_u2'):
            w.subscriber.wait('homeassistant/device/cuff2mqtt_[0-9a-f]+_%s%s/config' % (ID, unit), lambda m: m.payload == '')
        self.assertEqual(self.topics(w), {})
        self.assertEqual(len(self.topics(w, SECOND_ID)), 4)
        self.assertEqual([d['id'] for d in json.loads(w.subscriber.retained()['cuff2mqtt/bridge/devices'])], [SECOND_ID])

    def pair_again(self, w):
        start = w.subscriber.here()
        self.ok(w, 'pairing', '{"active": true, "address": "%s"}' % CUFF)
        w.fake.do('pairing-mode %s on' % CUFF)
        w.event('device_paired', start)
        w.event('sync_finished', start)
        w.fake.do('pairing-mode %s off' % CUFF)
        return start


class TestRemove(RemoveStory):
    def test_all_of_it_goes(self):
        """Bond, topics, devices in Home Assistant; its measurements stay, and so does the other cuff."""
        w = self.two()
        start = w.subscriber.here()
        self.remove(w)
        event = w.event('device_removed', start)
        self.assertEqual((event['data']['device'], event['transaction']), (ID, 't'))
        self.gone(w)
        self.assertEqual(self.show(w)['bonded'], 'no')
        self.assertEqual(self.show(w, SECOND)['bonded'], 'yes')
        self.assertEqual(len(w.rows()), 3)
        self.assertEqual(w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'bond_lost', start), [])
        self.assertEqual(w.subscriber.find(EVENT, start=start), [])
        self.error(w, REMOVE, json.dumps({'device': ID, 'transaction': 2}), 'unknown_device', '', 2)
        self.assertEqual(w.request(REMOVE, json.dumps({'device': ID, 'transaction': 't'}))['status'], 'ok')
        self.measure(w, '112/72/52', cuff=SECOND)
        self.assertEqual(w.running.stop(), 0)
        self.assertEqual(w.fake.out.count(' violation'), 0)

    def test_the_broker_was_away(self):
        """Just behind the request: cleared on the next connection."""
        w = self.two()
        w.proxy.down()
        w.running.err.wait('^warning mqtt: ')
        w.proxy.up()
        w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'online', count=2)
        w.subscriber.publish('cuff2mqtt/bridge/request/' + REMOVE, json.dumps({'device': ID, 'unpair': False}))
        w.proxy.down()
        w.proxy.up()
        self.gone(w)

    def test_delivered_twice(self):
        """The broker has not heard that the request arrived: it is not done twice, and not said to be about nobody."""
        w = self.two()
        w.proxy.cut_at = lambda link, head, body: head[0] >> 4 == 4 and link.delivered.get(body[:2], '').endswith('remove')
        start = w.subscriber.here()
        w.subscriber.publish('cuff2mqtt/bridge/request/' + REMOVE, json.dumps({'device': ID, 'unpair': False}))
        w.running.err.wait('^info bridge: .*Removed$')
        w.running.err.wait('^warning mqtt: ')
        w.proxy.cut_at = None
        w.proxy.up()
        answer = w.subscriber.wait(response(REMOVE), start=start).json
        self.assertEqual(answer, {'status': 'ok', 'data': {'device': ID}, 'transaction': None})
        self.gone(w)

    def test_killed_behind_it(self):
        """The database knows it, the broker has heard nothing yet: cleared after the next start."""
        w = self.two()
        w.proxy.cut_at = lambda link, head, body: head[0] >> 4 == 3
        w.subscriber.publish('cuff2mqtt/bridge/request/' + REMOVE, json.dumps({'device': ID, 'unpair': False}))
        w.running.err.wait('^info bridge: .*Removed$')
        w.kill()
        w.proxy.cut_at = None
        w.proxy.up()
        self.assertGreater(len(self.topics(w)), 0)
        w.service()
        self.gone(w)
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.gone(w)

    def test_with_the_bond_kept(self):
        """One answer; BlueZ keeps it, and the next start does not take it over again: said in the log."""
        w = self.two()
        self.assertEqual(self.ok(w, REMOVE, json.dumps({'device': ID, 'unpair': False}))['data'], {'device': ID})
        self.gone(w)
        self.assertEqual(self.show(w)['bonded'], 'yes')
        self.assertEqual(w.running.stop(), 0)
        w.service()
        w.running.err.wait('^info collector: A cuff that was removed is still bonded')
        self.assertEqual([d['id'] for d in self.ok(w, 'devices')['data']], [SECOND_ID])
        self.gone(w)

    def test_with_the_adapter_off(self):
        """adapter_off, with what helps; without its bond it goes all the same."""
        w = self.two()
        w.fake.do('adapter-remove')
        w.event('adapter_down')
        self.error(w, REMOVE, json.dumps({'device': ID, 'transaction': 2}), 'adapter_off', '"unpair": false', 2)
        self.ok(w, REMOVE, json.dumps({'device': ID, 'unpair': False}))
        self.gone(w)

    def test_paired_again(self):
        """The same topics, the same ids, the newest measurements, names of users; nothing is told anew, in the same connection and
        after a start."""
        w = self.two()
        self.ok(w, 'device/users', json.dumps({'device': ID, 'users': {'1': {'name': 'Anna'}}}))
        before = self.topics(w)
        for transaction in (1, 2):
            start = self.remove(w, transaction)
            self.gone(w)
            self.pair_again(w)
            w.subscriber.wait('homeassistant/device/cuff2mqtt_[0-9a-f]+_%s_u2/config' % ID, lambda m: m.payload, start=start)
            w.subscriber.wait('cuff2mqtt/device/%s/user/2/measurement' % ID, lambda m: m.payload, start=start)
            after = self.topics(w)
            self.assertEqual(set(after), set(before))
            for topic, payload in before.items():
                if topic.endswith('measurement') or topic.endswith('_u1/config') or topic.endswith('_u2/config'):
                    self.assertEqual(json.loads(after[topic]), json.loads(payload), topic)
            self.assertEqual(w.subscriber.find(EVENT, start=start), [])
            self.assertEqual(w.running.stop(), 0)
            log = w.fake.out.here()
            w.service()
            w.fake.wait('armed ' + CUFF, log)
            self.assertEqual(set(self.topics(w)), set(before))

    def test_purge(self):
        """Measurements, names, options go; those of the other cuff stay."""
        w = self.two()
        self.ok(w, 'device/users', json.dumps({'device': ID, 'users': {'1': {'name': 'Anna'}}}))
        self.ok(w, 'device/options', json.dumps({'device': ID, 'options': {'set_clock': False}}))
        self.remove(w, purge=True)
        self.gone(w)
        self.assertEqual([row[2] for row in w.rows()], [111])
        for table in ('user', 'memory_mark', 'rejected'):
            self.assertEqual(w.rows("SELECT count(*) FROM %s WHERE cuff = '%s'" % (table, CUFF))[0][0], 0)
        self.assertEqual(w.rows("SELECT count(*) FROM meta WHERE key LIKE 'option.%'")[0][0], 0)
        self.pair_again(w)
        self.assertEqual(self.device(w)['users'], {})

    def test_purged_and_paired_again_while_the_broker_is_away(self):
        """What is retained of users that it has no more is cleared all the same, and only that."""
        w = self.two()
        self.ok(w, 'pairing', '{"active": true}')
        w.proxy.cut_at = lambda link, head, body: head[0] >> 4 == 3
        w.subscriber.publish('cuff2mqtt/bridge/request/' + REMOVE, json.dumps({'device': ID, 'purge': True}))
        w.running.err.wait('^info bridge: .*Removed, with its measurements$')
        w.running.err.wait('^warning mqtt: ')
        w.proxy.cut_at = None
        log = w.running.err.here()
        w.fake.do('pairing-mode %s on' % CUFF)
        w.running.err.wait('Bonded', log)
        self.assertIn('cuff2mqtt/device/%s/user/2/measurement' % ID, self.topics(w))
        start = w.subscriber.here()
        w.proxy.up()
        for leaf in ('user/1/measurement', 'user/2/measurement'):
            w.subscriber.wait('cuff2mqtt/device/%s/%s' % (ID, leaf), lambda m: m.payload == '', start=start)
        for unit in ('_u1', '_u2'):
            w.subscriber.wait('homeassistant/device/cuff2mqtt_[0-9a-f]+_%s%s/config' % (ID, unit), lambda m: m.payload == '',
                              start=start)
        w.subscriber.wait('cuff2mqtt/device/%s/state' % ID, lambda m: m.payload, start=start)
        self.assertEqual(w.subscriber.find('.*%s(/state|/config)' % ID, lambda m: m.payload == '', start), [])
        self.assertEqual([d['id'] for d in self.ok(w, 'devices')['data']], [SECOND_ID, ID])

    def test_purge_while_measurements_wait_for_the_broker(self):
        """They go out of the outbox; the others are told."""
        w = self.two()
        w.proxy.withholding = True
        w.fake.do('measure %s announce=no 141/91/71' % CUFF)
        w.fake.do('measure %s 142/92/72' % CUFF)
        w.proxy.wait_held(2)
        w.fake.do('measure %s 113/73/53' % SECOND)
        w.proxy.wait_held(3)
        self.state(w, lambda s: s['sync_state'] in ('resting', 'idle') and s['last_sync'])
        start = w.subscriber.here()
        self.remove_when_at_rest(w, purge=True)
        self.assertEqual(w.rows('SELECT count(*) FROM outbox')[0][0], 1)
        w.proxy.withholding = False
        for _ in range(3):
            w.proxy.release()
        w.wait_outbox_empty()
        self.assertEqual(sorted(row[2] for row in w.rows()), [111, 113])
        self.assertEqual(w.subscriber.find(EVENT, lambda m: m.json['device'] == ID, start), [])


class TestFaults(RemoveStory):
    def test_while_it_is_read(self):
        """busy; and while it is being paired."""
        w = self.world('hang-up-after never')
        w.fake.do('measure 131/84/67')
        self.state(w, lambda s: s['sync_state'] == 'reading')
        self.error(w, REMOVE, json.dumps({'device': ID, 'transaction': 2}), 'busy', 'being read just now', 2)

    def test_bluez_does_not_answer(self):
        """timeout, and everything is as it was; asked again it works."""
        w = self.world()
        w.fake.do('unanswered RemoveDevice times=1')
        start = self.accepted(w, REMOVE, {'device': ID})
        self.error(w, REMOVE, json.dumps({'device': ID, 'transaction': 2}), 'busy', 'Another bond', 2)
        self.is_error(self.second(w, REMOVE, start), 'timeout', 'systemctl status bluetooth', 't')
        self.device(w)
        w.fake.do('bluetoothd-stop')
        w.fake.do('bluetoothd-start')
        w.event('adapter_up', start)
        self.remove(w, 'again')

    def test_it_is_paired_again_meanwhile(self):
        """Before BlueZ has answered: the pairing wins, busy says so, and the cuff can be removed afterwards."""
        w = self.world()
        self.forget_bond(w)
        w.event('bond_lost')
        w.fake.do('delay RemoveDevice 1 times=1')
        w.fake.do('delay Pair 1.5 times=1')
        start = self.accepted(w, REMOVE, {'device': ID})
        self.ok(w, 'pairing', 'true')
        w.fake.do('pairing-mode on')
        self.is_error(self.second(w, REMOVE, start), 'busy', 'being paired just now', 't')
        w.event('sync_finished', start)
        self.assertEqual(self.device(w)['bonded'], True)
        self.remove_when_at_rest(w)
        self.assertEqual(self.ok(w, 'devices')['data'], [])

    def test_bluez_refuses(self):
        w = self.world()
        w.fake.do('fail RemoveDevice NotReady times=1')
        start = self.accepted(w, REMOVE, {'device': ID})
        self.is_error(self.second(w, REMOVE, start), 'ble_failed', 'BlueZ keeps the bond', 't')
        self.assertEqual(self.device(w)['bonded'], True)
        self.remove(w)

    def test_bluez_has_forgotten_it_before(self):
        """There is no bond: just as well."""
        w = self.world()
        self.forget_bond(w)
        w.event('bond_lost')
        self.remove(w)
        self.assertEqual(self.ok(w, 'devices')['data'], [])

    def test_the_adapter_is_pulled_meanwhile(self):
        """adapter_off at once, and the cuff is still there."""
        for command in ('adapter-remove', 'bluetoothd-stop'):
            with self.subTest(command=command):
                w = self.world()
                w.fake.do('delay RemoveDevice 30 times=1')
                start = self.accepted(w, REMOVE, {'device': ID})
                w.fake.do(command)
                self.is_error(self.second(w, REMOVE, start), 'adapter_off', '`' if command == 'bluetoothd-stop' else 'plug', 't')
                self.assertEqual(len(self.ok(w, 'devices')['data']), 1)

    def test_the_service_stops_meanwhile(self):
        w = self.world()
        w.fake.do('delay RemoveDevice 30 times=1')
        start = self.accepted(w, REMOVE, {'device': ID})
        self.assertEqual(w.running.stop(), 0)
        self.is_error(self.second(w, REMOVE, start), 'busy', 'was stopped', 't')

    def test_the_database_does_not_take_it(self):
        """The bond is gone, the rest is not: internal; asked again it works."""
        w = self.world()
        w.wait_count('cuff', 1)
        holder = sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db'), isolation_level=None)
        holder.execute('BEGIN IMMEDIATE')
        start = self.accepted(w, REMOVE, {'device': ID})
        self.is_error(self.second(w, REMOVE, start), 'internal', 'The database does not forget it', 't')
        holder.rollback()
        holder.close()
        self.remove(w)

    def test_it_was_being_taken_over(self):
        """Removed in the moment it is heard: the session has no cuff any more, and nothing comes of it."""
        w = self.world('hang-up-after never')
        w.fake.do('delay RemoveDevice 0.5 times=1')
        self.accepted(w, REMOVE, {'device': ID})
        w.fake.do('measure 131/84/67')
        w.subscriber.wait(response(REMOVE), lambda m: m.json['status'] == 'ok')
        self.assertEqual(self.ok(w, 'devices')['data'], [])
        self.assertEqual(w.running.stop(), 0)


class TestMemory(MemoryStory, RemoveStory):
    KIND = 'classic'

    def test_the_key_goes_with_purge(self):
        """Without it the key stays, and so does what was read: paired again nothing is told anew."""
        w = self.world('fill 1 3')
        self.sync(w)
        rows = len(w.rows())
        file = os.path.join(w.state_directory, 'keys', ID)
        self.assertTrue(os.path.exists(file))
        start = w.subscriber.here()
        self.remove_when_at_rest(w)
        self.assertTrue(os.path.exists(file))
        self.pair_again(w)
        self.assertEqual((len(w.rows()), w.subscriber.find(EVENT, start=start)), (rows, []))
        self.remove_when_at_rest(w, purge=True)
        self.assertFalse(os.path.exists(file))
        self.assertEqual(w.rows(), [])


if __name__ == '__main__':
    unittest.main()
