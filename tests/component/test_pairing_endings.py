"""Every pairing window has its end, and so has every pairing: whatever happens to the cuff, to Bluetooth or to the
gateway meanwhile, `pairing_stopped` comes, and `pairing_finished` or `pairing_failed` with words that are true."""

import subprocess
import unittest

from harness import CUFF
from test_pairing_ladder import AGAIN, ASK, PAIR, QUICK, LadderStory

DEVICE = '/org/bluez/hci0/dev_' + CUFF.replace(':', '_')
SLOW = QUICK.replace('pairing_retry = 0.1', 'pairing_retry = 3.0').replace('connecting = 4.0', 'connecting = 1.0')


def window_of(seconds, config=QUICK):
    return config.replace('pairing_window = 60.0', 'pairing_window = %s' % seconds)


class EndingStory(LadderStory):
    def other_program(self, w, path, interface, method, *arguments):
        subprocess.run(['busctl', '--address=' + w.bus.address, 'call', 'org.bluez', path, 'org.bluez.' + interface,
                        method, *arguments], check=True)

    def nothing_follows(self, w):
        """The window's last word was the last."""
        w.request('info')
        self.assertEqual(self.told(w)[-1]['type'], 'pairing_stopped')


class TestLateBond(EndingStory):
    """BlueZ has the bond after all when the attempt was given up: the kernel tries once more by itself."""

    def refused(self, w):
        start = self.window(w)
        self.progress(w, 'retry', start)
        w.fake.wait('disconnect ' + CUFF)

    def test_the_cuff_sleeps(self):
        """The cuff is never heard again: the pairing has its end all the same, and the cuff is known."""
        w = self.world('pairing-outcome fail times=1', config=SLOW)
        self.refused(w)
        w.fake.do('pairing-mode off')
        w.fake.do('bonded')
        w.event('device_paired')
        finished = self.finished(w)
        self.assertIsNone(finished['new_measurements'])
        self.assertIn('could not be read', finished['text'])
        self.assertEqual(self.names(w)[-1], 'read_failed')
        self.assertEqual({m['transaction'] for m in self.told(w)}, {'t'})
        self.measure(w, '131/84/67')
        w.verify()

    def test_the_gateway_stops_before_it_is_read(self):
        w = self.world('pairing-outcome fail times=1', config=SLOW.replace('connecting = 1.0', 'connecting = 60.0'))
        self.refused(w)
        w.fake.do('pairing-mode off')
        w.fake.do('bonded')
        w.event('device_paired')
        self.assertEqual(w.running.stop(), 0)
        self.finished(w)
        self.assertIn('gateway was stopped', self.steps(w)[-1]['text'])

    def test_while_we_hang_up(self):
        """Our Disconnect() is under way: the next link is the first reading, and the bond is kept."""
        w = self.world('pairing-outcome fail times=1', 'delay Disconnect 1 times=1', config=SLOW)
        self.window(w)
        w.fake.wait('pair-failed')
        w.fake.do('bonded')
        self.assertEqual(self.finished(w)['new_measurements'], 0)
        self.assertEqual(w.fake.out.count('call RemoveDevice'), 0)
        self.assertEqual(w.fake.out.count('pair-start'), 1)
        self.measure(w, '131/84/67')
        w.verify()

    def test_connect_fails_behind_it(self):
        """The cuff had asked and was bonded before Connect() was answered, with an error."""
        w = self.world('unanswered Connect times=1', config=SLOW)
        self.window(w)
        w.fake.wait('call Connect ')
        w.fake.do('bonded')
        self.finished(w)
        self.assertEqual(w.fake.out.count('call RemoveDevice'), 0)
        self.assertEqual(w.fake.out.count('pair-start'), 0)
        w.verify()

    def test_a_link_that_waits_is_used(self):
        """The cuff is connected already when the next attempt is due, so it does not advertise."""
        w = self.world('pairing-outcome fail times=1', config=SLOW)
        self.refused(w)
        self.other_program(w, DEVICE, 'Device1', 'Connect')
        start = w.fake.out.here()
        w.event('device_paired')
        self.assertEqual(self.rungs(w), [PAIR, AGAIN])
        self.assertEqual(w.fake.out.count(' connect ' + CUFF, start), 0)
        self.finished(w)


class TestTimeIsOver(EndingStory):
    """The window's time ends in the middle of a rung."""

    def over(self, rung, *commands, memory='classic', config=QUICK):
        """`unanswered` hangs exactly one call, so the rung is still open when the window closes."""
        w = self.world(*commands, memory=memory, config=window_of('5.0', config))
        start = w.fake.out.here()
        self.window(w)
        failed = self.failed(w)
        self.assertEqual(w.event('pairing_stopped')['data']['reason'], 'timeout')
        self.assertEqual(self.rungs(w)[-1:], rung)
        self.nothing_is_left(w, start)
        self.nothing_follows(w)
        return failed

    def test_connecting(self):
        failed = self.over([], 'unanswered Connect times=9')
        self.assertEqual(failed['code'], 'link_lost')
        self.assertTrue(failed['evidence'].startswith('No link came up. '), failed)

    def test_pair(self):
        """A silent cuff, and less than the 30 s of a pairing: nobody has waited so long."""
        failed = self.over([PAIR], 'unanswered Pair')
        self.assertEqual(failed['code'], 'no_answer')
        self.assertRegex(failed['evidence'], r'^The time for pairing was over [0-9.]+ s after the cuff was asked to pair\. '
                                             'There was no answer so far; a pairing waits 30 s for one')
        self.assertNotIn('waited', failed['cause'])

    def test_again(self):
        failed = self.over([AGAIN], 'pairing-outcome timeout', 'time-scale 4', 'fail Pair AuthenticationFailed times=1')
        self.assertIn('Authentication', failed['evidence'])

    def test_cuff_asks(self):
        failed = self.over([ASK], 'pairing-outcome timeout', 'time-scale 4', 'fail Pair AuthenticationFailed times=2',
                           'unanswered StartNotify')
        self.assertIn('Authentication', failed['evidence'])


