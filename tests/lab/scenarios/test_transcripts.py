"""The D-Bus fake is a claim about bluetoothd; here it has to keep it. The same story runs in both worlds, and
what service and bluetoothd say to each other must be the same. A difference is the fake's fault. Not among
these stories: what the kernel does as often as it likes, such as connecting a cuff with a lost bond."""

from lab import LabStory, kernels, timing, weight

MEASURE = 'measure 131/84/67 at=2026-08-01T07:30:00'


class TestTranscripts(LabStory):
    def rearmed(self, w, log, times):
        """The kernel waits for the cuff again: after the window that paired it, and after each rest."""
        for _ in range(times):
            log = w.fake.wait(r'call RegisterApplication path=\S+ answer=ok', log)

    @weight(45)
    @kernels('6.12', '6.1')
    def test_pairing_and_a_measurement(self):
        def story(w):
            log = w.fake.out.here()
            w.pair()
            self.rearmed(w, log, 2)
            start, log = w.subscriber.here(), w.fake.do(MEASURE)
            w.event('sync_finished', start)
            self.rearmed(w, log, 1)
        self.same_in_both(story, config=timing(cooldown=2.0))

    @weight(45)
    def test_pairing_fails(self):
        def story(w):
            w.request('pairing', '{"active": true}')
            w.fake.do('pairing-mode on 7')  # silent when the window closes
            w.event('pairing_failed')
            w.event('pairing_stopped')
        self.same_in_both(story, 'pairing-outcome fail', config=timing(pairing_window=12.0, pairing_retry=30.0))
