"""Cuffs that indicate a measurement (2A35) and keep it in their memory: whichever way comes first, comes again or never
comes, it is one measurement."""

import unittest

from harness import CUFF
from memory_story import DEFAULT_KEY, FAST, MemoryStory

COLUMNS = 'SELECT systolic, diastolic, pulse, record, source FROM measurement ORDER BY arrival'
UNSET = ('clock unset', 'clock-writable no')  # new batteries, and nobody may set it


class BothWays:
    """Told of a cuff with a key and of one without."""

    def world(self, *commands, **options):
        return super().world(*commands, options='indicates=yes', **options)

    def test_indicated_first(self):
        """As cuffs do: the indication makes the row, the record completes it and is not told again."""
        w = self.world('fill 1 2')
        said, session = self.sync(w, 'measure 131/84/67 beats=2 ihb=yes')
        self.assertEqual((said['new_measurements'], session.count(' indication ')), (3, 1))
        events = w.subscriber.find('.*/user/.*/event', lambda m: m.json['systolic'] == 131)
        self.assertEqual(len(events), 1)
        self.assertIn((131, 84, 67, 3, '2a35'), w.rows(COLUMNS))
        self.assertEqual(w.rows('SELECT irregular_beats FROM measurement WHERE systolic = 131'), [(2,)])
        self.assertEqual(len(w.rows()), 3)
        self.assertEqual(self.sync(w)[0]['new_measurements'], 0)
        self.assertEqual(len(w.rows()), 3)
        self.verify(w)

    def test_read_first(self):
        """The cuff speaks late: the record makes the row, the indication is not told again."""
        w = self.world('speaks-after 3500', 'hang-up-after 4', timing=FAST.replace('lingering = 1.0', 'lingering = 10.0'))
        session = self.sync(w, 'measure 131/84/67')[1]
        said = [line.split()[2] for line in session.lines if ' end ' in line or ' indication ' in line]
        self.assertEqual(said, ['end', 'indication'])
        w.event('sync_finished')
        self.assertEqual(w.rows(COLUMNS), [(131, 84, 67, 1, 'memory')])
        w.fake.do('hang-up-after 0.3')
        self.assertEqual(self.sync(w)[0]['new_measurements'], 0)
        self.assertEqual(len(w.rows()), 1)
        self.verify(w)

    def test_both_without_a_time(self):
        """The clock was never set, and both ways say so: still one."""
        w = self.world(*UNSET)
        said, session = self.sync(w, 'measure 131/84/67')
        self.assertEqual((said['new_measurements'], session.count(' indication ')), (1, 1))
        self.assertEqual(w.rows(COLUMNS), [(131, 84, 67, 1, '2a35')])
        self.assertEqual(self.sync(w)[0]['new_measurements'], 0)
        event = w.measured('131/84/67')
        self.assertEqual((event['clock_ok'], event['backlog']), (False, False))
        self.verify(w)

    def test_equal_values_without_a_time(self):
        """Measured twice with the same result by a cuff without a time, on two links: two, and each way finds its own."""
        w = self.world(*UNSET)
        for record in (1, 2):
            said, session = self.sync(w, 'measure 131/84/67')
            self.assertEqual((said['new_measurements'], session.count(' indication ')), (1, 1))
        self.assertEqual(w.rows(COLUMNS), [(131, 84, 67, 1, '2a35'), (131, 84, 67, 2, '2a35')])
        self.assertEqual(self.sync(w)[0]['new_measurements'], 0)
        self.verify(w)

    def test_equal_values_on_one_link(self):
        """.. or on one link, where the indications alone could not be told apart."""
        w = self.world(*UNSET, 'measure announce=no 131/84/67')
        self.sync(w, 'measure 131/84/67')
        self.assertEqual(len(w.rows()), 2)
        self.assertEqual(self.sync(w)[0]['new_measurements'], 0)
        self.assertEqual(len(w.rows()), 2)
        self.verify(w)

    def test_only_the_memory_is_wanted(self):
        """omron.no_listening names the cuff: no indication is asked for, and everything comes from the memory."""
        w = self.world('fill 1 2', config=DEFAULT_KEY.replace('; };', '; no_listening = "%s"; };' % CUFF))
        session = self.sync(w, 'measure 131/84/67')[1]
        self.assertEqual(session.count(' indication |uuid=2a35'), 0)
        self.assertEqual([source for *_, source in w.rows(COLUMNS)], ['memory'] * 3)
        self.verify(w)


class TestClassic(BothWays, MemoryStory):
    KIND = 'classic'


class TestK4(BothWays, MemoryStory):
    KIND = 'k4'


if __name__ == '__main__':
    unittest.main()