class TestOthers(EndingStory):
    def test_adapter_off(self):
        """bluetoothd is still there, and so was our agent: it would refuse everybody's pairings from then on."""
        w = self.world('foreign-agent on')
        before = self.default_agent(w)
        self.open_window(w)
        w.fake.wait('discovery start')
        start = w.fake.do('rfkill on')
        self.assertEqual(self.failed(w)['code'], 'adapter')
        w.fake.wait('agent default ', w.fake.wait('agent unregister', start))
        self.assertEqual(self.default_agent(w), before)

    def in_mid_pairing(self, command, *commands):
        w = self.world('pairing-outcome timeout', 'time-scale 1', *commands)
        self.window(w)
        w.fake.wait('pair-start')
        w.fake.do(command)
        self.assertEqual(self.failed(w)['code'], 'adapter')
        self.nothing_follows(w)

    def test_adapter_off_in_mid_pairing(self):
        self.in_mid_pairing('rfkill on')

    def test_adapter_pulled_in_mid_pairing(self):
        self.in_mid_pairing('adapter-remove')

    def test_bluetoothd_ends_in_mid_pairing(self):
        self.in_mid_pairing('bluetoothd-stop')

    def test_removed_by_another_program(self):
        """`bluetoothctl remove` in the middle of it: the next attempt."""
        w = self.world('pairing-outcome timeout times=1', 'time-scale 1')
        self.window(w)
        w.fake.wait('pair-start')
        self.other_program(w, '/org/bluez/hci0', 'Adapter1', 'RemoveDevice', 'o', DEVICE)
        self.finished(w)
        self.assertEqual(self.rungs(w), [PAIR, AGAIN])

    def test_removed_while_it_is_read(self):
        """The bond is gone again before the first reading is over."""
        w = self.world('unanswered ReadValue', memory='classic')
        self.window(w)
        w.fake.wait('call ReadValue')
        self.other_program(w, '/org/bluez/hci0', 'Adapter1', 'RemoveDevice', 'o', DEVICE)
        self.assertIsNone(self.finished(w)['new_measurements'])
        w.event('bond_lost')

    def test_the_gateway_stops_in_the_first_reading(self):
        """Said as it is: the cuff and its radio have done nothing wrong."""
        w = self.world('unanswered StartNotify', config=QUICK.replace('stop = 2.0', 'stop = 0.2'))
        self.window(w)
        w.fake.wait('call StartNotify')
        self.assertEqual(w.running.stop(), 0)
        self.assertIsNone(self.finished(w)['new_measurements'])
        self.assertEqual(self.steps(w)[-1]['text'], 'The first reading failed: The gateway was stopped')

    def test_the_old_bonds_removal_is_answered_later(self):
        """.. than the window was closed: nothing is told of it any more."""
        w = self.world('delay RemoveDevice 1 error=org.bluez.Error.Failed', bonded=True)
        w.fake.do('bond-lost')
        start = self.window(w)
        self.progress(w, 'old_bond', start)
        self.open_window(w, '{"active": false}')
        w.event('pairing_stopped')
        w.fake.wait('call RemoveDevice .*answer=org.bluez.Error.Failed')
        self.nothing_follows(w)

    def test_not_heard_after_the_old_bond_was_removed(self):
        """It was in pairing mode, and that is not denied."""
        w = self.world(bonded=True, config=window_of('2.0'))
        w.fake.do('bond-lost')
        w.fake.do('delay RemoveDevice 0.5')
        start = self.window(w)
        self.progress(w, 'old_bond', start)
        w.fake.do('pairing-mode off')
        w.fake.do('quiet')
        failed = self.failed(w)
        self.assertIn('not again after its old bond was removed', failed['evidence'])
        self.assertNotEqual(failed['certainty'], 'sure')


class TestNotTheCuff(EndingStory):
    def test_a_keyboard(self):
        """A slip of the pen in the address costs nobody a bond."""
        other = 'C0:FF:EE:00:00:03'
        w = self.world('stranger %s bonded=yes' % other)
        self.open_window(w, '{"active": true, "address": "%s"}' % other)
        self.assertEqual(self.failed(w)['code'], 'not_a_cuff')
        self.assertEqual(w.event('pairing_stopped')['data']['reason'], 'not_a_cuff')
        self.assertEqual(w.fake.out.count('call RemoveDevice'), 0)

    def test_wrong_bearer_for_once(self):
        """No refusal of the cuff's: the rung is the same, and its words are true."""
        w = self.world('fail Connect Failed br-connection-unknown times=2', memory='classic')
        self.window(w)
        self.finished(w)
        self.assertEqual(self.rungs(w), [PAIR])
        self.assertEqual([data['attempt'] for data in self.steps(w) if data['step'] == 'retry'], [1, 1])

    def test_subscription_refused(self):
        """On the cuff's own rung it is not Pair() that fails, and nothing else is said."""
        w = self.world('pairing-outcome fail', 'fail StartNotify NotPermitted Not paired', memory='classic')
        self.window(w)
        self.failed(w)
        log = '\n'.join(m.payload for m in w.subscriber.find('cuff2mqtt/bridge/logging'))
        self.assertIn('The subscription was refused ', log)


if __name__ == '__main__':
    unittest.main()
