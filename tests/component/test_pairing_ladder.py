"""The attempts within one pairing window: which rung follows which, what is told of each, in which order, and that a
window that is closed in the middle of one leaves nothing behind."""

import re
import subprocess
import unittest

from harness import CUFF, FAST
from test_pairing import PairingStory

ID = CUFF.replace(':', '').lower()
NAME = 'BLESmart_0000025828FFB20591B5'
QUICK = FAST.replace('pairing_retry = 0.5', 'pairing_retry = 0.1')
QUICK = re.sub(r'(cooldown|listen|token) = [0-9.]+', r'\1 = 0.1', QUICK)
FIRST = ['looking', 'found', 'connecting', 'pairing']
NEXT = ['retry', 'found', 'connecting', 'pairing']
PAIR, AGAIN, ASK = 'asks the cuff for keys', 'once more', 'by itself'
RX0 = r'call StartNotify path=\S+'


class LadderStory(PairingStory):
    def world(self, *commands, memory=None, config=QUICK, **options):
        cuff = 'cuff %s name=%s %s' % (CUFF, NAME, 'memory=' + memory if memory else 'omron=yes users=2')
        if memory:  # it hangs up 3 s after its last word otherwise
            commands = ('hang-up-after 0.1', *commands)
        return super().world(*commands, cuffs=(cuff,), config=config, **options)

    def window(self, w):
        """Opens it, and holds the cuff's button."""
        start = w.subscriber.here()
        self.open_window(w, '{"active": true, "transaction": "t"}')
        w.fake.do('pairing-mode on')
        return start

    def told(self, w, start=0):
        """Everything of this pairing, in order."""
        found = w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'].startswith(('pairing_', 'device_')))
        return [m.json for m in found][start:]

    def steps(self, w):
        return [m['data'] for m in self.told(w) if m['type'] == 'pairing_progress']

    def names(self, w):
        return [data['step'] for data in self.steps(w)]

    def rungs(self, w):
        """Which one each attempt was, by its words."""
        words = [data['text'] for data in self.steps(w) if data['step'] == 'pairing']
        return [ASK if ASK in text else AGAIN if AGAIN in text else PAIR if PAIR in text else text for text in words]

    def finished(self, w, start=0):
        return w.event('pairing_finished', start)['data']

    def failed(self, w):
        """How the window ended: cause and all."""
        failed = w.event('pairing_failed')['data']
        w.event('pairing_stopped')
        return failed

    def nothing_is_left(self, w, start):
        """After the window: no agent of ours, no link, no subscription that would be renewed."""
        w.fake.wait('agent unregister', start)
        w.event('pairing_stopped')
        lines = w.fake.out.lines
        if any(' connect ' + CUFF in line for line in lines):
            w.fake.wait('disconnect ' + CUFF, start)
        self.assertEqual(self.show(w)['connected'], 'no')
        self.assertEqual(self.default_agent(w), 'none')


