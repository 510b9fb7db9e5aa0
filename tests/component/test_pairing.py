"""The pairing window: what a person with a cuff in one hand sees, whatever goes wrong."""

import unittest

from harness import CUFF, FAST, Story

SECOND = 'C0:FF:EE:00:00:02'
SHORT = FAST.replace('pairing_window = 60.0', 'pairing_window = %s') \
        .replace('pairing_retry = 0.5', 'pairing_retry = 0.1').replace(' subscribing = 4.0', ' subscribing = 0.5')


class PairingStory(Story):
    def world(self, *commands, bonded=False, **options):
        return super().world(*commands, bonded=bonded, **options)

    def open_window(self, w, payload='{"active": true}'):
        answer = w.request('pairing', payload)
        self.assertEqual(answer['status'], 'ok', answer)

    def progress(self, w, step, start=0):
        return w.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'pairing_progress' and
                                 m.json['data']['step'] == step, start=start).json

    def default_agent(self, w):
        """Who BlueZ asks now: the last `agent default` line."""
        return [line.split()[-1] for line in w.fake.out.lines if ' agent default ' in line][-1]


class TestPairing(PairingStory):
    def test_pair_then_measure(self):
        """Window, button, bonded, first session; then the first measurement arrives."""
        w = self.world()
        event = w.pair()
        self.assertRegex(event['transaction'], r'^pair \d+$')
        w.fake.do('measure 131/84/67')
        measured = w.measured('131/84/67')
        self.assertEqual((measured['user'], measured['device']), (1, CUFF.replace(':', '').lower()))
        self.assertEqual(w.running.stop(), 0)
        w.verify()

    def test_measurements_taken_before_are_read_while_pairing(self):
        """What the cuff holds when it is paired arrives with the pairing session."""
        w = self.world('measure announce=no 121/81/61', 'measure announce=no 122/82/62')
        w.pair()
        w.measured('122/82/62')
        self.assertEqual([row[2] for row in w.rows()], [121, 122])
        w.verify()

    def test_pairing_survives_a_restart(self):
        """Paired once: the next run of the service reads the cuff without another pairing."""
        w = self.world()
        w.pair()
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.measure(w, '131/84/67')
        self.assertEqual(w.fake.out.count('pair-start'), 1)
        w.verify()

    def test_two_cuffs_one_after_the_other(self):
        """A second window for the second cuff leaves the first one's bond alone."""
        w = self.world('cuff %s name=second' % SECOND)
        w.pair()
        w.pair(SECOND)
        self.measure(w, '131/84/67')
        self.measure(w, '111/71/51', cuff=SECOND)
        self.assertEqual(w.fake.out.count('pair-start'), 2)
        w.verify()

    def test_address_given(self):
        """With an address only that cuff is paired, though another one blinks too."""
        w = self.world('cuff %s name=second' % SECOND)
        self.open_window(w, '{"active": true, "address": "%s"}' % SECOND)
        w.fake.do('pairing-mode %s on' % CUFF)
        w.fake.do('pairing-mode %s on' % SECOND)
        self.assertEqual(w.event('device_paired')['data']['device'], SECOND.replace(':', '').lower())
        w.event('sync_finished')
        self.assertEqual(w.fake.out.count('pair-start ' + CUFF), 0)
        self.assertEqual(self.show(w)['bonded'], 'no')
        w.verify()

    def test_other_makers_cuff_by_its_address(self):
        """A cuff without OMRON's advertisement has no flag to show: its address is enough."""
        w = self.world(cuffs=('cuff %s omron=no name=Other' % CUFF,))
        self.open_window(w, '{"active": true, "address": "%s"}' % CUFF)
        w.fake.do('pairing-mode on')
        w.event('device_paired')
        self.measure(w, '131/84/67')
        w.verify()

    def test_cuff_asks_for_security_itself(self):
        """A cuff that sends a Security Request on connection is bonded all the same."""
        w = self.world(cuffs=('cuff %s security-request=yes' % CUFF,))
        w.pair()
        self.measure(w, '131/84/67')
        w.verify()

    def test_not_in_pairing_mode(self):
        """A cuff that advertises without the blinking P is not touched, and the person is told, once."""
        w = self.world()
        self.open_window(w)
        w.fake.do('advertise')
        self.assertIn('P', self.progress(w, 'not_in_pairing_mode')['data']['text'])
        start = w.fake.do('pairing-mode on')
        w.event('device_paired')
        self.assertEqual(w.fake.out.count(' connect ', 0) - w.fake.out.count(' connect ', start), 0)
        said = w.subscriber.find('cuff2mqtt/bridge/event',
                                 lambda m: '"not_in_pairing_mode"' in m.payload)
        self.assertEqual(len(said), 1)
        w.event('sync_finished')
        w.verify()

    def test_half_a_signal_costs_no_bond(self):
        """RSSI alone, of a cuff known as OMRON's: not taken for one without a flag, and its bond stays."""
        w = self.world('foreign-scan on', bonded=True)
        self.measure(w, '131/84/67')  # BlueZ has its manufacturer data stored now
        w.fake.do('rssi-only on')
        start = w.fake.out.here()
        self.open_window(w, '{"active": true, "address": "%s"}' % CUFF)
        w.fake.wait('discovery start', start)
        w.fake.do('advertise')
        self.progress(w, 'not_in_pairing_mode')
        self.assertEqual(self.show(w)['bonded'], 'yes')
        self.assertEqual(w.fake.out.count('call RemoveDevice'), 0)
        w.verify()

    def test_old_bond_is_removed_first(self):
        """The cuff forgot us and blinks: our half of the bond goes, then it is paired anew."""
        w = self.world(bonded=True)
        self.measure(w, '131/84/67')
        w.fake.do('bond-lost')
        start = w.subscriber.here()
        w.pair()
        self.progress(w, 'old_bond', start)
        self.assertEqual(w.fake.out.count('call RemoveDevice .*answer=ok'), 1)
        self.measure(w, '128/80/64')
        w.verify()


