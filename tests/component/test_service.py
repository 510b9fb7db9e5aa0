"""The service as a process: how it starts, what it tells systemd, how it ends."""

import os
import re
import signal
import socket
import time
import unittest

from harness import CUFF, DEADLINE, Service, Story

DEFAULT_CONFIG = '/etc/cuff2mqtt/cuff2mqtt.conf'


class TestEnd(Story):
    def test_the_system_bus_goes(self):
        """Exit 75, so that systemd starts it again; the broker is told first."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.verify()
        w.bus.stop(signal.SIGKILL)
        w.running.err.wait('^error collector: The system bus is gone')
        self.assertEqual(w.running.process.wait(DEADLINE), 75)
        w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'offline')

    def test_no_system_bus_at_the_start(self):
        """Exit 75, and a sentence about dbus and containers."""
        w = self.world(service=False)
        w.env = {'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=' + os.path.join(w.directory, 'nowhere')}
        service = Service(w, w.config(), env=w.env, wait_ready=False)
        w.services.append(service)
        self.assertEqual(service.process.wait(DEADLINE), 75)
        service.err.wait("^error app: The system's message bus cannot be reached .*is dbus running")

    def test_sigterm_and_sigint_are_orderly(self):
        """Both: STOPPING=1, `offline`, exit 0."""
        w = self.world()
        for how in (signal.SIGTERM, signal.SIGINT):
            self.assertEqual(w.running.stop(how), 0)
            self.assertTrue(any('STOPPING=1' in notice for notice in w.running.notices))
            self.assertEqual(w.running.err.lines[-1], 'info app: Stopped')
            self.assertEqual(w.subscriber.retained()['cuff2mqtt/bridge/state'], 'offline')
            w.service()

    def test_a_second_signal_hurries(self):
        """A cuff in mid-session would hold up the stop: the second signal ends the session at once."""
        w = self.world('hang-up-after never', config='timing: { lingering = 60.0; collecting = 60.0; stop = 20.0; };\n')
        w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        w.running.process.send_signal(signal.SIGTERM)
        w.running.err.wait('^info app: Stopping')
        w.running.process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        w.running.err.wait('^info app: Told again to stop: hurrying')
        self.assertEqual(w.running.process.wait(DEADLINE), 0)
        self.assertLess(time.monotonic() - begin, 15)  # not the 20 s that a stop may take
        self.assertEqual(w.fake.out.count('disconnect .* by=client'), 1)
        w.verify()

    def test_sighup_only_says_what_to_do(self):
        """There is no reload: the log says so, the service goes on."""
        w = self.world()
        w.running.process.send_signal(signal.SIGHUP)
        w.running.err.wait('^warning app: The configuration is read at the start only: restart')
        self.measure(w, '131/84/67')
        w.verify()

    def test_sigpipe_and_a_closed_log_do_no_harm(self):
        """Whoever reads the log goes away: the measurements still arrive."""
        w = self.world(service=False)
        service = w.service()
        w.fake.wait('armed ' + CUFF)
        service.process.send_signal(signal.SIGPIPE)
        self.measure(w, '131/84/67')
        w.verify()


class TestSystemd(Story):
    def test_ready_status_and_stopping(self):
        """READY once; the status follows the cuffs, the broker and what waits; STOPPING at the end."""
        w = self.world(service=False)
        w.proxy.down()
        service = w.service(wait_connected=False)
        w.fake.wait('armed ' + CUFF)
        service.wait_notify('STATUS=1 cuffs; broker not connected; 0 measurements waiting')
        w.fake.do('measure 131/84/67')
        w.wait_rows(1)
        w.proxy.up()
        service.wait_notify('broker connected')
        w.measured('131/84/67')
        w.fake.do('adapter-remove')
        service.wait_notify('There is no Bluetooth adapter')
        w.fake.do('adapter-add')
        w.verify()
        self.assertEqual(service.stop(), 0)
        self.assertEqual(sum('READY=1' in notice for notice in service.notices), 1)
        self.assertIn('STOPPING=1', service.notices[-1])

    def test_the_watchdog_is_fed(self):
        """With WATCHDOG_USEC systemd gets its pings from the loop, also while a broker does not answer."""
        w = self.world(service=False)
        w.proxy.down()
        w.env = {'WATCHDOG_USEC': '400000'}
        service = w.service(wait_connected=False)
        for count in range(1, 5):
            with service.told:
                service.told.wait_for(lambda: service.notices.count('WATCHDOG=1') >= count, DEADLINE)
            self.assertGreaterEqual(service.notices.count('WATCHDOG=1'), count)

    def test_no_watchdog_unasked(self):
        """Without WATCHDOG_USEC nothing of the kind is sent."""
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertEqual(w.running.notices.count('WATCHDOG=1'), 0)

    def test_nothing_secret_in_what_systemd_shows(self):
        """STATUS holds counts and problems, never a value."""
        w = self.world()
        self.measure(w, '173/109/113')
        w.verify()
        self.assertEqual([n for n in w.running.notices if re.search(r'\b(173|109|113)\b', n)], [])


class TestConfiguration(Story):
    def end(self, w, *arguments, config=None, **env):
        service = Service(w, config, env=env, wait_ready=False, arguments=arguments)
        w.services.append(service)
        return service, service.process.wait(DEADLINE)

    def environment(self, w):
        return {'CUFF2MQTT_MQTT_URL': w.url, 'CUFF2MQTT_STATE_DIRECTORY': w.state_directory,
                'CUFF2MQTT_TIME_ZONE': 'Europe/Berlin', 'CUFF2MQTT_SYSTEM_CLOCK': 'trusted',
                'CUFF2MQTT_LOG_LEVEL': 'debug', 'CUFF2MQTT_ADAPTER': '00:1A:7D:DA:71:01'}

    def test_the_environment_alone(self):
        """A container without a file: everything is set by variables."""
        if os.path.exists(DEFAULT_CONFIG):
            self.skipTest(DEFAULT_CONFIG + ' exists here')
        w = self.world(service=False)
        w.running = Service(w, None, env=self.environment(w))
        w.services.append(w.running)
        w.fake.wait('armed ' + CUFF)
        w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        info = w.request('info')['data']
        self.assertEqual((info['log_level'], info['time_zone']), ('debug', 'Europe/Berlin'))
        w.verify()

    def test_defaults_and_no_broker(self):
        """No file, no variables, no broker: it runs, reads the cuff, and says what it would need."""
        if os.path.exists(DEFAULT_CONFIG):
            self.skipTest(DEFAULT_CONFIG + ' exists here')
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', 1883)) == 0:
                self.skipTest('somebody listens on port 1883 here')
        w = self.world(service=False)
        w.running = Service(w, None, env={'STATE_DIRECTORY': w.state_directory})  # systemd's; else it were in /var
        w.services.append(w.running)
        w.running.err.wait('^warning mqtt: mqtt://localhost:1883 refuses the connection')
        w.fake.wait('armed ' + CUFF)
        w.fake.do('measure 131/84/67')
        w.wait_rows(1)
        w.fake.wait('disconnect ' + CUFF)
        self.assertEqual(w.running.stop(), 0)

    def test_the_configuration_file_is_missing(self):
        """A file that was named must be there: exit 78."""
        w = self.world(service=False)
        service, code = self.end(w, '--config', os.path.join(w.directory, 'nowhere.conf'))
        self.assertEqual(code, 78)
        service.err.wait('^error config: .*nowhere.conf: cannot be read: No such file')

    def test_a_wrong_configuration(self):
        """Exit 78, with all that is wrong in file and environment at once; no database is made."""
        w = self.world(service=False)
        service, code = self.end(w, config='log_levle = "info";\nmqtt: { keep_alive = 0; };\n',
                                 CUFF2MQTT_ADAPTER='hci0', CUFF2MQTT_STATE_DIRECTORY=w.state_directory)
        self.assertEqual(code, 78)
        service.err.wait('^error config: .*cuff2mqtt.conf:1: log_levle is no option; did you mean log_level')
        service.err.wait('^error config: .*cuff2mqtt.conf:2: mqtt.keep_alive must be')
        service.err.wait('^error config: CUFF2MQTT_ADAPTER: must be an address')
        self.assertFalse(os.path.exists(w.state_directory))
        self.assertFalse(service.notices)

    def test_an_adapter_that_is_not_there(self):
        """The configured adapter is missing: the service runs and says so, and takes it when it comes."""
        w = self.world(service=False, config='adapter = "00:1A:7D:DA:71:02";\n')
        w.service()
        w.running.err.wait('^warning collector: There is no Bluetooth adapter \\(or not the configured one\\)')
        self.assertFalse(w.request('health_check')['data']['checks']['bluetooth'])
        self.assertEqual(w.running.stop(), 0)

    def test_no_bluetoothd(self):
        """BlueZ is not running yet: the service waits for it and says what to start; then all is well."""
        w = self.world('bluetoothd-stop', service=False)
        w.service()
        w.running.err.wait('^warning collector: The Bluetooth service of the system is not running: try')
        start = w.fake.do('bluetoothd-start')
        w.fake.wait('armed ' + CUFF, start)
        self.measure(w, '131/84/67')
        w.verify()


class TestLogging(Story):
    def test_the_log_is_also_on_mqtt_from_info_up(self):
        """bridge/logging has level, component and message; no debug, and no repeats."""
        w = self.world()
        self.measure(w, '131/84/67')
        w.verify()
        lines = [m.json for m in w.subscriber.find('cuff2mqtt/bridge/logging')]
        self.assertTrue(lines)
        self.assertEqual({line['level'] for line in lines}, {'info'})
        self.assertEqual([list(line) for line in lines], [['level', 'message', 'component', 'time']] * len(lines))
        self.assertTrue(all(a['message'] != b['message'] for a, b in zip(lines, lines[1:])))
        self.assertNotIn('cuff2mqtt/bridge/logging', w.subscriber.retained())

    def test_events_are_not_retained(self):
        """Neither of the bridge nor of the cuff: Home Assistant would fire them again at each start."""
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertEqual([t for t in w.subscriber.retained() if t.endswith('/event')], [])


if __name__ == '__main__':
    unittest.main()