class TestRungs(LadderStory):
    def test_asks_when_rx0_is_subscribed(self):
        """A classic cuff refuses Pair() twice, and pairs when it is made to ask."""
        w = self.world('pairing-outcome fail times=2', memory='classic')
        self.window(w)
        self.finished(w)
        self.assertEqual(self.rungs(w), [PAIR, AGAIN, ASK])
        self.assertEqual(self.names(w), FIRST + NEXT + NEXT + ['security', 'bonded', 'recognised', 'clock', 'read'])
        self.assertEqual(w.fake.out.count('call Pair '), 2)
        self.assertEqual([line.split()[-1] for line in w.fake.out.lines if ' pair-start ' in line],
                         ['by=client', 'by=client', 'by=cuff'])
        w.fake.wait('key-programmed ' + CUFF)
        self.assertEqual([data['attempt'] for data in self.steps(w) if data['step'] == 'retry'], [1, 2])
        self.measure(w, '131/84/67')
        w.verify()

    def test_modern_cuff_asks_by_itself(self):
        """A modern one asks as soon as it is connected: nothing is subscribed for that."""
        w = self.world('pairing-outcome fail times=2', memory='k4')
        self.window(w)
        self.finished(w)
        self.assertEqual(self.rungs(w), [PAIR, AGAIN, ASK])
        bonded = next(i for i, line in enumerate(w.fake.out.lines) if ' bonded ' in line)
        self.assertFalse([line for line in w.fake.out.lines[:bonded] if 'StartNotify' in line])
        self.measure(w, '131/84/67')
        w.verify()

    def test_fails_once(self):
        """Pair() once more, and it is done: the cuff is never made to ask."""
        w = self.world('pairing-outcome fail times=1', memory='classic')
        self.window(w)
        self.finished(w)
        self.assertEqual(self.rungs(w), [PAIR, AGAIN])
        self.assertEqual(self.names(w), FIRST + NEXT + ['bonded', 'recognised', 'clock', 'read'])
        self.measure(w, '131/84/67')
        w.verify()

    def test_fails_always(self):
        """Five attempts in this order, then the causes of the last."""
        w = self.world('pairing-outcome fail', memory='classic')
        self.window(w)
        failed = self.failed(w)
        self.assertEqual(self.rungs(w), [PAIR, AGAIN, ASK, AGAIN, ASK])
        self.assertEqual(self.names(w).count('retry'), 4)
        self.assertEqual(w.event('pairing_stopped')['data']['reason'], 'attempts')
        self.assertGreater(len(failed['causes']), 1)
        self.assertEqual(failed['certainty'], 'possible')
        self.assertNotIn('not_in_pairing_mode', [c['cause'] for c in failed['causes']])  # P blinked
        for data in self.steps(w):
            if data['step'] == 'retry':
                self.assertTrue(data['text'].endswith('. Trying again as soon as the cuff is heard'), data)
        w.verify()

    def test_a_cuff_that_does_not_ask(self):
        """A cuff that never asks: what Pair() said before stays the answer, and the time is limited."""
        w = self.world('pairing-outcome fail', config=QUICK.replace(' subscribing = 4.0', ' subscribing = 0.5'))
        self.window(w)
        failed = self.failed(w)
        self.assertEqual(self.rungs(w), [PAIR, AGAIN, ASK, AGAIN, ASK])
        self.assertEqual(w.fake.out.count('pair-start'), 3)
        self.assertIn('Authentication', failed['evidence'])
        w.verify()

    def test_hanging_subscription(self):
        """StartNotify is never answered (6.1 kernels): the attempt ends all the same."""
        w = self.world('pairing-outcome fail times=2', 'unanswered StartNotify times=1', memory='classic',
                       config=QUICK.replace(' subscribing = 4.0', ' subscribing = 0.8'))
        self.window(w)
        w.event('device_paired')
        self.assertEqual(self.rungs(w)[:3], [PAIR, AGAIN, ASK])
        w.event('pairing_finished')
        w.verify()

    def test_not_reached_is_no_refusal(self):
        """Connect() fails: the same rung once more, and no attempt is lost."""
        w = self.world('fail Connect ConnectionAttemptFailed Page Timeout times=7', memory='classic')
        self.window(w)
        self.finished(w)
        self.assertEqual(self.rungs(w), [PAIR])
        retries = [data for data in self.steps(w) if data['step'] == 'retry']
        self.assertEqual([data['attempt'] for data in retries], 7 * [1])
        self.assertIn('radio', retries[0]['text'])
        w.verify()

    def test_hangs_up(self):
        """The link falls while keys are exchanged: the next rung."""
        w = self.world('pairing-outcome hangup times=2', memory='classic')
        self.window(w)
        self.finished(w)
        self.assertEqual(self.rungs(w), [PAIR, AGAIN, ASK])
        w.verify()

    def test_another_programs_agent(self):
        """A desktop's agent is there: while the window is open ours answers, in every rung."""
        w = self.world('pairing-outcome fail times=2', 'foreign-agent on', memory='classic')
        self.window(w)
        self.finished(w)
        self.assertEqual(self.rungs(w), [PAIR, AGAIN, ASK])
        self.assertIn('security', self.names(w))
        self.assertEqual(w.fake.out.count('foreign-agent-asked'), 0)
        w.verify()


