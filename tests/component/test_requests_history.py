"""history: measurements from the database over MQTT, page by page; and where health data does not go."""

import json
import os
import re
import sqlite3
import unittest

from harness import CUFF
from request_story import ID, RequestStory, response, SECOND, TWO_CUFFS

BASE = 1795302000  # 2026-11-22T00:00 in Berlin
FIELDS = {'record', 'device', 'user', 'user_name', 'measured_at', 'received_at', 'clock_ok', 'systolic', 'diastolic', 'map',
          'map_estimated', 'pulse', 'pulse_pressure', 'irregular_heartbeat', 'atrial_fibrillation', 'body_movement',
          'cuff_fit_ok', 'position_ok', 'irregular_beats', 'artifacts', 'truread', 'category', 'id'}


class HistoryStory(RequestStory):
    def filled(self, n, users=(1,), **options):
        """n measurements of the cuff, a minute apart in pairs of the same time; none waits for the broker."""
        w = self.world('bonded ' + SECOND, cuffs=TWO_CUFFS, **options)
        self.measure(w, '131/84/67')
        self.measure(w, '111/71/51', cuff=SECOND)
        self.assertEqual(w.running.stop(), 0)
        db = sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db'))
        columns = [c[1] for c in db.execute('PRAGMA table_info(measurement)')]
        row = dict(zip(columns, db.execute("SELECT * FROM measurement WHERE cuff = ?", (CUFF,)).fetchone()))
        with db:
            for user in users:
                db.execute('INSERT OR IGNORE INTO user (cuff, user) VALUES (?, ?)', (CUFF, user))
            db.execute('DELETE FROM measurement WHERE cuff = ?', (CUFF,))
            for i in range(n):
                new = {**row, 'arrival': 1000 + i, 'id': '%016x' % (i + 1), 'user': users[i % len(users)],
                       'measured_at': BASE + i // 2 * 60, 'taken_seconds': None, 'taken': None}
                db.execute('INSERT INTO measurement VALUES (%s)' % ','.join('?' * len(columns)), [new[c] for c in columns])
        db.close()
        w.service()
        return w

    def page(self, w, **data):
        data = self.ok(w, 'history', json.dumps({'device': ID, **data}))['data']
        self.assertEqual(set(data), {'records', 'next'})
        return data

    def all(self, w, **data):
        """Page by page to the end."""
        found, sizes, page = [], [], self.page(w, **data)
        while True:
            found += page['records']
            sizes.append(len(page['records']))
            if page['next'] is None:
                return found, sizes
            page = self.page(w, cursor=page['next'], **data)

    def ids(self, numbers):
        return ['%016x' % (n + 1) for n in numbers]


class TestHistory(HistoryStory):
    def test_each_once_and_the_newest_first(self):
        """Whatever the size of a page: all of them, none twice, also where two have the same time."""
        w = self.filled(203)
        wanted = self.ids(range(202, -1, -1))
        for limit, sizes in ((None, [50] * 4 + [3]), (1, [1] * 203), (7, [7] * 29), (100, [100, 100, 3]), (203, [203]),
                             (500, [203])):
            if limit == 1:
                found, got = self.all(w, limit=1, **{'from': '2026-11-22T01:30:00'})
                self.assertEqual([m['id'] for m in found], self.ids(range(202, 179, -1)))
                continue
            found, got = self.all(w, **({'limit': limit} if limit else {}))
            self.assertEqual([m['id'] for m in found], wanted)
            self.assertEqual(got, sizes)
        self.assertEqual({frozenset(m) for m in found}, {frozenset(FIELDS)})
        times = [m['measured_at'] for m in found]
        self.assertEqual(times, sorted(times, reverse=True))
        retained = json.loads(w.subscriber.retained()['cuff2mqtt/device/%s/user/1/measurement' % ID])
        self.assertEqual(found[0], retained)

    def test_a_new_one_between_two_pages(self):
        """It is in front of what was told: the pages behind do not move."""
        w = self.filled(20)
        first = self.page(w, limit=10)
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '141/91/71')
        second = self.page(w, limit=10, cursor=first['next'])
        self.assertEqual([m['id'] for m in first['records'] + second['records']][:20], self.ids(range(19, -1, -1)))

    def test_users(self):
        w = self.filled(12, users=(1, 2, 255))
        for user, n in (('1', 0), ('2', 1), ('unknown', 2)):
            found = self.all(w, user=user, limit=3)[0]
            self.assertEqual([m['id'] for m in found], self.ids(range(9 + n, -1, -3)))
            self.assertEqual({m['user'] for m in found}, {None if user == 'unknown' else int(user)})
        self.assertEqual(self.page(w, user='3'), {'records': [], 'next': None})
        for user in ('0', '10', 'x', '255', '01', 'Unknown'):
            self.error(w, 'history', json.dumps({'device': ID, 'user': user}), 'bad_request', '"user"')

    def test_from_and_to(self):
        """From then on, up to but not including; local time, an offset, UTC."""
        w = self.filled(20)
        for given, wanted in (({'from': '2026-11-22'}, range(20)), ({'to': '2026-11-22'}, ()),
                              ({'from': '2026-11-22T00:05'}, range(10, 20)), ({'from': '2026-11-21T23:05:00Z'}, range(10, 20)),
                              ({'to': '2026-11-22T00:05:00+01:00'}, range(10)),
                              ({'from': '2026-11-22T00:02', 'to': '2026-11-22T00:04'}, range(4, 8)),
                              ({'from': '2026-11-22T00:04', 'to': '2026-11-22T00:02'}, ()), ({'from': '2027-01-01'}, ())):
            self.assertEqual([m['id'] for m in self.all(w, limit=3, **given)[0]], self.ids(reversed(wanted)), given)

    def test_cursors_that_are_none(self):
        w = self.filled(3)
        for cursor in ('x', '1', '1.', '.1', '1.2x', '1,2', '1.2 ', '1.2.3'):
            self.error(w, 'history', json.dumps({'device': ID, 'cursor': cursor}), 'bad_request', '"cursor"')
        self.assertEqual(self.page(w, cursor='0.0'), {'records': [], 'next': None})

    def test_repeats_are_read_anew(self):
        """The same transaction: nothing of anybody's health is kept for it."""
        w = self.filled(1)
        before = self.ok(w, 'history', json.dumps({'device': ID, 'transaction': 't'}))
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '141/91/71')
        after = self.ok(w, 'history', json.dumps({'device': ID, 'transaction': 't'}))
        self.assertEqual(len(after['data']['records']), len(before['data']['records']) + 1)

    def test_switched_off(self):
        """mqtt.history = false: it says so, whatever is asked, and nothing of it is published."""
        w = self.world(service=False, env={'CUFF2MQTT_MQTT_HISTORY': 'false', 'TZ': 'Europe/Berlin'})
        w.service()
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        for payload in (ID, json.dumps({'device': ID, 'transaction': 1}), '{"device": "nobody"}'):
            self.error(w, 'history', payload, 'unsupported', 'mqtt.history', json.loads(payload).get('transaction')
                       if payload.startswith('{') else None)

    def test_more_than_the_broker_takes(self):
        """A page that the broker would refuse: too_large says what helps, and less works."""
        w = self.filled(60, broker_extra='max_packet_size 20000\n')
        self.error(w, 'history', json.dumps({'device': ID, 'limit': 60, 'transaction': 1}), 'too_large', 'ask for less', 1)
        self.assertEqual(len(self.all(w, limit=20)[0]), 60)

    def test_no_health_data_elsewhere(self):
        """Under bridge/ only the answers to history have any: neither events, nor lists (the log: test_homeassistant_controls)."""
        w = self.world(log_level='debug')
        self.measure(w, '173/119/97')
        self.ok(w, 'device/users', json.dumps({'device': ID, 'users': {'1': {'name': 'Anna', 'person': 'anna'}}}))
        for name in ('devices', 'info', 'health_check', 'backup'):
            self.ok(w, name)
        start = self.accepted(w, 'device/sync', {'device': ID})
        w.fake.do('measure 174/118/98')
        self.second_ok(w, 'device/sync', start)
        self.ok(w, 'history', ID)
        for m in w.subscriber.find('cuff2mqtt/bridge/.*'):
            if m.topic != response('history') and '/request/' not in m.topic:
                for word in ('systolic', 'diastolic', 'pulse', '173', '174', '119', '118'):
                    self.assertNotIn(word, self.without_numbers_of_its_own(m.payload), m)

    def without_numbers_of_its_own(self, payload):
        """Without times, ids, sizes."""
        return re.sub(r'"(time|started|last_sync|last_seen|rss_kb|fds|uptime_s|cpu_s|inst|path|message)":("[^"]*"|[\d.]+)', '', payload)


if __name__ == '__main__':
    unittest.main()
