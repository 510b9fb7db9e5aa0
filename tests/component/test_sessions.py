"""Everyday sessions: what a family does with its cuffs, from the button to the broker."""

import json
import signal
import unittest

from harness import CUFF, FAST, Story

SECOND = 'C0:FF:EE:00:00:02'
ID = CUFF.replace(':', '').lower()


class TestEveryday(Story):
    def test_reconnects_keep_the_bond(self):
        """Measured on several days, the cuff is neither paired again nor is its subscription cleared."""
        w = self.world()
        for values in ('131/84/67', '128/80/64', '140/91/72', '118/76/60'):
            self.measure(w, values)
        self.assertEqual(w.fake.out.count('pair-start|call Pair|cccd-cleared|value=0000'), 0)
        self.assertEqual(len(w.rows()), 4)
        w.verify()

    def test_what_the_cuff_is_is_read_once(self):
        """Its names and numbers in the first session after a start; battery and clock in each."""
        w = self.world()
        reads = []
        for values in ('131/84/67', '128/80/64'):
            start = w.fake.out.here()
            self.measure(w, values)
            w.fake.wait('log .* disconnect ', start)
            reads.append(w.fake.out.count('call ReadValue .*answer=ok', start))
        self.assertGreater(reads[0], 2)
        self.assertEqual(reads[1], 2)
        self.assertEqual(w.running.stop(), 0)
        w.service()
        start = w.fake.out.here()
        self.measure(w, '118/76/60')
        w.fake.wait('log .* disconnect ', start)
        self.assertEqual(w.fake.out.count('call ReadValue .*answer=ok', start), reads[0])
        w.verify()

    def test_three_unsent_measurements_in_one_session(self):
        """Three measurements taken far from the gateway arrive together, oldest first."""
        w = self.world()
        for values in ('121/81/61', '122/82/62'):
            w.fake.do('measure announce=no ' + values)
        self.measure(w, '123/83/63')
        self.assertEqual([row[2] for row in w.rows()], [121, 122, 123])
        self.assertEqual(w.fake.out.count('log .* connect '), 1)
        w.verify()

    def test_two_cuffs_at_once(self):
        """Two cuffs whose buttons are pressed together are both read; each keeps its own topics."""
        w = self.world('cuff %s name=second users=1' % SECOND, 'bonded ' + SECOND)
        w.fake.wait('armed ' + SECOND)
        w.fake.do('measure %s 131/84/67' % CUFF)
        w.fake.do('measure %s 111/71/51' % SECOND)
        self.assertEqual(w.measured('131/84/67')['device'], ID)
        self.assertEqual(w.measured('111/71/51')['device'], SECOND.replace(':', '').lower())
        w.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_finished', count=2)
        w.verify()

    def test_two_users_of_one_cuff(self):
        """Both memory slots have topics of their own, and each retains its own newest."""
        w = self.world()
        w.fake.do('measure announce=no user=2 112/72/52')
        self.measure(w, '131/84/67', 'measure user=1')
        self.measure(w, '113/73/53', 'measure user=2')
        retained = w.subscriber.retained()
        newest = {user: json.loads(retained['cuff2mqtt/device/%s/user/%s/measurement' % (ID, user)])['systolic']
                  for user in '12'}
        self.assertEqual(newest, {'1': 131, '2': 113})
        w.verify()

    def test_unknown_user(self):
        """A guest's measurement (user id 0xFF) goes to the user `unknown`."""
        w = self.world()
        self.measure(w, '131/84/67', 'measure user=255')
        w.subscriber.wait('cuff2mqtt/device/%s/user/unknown/measurement' % ID)
        w.verify()

    def test_cuff_without_user_ids_is_user_one(self):
        """A measurement without a user id belongs to user 1."""
        w = self.world(cuffs=('cuff %s users=1' % CUFF,))
        self.measure(w, '131/84/67')
        w.subscriber.wait('cuff2mqtt/device/%s/user/1/measurement' % ID)
        w.verify()

    def test_doubled_indication_is_one_measurement(self):
        """The cuff says everything twice; the family sees it once."""
        w = self.world('duplicate-indications on')
        self.measure(w, '131/84/67')
        self.assertEqual(w.fake.out.count(' indication '), 2)
        self.assertEqual(len(w.rows()), 1)
        w.verify()

    def test_a_pause_that_bluez_carries_out_late(self):
        """The rest is over and the cuff is armed again; then BlueZ gets round to the Disconnect() that began the rest,
        and takes the cuff off the kernel's list. It is put back: the next measurement arrives."""
        w = self.world('delay Disconnect 1.5')
        log = w.fake.out.here()
        w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        late = w.fake.wait(' disarmed ' + CUFF, w.fake.wait('profile register', log))
        w.fake.wait(' armed ' + CUFF, late)
        self.measure(w, '132/85/68')
        w.verify()

    def test_values_before_our_subscription(self):
        """The subscription outlives the link: what the cuff sends before we ask again is not lost, and a
        session in which it hangs up by then is no failure."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.fake.do('delay StartNotify 1')
        told, start = w.subscriber.here(), w.fake.do('measure 128/80/64')
        w.measured('128/80/64')
        self.assertEqual(w.fake.out.count('call StartNotify', start), 0)
        w.event('sync_finished', told)
        w.verify()

    def test_bonded_cuff_unknown_to_the_database_is_taken_over(self):
        """The database was lost, the bond was not: the cuff is listed and read as before."""
        w = self.world()
        w.subscriber.wait('cuff2mqtt/bridge/devices', lambda m: m.json and m.json[0]['address'] == CUFF)
        self.measure(w, '131/84/67')
        self.assertEqual(w.fake.out.count('pair-start'), 0)
        w.verify()

    def test_cuff_that_keeps_advertising_is_not_flooded(self):
        """A cuff that goes on advertising after its hang-up is left alone for the cool-down each time."""
        w = self.world('keeps-advertising on', config=FAST.replace('cooldown = 0.6', 'cooldown = 2.0'))
        self.measure(w, '131/84/67')
        for _ in range(2):
            w.event('sync_finished', w.subscriber.here())
        links = [t for t, line in zip(w.fake.out.times, w.fake.out.lines) if ' connect ' in line]
        self.assertTrue(all(b - a >= 2.0 for a, b in zip(links, links[1:])), links)
        self.assertEqual(w.fake.out.count('StartDiscovery'), 0)
        w.verify()


    def test_first_words_after_our_restart(self):
        """The cuff remembers the subscription and speaks at once: the restarted service listens already."""
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.measure(w, '128/80/64')
        self.assertEqual(w.fake.out.count('indication .* listeners=0'), 0)
        w.verify()


class TestClock(Story):
    def clock_is_written(self, clock, **options):
        """Whether a session with a cuff whose clock shows this wrote it; checked in the cuff."""
        w = self.world('clock ' + clock, **options)
        self.measure(w, '131/84/67')
        written = w.fake.out.count('write %s uuid=2a2b' % CUFF)
        w.verify()
        return written, self.show(w)

    def test_unset_clock_is_set(self):
        """New batteries: the cuff's clock is set, and to our local time."""
        written, cuff = self.clock_is_written('unset')
        self.assertEqual((written, cuff['clock_set']), (1, 'yes'))
        self.assertFalse(cuff['clock'].startswith('2019'), cuff)

    def test_drifted_clock_is_set(self):
        """An hour late after the change to summer time: set."""
        self.assertEqual(self.clock_is_written('-3600')[0], 1)

    def test_good_clock_is_left_alone(self):
        """Ten seconds are no reason to write."""
        self.assertEqual(self.clock_is_written('+10')[0], 0)

    def test_clock_is_not_set_from_an_untrusted_one(self):
        """A Raspberry Pi without network time must not spoil the cuff's clock."""
        env = {'TZ': 'Europe/Berlin', 'CUFF2MQTT_SYSTEM_CLOCK': 'untrusted'}
        self.assertEqual(self.clock_is_written('unset', env=env)[0], 0)

    def test_clock_is_not_set_where_the_option_says_so(self):
        """bluetooth.set_clock = false."""
        self.assertEqual(self.clock_is_written('unset', config='bluetooth: { set_clock = false; };\n')[0], 0)

    def test_refused_clock_is_not_asked_again(self):
        """A cuff that answers 0x80 is asked once, ever: not in the next session, not after a restart."""
        w = self.world('clock unset', 'clock-writable no')
        self.measure(w, '131/84/67')
        self.assertEqual(w.fake.out.count('call WriteValue .*answer=org.bluez.Error.Failed'), 1)
        self.measure(w, '128/80/64')
        w.running.stop()
        w.service()
        self.measure(w, '118/76/60')
        self.assertEqual(w.fake.out.count('call WriteValue'), 1)
        w.verify()

    def test_time_from_the_future_does_not_freeze_the_newest(self):
        """A cuff years ahead: its measurement counts by arrival, and the next one replaces it."""
        w = self.world()
        event = self.measure(w, '131/84/67', 'measure at=2037-01-01T00:00:00')
        self.assertFalse(event['clock_ok'])
        self.assertTrue(self.measure(w, '128/80/64')['clock_ok'])
        w.verify()

    def test_time_of_an_unset_clock_is_not_believed(self):
        """The mark of a clock that was never set: the measurement is dated by its arrival."""
        w = self.world()
        event = self.measure(w, '131/84/67', 'measure at=2019-01-01T00:00:63')
        self.assertFalse(event['clock_ok'])
        self.assertEqual(event['measured_at'][:4], event['received_at'][:4])
        w.verify()