class TestWindow(PairingStory):
    def test_window_times_out(self):
        """Nobody pressed the button: the agent is withdrawn, the window closed, the reason said."""
        w = self.world(config=SHORT % '1.0')
        self.open_window(w)
        w.fake.wait('agent register')
        failed = w.event('pairing_failed')['data']
        self.assertTrue(failed['cause'] and failed['remedy'], failed)
        w.fake.wait('agent unregister')
        w.fake.wait('discovery stop')
        w.subscriber.wait('cuff2mqtt/bridge/info', lambda m: m.json['pairing']['active'])
        self.assertFalse(w.request('info')['data']['pairing']['active'])
        w.verify()

    def test_second_request_is_busy(self):
        """One window at a time."""
        w = self.world()
        self.open_window(w)
        answer = w.request('pairing', 'true')
        self.assertEqual((answer['status'], answer['code']), ('error', 'busy'))

    def test_closed_by_request(self):
        """{"active": false}: the agent goes, nothing is called a failure, and a new window may open."""
        w = self.world()
        self.open_window(w)
        w.fake.wait('agent default :')
        self.open_window(w, '{"active": false}')
        w.fake.wait('agent unregister')
        w.fake.wait('discovery stop')
        self.assertEqual(w.event('pairing_stopped')['data']['reason'], 'requested')
        self.assertFalse(w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'pairing_failed'))
        w.pair()
        w.verify()

    def test_closed_in_mid_pairing(self):
        """Closed while keys are exchanged: no agent stays, nothing stays connected, a new window works."""
        w = self.world('pairing-outcome timeout times=1')
        self.open_window(w)
        w.fake.do('pairing-mode on')
        w.fake.wait('pair-start')
        self.open_window(w, '{"active": false}')
        w.fake.wait('agent unregister')
        w.fake.wait('disconnect ' + CUFF)
        w.pair()
        w.verify()

    def test_agent_only_while_the_window_is_open(self):
        """No agent before, none after, none for a reconnect."""
        w = self.world()
        self.assertEqual(w.fake.out.count('agent register'), 0)
        w.pair()
        w.fake.wait('agent unregister')
        self.measure(w, '131/84/67')
        self.assertEqual(w.fake.out.count('agent register'), 1)
        self.assertEqual(self.default_agent(w), 'none')
        w.verify()

    def test_foreign_default_agent(self):
        """A desktop's agent was the default: it is again afterwards."""
        w = self.world()
        before = w.fake.do('foreign-agent on')
        w.fake.wait('agent default :', before)
        foreign = self.default_agent(w)
        w.pair()
        w.fake.wait('agent default ' + foreign, before + 3)
        self.assertEqual(self.default_agent(w), foreign)
        self.assertEqual(w.fake.out.count('foreign-agent-asked'), 0)
        self.measure(w, '131/84/67')
        w.verify()

    def test_others_measure_while_the_window_is_open(self):
        """A window stands open; the cuff paired long ago is still read."""
        w = self.world('cuff %s name=second' % SECOND)
        w.pair()
        self.open_window(w)
        self.measure(w, '131/84/67')
        start = w.subscriber.here()
        w.fake.do('pairing-mode %s on' % SECOND)
        w.event('device_paired', start)
        w.verify()

    def test_no_adapter(self):
        """Without an adapter the request is refused with a sentence on what to do."""
        w = self.world('adapter-remove')
        answer = w.request('pairing', 'true')
        self.assertEqual((answer['status'], answer['code']), ('error', 'adapter_off'))
        self.assertIn('adapter', answer['error'])

    def test_agent_refused(self):
        """BlueZ takes no agent: the window closes at once and says why; the next one works."""
        w = self.world('fail RegisterAgent org.freedesktop.DBus.Error.AccessDenied')
        self.open_window(w)
        failed = w.event('pairing_failed')['data']
        self.assertIn('pairing questions', failed['cause'])
        self.assertTrue(failed['remedy'])
        w.pair()
        w.verify()

    def test_bluetoothd_gone_in_the_window(self):
        """bluetoothd ends while the window is open: said, and a new window works when it is back."""
        w = self.world()
        self.open_window(w)
        w.fake.wait('discovery start')
        w.fake.do('bluetoothd-stop')
        self.assertIn('Bluetooth', w.event('pairing_failed')['data']['cause'])
        start = w.subscriber.here()
        w.fake.do('bluetoothd-start')
        w.event('adapter_up', start)
        w.pair()
        w.verify()


