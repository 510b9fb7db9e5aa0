"""`cuff2mqtt health`: what the service says of itself to who asks on its own computer."""

import json
import os
import signal
import subprocess
import time
import unittest

from harness import SERVICE
from shell_look import CONFIG, FAILURE, NOBODY, OK, Shell

WELL = 'All is well: Bluetooth, the database and the broker.\n'


class TestHealth(Shell):
    def answers(self, w, code, pattern):
        done = self.run_it(w, 'health')
        self.assertEqual((done.returncode, done.stderr), (code, ''))
        self.assertRegex(done.stdout, pattern)
        self.assertEqual(done.stdout.count('\n'), 1)

    def becomes(self, w, code, pattern):
        """There is no event for who stands outside: asked until it is so, with a deadline."""
        end = time.monotonic() + 45
        while self.run_it(w, 'health').returncode != code and time.monotonic() < end:
            time.sleep(0.05)
        self.answers(w, code, pattern)

    def test_well(self):
        w = self.world()
        self.assertEqual(self.told(w, 'health'), WELL)
        asked = w.request('health_check')['data']
        self.assertEqual(json.loads(self.told(w, 'health', '--json')), asked)
        self.assertEqual(asked, {'healthy': True, 'problem': None,
                                 'checks': {'bluetooth': True, 'database': True, 'mqtt': True}})

    def test_the_broker_goes_and_comes(self):
        w = self.world()
        w.proxy.down()
        self.becomes(w, FAILURE, r'^mqtt://127\.0\.0\.1:\d+ .*\n$')
        checks = json.loads(self.run_it(w, 'health', '--json').stdout)['checks']
        self.assertEqual(checks, {'bluetooth': True, 'database': True, 'mqtt': False})
        w.proxy.up()
        self.becomes(w, OK, WELL)

    def test_bluetooth_goes(self):
        w = self.world()
        w.fake.do('adapter-remove')
        w.event('adapter_down')
        self.answers(w, FAILURE, r'^There is no Bluetooth adapter .*plug it in')

    def test_it_costs_the_broker_nothing(self):
        w = self.world()
        before = w.broker.err.count('New client connected')
        for _ in range(3):
            self.told(w, 'health')
        w.ping()
        self.assertEqual(w.broker.err.count('New client connected'), before)

    def test_it_does_not_run(self):
        w = self.world(service=False)
        self.assertEqual(self.fails(w, FAILURE, 'health'), 'cuff2mqtt: no service runs with the state directory %s: see its log\n'
                         % w.state_directory)
        w.service()
        socket = os.path.join(w.state_directory, 'health')
        self.told(w, 'health')
        w.running.stop()
        self.assertFalse(os.path.exists(socket))
        self.fails(w, FAILURE, 'health')
        w.service()
        w.kill()
        self.assertTrue(os.path.exists(socket))
        self.fails(w, FAILURE, 'health')
        w.service()
        self.assertEqual(self.told(w, 'health'), WELL)

    def test_it_hangs(self):
        w = self.world()
        os.kill(w.running.pid, signal.SIGSTOP)
        try:
            said = self.fails(w, FAILURE, 'health')
        finally:
            os.kill(w.running.pid, signal.SIGCONT)
        self.assertEqual(said, 'cuff2mqtt: the service does not answer within 5 seconds: restart it\n')
        self.assertEqual(self.told(w, 'health'), WELL)

    @unittest.skipUnless(os.geteuid() == 0, 'needs root, to be somebody else')
    def test_not_for_others(self):
        w = self.world()
        os.chmod(w.directory, 0o755)
        os.chmod(self.config(w), 0o644)
        done = subprocess.run(self.argv(w, ['health']), user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True,
                              env=self.environment())
        self.assertEqual(done.returncode, FAILURE)
        self.assertIn('cannot be asked in %s: Permission denied\n' % w.state_directory, done.stderr)
        self.assertIn('Run it as the user it belongs to: `sudo cuff2mqtt health', done.stderr)

    def test_a_wrong_configuration(self):
        w = self.world(service=False)
        done = subprocess.run([SERVICE, 'health'], capture_output=True, text=True, timeout=60,
                              env=self.environment(CUFF2MQTT_MQTT_KEEP_ALIVE='0'))
        self.assertEqual(done.returncode, CONFIG)
        self.assertIn('CUFF2MQTT_MQTT_KEEP_ALIVE', done.stderr)

    def test_a_place_without_sockets(self):
        """A name too long for one: the service does its work all the same, and says so."""
        w = self.world(service=False)
        deep = os.path.join(w.directory, 'x' * 120)
        w.config = lambda text=w.config().replace(w.state_directory, deep): text
        w.service()
        w.running.err.wait('`cuff2mqtt health` gets no answer: no socket can be made in .* .File name too long')
        self.assertIn('cannot be asked in', self.fails(w, FAILURE, 'health'))


if __name__ == '__main__':
    unittest.main()
