"""The memory of OMRON cuffs: what people see of it on good days."""

import os
import unittest

from harness import CUFF
from memory_story import FAST, MemoryStory, RINGS

MODELS = {'classic': 'HEM-7155T', 'k4': 'HEM-7155T-K4'}


class Reading:
    """Told of a cuff with a key and of one without."""

    def test_paired_and_read(self):
        """Two people's full memories arrive with the pairing: each record once, as the cuff has it, oldest first,
        as backlog; the newest of each is retained. The cuff is the one that hangs up, after its three seconds."""
        w = self.world('hang-up-after 3', 'fill 1 60', 'fill 2 60', bonded=False, key=None, config='',
                       timing=FAST.replace('lingering = 1.0', 'lingering = 5.0'))
        w.pair()
        events = self.assert_told(w, self.held(w))
        self.assertEqual(len(events), 120)
        self.assertTrue(all(e['backlog'] and e['clock_ok'] and not e['map'] is None for e in events))
        for user in (1, 2):
            records = [e['record'] for e in events if e['user'] == user]
            self.assertEqual(records, list(range(1, 61)))
            self.assertEqual(self.retained(w, user)['record'], 60)
        w.fake.wait('hang-up ' + CUFF)
        w.fake.wait('disconnect %s by=cuff' % CUFF)
        self.assertEqual(w.fake.out.count('disconnect .* by=client'), 0)
        device = self.device(w)
        self.assertEqual((device['model'], device['model_id']), ('BP7350', MODELS[self.KIND]))
        self.assertIn('memory', device['capabilities'])
        self.verify(w)

    def test_only_what_is_new_is_read_again(self):
        """Nothing new: only the newest records are looked at. One new: it comes, once, and is no backlog."""
        w = self.world('fill 1 30', 'fill 2 30')
        self.assertEqual(self.sync(w)[0]['new_measurements'], 60)
        said, session = self.sync(w)
        self.assertEqual(said['new_measurements'], 0)
        self.assertEqual(len(session.reads(self.kind)), 2)
        said, session = self.sync(w, 'measure 131/84/67 user=2 beats=3 artifacts=1 ihb=yes')
        self.assertEqual(said['new_measurements'], 1)
        self.assertLessEqual(len(session.reads(self.kind)), 4)
        event = w.measured('131/84/67')
        self.assertEqual((event['user'], event['record'], event['backlog']), (2, 31, False))
        self.assertEqual((event['irregular_heartbeat'], event['irregular_beats'], event['artifacts']), (True, 3, 1))
        self.assertEqual(len(w.rows()), 61)
        self.verify(w)

    def test_the_ring_comes_around(self):
        """A full ring and three more; then more than a whole ring while nobody was there: what is left of it."""
        w = self.world('fill 1 60')
        self.sync(w)
        w.fake.do('fill 1 3 from=2026-02-01T07:00:00')
        said, session = self.sync(w)
        self.assertEqual(said['new_measurements'], 3)
        self.assertLessEqual(len(session.reads(self.kind)), 5)
        self.assertEqual(w.running.stop(), 0)
        w.fake.do('fill 1 65 from=2026-03-01T07:00:00')
        start = w.subscriber.here()
        w.service()
        self.assertEqual(self.sync(w)[0]['new_measurements'], 60)
        events = self.assert_told(w, self.held(w), start)
        self.assertEqual([e['record'] for e in events], list(range(69, 129)))
        self.assertEqual(len(w.rows()), 123)
        self.verify(w)

    def test_user_two_only(self):
        """The first user never measured: nobody hears of that user."""
        w = self.world('fill 2 3')
        self.sync(w)
        self.assertEqual({e['user'] for e in self.assert_told(w, self.held(w))}, {2})
        self.assertEqual([t for t in w.subscriber.retained() if '/user/1/' in t], [])
        self.sync(w, 'measure 131/84/67 user=1')
        self.assertEqual(w.measured('131/84/67')['user'], 1)
        self.verify(w)

    def test_unread_are_counted(self):
        """The device's topic says how many the cuff counts as not fetched: by anybody who clears that count."""
        w = self.world('fill 1 4', 'fill 2 1')
        self.sync(w)
        self.state(w, lambda s: s['unread'] == 5)
        self.verify(w)

    def test_empty(self):
        """A cuff fresh from its box: nothing to read is no failure, and the first measurement comes."""
        w = self.world()
        self.assertEqual(self.sync(w)[0]['new_measurements'], 0)
        self.sync(w, 'measure 131/84/67')
        w.measured('131/84/67')
        self.verify(w)

    def test_the_database_is_lost(self):
        """Everything is read again with the same ids, as backlog; the newest is retained; keys are kept beside it."""
        w = self.world('fill 1 5', 'fill 2 5', bonded=False, key=None, config='')
        w.pair()
        first = self.assert_told(w, self.held(w))
        self.verify(w)
        self.assertEqual(w.running.stop(), 0)
        for name in os.listdir(w.state_directory):
            if name.startswith('cuff2mqtt.db'):
                os.unlink(os.path.join(w.state_directory, name))
        start = w.subscriber.here()
        w.service()
        self.assertEqual(self.sync(w)[0]['new_measurements'], 10)
        again = self.assert_told(w, self.held(w), start)
        self.assertEqual([e['id'] for e in again], [e['id'] for e in first])
        self.assertTrue(all(e['backlog'] for e in again))
        self.assertEqual(self.retained(w, 1)['id'], [e['id'] for e in first if e['user'] == 1][-1])
        w.allowed_duplicates = 10
        self.verify(w)


class TestClassic(Reading, MemoryStory):
    KIND = 'classic'


class TestK4(Reading, MemoryStory):
    KIND = 'k4'


class TestOthers(MemoryStory):
    def read(self, kind, model):
        w = self.world('fill 1 5', *(['fill 2 3'] if len(RINGS[kind].starts) > 1 else []), kind=kind)
        self.sync(w)
        self.assert_told(w, self.held(w))
        self.assertEqual(self.device(w)['model_id'], model)
        self.sync(w, 'measure 131/84/67')
        w.measured('131/84/67')
        self.verify(w)

    def test_k4_with_a_token(self):
        self.read('k4-token', 'HEM-7155T-K4')

    def test_mw3(self):
        self.read('mw3', 'HEM-7155T-MW3')

    def test_one_user_and_records_of_14_bytes(self):
        self.read('7142t2', 'HEM-7142T2')

    def test_swapped_words(self):
        self.read('7322t', 'HEM-7322T')

    def test_memory_is_switched_off(self):
        """omron.memory = false: the cuff is listened to, and its memory is left alone."""
        w = self.world('fill 1 3', kind='k4', options='indicates=yes', config='omron: { memory = false; };\n',
                       timing=FAST.replace('collecting = 20.0', 'collecting = 1.0'))
        self.measure(w, '131/84/67')
        self.assertEqual(len(w.rows()), 1)
        self.assertEqual(w.fake.out.count(r'(start|token) %s|uuid=4912' % CUFF), 0)
        self.verify(w)


if __name__ == '__main__':
    unittest.main()
