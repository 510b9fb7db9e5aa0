"""The first attempt fails, the cuff goes on blinking: the next one in the same window works."""

from lab import CUFF, LabStory, kernels, timing, weight

HOST_ASKS = ('host', 0x01)
REFUSED = ('cuff', 0x05)
# LE legacy Just Works: request, response, confirm values, random values; then the cuff's keys, and ours.
KEYS = [HOST_ASKS, ('cuff', 0x02), ('host', 0x03), ('cuff', 0x03), ('host', 0x04), ('cuff', 0x04),
        *(('cuff', opcode) for opcode in (0x06, 0x07, 0x08, 0x09)), ('host', 0x06), ('host', 0x07)]


class TestRetry(LabStory):
    def tried_again(self, outcome, first_attempt, reason=None):
        """`first_attempt`: who says what on the air (SMP opcodes) until it has failed, for this `reason`."""
        def story(w):
            w.pair()
            self.assertEqual(w.fake.out.count('pair-start ' + CUFF), 2)
            self.assertEqual(w.fake.out.count('pair-failed ' + CUFF), 1)
            self.assertEqual([data['step'] for data in w.events('pairing_progress')].count('retry'), 1)
            self.assertEqual(w.events('pairing_failed'), [])
            self.state(w, lambda s: s['sync_state'] == 'idle')
            self.measure(w, '131/84/67', 'measure at=2026-08-01T07:30:00')
            w.fake.wait('call RegisterApplication .*answer=ok', w.fake.out.here())  # the kernel waits for it again

        w = self.same_in_both(story, 'pairing-outcome %s times=1' % outcome,
                              config=timing(cooldown=2.0, pairing_retry=1.0))
        smp = w.smp(len(first_attempt + KEYS))
        self.assertEqual([(who, pdu[0]) for who, pdu in smp], first_attempt + KEYS)
        self.assertEqual([pdu for who, pdu in smp if pdu[0] == 0x01], 2 * [bytes.fromhex('01030009100507')])
        self.assertEqual([pdu[1] for who, pdu in smp if pdu[0] == 0x05], [reason] if reason else [])

    @weight(40)
    @kernels('6.12', '6.1')
    def test_refused_without_a_reason(self):
        """Pairing Failed 0x08 (Unspecified Reason): the answer of the question that started it all."""
        self.tried_again('fail', [HOST_ASKS, REFUSED], 0x08)

    @weight(40)
    @kernels('6.12', '6.1')
    def test_confirm_value_failed(self):
        """Pairing Failed 0x04, half-way through; D-Bus shows the same as for 0x08."""
        self.tried_again('fail reason=0x04', KEYS[:5] + [REFUSED], 0x04)

    @weight(40)
    @kernels('6.12', '6.1')
    def test_hangs_up(self):
        """The cuff hangs up instead of an answer."""
        self.tried_again('hangup', [HOST_ASKS])
