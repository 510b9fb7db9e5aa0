"""The topic of a person: the newest measurement of all users that are this person, whatever the cuff."""

import json
import unittest

from harness import CUFF
from request_story import EVENT, ID, RequestStory, SECOND, SECOND_ID, TWO_CUFFS

ANNA = 'cuff2mqtt/person/anna/measurement'
BEN = 'cuff2mqtt/person/ben/measurement'


class TestPerson(RequestStory):
    def two(self, **options):
        w = self.world('bonded ' + SECOND, cuffs=TWO_CUFFS, **options)
        w.fake.wait('armed ' + SECOND)
        self.measure(w, '131/84/67')
        self.measure(w, '111/71/51', cuff=SECOND)
        return w

    def map(self, w, person, device=ID, user='1'):
        return self.ok(w, 'device/users', json.dumps({'device': device, 'users': {user: {'person': person}}}))

    def newest(self, w, topic, systolic, start=0):
        return w.subscriber.wait(topic, lambda m: m.payload and m.json['systolic'] == systolic, start=start).json

    def persons(self, w):
        return {t: json.loads(p)['systolic'] for t, p in w.subscriber.retained().items() if '/person/' in t}

    def test_the_newest_of_two_cuffs(self):
        """The same payload as on the user's own topic; it moves to whichever cuff measured last."""
        w = self.two()
        self.map(w, 'anna')
        first = self.newest(w, ANNA, 131)
        own = json.loads(w.subscriber.retained()['cuff2mqtt/device/%s/user/1/measurement' % ID])
        self.assertEqual(first, own)
        self.map(w, 'anna', SECOND_ID)
        self.newest(w, ANNA, 111)
        start = w.subscriber.here()
        self.measure(w, '132/85/68')
        self.newest(w, ANNA, 132, start)
        self.assertEqual(self.persons(w), {ANNA: 132})
        w.verify()

    def test_nobody_is_this_person_any_more(self):
        """Another person, or none: the old topic is cleared, also for who comes later."""
        w = self.two()
        self.map(w, 'anna')
        self.newest(w, ANNA, 131)
        self.map(w, 'ben')
        self.newest(w, BEN, 131)
        w.subscriber.wait(ANNA, lambda m: m.payload == '')
        self.assertEqual(self.persons(w), {BEN: 131})
        self.map(w, None)
        w.subscriber.wait(BEN, lambda m: m.payload == '')
        self.assertEqual(self.persons(w), {})

    def test_without_measurements(self):
        """A person who has none yet has no topic, and gets it with the first."""
        w = self.two()
        self.map(w, 'ben', user='2')
        self.answers(w, 'device/users', 0, 1)
        self.assertEqual(self.persons(w), {})
        w.fake.do('measure %s 141/91/71 user=2' % CUFF)
        self.newest(w, BEN, 141)

    def test_a_backlog_moves_it_once(self):
        """To the newest; it does not run through what was missed."""
        w = self.two()
        self.map(w, 'anna')
        self.newest(w, ANNA, 131)
        start = w.subscriber.here()
        for values in ('141/91/71', '142/92/72'):
            w.fake.do('measure %s announce=no %s' % (CUFF, values))
        w.fake.do('measure %s 143/93/73' % CUFF)
        self.newest(w, ANNA, 143, start)
        w.event('sync_finished', start)
        w.verify()

    def test_the_broker_was_away(self):
        """The mapping was taken away meanwhile, and the service killed: cleared on the next connection."""
        w = self.two()
        self.map(w, 'anna')
        self.newest(w, ANNA, 131)
        w.proxy.cut_at = lambda link, head, body: head[0] >> 4 == 3
        w.subscriber.publish('cuff2mqtt/bridge/request/device/users',
                             json.dumps({'device': ID, 'users': {'1': {'person': 'ben'}}}))
        w.running.err.wait('^warning mqtt: ')
        w.kill()
        w.proxy.cut_at = None
        self.assertEqual(self.persons(w), {ANNA: 131})
        w.proxy.up()
        w.service()
        self.newest(w, BEN, 131)
        w.subscriber.wait(ANNA, lambda m: m.payload == '')
        self.assertEqual(self.persons(w), {BEN: 131})

    def test_the_cuff_is_removed(self):
        """Then the other one's counts, or nothing; paired again it is there again."""
        w = self.two()
        self.map(w, 'anna', SECOND_ID)
        self.newest(w, ANNA, 111)
        self.map(w, 'anna')
        self.measure(w, '132/85/68')
        self.newest(w, ANNA, 132)
        start = w.subscriber.here()
        self.ok(w, 'device/remove', json.dumps({'device': ID, 'unpair': False}))
        self.newest(w, ANNA, 111, start)
        self.ok(w, 'device/remove', json.dumps({'device': SECOND_ID, 'unpair': False, 'purge': True}))
        w.subscriber.wait(ANNA, lambda m: m.payload == '', start=start)
        self.assertEqual(self.persons(w), {})

    def test_after_a_start_and_for_a_new_broker(self):
        """Everything retained is said anew on each connection."""
        w = self.two()
        self.map(w, 'anna')
        self.newest(w, ANNA, 131)
        self.assertEqual(w.running.stop(), 0)
        start = w.subscriber.here()
        w.service()
        self.newest(w, ANNA, 131, start)
        self.assertEqual(w.subscriber.find(EVENT, start=start), [])


if __name__ == '__main__':
    unittest.main()
