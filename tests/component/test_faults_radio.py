"""What radios, cuffs and bluetoothd do to a service; in each story the measurement arrives, once."""

import os
import signal
import unittest

from harness import BUS_CONFIG, CUFF, FAST, Story

SECOND = 'C0:FF:EE:00:00:02'
DENIED = 'org.freedesktop.DBus.Error.AccessDenied'
# The first words of a cuff after bluetoothd's start are confirmed by bluetoothd before it shows what the
# cuff offers, so nobody can listen yet (gateway/DECISIONS.md 17); these stories have a patient cuff.
PATIENT = 'speaks-after 300'


class TestCuffVanishes(Story):
    def vanishes(self, *commands, at):
        """The cuff falls silent at this point; somebody presses its button; the measurement arrives."""
        w = self.world(*commands)
        self.measure(w, '131/84/67')
        start = w.subscriber.here()
        w.fake.do('vanish at=' + at)
        log = w.fake.do('measure 128/80/64')
        w.fake.wait('disconnect %s by=lost' % CUFF, log)
        self.state(w, lambda s: s['sync_state'] in ('problem', 'resting'), start)
        w.fake.do('advertise')
        w.measured('128/80/64')
        w.event('sync_finished', start)
        self.state(w, lambda s: s['sync_error'] is None and s['sync_state'] in ('resting', 'idle'), start)
        self.assertEqual(w.fake.out.count('pair-start|cccd-cleared'), 0)
        w.verify()

    def test_connected(self):
        """The link is up and dies."""
        self.vanishes(at='connected')

    def test_renewing(self):
        """The link dies while BlueZ renews the subscription, and BlueZ forgets it: the next first words are heard."""
        w = self.world()
        self.measure(w, '131/84/67')
        start = w.subscriber.here()
        w.fake.do('speaks-after 5000')
        w.fake.do('vanish at=subscribing')
        w.fake.do('measure 128/80/64')
        self.state(w, lambda s: s['sync_state'] == 'problem', start)
        w.fake.do('speaks-after 50')
        w.fake.do('advertise')
        w.measured('128/80/64')
        w.verify()

    def test_reading(self):
        """The link dies while the cuff's facts are read."""
        self.vanishes('speaks-after 400', at='reading')

    def test_collecting(self):
        """The link dies in front of the indication."""
        self.vanishes(at='collecting')

    def test_subscribing(self):
        """The link dies while the subscription is written: in the very first session."""
        w = self.world('vanish at=subscribing')
        log = w.fake.do('measure 131/84/67')
        w.fake.wait('disconnect %s by=lost' % CUFF, log)
        w.fake.do('advertise')
        self.assertEqual(w.measured('131/84/67')['systolic'], 131)
        w.event('sync_finished')
        w.verify()

    def test_between_two_indications(self):
        """One arrived, the link dies, the other one arrives in the next session; the first is not doubled."""
        w = self.world('vanish at=collecting', 'measure announce=no 121/81/61')
        w.fake.do('measure 122/82/62')
        w.fake.wait('disconnect %s by=lost' % CUFF)
        w.measured('121/81/61')
        w.fake.do('advertise')
        w.measured('122/82/62')
        w.event('sync_finished')
        w.verify()

    def test_cuff_that_never_hangs_up(self):
        """A cuff that stays connected when all is said is disconnected by us, and is read the next time."""
        w = self.world('hang-up-after never', config=FAST.replace('collecting = 20.0', 'collecting = 1.0'))
        self.measure(w, '131/84/67')
        w.fake.wait('disconnect %s by=client' % CUFF)
        self.measure(w, '128/80/64')
        w.verify()

    def test_one_vanishes_the_other_is_read(self):
        """The fault of one cuff is not the other's."""
        w = self.world('cuff %s name=second' % SECOND, 'bonded ' + SECOND, 'vanish %s at=connected' % CUFF)
        w.fake.do('measure %s 131/84/67' % CUFF)
        w.fake.do('measure %s 111/71/51' % SECOND)
        w.measured('111/71/51')
        w.fake.do('advertise %s' % CUFF)
        w.measured('131/84/67')
        w.verify()