class TestFacts(LadderStory):
    """What the gateway saw goes into the cause and how sure it is."""

    def test_never_heard(self):
        w = self.world(config=QUICK.replace('pairing_window = 60.0', 'pairing_window = 0.5'))
        self.open_window(w)
        failed = self.failed(w)
        self.assertEqual((failed['device'], failed['code'], failed['certainty']), (None, 'not_in_pairing_mode', 'likely'))
        self.assertIn('bonded_elsewhere', [c['cause'] for c in failed['causes']])

    def test_heard_without_its_p(self):
        """It was near all the time: the cause is sure."""
        w = self.world(config=QUICK.replace('pairing_window = 60.0', 'pairing_window = 2.0'))
        self.open_window(w)
        w.fake.do('advertise')
        failed = self.failed(w)
        self.assertEqual((failed['code'], failed['certainty']), ('not_in_pairing_mode', 'sure'))
        said = next(data for data in self.steps(w) if data['step'] == 'not_in_pairing_mode')
        self.assertEqual((said['device'], said['name']), (ID, NAME))
        self.assertLess(said['rssi'], 0)

    def test_no_flag_to_show(self):
        """Another maker's cuff: nobody knows whether it was in pairing mode, so that may be it."""
        w = super(LadderStory, self).world(cuffs=('cuff %s omron=no name=Other' % CUFF,), config=QUICK)
        w.fake.do('pairing-outcome hangup')
        self.open_window(w, '{"active": true, "address": "%s"}' % CUFF)
        w.fake.do('pairing-mode on')
        retry = self.progress(w, 'retry')
        self.assertIn('not in pairing mode', retry['data']['text'])
        self.open_window(w, '{"active": false}')

    def test_no_keys(self):
        """Paired without keys, and the adapter says that it is pairable: likely, not sure."""
        w = self.world('pairing-outcome not-bonded', config=QUICK.replace('pairing_window = 60.0', 'pairing_window = 5.0'))
        self.window(w)
        failed = self.failed(w)
        self.assertEqual(failed['code'], 'not_pairable')
        self.assertIn('pairable on', failed['remedy'])
        self.assertNotEqual(failed['certainty'], 'sure')

    def set_pairable(self, w, value):
        subprocess.run(['busctl', '--address=' + w.bus.address, 'set-property', 'org.bluez', '/org/bluez/hci0',
                        'org.bluez.Adapter1', 'Pairable', 'b', value], check=True)

    def test_not_pairable(self):
        """Somebody told the adapter not to bond: sure; and what the remedy says helps."""
        w = self.world(config=QUICK.replace('pairing_window = 60.0', 'pairing_window = 5.0'))
        self.set_pairable(w, 'false')
        self.window(w)
        failed = self.failed(w)
        self.assertEqual((failed['code'], failed['certainty']), ('not_pairable', 'sure'))
        self.assertIn('Pairable was false', failed['evidence'])
        self.set_pairable(w, 'true')
        w.pair()
        w.verify()

    def test_wrong_bearer(self):
        """BlueZ tries classic Bluetooth: its own words, with the line to change, and no guess at the cuff."""
        w = self.world('fail Connect Failed br-connection-unknown times=5')
        self.window(w)
        failed = self.failed(w)
        self.assertEqual((failed['code'], failed['certainty']), ('wrong_bearer', 'sure'))
        self.assertIn('ControllerMode=le', failed['remedy'])
        self.assertEqual(len(failed['causes']), 1)

    def test_others_own_words(self):
        """What is not the cuff's doing has its own code, and is sure."""
        w = self.world()
        self.open_window(w)
        w.fake.wait('discovery start')
        w.fake.do('bluetoothd-stop')
        failed = self.failed(w)
        self.assertEqual((failed['code'], failed['certainty']), ('adapter', 'sure'))
        self.assertEqual(failed['causes'], [{'cause': 'adapter', 'evidence': failed['evidence'], 'remedy': failed['remedy']}])


class TestSteps(LadderStory):
    """A good pairing from the first word to the last, with the transaction on all of it."""

    def good(self, memory, stack, model_id, held, clock=True):
        w = self.world(*('measure announce=no 12%d/81/61' % n for n in range(held)), memory=memory)
        self.window(w)
        finished = self.finished(w)
        wanted = FIRST + (['security'] if 'security' in self.names(w) else []) + ['bonded', 'recognised']
        self.assertEqual(self.names(w), wanted + (['clock'] if clock else []) + ['read'])
        self.assertEqual([m['type'] for m in self.told(w) if m['type'] != 'pairing_progress'],
                         ['pairing_started', 'device_paired', 'pairing_stopped', 'pairing_finished'])
        self.assertEqual({m['transaction'] for m in self.told(w)}, {'t'})
        for data in self.steps(w) + [finished]:
            self.assertRegex(data['text'], r'^[A-Z].* .*[a-z0-9)]$')
        data = {data['step']: data for data in self.steps(w)}
        self.assertRegex(data['looking']['until'], r'^\d{4}-\d\d-\d\dT')
        self.assertEqual((data['found']['device'], data['found']['name']), (ID, NAME))
        self.assertLess(data['found']['rssi'], 0)
        self.assertEqual((data['recognised']['stack'], data['recognised']['model_id']), (stack, model_id))
        self.assertEqual(data['recognised']['users'], [1, 2])
        self.assertEqual((finished['device'], finished['model_id'], finished['users'], finished['new_measurements']),
                         (ID, model_id, [1, 2], held))
        self.assertEqual(finished['model'], data['recognised']['model'])
        w.verify()
        return data

    def test_classic(self):
        data = self.good('classic', 'classic', 'HEM-7155T', 2)
        self.assertIn("OMRON's classic memory; users: 2", data['recognised']['text'])
        self.assertIn('2', data['read']['text'])

    def test_k4(self):
        data = self.good('k4', 'modern', 'HEM-7155T-K4', 1)
        self.assertIn("OMRON's modern memory", data['recognised']['text'])

    def test_empty_memory(self):
        """A new cuff: nothing in its memory proves what it is."""
        w = self.world(memory='classic')
        self.window(w)
        self.finished(w)
        recognised = next(data for data in self.steps(w) if data['step'] == 'recognised')
        self.assertIn("with OMRON's memory", recognised['text'])
        self.assertEqual((recognised['stack'], recognised['model_id'], recognised['users']), ('classic', None, [1, 2]))

    def test_standard(self):
        data = self.good(None, 'standard', None, 1)
        self.assertIn('by itself', data['recognised']['text'])
        self.assertIn('right', data['clock']['text'])

    def test_nothing_held(self):
        self.assertIn('no new measurements', self.good(None, 'standard', None, 0)['read']['text'])

    def clock_of(self, clock, *commands):
        w = super(LadderStory, self).world(*commands, cuffs=('cuff %s name=%s omron=yes users=2 clock=%s' % (CUFF, NAME, clock),), config=QUICK)
        self.window(w)
        self.finished(w)
        return next(data for data in self.steps(w) if data['step'] == 'clock')['text']

    def test_clock_is_set(self):
        self.assertIn('is set now', self.clock_of('-7200'))

    def test_clock_cannot_be_set(self):
        self.assertIn('could not be set', self.clock_of('-7200', 'clock-writable no'))

    def test_first_reading_fails(self):
        """The link falls behind the bond: said, and the pairing is finished all the same."""
        w = self.world('vanish at=subscribing', memory='classic')
        self.window(w)
        finished = self.finished(w)
        self.assertIsNone(finished['new_measurements'])
        self.assertIn('could not be read', finished['text'])
        self.assertEqual(self.names(w)[-1], 'read_failed')
        self.assertNotIn('read', self.names(w))
        self.assertEqual({m['transaction'] for m in self.told(w)}, {'t'})

    def test_told_once(self):
        """The sessions that follow are no pairing any more."""
        w = self.world()
        self.window(w)
        self.finished(w)
        before = len(self.told(w))
        self.measure(w, '131/84/67')
        self.assertEqual(len(self.told(w)), before)
        w.verify()


