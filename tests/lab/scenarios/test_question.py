"""The question this project began with: a Raspberry Pi pairs with an OMRON BP7350 and gets `Pairing Failed:
Unspecified reason (0x08)`, and D-Bus says nothing about why. data/original-question.txt is what its owner saw."""

import os
import re

from btsnoop import smp_of_text
from lab import CUFF, HERE, OMRON_CUFF, LabStory, kernels, short, timing

RETRY = 5.0  # seconds
ASKS_AND_FAILS = (OMRON_CUFF + ' security-request=yes',)


def original():
    with open(os.path.join(HERE, 'data', 'original-question.txt')) as f:
        return smp_of_text(f.read())


def smp_of_log(lines):
    found = re.findall(r'^log \S+ smp %s (host|cuff)=(\w+)' % CUFF, '\n'.join(lines), re.M)
    return [(who, bytes.fromhex(data)) for who, data in found]


class TestQuestion(LabStory):
    @short
    @kernels('6.12', '6.1')
    def test_the_trace(self):
        """A plain client connects, the cuff asks for security and refuses the keys: byte by byte the same."""
        w = self.world('pairing-outcome fail', service=False, cuffs=ASKS_AND_FAILS)
        w.fake.wait('powered yes')
        w.fake.do('foreign-agent on NoInputNoOutput')
        w.fake.do('foreign-scan on')
        w.fake.do('pairing-mode on')
        w.fake.wait('heard ' + CUFF)
        start = w.fake.do('foreign-scan off')
        w.fake.wait('scan off', start)
        w.fake.agent.say('connect ' + CUFF)
        w.fake.wait('call Connect .*answer=ok', start)  # D-Bus calls it a success
        w.fake.wait('pair-failed ' + CUFF, start)
        self.assertEqual([data.hex() for _, data in original()], ['0b01', '01030001100507', '0508'])
        self.assertEqual(smp_of_log(w.fake.out.lines), original())
        self.assertEqual(w.smp(3), original())

    @short
    @kernels('6.12', '6.1')
    def test_the_answer(self):
        """The same cuff in our pairing window: what happened, why it may be, and what to do."""
        w = self.world('pairing-outcome fail', cuffs=ASKS_AND_FAILS, config=timing(pairing_window=20.0, pairing_retry=RETRY))
        w.request('pairing', '{"active": true}')
        w.fake.do('pairing-mode on')
        failed = w.event('pairing_failed')['data']
        self.assertEqual(failed['device'], CUFF.replace(':', '').lower())
        self.assertIn(failed['code'], ('not_in_pairing_mode', 'bonded_elsewhere', 'passing_refusal'))
        self.assertTrue(failed['evidence'], failed)  # bluetoothd's answer to Pair(), or that the link fell before it
        self.assertIn('P blinks', failed['remedy'])
        self.assertIn(('cuff', b'\x05\x08'), w.smp(3))
        # The kernel tries each of our attempts once more by itself, at once; we do not join in.
        tries = [float(line.split()[1]) for line in w.fake.out.lines if ' call Pair ' in line]
        self.assertGreater(len(tries), 1)
        self.assertGreaterEqual(min(b - a for a, b in zip(tries, tries[1:])), RETRY)
        w.verify()
