"""Cuffs noticed by scanning: where an option says so, and where BlueZ does not connect by itself."""

import unittest

from harness import CUFF, FAST, Story

SECOND = 'C0:FF:EE:00:00:02'
DISCOVERY = 'bluetooth: { wake = "discovery"; };\n'


class TestDiscovery(Story):
    def scanning(self, *commands, **options):
        w = self.world(*commands, config=DISCOVERY, **options)
        w.fake.wait('discovery start')
        return w

    def test_measure(self):
        """wake = "discovery": heard, discovery stopped, connected, read, scanning again."""
        w = self.scanning()
        self.measure(w, '131/84/67')
        self.assertEqual(w.fake.out.count('profile register'), 0)
        self.assertEqual(w.fake.out.count('connect .* by=auto'), 0)
        stop = w.fake.wait('discovery stop')
        w.fake.wait('connect %s by=client' % CUFF, stop)
        w.fake.wait('discovery start', stop)
        self.measure(w, '128/80/64')
        w.verify()

    def test_nothing_to_look_for(self):
        """Without a cuff nobody scans; once one is paired, it is found by scanning."""
        w = self.world(config=DISCOVERY, bonded=False)
        self.assertEqual(w.fake.out.count('StartDiscovery'), 0)
        w.pair()
        self.measure(w, '131/84/67')
        w.verify()

    def test_two_cuffs_one_connection_at_a_time(self):
        """Two buttons pressed together: never more than one Connect pending, both are read."""
        w = self.scanning('cuff %s name=second' % SECOND, 'bonded ' + SECOND)
        w.fake.do('measure %s 131/84/67' % CUFF)
        w.fake.do('measure %s 111/71/51' % SECOND)
        w.measured('131/84/67')
        w.measured('111/71/51')
        w.verify()

    def test_strangers_are_not_connected(self):
        """A lively neighbourhood changes nothing."""
        w = self.scanning('stranger AA:BB:CC:DD:EE:01 adverts=50/s', 'stranger AA:BB:CC:DD:EE:02 adverts=50/s')
        self.measure(w, '131/84/67')
        self.assertEqual(w.fake.out.count('connect AA:BB'), 0)
        w.verify()

    def test_vanishes_while_connecting(self):
        """Silent after one advertisement: the attempt ends, and the next button press is heard."""
        w = self.scanning('vanish at=connecting')
        w.fake.do('measure 131/84/67')
        w.event('sync_failed')
        w.fake.do('advertise')
        w.measured('131/84/67')
        w.verify()

    def test_so_many_aborted_connections(self):
        """le-connection-abort-by-local three times: said once, after as many attempts; then the back-off decides."""
        w = self.scanning('fail Connect Failed le-connection-abort-by-local times=3')
        log = w.fake.do('measure 131/84/67')
        w.event('sync_failed')
        self.assertEqual(w.fake.out.count('call Connect .*answer=org.bluez.Error.Failed', log), 3)
        w.measured('131/84/67')
        self.assertEqual(len(w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_failed')), 1)
        w.verify()

    def test_aborted_connections_are_tried_again_at_once(self):
        """le-connection-abort-by-local twice: the third Connect, in the same session, works."""
        w = self.scanning('fail Connect Failed le-connection-abort-by-local times=2')
        start = w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        self.assertEqual(w.fake.out.count('call Connect ', start), 3)
        w.event('sync_finished')
        self.assertFalse(w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_failed'))
        w.verify()

    def test_aborted_too_often(self):
        """After three aborted Connects the cuff is left alone for the back-off, then read."""
        w = self.scanning('fail Connect Failed le-connection-abort-by-local times=3')
        w.fake.do('measure 131/84/67')
        failed = w.event('sync_failed')['data']
        self.assertTrue(failed['reason'])
        self.assertEqual(w.fake.out.count('call Connect '), 3)
        w.measured('131/84/67')
        w.event('sync_finished')
        w.verify()

    def failed_connect(self, error, calls=2):
        """One Connect fails like this: said, backed off, and the next advertisement works."""
        w = self.scanning('fail Connect ' + error)
        w.fake.do('measure 131/84/67')
        reason = w.event('sync_failed')['data']['reason']
        self.state(w, lambda s: s['sync_state'] == 'problem' and s['sync_error'] == reason)
        w.measured('131/84/67')
        w.event('sync_finished')
        self.assertEqual(w.fake.out.count('call Connect '), calls)
        self.state(w, lambda s: s['sync_error'] is None and s['last_sync'])
        w.verify()
        return reason

    def test_connection_attempt_failed(self):
        """ConnectionAttemptFailed: asleep or out of range."""
        self.assertIn('button', self.failed_connect('ConnectionAttemptFailed Page Timeout'))

    def test_wrong_bearer(self):
        """br-connection-*: BlueZ tried classic Bluetooth; the remedy names the setting."""
        self.assertIn('ControllerMode=le', self.failed_connect('Failed br-connection-profile-unavailable'))

    def test_unknown_error(self):
        """An error nobody has seen yet is no reason to give up."""
        self.failed_connect('org.example.Error.Surprise boo')

    def test_not_ready(self):
        """NotReady: the sentence speaks of the adapter."""
        self.assertIn('adapter', self.failed_connect('NotReady Resource Not Ready'))

    def test_access_denied(self):
        """AccessDenied: bridge/health says so until a cuff has been read."""
        w = self.scanning('fail Connect org.freedesktop.DBus.Error.AccessDenied')
        w.fake.do('measure 131/84/67')
        w.event('sync_failed')
        self.health(w, lambda h: not h['healthy'] and 'forbids' in h['problem'])
        start = w.subscriber.here()
        w.measured('131/84/67')
        self.health(w, lambda h: h['healthy'] and h['problem'] is None, start)
        w.verify()

    def test_connection_in_progress(self):
        """InProgress: BlueZ is at it already; when nothing comes of it, the cuff is tried again."""
        w = self.scanning('fail Connect InProgress In Progress')
        w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        w.verify()

    def test_connect_unanswered(self):
        """bluetoothd never answers Connect: the attempt is cancelled and made again."""
        w = self.scanning('unanswered Connect')
        w.fake.do('measure 131/84/67')
        w.event('sync_failed')
        w.measured('131/84/67')
        w.verify()

    def test_discovery_in_progress(self):
        """StartDiscovery answered InProgress: this client's session runs already; nothing is lost."""
        w = self.world('fail StartDiscovery InProgress Operation already in progress', 'foreign-scan on',
                       config=DISCOVERY)
        w.fake.wait('call StartDiscovery .*InProgress')
        self.measure(w, '131/84/67')
        w.verify()

    def test_discovery_refused(self):
        """StartDiscovery and SetDiscoveryFilter fail for a while: tried again, then the cuff is heard."""
        w = self.world('fail SetDiscoveryFilter Failed', 'fail StartDiscovery NotReady', config=DISCOVERY)
        w.fake.wait('discovery start')
        self.measure(w, '131/84/67')
        w.verify()

    def test_keeps_advertising(self):
        """The cuff goes on advertising: not connected again within the cool-down."""
        w = self.world('keeps-advertising on', config=DISCOVERY + FAST.replace('cooldown = 0.6', 'cooldown = 2.0'))
        self.measure(w, '131/84/67')
        w.event('sync_finished', w.subscriber.here())
        links = [t for t, line in zip(w.fake.out.times, w.fake.out.lines) if ' connect ' in line]
        self.assertTrue(all(b - a >= 2.0 for a, b in zip(links, links[1:])), links)
        w.verify()


class TestFallback(Story):
    def falls_back(self, error):
        w = self.world('fail RegisterApplication ' + error, service=False)
        w.service()
        w.fake.wait('discovery start')
        self.measure(w, '131/84/67')
        self.measure(w, '128/80/64')
        return w

    def test_registration_fails(self):
        """RegisterApplication fails: said once, and cuffs are found by scanning."""
        w = self.falls_back('Failed')
        self.assertEqual(w.running.err.count('does not connect cuffs by itself'), 1)
        w.verify()

    def test_registration_denied(self):
        """The bus policy forbids it: health says so, the cuff is read all the same, and it is well again."""
        w = self.falls_back('org.freedesktop.DBus.Error.AccessDenied')
        self.health(w, lambda h: not h['healthy'] and 'forbids' in h['problem'])
        self.assertTrue(w.request('health_check')['data']['healthy'])
        w.verify()

    def test_auto_connect_is_back_with_bluetoothd(self):
        """After bluetoothd's restart the registration is tried again, and scanning ends."""
        w = self.falls_back('Failed')
        w.fake.do('speaks-after 300')
        w.fake.do('bluetoothd-stop')
        start = w.fake.do('bluetoothd-start')
        w.fake.wait('profile register', start)
        self.measure(w, '118/76/60')
        w.fake.wait('connect %s by=auto' % CUFF, start)
        self.assertEqual(w.fake.out.count('StartDiscovery', start), 0)
        w.verify()


if __name__ == '__main__':
    unittest.main()
