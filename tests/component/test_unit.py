"""packaging/systemd/cuff2mqtt.service: what systemd says of it, whether its numbers are those of the program, and the whole
story of a cuff under its system call filter."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import certificates
import harness
import unit_filter
from harness import CUFF, DEADLINE, ROOT, SERVICE, Process, Story, free_port

SOURCE = os.path.join(ROOT, 'packaging', 'systemd', 'cuff2mqtt.service')
OPEN_ENDED = {'Description', 'Documentation', 'ExecStart', 'WantedBy'}  # say themselves why they are there
SECONDS = {'': 1, 's': 1, 'min': 60}


def source(*path):
    with open(os.path.join(ROOT, *path), encoding='utf-8') as f:
        return f.read()


def seconds(text):
    number, unit = re.fullmatch(r'(\d+)(s|min|)', text).groups()
    return int(number) * SECONDS[unit]


@unittest.skipUnless(shutil.which('systemd-analyze'), 'systemd is not installed')
class TestUnit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """As the Makefile makes it, for a program that is there."""
        cls.directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        os.mkdir(os.path.join(cls.directory, 'bin'))
        os.symlink(SERVICE, os.path.join(cls.directory, 'bin', 'cuff2mqtt'))
        clean = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MFLAGS', 'MAKELEVEL')}
        subprocess.run(['make', '-s', 'BUILD=' + cls.directory, 'PREFIX=' + cls.directory, 'systemd-unit'], cwd=ROOT, env=clean,
                       check=True)
        cls.unit = os.path.join(cls.directory, 'cuff2mqtt.service')
        with open(cls.unit) as f:
            cls.text = f.read()

    def values(self, name):
        return unit_filter.values(self.unit, name)

    def value(self, name):
        [value] = self.values(name)
        return value

    def test_systemd_takes_it(self):
        """Without a word, and the command line is the program's."""
        told = subprocess.run(['systemd-analyze', 'verify', '--man=no', self.unit], capture_output=True, text=True)
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, '', ''))
        self.assertEqual(self.value('ExecStart'), os.path.join(self.directory, 'bin', 'cuff2mqtt') + ' run')

    def test_steps_of_restarts_only_where_systemd_knows_them(self):
        """They came with systemd 254; an older one would complain at each start of the machine."""
        version = subprocess.run(['pkg-config', '--modversion', 'libsystemd'], capture_output=True, text=True).stdout
        steps = ['RestartSteps', 'RestartMaxDelaySec'] if int(re.match(r'\d+', version)[0]) >= 254 else []
        self.assertEqual(re.findall(r'^(RestartSteps|RestartMaxDelaySec)=', self.text, re.M), steps)
        self.assertEqual('(systemd 254)' in self.text, bool(steps))
        self.assertIn('\nRestartMaxDelaySec=', source(SOURCE))

    def test_exposure(self):
        """At most 1.5 of 10."""
        told = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--threshold=15', '--no-pager', self.unit],
                              capture_output=True, text=True)
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)
        self.assertRegex(told.stdout, r'Overall exposure level for cuff2mqtt.service: [01]\.\d')

    def test_each_line_has_its_reason(self):
        """A comment stands before each setting."""
        lines = source(SOURCE).splitlines()
        bare = [line for before, line in zip(lines, lines[1:])
                if re.match(r'\w+=', line) and line.split('=')[0] not in OPEN_ENDED and not before.startswith('# ')]
        self.assertEqual(bare, [])
        self.assertGreater(len(re.findall(r'^\w+=', source(SOURCE), re.M)), 40)

    def test_what_no_retry_helps(self):
        """The exit codes of which the program says so, and no other."""
        codes = re.findall(r'= (\d+), /\*[^/]*no retry helps', source('gateway', 'cli', 'exit_code.h'))
        self.assertEqual(self.value('RestartPreventExitStatus').split(), codes)
        self.assertEqual(len(codes), 3)
        self.assertEqual(self.value('Restart'), 'always')
        self.assertGreaterEqual(seconds(self.value('RestartSec')), 5)

    def test_time_to_stop(self):
        """Longer than the longest orderly stop: the session, the end of the link, the words to the broker."""
        longest = int(re.search(r'seconds from \S+ to (\d+)\.\n +stop = ', source('config', 'cuff2mqtt.conf'))[1])
        link = int(re.search(r'\n +disconnecting = (\d+);', source('config', 'cuff2mqtt.conf'))[1])
        words = int(re.search(r'GOODBYE_USEC (\d+)000000u', source('gateway', 'app', 'app.c'))[1])
        self.assertGreater(seconds(self.value('TimeoutStopSec')), longest + link + words + 5)

    def test_watchdog(self):
        """sd-event pings after half to three quarters of the time: the quarter left is longer than anything we wait for."""
        wait = int(re.search(r'BUSY_TIMEOUT_MS (\d+)', source('gateway', 'store', 'database.c'))[1]) / 1000
        self.assertGreater(seconds(self.value('WatchdogSec')) / 4, 10 * wait)
        self.assertEqual(self.value('Type'), 'notify')
        self.assertIn('sd_event_set_watchdog(a->event, true)', source('gateway', 'app', 'app.c'))

    def test_the_kernel_may_be_asked_about_links(self):
        """The family of that socket: this machine's kernel may have no Bluetooth to try it with; the lab's has."""
        [family] = re.findall(r'socket\((AF_\w+),', source('gateway', 'bluez', 'link.c'))
        self.assertIn(family, self.value('RestrictAddressFamilies').split())

    def test_the_user_is_made_by_sysusers(self):
        """`make install` and the unit mean the same user."""
        self.assertIn('\nu %s - ' % self.value('User'), source('packaging', 'systemd', 'cuff2mqtt.sysusers'))
        self.assertEqual(self.value('Group'), self.value('User'))

    def test_the_password_is_where_the_program_looks(self):
        """The credential's name is the program's, its file the one that the program finds beside its configuration."""
        name, path = self.value('LoadCredential').split(':')
        self.assertIn('"%%s/%s"' % name, source('gateway', 'app', 'config_check.c'))
        default = re.search(r'DEFAULT_PATH "(.*)"', source('gateway', 'app', 'config.c'))[1]
        self.assertEqual(path, os.path.join(os.path.dirname(default), 'password'))
        self.assertEqual(self.value('SetCredential'), name + r':\n')