class TestAnswers(Story):
    def read_in_the_end(self, *commands):
        w = self.world(*commands)
        w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        w.event('sync_finished')
        self.assertTrue(w.running.alive())
        w.verify()
        return w

    def test_subscription_denied(self):
        """StartNotify answers AccessDenied: health says so, the cuff is tried again, health is well again."""
        w = self.world('fail StartNotify ' + DENIED)
        w.fake.do('measure 131/84/67')
        w.event('sync_failed')
        self.health(w, lambda h: not h['healthy'] and 'forbids' in h['problem'])
        start = w.subscriber.here()
        w.measured('131/84/67')
        self.health(w, lambda h: h['healthy'], start)
        w.verify()

    def test_subscription_unanswered(self):
        """StartNotify is never answered (6.1 kernels): given up after its time, tried again."""
        self.read_in_the_end('unanswered StartNotify')

    def test_subscription_already_made(self):
        """StartNotify answers InProgress: BlueZ renews the subscription by itself, that is success."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.fake.do('fail StartNotify InProgress In Progress')
        self.measure(w, '128/80/64')
        self.assertFalse(w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_failed'))
        w.verify()

    def test_facts_refused(self):
        """Whatever the cuff refuses to tell of itself, its measurements are read."""
        self.read_in_the_end('fail ReadValue NotPermitted Read not permitted times=3',
                             'fail ReadValue Failed Operation failed with ATT error: 0x0e times=3')

    def test_fact_unanswered(self):
        """A read that is never answered does not hold up the measurement."""
        self.read_in_the_end('unanswered ReadValue')

    def test_disconnect_fails(self):
        """Disconnect() answers an error: no loop, and the next measurement arrives."""
        w = self.world('fail Disconnect Failed times=2')
        self.measure(w, '131/84/67')
        self.measure(w, '128/80/64')
        w.verify()


class TestBond(Story):
    def test_lost_bond(self):
        """The cuff forgot us: no loop, one event, a problem with its remedy; a pairing window heals it."""
        w = self.world(config=FAST.replace('backoff_min = 0.4', 'backoff_min = 1.5')
                       .replace('backoff_max = 2', 'backoff_max = 9'))
        self.measure(w, '131/84/67')
        start = w.subscriber.here()
        w.fake.do('bond-lost')
        log = w.fake.do('measure 128/80/64')
        self.assertEqual(w.event('bond_lost', start)['data']['device'], CUFF.replace(':', '').lower())
        problem = self.state(w, lambda s: s['sync_state'] == 'problem' and 'pairing' in s['sync_error'], start)
        self.assertIn('P blinks', problem['sync_error'])
        w.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_failed', start=start, count=3)
        links = [t for t, line in list(zip(w.fake.out.times, w.fake.out.lines))[log:] if ' connect ' in line]
        self.assertEqual(len(links), 3)
        self.assertGreaterEqual(links[2] - links[1], 2.25)  # the back-off, doubled, less its jitter
        self.assertEqual(w.fake.out.count('call (Pair|RemoveDevice)'), 0)
        w.pair()
        w.measured('128/80/64')
        self.assertEqual(w.fake.out.count('call RemoveDevice'), 1)
        self.state(w, lambda s: s['sync_error'] is None, start)
        events = w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'bond_lost')
        self.assertEqual(len(events), 1)
        self.measure(w, '118/76/60')
        w.verify()

    def test_lost_bond_is_known_after_a_restart(self):
        """The event came once in the cuff's life, not once per start of the service."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.fake.do('bond-lost')
        w.fake.do('measure 128/80/64')
        w.event('bond_lost')
        w.running.stop()
        start = w.subscriber.here()
        w.service()
        w.fake.do('advertise')
        w.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_failed', start=start, count=2)
        self.assertFalse(w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'bond_lost', start))
        w.verify()