class TestClosed(LadderStory):
    """Closed on request in the middle of each rung."""

    def closed(self, refusals, rung, memory='classic', known=False):
        w = self.world(*([] if refusals == 0 else ['pairing-outcome fail times=%d' % refusals]), memory=memory,
                       bonded=known)
        if known:  # paired long ago, and it has forgotten us
            w.fake.do('bond-lost')
        self.window(w)
        if refusals == 0:
            w.fake.do('pairing-outcome timeout times=1')
        for n in range(refusals):
            w.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['data'].get('step') == 'retry', count=n + 1)
        if refusals:
            w.fake.do('pairing-outcome timeout times=1')
        self.pair_starts(w, refusals + 1)
        w.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['data'].get('step') == 'pairing', count=refusals + 1)
        start = w.fake.out.here()
        self.open_window(w, '{"active": false}')
        self.nothing_is_left(w, start)
        self.assertEqual(self.rungs(w)[-1], rung)
        self.assertFalse([m for m in self.told(w) if m['type'] == 'pairing_failed'])
        if known:  # not by the cuff's patience, or BlueZ's
            self.assertIn('disconnect %s by=client' % CUFF, '\n'.join(w.fake.out.lines[start:]))
        if rung == ASK:
            w.fake.wait('call (StopNotify|RemoveDevice) .*answer=ok', start)
        w.pair()
        self.measure(w, '131/84/67')
        w.verify()

    def pair_starts(self, w, n):
        at = 0
        for _ in range(n):
            w.fake.wait('pair-start ' + CUFF, at)
            at = next(i for i in range(at, len(w.fake.out.lines)) if 'pair-start ' + CUFF in w.fake.out.lines[i]) + 1

    def test_pair(self):
        self.closed(0, PAIR)

    def test_again(self):
        self.closed(1, AGAIN)

    def test_cuff_asks(self):
        self.closed(2, ASK)

    def test_cuff_asks_modern(self):
        self.closed(2, ASK, memory='k4')

    def test_known_cuff(self):
        """A cuff that was paired before stays known; its link and its subscription do not."""
        self.closed(0, PAIR, known=True)

    def test_known_cuff_asks(self):
        self.closed(2, ASK, known=True)

    def test_while_connecting(self):
        """No link yet: none comes up afterwards."""
        w = self.world('unanswered Connect times=1', memory='classic')
        self.window(w)
        w.fake.wait('call Connect ')
        start = w.fake.out.here()
        self.open_window(w, '{"active": false}')
        w.fake.wait('agent unregister', start)
        w.fake.wait('call RemoveDevice .*answer=ok', start)
        w.pair()
        w.verify()


if __name__ == '__main__':
    unittest.main()