class TestStops(Story):
    def test_stop_while_idle_leaves_nothing_armed(self):
        """After an orderly stop the kernel does not go on connecting for nobody."""
        w = self.world()
        self.assertEqual(w.running.stop(), 0)
        self.assertEqual(self.show(w)['armed'], 'no')
        self.assertEqual(w.fake.out.count('profile unregister'), 1)
        w.verify()

    def test_stop_while_it_arms(self):
        """Told to stop between the two halves of a re-arm: what the second half arms is taken off the list too."""
        w = self.world('bonded ' + SECOND, cuffs=('cuff ' + CUFF, 'cuff ' + SECOND))
        w.fake.wait('armed ' + SECOND)
        log = w.fake.do('delay UnregisterApplication 0.3 times=1')
        w.fake.do('measure %s 131/84/67' % CUFF)
        w.fake.wait('delay UnregisterApplication', log)
        w.fake.do('delay Disconnect 0.6 times=1')
        self.assertEqual(w.running.stop(), 0)
        for cuff in (CUFF, SECOND):
            self.assertEqual(self.show(w, cuff)['armed'], 'no')
        w.verify()

    def test_stop_in_mid_session(self):
        """Told to stop while a cuff is being read: it hangs up first, then leaves the bus."""
        w = self.world('hang-up-after never')
        w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        self.assertEqual(w.running.stop(), 0)
        w.fake.wait('disconnect %s by=client' % CUFF)
        self.assertEqual(self.show(w)['armed'], 'no')
        w.verify()

    def test_stop_waits_for_a_cuff_that_is_nearly_done(self):
        """What the cuff still sends within the time a stop allows is kept."""
        w = self.world('hold-indications 300')
        w.fake.do('measure announce=no 121/81/61')
        w.fake.do('measure 122/82/62')
        w.measured('121/81/61')
        self.assertEqual(w.running.stop(), 0)
        self.assertEqual([row[2] for row in w.rows()], [121, 122])
        w.service()
        w.verify()

    def test_second_signal_hurries(self):
        """A second SIGTERM does not wait for the cuff, and still hangs up before leaving."""
        w = self.world('hang-up-after never', config=FAST.replace('stop = 2.0', 'stop = 20.0'))
        w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        w.running.process.send_signal(signal.SIGTERM)
        w.running.wait_notify('STOPPING=1')
        self.assertEqual(w.running.stop(), 0)
        w.fake.wait('disconnect %s by=client' % CUFF)
        w.verify()

    def test_killed_in_mid_session(self):
        """SIGKILL between two measurements: the next run gets the second, and doubles nothing."""
        w = self.world('hold-indications 1500')
        w.fake.do('measure announce=no 121/81/61')
        w.fake.do('measure 122/82/62')
        w.measured('121/81/61')
        w.wait_outbox_empty()
        w.kill()
        w.fake.wait('cccd-cleared %s uuid=2a35 why=client-left-bus' % CUFF)
        w.service()
        w.measured('122/82/62')
        self.assertEqual(len(w.rows()), 2)
        w.verify(violations=1)  # a killed process cannot say good-bye

    def test_killed_while_idle(self):
        """SIGKILL while nothing happens: the kernel's list is taken over, the cuff is read."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.kill()
        w.service()
        self.measure(w, '128/80/64')
        w.verify()


if __name__ == '__main__':
    unittest.main()