class TestBluetoothd(Story):
    def test_restart_while_idle(self):
        """bluetoothd is updated at night: said and unsaid in health and events; the next measurement arrives."""
        w = self.world(PATIENT)
        self.measure(w, '131/84/67')
        start = w.subscriber.here()
        w.fake.do('bluetoothd-stop')
        w.event('adapter_down', start)
        self.health(w, lambda h: not h['healthy'] and 'not running' in h['problem'], start)
        start = w.subscriber.here()
        log = w.fake.do('bluetoothd-start')
        w.event('adapter_up', start)
        w.fake.wait('profile register', log)
        self.health(w, lambda h: h['healthy'], start)
        self.measure(w, '128/80/64')
        w.verify()

    def test_restart_in_mid_session(self):
        """bluetoothd restarts between two measurements of one session: none doubled, none missing."""
        w = self.world(PATIENT, 'hold-indications 1000', 'measure announce=no 121/81/61',
                       'measure announce=no 122/82/62')
        w.fake.do('measure 123/83/63')
        w.measured('121/81/61')
        w.fake.do('bluetoothd-stop')
        w.fake.do('bluetoothd-start')
        w.measured('123/83/63')
        w.event('sync_finished')
        self.assertEqual([row[2] for row in w.rows()], [121, 122, 123])
        w.verify()

    def test_absent_at_the_start(self):
        """The service starts before bluetoothd: it says what to do, and works when bluetoothd comes."""
        w = self.world('bluetoothd-stop', service=False)
        w.service()
        self.health(w, lambda h: not h['healthy'] and 'systemctl start bluetooth' in h['problem'])
        w.fake.do('bluetoothd-start')
        w.event('adapter_up')
        self.measure(w, '131/84/67')
        w.verify()

    def test_restarts_again_and_again(self):
        """Five restarts in a row leave a service that works."""
        w = self.world(PATIENT)
        for _ in range(5):
            w.fake.do('bluetoothd-stop')
            log = w.fake.do('bluetoothd-start')
            w.fake.wait('profile register', log)
        self.measure(w, '131/84/67')
        w.verify()

    def test_stop_without_bluetoothd(self):
        """Told to stop while bluetoothd is away: ends well."""
        w = self.world('bluetoothd-stop', service=False)
        w.service()
        self.assertEqual(w.running.stop(), 0)

    def test_forbidden_by_the_bus(self):
        """A bus policy that denies everything: said, the service stays, and it works once the policy is gone."""
        w = self.world(policy='<deny send_destination="org.bluez"/>', service=False)
        w.service()
        self.health(w, lambda h: not h['healthy'] and 'forbids' in h['problem'])
        self.assertEqual(w.running.err.count('warning .*forbids'), 1)
        with open(os.path.join(w.directory, 'bus.conf'), 'w') as f:
            f.write(BUS_CONFIG.format(path=w.bus.path, policy=''))
        start = w.subscriber.here()
        w.bus.process.send_signal(signal.SIGHUP)
        w.event('adapter_up', start)
        self.health(w, lambda h: h['healthy'], start)
        self.measure(w, '131/84/67')
        w.verify()

    def test_bus_gone(self):
        """The system bus ends: the service ends with the code for "try again", having said good-bye to MQTT."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.bus.stop()
        self.assertEqual(w.running.process.wait(10), 75)
        w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'offline')
        w.verify()


class TestAdapter(Story):
    def comes_back(self, off, on, sentence, state):
        """Off and on again while idle: the sentence in bridge/health, the events, the next measurement."""
        w = self.world(PATIENT)
        self.measure(w, '131/84/67')
        start = w.subscriber.here()
        w.fake.do(off)
        self.assertEqual(w.event('adapter_down', start)['data']['state'], state)
        self.health(w, lambda h: not h['healthy'] and sentence in h['problem'], start)
        self.assertFalse(w.request('health_check')['data']['checks']['bluetooth'])
        back = w.subscriber.here()
        w.fake.do(on)
        w.event('adapter_up', back)
        self.health(w, lambda h: h['healthy'], back)
        self.measure(w, '128/80/64')
        # Its devices go before the adapter itself: that is no lost bond.
        self.assertFalse(w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'bond_lost'))
        w.verify()

    def test_dongle_pulled_and_put_back(self):
        """The dongle is pulled and put back."""
        self.comes_back('adapter-remove', 'adapter-add', 'plug it in', 'absent')

    def test_dongle_put_back_under_another_name(self):
        """The dongle comes back as hci1: every path is another one."""
        self.comes_back('adapter-remove', 'adapter-add hci1', 'plug it in', 'absent')

    def test_rfkill(self):
        """Aeroplane mode and back."""
        self.comes_back('rfkill on', 'rfkill off', 'rfkill unblock', 'blocked')

    def mid_session(self, off, on):
        w = self.world(PATIENT, 'hold-indications 1000', 'measure announce=no 121/81/61')
        w.fake.do('measure 122/82/62')
        w.measured('121/81/61')
        w.fake.do(off)
        w.event('adapter_down')
        w.fake.do(on)
        w.fake.do('advertise')
        w.measured('122/82/62')
        w.event('sync_finished')
        w.verify()

    def test_dongle_pulled_in_mid_session(self):
        """The dongle is pulled between two measurements."""
        self.mid_session('adapter-remove', 'adapter-add')

    def test_rfkill_in_mid_session(self):
        """Aeroplane mode between two measurements."""
        self.mid_session('rfkill on', 'rfkill off')

    def test_rfkill_outlasts_the_rest(self):
        """bluetoothd keeps our registration while the adapter is off: a cuff whose rest ends then is armed, too."""
        w = self.world(PATIENT, 'hold-indications 1000', 'measure announce=no 121/81/61')
        w.fake.do('measure 122/82/62')
        w.measured('121/81/61')
        start = w.subscriber.here()
        w.fake.do('rfkill on')
        self.state(w, lambda s: s['sync_state'] == 'idle', start)
        w.fake.do('rfkill off')
        w.fake.do('advertise')
        w.measured('122/82/62')
        w.verify()

    def test_blocked_at_the_start(self):
        """Started while blocked: says how to unblock; works when it is."""
        w = self.world('rfkill on', service=False)
        w.service()
        self.health(w, lambda h: not h['healthy'] and 'rfkill unblock' in h['problem'])
        w.fake.do('rfkill off')
        w.event('adapter_up')
        self.measure(w, '131/84/67')
        w.verify()

    def test_switched_off_at_the_start(self):
        """An adapter that is off is switched on."""
        w = self.world('adapter powered=no', service=False)
        w.service()
        w.fake.wait('powered yes')
        self.measure(w, '131/84/67')
        w.verify()

    def test_switched_off_and_left_alone(self):
        """bluetooth.power_on = false: off stays off, and the sentence says what to do."""
        w = self.world('adapter powered=no', service=False, config='bluetooth: { power_on = false; };\n')
        w.service()
        self.health(w, lambda h: not h['healthy'] and 'power on' in h['problem'])
        self.assertEqual(w.fake.out.count('powered yes'), 0)

    def test_absent_at_the_start(self):
        """No adapter at all: says so, and works when one is plugged in."""
        w = self.world('adapter-remove', service=False)
        w.service()
        self.health(w, lambda h: not h['healthy'] and 'plug it in' in h['problem'])
        w.fake.do('adapter-add')
        w.event('adapter_up')
        self.measure(w, '131/84/67')
        w.verify()

    def test_another_adapter_than_the_configured_one(self):
        """The option `adapter` names one that is not there: the one that is there is left alone."""
        w = self.world(service=False, config='adapter = "00:00:00:00:00:01";\n')
        w.service()
        self.health(w, lambda h: not h['healthy'] and '`adapter`' in h['problem'])
        self.assertEqual(w.fake.out.count('profile register|discovery start'), 0)

    def test_foreign_scan(self):
        """Somebody else scans all the time: the cuff is still connected by the kernel and read."""
        w = self.world('foreign-scan on', 'stranger AA:BB:CC:DD:EE:01 adverts=50/s')
        self.measure(w, '131/84/67')
        self.measure(w, '128/80/64')
        w.verify()


if __name__ == '__main__':
    unittest.main()
