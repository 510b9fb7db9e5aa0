"""Queues at their limits (docs/guarantees.md, Limits): what goes when there is no more room, and what never does."""

import json
import os
import sqlite3
import unittest

from harness import CUFF, Story
from request_story import EVENT, RequestStory, response, timing

MANY = ['C0:FF:EE:00:00:%02X' % n for n in range(64)]


def many(n):
    return dict(cuffs=['cuff %s name=n%d' % (cuff, i) for i, cuff in enumerate(MANY[:n])], bonded=False)


class TestAnswers(RequestStory):
    def test_answers_that_wait_for_the_broker(self):
        """PUBLISHER_LATE_MAX: 66 answers are due while the broker is away; the 64 newest come when it is back."""
        w = self.world(*('bonded ' + cuff for cuff in MANY[:22]), config=timing(wish=10.0), **many(22))
        w.wait_count('cuff', 22)
        start, names = w.subscriber.here(), ('device/sync', 'device/time', 'device/dump')
        self.assertEqual(w.request('device/sync', '{"transaction": 0}')['status'], 'accepted')
        for name in names[1:]:
            for n, cuff in enumerate(MANY[:22]):
                self.assertEqual(w.request(name, json.dumps({'device': cuff, 'transaction': n}))['status'], 'accepted')
        w.proxy.down()
        w.running.err.wait('An answer is given up: 64 others wait', w.running.err.wait('An answer is given up: 64 others wait'))
        w.proxy.up()
        w.subscriber.wait(response('device/dump'), lambda m: m.json['status'] == 'error', count=22, start=start)
        self.answers(w, 'info', 0)
        told = [m for name in names for m in w.subscriber.find(response(name), lambda m: m.json['status'] == 'error', start)]
        self.assertEqual(len(told), 64)
        self.assertEqual(w.running.err.count('An answer is given up'), 2)


class TestCuffs(Story):
    def test_one_more_than_there_may_be(self):
        """COLLECTOR_CUFFS_MAX: the 65th is not paired, and it is said why; the 64 are read as before."""
        w = self.world(*('bonded ' + cuff for cuff in MANY), 'cuff %s name=one-more' % CUFF, **many(64))
        w.wait_count('cuff', 64)
        self.assertEqual(w.request('pairing', '{"active": true}')['status'], 'ok')
        w.fake.do('pairing-mode %s on' % CUFF)
        failed = w.event('pairing_failed')['data']
        self.assertEqual((failed['code'], failed['cause']), ('too_many', 'The gateway cannot take another cuff'))
        w.wait_count('cuff', 64)
        self.measure(w, '131/84/67', cuff=MANY[63])
        w.verify()

    def test_more_users_than_a_cuff_has(self):
        """PUBLISHER_USERS_MAX: a ninth user's measurements are on the event topic, and nothing is retained for it."""
        w = self.world()
        for user in range(1, 9):
            w.fake.do('measure announce=no 12%d/80/60 user=%d' % (user, user))
        self.measure(w, '130/90/70', 'measure user=9')
        w.running.err.wait('A cuff has more than 8 users; user 9 is on the event topic only')
        users = {t.split('/')[4] for t in w.subscriber.retained() if '/user/' in t and t.startswith('cuff2mqtt/device')}
        self.assertEqual(users, set('12345678'))
        self.assertEqual(len(w.rows()), 9)


class TestOutbox(Story):
    def test_the_database_cannot_take_acknowledged_rows_out(self):
        """PUBLISHER_ACKED_MAX: while somebody holds the database no more than 64 are told ahead of it; then all, once."""
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertEqual(w.running.stop(), 0)
        w.fill_outbox(200)
        w.proxy.down()
        w.service(wait_connected=False)
        db = sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db'), isolation_level=None)
        self.addCleanup(db.close)
        db.execute('BEGIN IMMEDIATE')
        w.proxy.up()
        w.subscriber.wait(EVENT, count=1 + 49)
        w.request('info')
        self.assertLessEqual(len(w.subscriber.find(EVENT)), 1 + 64)
        db.execute('ROLLBACK')
        w.wait_outbox_empty()
        w.subscriber.wait(EVENT, count=201)
        w.request('info')
        ids = [m.json['id'] for m in w.subscriber.find(EVENT)]
        self.assertEqual((len(ids), len(set(ids))), (201, 201))


if __name__ == '__main__':
    unittest.main()