class TestOutcomes(PairingStory):
    def tried_again(self, outcome):
        """The first attempt ends like this, the second in the same window works."""
        w = self.world('pairing-outcome %s times=1' % outcome)
        self.open_window(w)
        w.fake.do('pairing-mode on')
        self.progress(w, 'retry')
        if outcome == 'not-bonded':  # the cuff believes that it is done
            w.fake.do('pairing-mode on')
        w.event('device_paired')
        w.event('sync_finished')
        self.measure(w, '131/84/67')
        self.assertEqual(w.fake.out.count('pair-start'), 2)
        self.assertFalse(w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'pairing_failed'))
        w.verify()

    def given_up(self, outcome, code, remedy, window='20.0'):
        """Each attempt ends like this: what the person is told when the window closes."""
        w = self.world('pairing-outcome ' + outcome, config=SHORT % window)
        self.open_window(w)
        w.fake.do('pairing-mode on')
        failed = w.event('pairing_failed')['data']
        self.assertEqual(failed['device'], CUFF.replace(':', '').lower())
        self.assertEqual(failed['code'], code, failed)
        self.assertIn(remedy, failed['remedy'])
        self.assertTrue(failed['cause'] and failed['evidence'], failed)
        self.assertEqual(failed['causes'][0],
                         {'cause': code, 'evidence': failed['evidence'], 'remedy': failed['remedy']})
        self.assertIn(failed['certainty'], ('sure', 'likely', 'possible'))
        w.fake.wait('agent unregister')
        self.assertLessEqual(w.fake.out.count('pair-start'), 5)
        w.verify()

    def test_fails_once(self):
        """Pairing Failed 0x08 (the question that started it all), then it works."""
        self.tried_again('fail')

    def test_hangs_up_once(self):
        """The cuff hangs up while pairing, then it works."""
        self.tried_again('hangup')

    def test_silent_once(self):
        """The cuff does not answer, then it works."""
        self.tried_again('timeout')

    def test_not_bonded_once(self):
        """Pair() says yes and stores no keys (Bonded stays false), then it works."""
        self.tried_again('not-bonded')

    def test_rejected_once(self):
        """Pairing rejected, then it works."""
        self.tried_again('rejected')

    def test_fails_always(self):
        """AuthenticationFailed each time: five attempts at most, then cause, evidence and remedy."""
        self.given_up('fail', 'bonded_elsewhere', 'phone')

    def test_hangs_up_always(self):
        """A hang-up each time: BlueZ tells of the link's end before it answers Pair()."""
        self.given_up('hangup', 'bonded_elsewhere', 'phone')

    def test_silent_always(self):
        """No answer, ever."""
        self.given_up('timeout', 'no_answer', 'nearer')

    def test_rejected_always(self):
        """A rejection each time."""
        self.given_up('rejected', 'host_requirements', 'SecureConnections')

    def test_never_bonded(self):
        """Paired without keys each time: the remedy names what makes an adapter pairable."""
        self.given_up('not-bonded', 'not_pairable', 'bluetoothctl pairable on', '5.0')

    def test_vanishes_while_pairing(self):
        """The cuff's radio dies in the exchange; its owner holds the button again and it works."""
        w = self.world('vanish at=pairing')
        self.open_window(w)
        w.fake.do('pairing-mode on')
        w.fake.wait('disconnect %s by=lost' % CUFF)
        self.progress(w, 'retry')
        w.fake.do('pairing-mode on')
        w.event('device_paired')
        w.event('sync_finished')
        self.measure(w, '131/84/67')
        w.verify()

    def test_vanishes_before_pairing(self):
        """The cuff goes silent before the link is up; the second try in the window works."""
        w = self.world('vanish at=connecting')
        self.open_window(w)
        w.fake.do('pairing-mode on')
        self.progress(w, 'retry')
        w.fake.do('pairing-mode on')
        w.event('device_paired')
        w.event('sync_finished')
        w.verify()


if __name__ == '__main__':
    unittest.main()
