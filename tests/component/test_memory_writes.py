"""What may be written into the memory of OMRON cuffs: only where an option names the cuff, only after a copy is kept,
and never again once a cuff refused it."""

import glob
import os
import unittest

from harness import CUFF
from memory_story import DEFAULT_KEY, ID, MemoryStory

CLOCK = {'classic': 0x0010 + 0x2C, 'k4': 0x0260 + 0x2C}


def allowed(option):
    return 'omron: { keys = "default"; %s = "C0:FF:EE:00:00:09 %s"; };\n' % (option, CUFF.lower())


class Writes:
    """Told of a cuff with a key and of one without."""

    def with_wrong_clock(self, *commands, config=allowed('set_clock')):
        """An hour late, and its clock cannot be set by 2A2B: that was tried in the first session."""
        w = self.world('clock -3600', 'clock-writable no', 'fill 1 2', *commands, config=config)
        session = self.sync(w)[1]
        self.assertEqual((session.count('call WriteValue .*Failed'), session.count('memory-write')), (1, 0))
        return w

    def test_clock_is_set(self):
        """Once; before that the old bytes are kept; the next session finds the clock right."""
        w = self.with_wrong_clock()
        before = self.peek(w, CLOCK[self.kind], 16)
        session = self.sync(w)[1]
        self.assertEqual((session.count('memory-write'), session.count('end .* rc=00')), (1, 1))
        name, = glob.glob(os.path.join(w.state_directory, 'backups', ID + '-*.bin'))
        self.assertTrue(name.endswith('-%04x.bin' % CLOCK[self.kind]))
        copy = self.kept(w, 'backups', os.path.basename(name))
        self.assertEqual((len(copy), copy[:8]), (16, before[:8]))
        self.assertEqual(self.peek(w, CLOCK[self.kind], 8), before[:8])
        self.assertEqual(self.sync(w)[1].count('memory-write'), 0)
        self.state(w, lambda s: s['clock_drift'] is not None and abs(s['clock_drift']) < 120)
        self.assertEqual(self.show(w)['clock_set'], 'yes')
        self.verify(w)

    def test_not_without_the_option(self):
        """The same cuff; the option is empty."""
        w = self.with_wrong_clock(config=DEFAULT_KEY)
        self.assertEqual(self.sync(w)[1].count('memory-write'), 0)
        self.assertFalse(os.path.exists(os.path.join(w.state_directory, 'backups')))
        self.verify(w)

    def test_not_without_a_copy(self):
        """Where no copy can be kept nothing is written; the measurements come all the same."""
        w = self.with_wrong_clock()
        with open(os.path.join(w.state_directory, 'backups'), 'w'):
            pass  # in the way of the directory
        w.fake.do('fill 1 1 from=2026-03-01T07:00:00')
        self.assertEqual(self.refused(w, 'The disk did not take').count('memory-write'), 0)
        self.assertEqual(len(w.rows()), 3)
        self.verify(w)

    def test_refused_once_is_never_again(self):
        """E5: the cuff takes nothing of it; said once; not tried again, not even after a restart."""
        w = self.with_wrong_clock()
        w.fake.do('omron-fault refuse-settings')
        session = self.refused(w, 'did not accept the settings', 'switched off')
        self.assertEqual((session.count('memory-write'), session.count('end .* rc=E5')), (1, 1))
        w.running.err.wait('^error memory: .*nothing is written any more')
        for _ in range(2):
            self.assertEqual(self.sync(w)[1].count('memory-write'), 0)
            self.assertEqual(w.running.stop(), 0)
            w.service()
        self.assert_told(w, self.held(w))
        self.verify(w)

    def test_unread_counters_are_cleared(self):
        """omron.clear_unread: after all was read; no record is touched."""
        w = self.world('fill 1 3', 'fill 2 2', config=allowed('clear_unread'))
        held = self.held(w)
        self.sync(w)
        shown = self.show(w)
        self.assertEqual([shown[key] for key in ('unread1', 'unread2', 'count1', 'count2')], ['0', '0', '3', '2'])
        self.assertEqual(self.held(w), held)
        self.assertEqual(self.sync(w)[1].count('memory-write'), 0)
        self.assert_told(w, held)
        self.verify(w)


class TestClassic(Writes, MemoryStory):
    KIND = 'classic'


class TestK4(Writes, MemoryStory):
    KIND = 'k4'


if __name__ == '__main__':
    unittest.main()
