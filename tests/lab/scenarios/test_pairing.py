"""The first day: a cuff is paired over the air and read."""

from lab import CUFF, LabStory, short, timing


class TestPairing(LabStory):
    @short
    def test_pair_then_measure(self):
        """Window, button, keys on both sides; then a measurement goes all the way to the broker."""
        w = self.world(config=timing(cooldown=2.0))
        w.pair()
        self.assertTrue(w.device('Bonded'))
        self.measure(w, '131/84/67')
        self.assertEqual(self.show(w)['keys'], 'yes')
        self.assertEqual(w.fake.out.count('pair-start ' + CUFF), 1)
        self.assertEqual(w.running.stop(), 0)
        w.verify()