@unittest.skipUnless(shutil.which('systemd-analyze'), 'systemd is not installed')
class TestUnderTheUnit(Story):
    """The program under what the unit allows; what it forbids ends the program."""

    @classmethod
    def setUpClass(cls):
        cls.certificates = certificates.make(cls)

    def setUp(self):
        """LeakSanitizer needs more than a service does, and SQLite gives files to their owner when root runs it."""
        directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self.addCleanup(shutil.rmtree, directory)
        self.wrapper = os.path.join(directory, 'cuff2mqtt')
        with open(self.wrapper, 'w') as f:
            f.write('#!/bin/sh\nexec %s %s %s "$@"\n' % (unit_filter.__file__, SOURCE, SERVICE))
        self.also = {'CUFF2MQTT_TEST_ALSO': 'fchown fchown32'} if os.geteuid() == 0 else {}
        os.chmod(self.wrapper, 0o755)
        if subprocess.run([self.wrapper, 'version'], env={'ASAN_OPTIONS': 'detect_leaks=0', 'PATH': os.environ['PATH']},
                          capture_output=True).returncode == 77:
            self.skipTest('this machine lets nobody set a system call filter')
        patch = mock.patch.object(harness, 'SERVICE', self.wrapper)
        patch.start()
        self.addCleanup(patch.stop)

    def settings(self, w, **more):
        w.env = {'ASAN_OPTIONS': 'detect_leaks=0:abort_on_error=0', **self.also, **more}
        return w

    def test_the_filter_bites(self):
        """What a service has no business with ends it: else the stories below would prove nothing."""
        for code in ('import os; os.nice(0)', 'import os; os.chroot("/")', 'import mmap; mmap.mmap(-1, 4096, prot=7)'):
            ended = subprocess.run([unit_filter.__file__, SOURCE, '/usr/bin/python3', '-c', code], capture_output=True)
            self.assertEqual(ended.returncode, -31, code)  # SIGSYS
        code = 'import socket\ntry: socket.socket(16)\nexcept OSError as e: print(e.errno)'
        told = subprocess.run([unit_filter.__file__, SOURCE, '/usr/bin/python3', '-c', code], capture_output=True, text=True)
        self.assertEqual(told.stdout, '97\n')
        code = ('import ctypes; c = ctypes.CDLL(None, use_errno=True)\n'
                'for f in c.adjtimex, lambda t: c.clock_adjtime(0, t): print(f(bytes(512)), ctypes.get_errno())')
        told = subprocess.run([unit_filter.__file__, SOURCE, '/usr/bin/python3', '-c', code], capture_output=True, text=True)
        self.assertEqual(told.stdout, '-1 1\n-1 1\n')

    def test_a_whole_life(self):
        """Pairing, memory, measurements, every kind of request that writes, a broker that goes, bluetoothd too; the stop.
        The system's own clock is asked for (system_clock = "auto")."""
        cuff = 'cuff %s name=BLESmart_0000025828FFB20591B5 memory=classic users=2' % CUFF
        w = self.settings(self.world('hang-up-after 0.1', bonded=False, service=False, cuffs=(cuff,)),
                          CUFF2MQTT_SYSTEM_CLOCK='auto')
        w.fake.do('measure %s announce=no 121/79/62' % CUFF)
        w.service()
        w.pair(CUFF)
        w.measured('121/79/62')
        self.measure(w, '131/84/67')
        w.proxy.cut()
        self.measure(w, '132/85/68')
        start = w.fake.do('bluetoothd-stop')
        w.fake.do('bluetoothd-start')
        w.fake.wait('armed ' + CUFF, start)
        device = '{"device":"%s"%%s}' % CUFF.replace(':', '').lower()
        for name, payload in (('info', '{}'), ('health_check', '{}'), ('devices', '{}'), ('history', device % ''),
                              ('backup', '{}'), ('device/rename', device % ',"name":"Bedroom"')):
            answer = w.request(name, payload)
            self.assertEqual(answer['status'], 'ok', (name, answer))
        w.allowed_duplicates = w.proxy.lost_acks
        w.verify()
        self.assertEqual(w.running.stop(), 0)

    def test_a_name_and_tls(self):
        """A broker by its name, encrypted: name services and OpenSSL under the filter, without AF_NETLINK."""
        port = free_port()
        extra = 'allow_anonymous true\nlistener %d 127.0.0.1\ncertfile %s/broker.pem\nkeyfile %s/broker.key\n' % (
            port, self.certificates, self.certificates)
        w = self.settings(self.world(service=False, broker_extra=extra), CUFF2MQTT_MQTT_URL='mqtts://localhost:%d' % port,
                          CUFF2MQTT_MQTT_CA_FILE=os.path.join(self.certificates, 'ca.pem'))
        w.service()
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        w.verify()
        self.assertEqual(w.running.stop(), 0)

    def timedate(self, w):
        """Says that the clock is not right until it gets another word."""
        timedate = Process([os.path.join(os.path.dirname(unit_filter.__file__), 'timedate.py')],
                           env={**os.environ, 'DBUS_SYSTEM_BUS_ADDRESS': w.bus.address})
        self.addCleanup(timedate.stop)
        timedate.out.wait('^ready')
        return timedate

    def test_whether_the_clock_is_right(self):
        """The kernel must not be asked: a cuff's clock is set when systemd-timedated says so, who is asked for each session; not
        before, and not without it."""
        w = self.settings(self.world('clock unset', service=False), CUFF2MQTT_SYSTEM_CLOCK='auto')
        w.service()
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        timedate, start = self.timedate(w), w.subscriber.here()
        self.measure(w, '132/85/68')
        at = timedate.out.wait('^asked no')
        asked = w.request('device/time', '{"device":"%s"}' % CUFF.replace(':', '').lower())
        self.assertEqual(asked['status'], 'accepted', asked)  # what was said a while ago is no reason to refuse
        at = timedate.out.wait('^asked no', at)
        self.measure(w, '133/86/69')
        refused = w.subscriber.wait('cuff2mqtt/bridge/response/device/time', lambda m: m.json['status'] == 'error', start=start)
        self.assertIn('clock is not synchronised', refused.json['error'])
        at = timedate.out.wait('^asked no', at)
        self.assertEqual((w.fake.out.count('write .*2a2b'), self.show(w)['clock_set']), (0, 'no'))
        timedate.process.stdin.write('yes\n')
        timedate.out.wait('^says yes')
        self.measure(w, '134/87/70')
        timedate.out.wait('^asked yes', at)
        self.measure(w, '135/88/71')  # at the latest: the session need not wait for an answer
        self.assertEqual((w.fake.out.count('write .*2a2b'), self.show(w)['clock_set']), (1, 'yes'))
        w.verify()
        self.assertEqual(w.running.stop(), 0)

    def test_a_restart_that_was_asked_for(self):
        """Exit code 75, which the unit starts again."""
        w = self.settings(self.world(service=False))
        w.service()
        w.request('restart')
        self.assertEqual(w.running.process.wait(DEADLINE), 75)


