"""The keys of OMRON cuffs: who has which, what is said when it is the wrong one, and where they are kept."""

import os
import unittest

from harness import CUFF
from memory_story import COMMUNITY_KEY, FAST, ID, MemoryStory

# Whose memory stays shut is listened to until it hangs up: here not for long.
BRIEF = FAST.replace('collecting = 20.0', 'collecting = 3.0')
THEIRS, NOBODYS = '00112233445566778899aabbccddeeff', 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'


class TestKeys(MemoryStory):
    KIND = 'classic'

    def world(self, *commands, **options):
        return super().world(*commands, timing=BRIEF, **options)

    def restart(self, w, keys=''):
        self.assertEqual(w.running.stop(), 0)
        w.extra_config = ('omron: { keys = "%s"; };\n' % keys if keys else '') + BRIEF
        w.service()

    def opened(self, w):
        """A session whose first try of a key opens the memory."""
        session = self.sync(w)[1]
        self.assertEqual((session.count('unlock .*status=00 command=01'), session.count('unlock ')), (1, 1))

    def paired(self, *commands):
        w = self.world(*commands, bonded=False, key=None, config='')
        w.pair()
        return w

    def test_programmed_while_pairing(self):
        """A random key: in the cuff, in a file for us alone, and nowhere else."""
        w = self.paired('fill 1 2')
        key = self.key(w)
        self.assertEqual(w.fake.out.count('write .* uuid=b305 value=00' + key), 1)
        self.assertEqual(w.fake.out.count('key-programmed'), 1)
        self.assertEqual(self.show(w)['key'], 'set')
        self.assertEqual(len(set(bytes.fromhex(key))) > 4, True, key)
        self.opened(w)
        said = '\n'.join(w.running.err.lines + [repr(m) for m in w.subscriber.messages])
        self.assertNotIn(key, said.lower())
        self.verify(w)

    def test_nothing_is_programmed_that_is_not_kept(self):
        """No key reaches the cuff that could not be written to the disk before."""
        w = self.world('fill 1 2', bonded=False, key=None, config='', service=False)
        os.mkdir(w.state_directory, 0o700)
        with open(os.path.join(w.state_directory, 'keys'), 'w'):
            pass  # in the way of the directory
        w.service()
        self.assertEqual(w.request('pairing', '{"active": true}')['status'], 'ok')
        w.fake.do('pairing-mode on')
        self.assertIn('The disk did not take', w.event('sync_failed')['data']['reason'])
        self.assertEqual(w.fake.out.count('key-programmed|value=00[0-9a-f]{32}$'), 0)
        self.assertEqual(self.show(w)['key'], 'none')
        self.verify(w)

    def test_adopted_without_a_key(self):
        """Bonded by hand or by another program: said, with what to do; a key from the configuration opens it and is
        kept, so that the configuration is not needed any more."""
        w = self.world('fill 1 2', config='')
        session = self.refused(w, 'opens its memory only with a key', 'omron.keys')
        self.assertEqual(session.count(' (unlock|start) '), 0)
        self.assertFalse(os.path.exists(os.path.join(w.state_directory, 'keys', ID)))
        self.restart(w, 'default')
        self.opened(w)
        self.assertEqual(self.key(w), COMMUNITY_KEY)
        self.assert_told(w, self.held(w))
        self.restart(w)
        self.opened(w)
        self.verify(w)

    def test_another_device_put_in_its_key(self):
        """A phone was paired meanwhile: said, with what to do; its key, once it is told, opens the memory."""
        w = self.paired('fill 1 2')
        w.fake.do('cuff-key ' + THEIRS)
        w.fake.do('fill 1 1 from=2026-03-01T07:00:00')
        session = self.refused(w, 'Another device', 'Pair the cuff with this gateway again', 'omron.keys', '"default"')
        self.assertEqual((session.count('unlock .*status=01'), session.count(' start ')), (1, 0))
        self.restart(w, THEIRS)
        self.refused(w, 'Another device')  # ours first: one key for each link
        self.assertEqual(self.sync(w)[0]['new_measurements'], 1)
        self.assertEqual(self.key(w), THEIRS)
        self.opened(w)
        self.verify(w)

    def test_keys_are_tried_in_turn(self):
        """Of several keys in the configuration the right one is found, and then known."""
        w = self.world('fill 1 2', key=THEIRS, config='omron: { keys = "%s, default %s"; };\n' % (NOBODYS, THEIRS))
        self.refused(w, 'Another device')
        self.refused(w, 'Another device')
        self.opened(w)
        self.opened(w)
        self.assertEqual(self.key(w), THEIRS)
        self.assert_told(w, self.held(w))
        self.verify(w)

    def test_paired_again(self):
        """.. or the cuff is paired again, and has our key once more: the same one."""
        w = self.paired('fill 1 2')
        key = self.key(w)
        w.fake.do('cuff-key default')
        self.refused(w, 'Another device')
        w.fake.do('quiet')
        w.pair()
        self.assertEqual(self.key(w), key)
        self.opened(w)
        self.assertEqual(len(w.rows()), 2)
        self.verify(w)

    def test_link_falls_before_the_key_is_in(self):
        """The cuff was bonded, and its link fell before it got a key: what is said leads to pairing it again."""
        w = self.world('fill 1 2', 'vanish at=subscribing', bonded=False, key=None, config='')
        self.assertEqual(w.request('pairing', '{"active": true}')['status'], 'ok')
        w.fake.do('pairing-mode on')
        w.event('device_paired')
        w.event('sync_failed')
        w.fake.wait('disconnect %s by=lost' % CUFF)
        self.assertEqual(self.show(w)['key'], 'none')
        self.refused(w, 'P blinks')
        start = w.subscriber.here()
        w.pair()
        self.assertEqual(self.show(w)['key'], 'set')
        self.assert_told(w, self.held(w), start)
        self.verify(w)


if __name__ == '__main__':
    unittest.main()
