"""Pairing and the everyday sessions, on a real bus and a real broker."""

import unittest

from harness import World

CUFF = '28:FF:B2:05:91:B5'


class TestPairing(unittest.TestCase):
    def test_pair_then_measure(self):
        with World() as w:
            w.service()
            event = w.pair()
            self.assertEqual(event['transaction'], 'pair')
            w.fake.do('measure 131/84/67')
            measured = w.measured('131/84/67')
            self.assertEqual((measured['user'], measured['device']), (1, CUFF.replace(':', '').lower()))
            self.assertEqual(w.running.stop(), 0)
            w.verify()


if __name__ == '__main__':
    unittest.main()
