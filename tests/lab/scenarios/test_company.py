"""The gateway is not alone on the bus."""

from lab import LabStory, timing, weight


class TestCompany(LabStory):
    @weight(45)
    def test_somebody_scans(self):
        """A paired cuff is read while bluetoothctl scans for everything, and when it has stopped."""
        w = self.world(config=timing(cooldown=2.0))
        w.pair()
        w.fake.do('foreign-scan on unfiltered')
        self.measure(w, '131/84/67')
        w.fake.do('foreign-scan off')
        self.measure(w, '128/80/64')
        w.verify()
