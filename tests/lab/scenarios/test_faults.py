"""What happens to a gateway: bluetoothd dies, the dongle is pulled, aeroplane mode. It says so and recovers without a
restart; the measurement that was interrupted arrives, and the next one, each once."""

from lab import CUFF, LabStory, timing, weight

SPEAKS, SLOWLY = 'speaks-after 50', 'hold-indications 5000'
# A bluetoothd that has just met its adapter shows what a cuff offers after the first link with it; what the cuff says
# before is confirmed and heard by nobody (README, Limits). This one waits until an emulated bluetoothd is so far.
PATIENT = 'speaks-after 8000'


class TestFaults(LabStory):
    def goes(self, w, off, sentence):
        """Said in the events, in health and to who asks."""
        start = w.subscriber.here()
        w.fake.do(off)
        w.event('adapter_down', start)
        self.health(w, lambda h: not h['healthy'] and sentence in h['problem'], start)
        self.assertFalse(w.request('health_check')['data']['checks']['bluetooth'])

    def comes_back(self, w, on, speaks):
        """Unsaid; the kernel waits for cuffs again."""
        start = w.subscriber.here()
        w.fake.do(speaks)
        log = w.fake.do(on)
        w.event('adapter_up', start)
        self.health(w, lambda h: h['healthy'], start)
        w.fake.wait('call RegisterApplication .*answer=ok', log)

    def interrupted(self, off, on, sentence, speaks):
        """Between two indications."""
        w = self.world('hang-up-after 1', config=timing(cooldown=0.3, backoff_min=0.3, backoff_max=1.0))
        w.pair()
        for command in (SPEAKS, SLOWLY, 'measure announce=no 121/81/61', 'measure 122/82/62'):
            w.fake.do(command)
        w.measured('121/81/61')
        self.goes(w, off, sentence)
        self.comes_back(w, on, speaks)
        start = w.subscriber.here()
        w.fake.do('advertise')
        w.measured('122/82/62')
        w.event('sync_finished', start)
        w.fake.do(SPEAKS)
        self.measure(w, '123/83/63')
        self.assertEqual([row[2] for row in w.rows()], [121, 122, 123])
        self.assertEqual(w.fake.out.count('pair-start ' + CUFF), 1)
        self.assertEqual(w.events('bond_lost'), [])  # a dongle's devices go before itself
        self.assertEqual(w.running.stop(), 0)
        w.verify()

    @weight(60)
    def test_bluetoothd_killed(self):
        """bluetoothd is killed and started again."""
        self.interrupted('bluetoothd-kill', 'bluetoothd-start', 'systemctl start bluetooth', PATIENT)

    @weight(60)
    def test_dongle_pulled(self):
        """The dongle is pulled and put back."""
        self.interrupted('adapter-remove', 'adapter-add', 'plug it in', PATIENT)

    @weight(45)
    def test_rfkill(self):
        """Aeroplane mode and back."""
        self.interrupted('rfkill on', 'rfkill off', 'rfkill unblock', SPEAKS)