class TestCredential(Story):
    """The password that systemd hands over."""

    def credentials(self, content):
        directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self.addCleanup(shutil.rmtree, directory)
        os.chmod(directory, 0o755)
        name, _ = unit_filter.values(SOURCE, 'LoadCredential')[0].split(':')
        with open(os.path.join(directory, name), 'w') as f:
            f.write(content)
        return directory

    def test_it_opens_the_broker(self):
        """mqtt.user and the credential: nothing else is set."""
        directory = self.credentials('secret\n')
        path = os.path.join(directory, 'users')
        subprocess.run(['mosquitto_passwd', '-b', '-c', path, 'alice', 'secret'], check=True, capture_output=True)
        os.chmod(path, 0o644)
        w = self.world(service=False, login=('alice', 'secret'),
                       broker_extra='allow_anonymous false\npassword_file %s\n' % path)
        w.env = {'CUFF2MQTT_MQTT_USER': 'alice', 'CREDENTIALS_DIRECTORY': directory}
        w.service()
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        w.verify()

    def test_a_wrong_one_names_the_file_to_correct(self):
        """Not systemd's copy of it, which nobody can write."""
        with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
            f.write('mqtt = { user = "alice"; };\n')
            f.flush()
            for content, wrong in (('one\ntwo\n', 'must hold one line'), ('\r\n', 'is empty: write the password into it')):
                env = {**os.environ, 'CREDENTIALS_DIRECTORY': self.credentials(content)}
                told = subprocess.run([SERVICE, 'check-config', '--config', f.name], capture_output=True, text=True, env=env)
                self.assertEqual(told.returncode, 78)
                self.assertRegex(told.stderr, r'/etc/cuff2mqtt/password\), which ' + wrong)

    def test_without_the_file_it_runs(self):
        """What systemd hands over then is the unit's stand-in, which is no password."""
        _, stand_in = unit_filter.values(SOURCE, 'SetCredential')[0].split(':')
        w = self.world(service=False)
        w.env = {'CUFF2MQTT_MQTT_USER': 'alice',
                 'CREDENTIALS_DIRECTORY': self.credentials(stand_in.encode().decode('unicode_escape'))}
        w.service()
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        self.assertEqual(w.running.err.count('password'), 0)
        w.verify()


if __name__ == '__main__':
    unittest.main()
