"""`cuff2mqtt doctor` as people, programs and strangers see it. Each check by itself: tests/unit/test_doctor_*.c for
files of the system, and the other test_doctor_* here."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import CUFF, ROOT, SERVICE, Lines, Process, Story, free_port

OK, FAILURE, USAGE = 0, 1, 64
CHECKS = ('config service database space kernel clock time_zone rfkill driver wifi bus bluetoothd adapter power '
          'low_energy agent pairable scanning privacy controller_mode repairing secure_connections cuffs broker topics '
          'discovery').split()
GOOD_HOST = {
    'proc/sys/kernel/osrelease': '6.12.117+deb12-arm64\n',
    'sys/class/bluetooth/hci0/device/modalias': 'usb:v0BDAp8771d0200dcE0\n',
    'sys/class/rfkill/rfkill0/type': 'bluetooth\n',
    'sys/class/rfkill/rfkill0/soft': '0\n',
    'sys/class/rfkill/rfkill0/hard': '0\n',
    'etc/bluetooth/main.conf': '[General]\nControllerMode = le\n',
}


def put(root, files):
    for name, text in files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)


class Silent:
    """A socket that takes connections and never says a word."""

    def __init__(self, family, address):
        self.socket = socket.socket(family)
        self.socket.bind(address)
        self.socket.listen()
        self.accepted = []

    def wait(self):
        self.socket.settimeout(45)
        self.accepted.append(self.socket.accept()[0])

    def close(self):
        for one in (*self.accepted, self.socket):
            one.close()


class Doctor(Story):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix='doctor-')
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        os.chmod(self.directory, 0o755)
        self.root = os.path.join(self.directory, 'root')
        put(self.root, GOOD_HOST)
        self.state = os.path.join(self.directory, 'state')
        self.file = os.path.join(self.directory, 'c.conf')
        self.bus = 'unix:path=' + os.path.join(self.directory, 'nobody')
        self.write('mqtt = { url = "mqtt://127.0.0.1:%d"; };' % free_port())

    def write(self, text):
        with open(self.file, 'w', encoding='utf-8') as f:
            f.write('state_directory = "%s";\nsystem_clock = "trusted";\ntime_zone = "Europe/Berlin";\n%s\n' % (self.state, text))
        os.chmod(self.file, 0o644)

    def environment(self, **more):
        clean = {k: v for k, v in os.environ.items() if not k.startswith('CUFF2MQTT') and k not in ('container', 'NO_COLOR')}
        return {**clean, 'CUFF2MQTT_DOCTOR_ROOT': self.root, 'DBUS_SYSTEM_BUS_ADDRESS': self.bus, 'TERM': 'xterm',
                'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=0', **more}

    def doctor(self, *words, config=True, program=SERVICE, user=None, **environment):
        words = ('--config', self.file, *words) if config else words
        result = subprocess.run([program, 'doctor', *words], env=self.environment(**environment), text=True, timeout=60,
                                stdin=subprocess.DEVNULL, capture_output=True, user=user, extra_groups=[] if user else None)
        self.assertNotRegex(result.stderr, 'Sanitizer|runtime error')
        return result

    def found(self, *words, **options):
        """{check: (status, text, remedy)}; the rest of what --json says is checked here."""
        result = self.doctor('--json', *words, **options)
        self.assertEqual(result.stdout.count('\n'), 1, result.stderr)
        said = json.loads(result.stdout)
        self.assertEqual(sorted(said), ['checks', 'problems', 'warnings'])
        self.assertEqual([c['check'] for c in said['checks']], CHECKS)
        for check in said['checks']:
            self.assertEqual(sorted(check), ['check', 'remedy', 'status', 'text'])
            self.assertIn(check['status'], ('ok', 'warning', 'problem', 'skipped'))
            self.assertTrue(check['text'], check)
            self.assertEqual(check['remedy'] is None, check['status'] == 'ok', check)
        for status in ('problem', 'warning'):
            self.assertEqual(said[status + 's'], sum(c['status'] == status for c in said['checks']))
        self.assertEqual(result.returncode, FAILURE if said['problems'] else OK)
        return {c['check']: (c['status'], c['text'], c['remedy']) for c in said['checks']}


class CommandLine(Doctor):
    def test_words_that_do_not_belong_are_usage_errors(self):
        for words, sentence in ((['--jsno'], 'did you mean "--json"?'), (['--raport'], 'did you mean "--report"?'),
                                (['--keys'], 'no option "--keys"'), (['now'], '"now" is one word too many'),
                                (['--json', '--report'], 'choose one'), (['--config'], '--config needs the name of a file')):
            result = self.doctor(*words, config=False)
            self.assertEqual((result.returncode, result.stdout), (USAGE, ''))
            self.assertIn(sentence, result.stderr)

    def test_it_explains_itself_and_not_the_tests_variable(self):
        text = subprocess.run([SERVICE, 'doctor', '--help'], capture_output=True, text=True, timeout=60).stdout
        self.assertTrue(text.startswith('Usage: cuff2mqtt doctor [--json | --report] [--config FILE]\n'))
        self.assertNotIn('DOCTOR_ROOT', text)
        self.assertIn('\n  doctor  ', subprocess.run([SERVICE, 'help'], capture_output=True, text=True, timeout=60).stdout)


class Nothing(Doctor):
    """No bus, no broker."""

    def test_each_part_says_so_and_all_ends(self):
        found = self.found()
        self.assertEqual(found['bus'][0], 'problem')
        self.assertEqual(found['broker'][0], 'problem')
        for check in ('bluetoothd', 'adapter', 'power', 'cuffs', 'topics'):
            self.assertEqual(found[check][0], 'skipped', check)

    def test_people_get_a_line_for_each_check_and_the_sum(self):
        result = self.doctor()
        self.assertEqual(result.returncode, FAILURE)
        lines = result.stdout.splitlines()
        checks = [line for line in lines if re.match(r'  (ok     |warning|problem|skipped)  \S', line)]
        self.assertEqual(len(checks), len(CHECKS))
        self.assertTrue(all(len(line) <= 78 for line in lines))
        self.assertRegex(lines[-1], r'\A\d problems?, \d warnings?\.\Z')
        self.assertNotIn('\033', result.stdout)
        self.assertEqual(result.stderr, '')
        problem = next(i for i, line in enumerate(lines) if line.startswith('  problem'))
        self.assertTrue(any(line.startswith('           Do: ') for line in lines[problem:problem + 3]))

    def test_files_of_the_system_are_judged(self):
        put(self.root, {'etc/bluetooth/main.conf': '[General]\nControllerMode = bredr\n',
                        'proc/sys/kernel/osrelease': '6.1.0-56-arm64\n'})
        found = self.found()
        self.assertEqual(found['controller_mode'], (
            'problem', '/etc/bluetooth/main.conf:2: bredr: Low Energy is switched off: no cuff can be heard',
            'Line 2 of /etc/bluetooth/main.conf: `ControllerMode = dual`, then `sudo systemctl restart bluetooth`.'))
        self.assertEqual(found['kernel'][0], 'problem')
        put(self.root, GOOD_HOST)
        found = self.found()
        for check in 'kernel clock time_zone rfkill driver privacy controller_mode repairing secure_connections'.split():
            self.assertEqual(found[check][0], 'ok', found[check])


class Configuration(Doctor):
    NEEDED_FOR = ('service', 'database', 'space', 'broker', 'topics', 'discovery')

    def test_a_good_one_is_good(self):
        self.assertEqual(self.found()['config'], ('ok', 'good', None))
        self.assertEqual(self.found(config=False, CUFF2MQTT_STATE_DIRECTORY=self.state,
                                    CUFF2MQTT_MQTT_URL='mqtt://127.0.0.1:%d' % free_port())['config'][0], 'ok')

    def test_a_wrong_one_is_a_problem_and_what_needs_it_is_not_looked_at(self):
        self.write('mqtt = { keep_alive = 0; };\nlog_levle = "info";\nx = 1;')
        found = self.found()
        status, text, remedy = found['config']
        self.assertEqual(status, 'problem')
        self.assertTrue(text.startswith('3 errors: '), text)
        self.assertIn(self.file + ':4: mqtt.keep_alive must be', text)
        self.assertIn('; ' + self.file + ':5: log_levle is no option; did you mean log_level?; ..', text)
        self.assertIn('`sudo cuff2mqtt check-config --config %s`' % self.file, remedy)
        for check in self.NEEDED_FOR:
            self.assertEqual(found[check], ('skipped', 'the configuration has to be read first', remedy))

    def test_a_missing_one_is_a_problem(self):
        os.remove(self.file)
        status, text, _ = self.found()['config']
        self.assertEqual((status, text), ('problem', '1 error: %s: cannot be read: No such file or directory' % self.file))

    def test_a_doubtful_one_is_a_warning(self):
        self.write('mqtt = { url = "mqtt://127.0.0.1:%d"; user = "u"; password = "hunter2"; };' % free_port())
        status, text, remedy = self.found()['config']
        self.assertEqual(status, 'warning')
        self.assertTrue(text.startswith('1 warning: ' + self.file + ':4: mqtt.password stands in a file'), text)
        self.assertIn('check-config', remedy)
        self.assertNotIn('hunter2', text)

    def as_somebody(self):
        """(program, user) of one who is not root."""
        if os.geteuid() != 0:
            return SERVICE, None
        program = os.path.join(self.directory, 'cuff2mqtt')
        shutil.copy(SERVICE, program)
        return program, 65534

    def test_one_that_is_another_users_is_skipped_with_the_line_to_run(self):
        program, user = self.as_somebody()
        password = os.path.join(self.directory, 'password')
        put(self.directory, {'password': 'x'})
        for secret in (self.file, password):
            self.write('mqtt = { user = "u"; password_file = "%s"; };' % password)
            os.chmod(password, 0o644)
            os.chmod(secret, 0o600 if user else 0)
            found = self.found(program=program, user=user)
            remedy = '`sudo cuff2mqtt doctor --config %s`' % self.file
            self.assertEqual(found['config'], ('skipped', 'this user may not read all of it', remedy))
            self.assertEqual(found['broker'][0], 'skipped')
            os.chmod(secret, 0o644)

    def test_the_line_to_run_names_the_services_user_where_there_is_one(self):
        program, user = self.as_somebody()
        put(self.root, {'etc/passwd': 'cuff2mqtt:x:990:990::/:/bin/false\n'})
        os.chmod(self.file, 0o600 if user else 0)
        self.assertEqual(self.found(program=program, user=user)['config'][2],
                         '`sudo -u cuff2mqtt cuff2mqtt doctor --config %s`' % self.file)


class Waiting(Doctor):
    """A bus and a broker that take a connection and say nothing."""

    def setUp(self):
        super().setUp()
        path = os.path.join(self.directory, 'silent')
        self.silent_bus = Silent(socket.AF_UNIX, path)
        self.addCleanup(self.silent_bus.close)
        self.silent_broker = Silent(socket.AF_INET, ('127.0.0.1', 0))
        self.addCleanup(self.silent_broker.close)
        self.bus = 'unix:path=' + path
        self.write('mqtt = { url = "mqtt://127.0.0.1:%d"; };' % self.silent_broker.socket.getsockname()[1])

    def test_it_ends_by_itself(self):
        found = self.found()
        self.assertEqual(found['bus'][0], 'problem')
        self.assertEqual(found['broker'][0], 'problem')

    def test_ctrl_c_ends_with_what_is_known(self):
        p = Process([SERVICE, 'doctor', '--json', '--config', self.file], env=self.environment())
        self.silent_bus.wait()
        self.silent_broker.wait()
        p.stop(signal.SIGINT)
        p.out.wait(r'"checks"')
        found = {c['check']: c for c in json.loads(p.out.match.string)['checks']}
        self.assertEqual(list(found), CHECKS)
        self.assertEqual(found['kernel']['text'], 'Linux 6.12.117+deb12-arm64')
        for check in ('bus', 'cuffs', 'broker'):
            self.assertEqual((found[check]['status'], found[check]['text']), ('skipped', 'interrupted before it was known'))
        self.assertEqual(p.err.count('Sanitizer'), 0)

    def on_a_terminal(self, stream, **environment):
        """What is written to a terminal that is `stream`, and to the other one."""
        master, slave = pty.openpty()
        with subprocess.Popen([SERVICE, 'doctor', '--config', self.file], env=self.environment(**environment), stdin=subprocess.DEVNULL,
                              **{'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, stream: slave}) as p:
            os.close(slave)
            other = Lines(open(os.dup((p.stderr if stream == 'stdout' else p.stdout).fileno()), errors='replace'))
            self.silent_bus.wait()
            self.silent_broker.wait()
            p.send_signal(signal.SIGINT)
            text = b''
            try:
                while part := os.read(master, 65536):
                    text += part
            except OSError:  # how Linux ends a terminal that nobody holds any more
                pass
            os.close(master)
            p.wait(45)
        with other.changed:
            other.changed.wait_for(lambda: other.ended, 45)
        return text.decode(), '\n'.join(other.lines)

    def test_colours_are_for_terminals(self):
        terminal, _ = self.on_a_terminal('stdout')
        self.assertIn('  \033[32mok\033[0m       Kernel', terminal)
        for environment in ({'NO_COLOR': '1'}, {'TERM': 'dumb'}):
            terminal, _ = self.on_a_terminal('stdout', **environment)
            self.assertNotIn('\033', terminal)
            self.assertIn('  ok       Kernel', terminal)

    def test_a_terminal_is_told_what_is_awaited(self):
        terminal, out = self.on_a_terminal('stderr')
        self.assertIn('Looking at Bluetooth: System bus ..', terminal)
        self.assertTrue(terminal.endswith('\r\033[K'), terminal)
        self.assertNotIn('Looking', out)
        terminal, _ = self.on_a_terminal('stderr', TERM='dumb')
        self.assertEqual(terminal, '')


class Whole(Doctor):
    """With all that belongs to it."""

    def test_a_good_host_has_no_problem(self):
        w = self.world()
        w.subscriber.publish('homeassistant/status', 'online', retain=True)
        self.file, self.bus = w.running.config, w.bus.address
        found = self.found()
        self.assertEqual([c for c in found.items() if c[1][0] == 'problem'], [])
        for check in ('config', 'service', 'database', 'bus', 'adapter', 'power', 'broker', 'topics', 'discovery'):
            self.assertEqual(found[check][0], 'ok', found[check])
        self.assertEqual(self.doctor().returncode, OK)

    def test_nothing_changes_anywhere(self):
        """Next to a service that works, with the service's own configuration: it keeps its connection, its files and
        bluetoothd; nothing stays at the broker."""
        name = {'CUFF2MQTT_MQTT_CLIENT_ID': 'the-gateway'}
        w = self.world(env={'TZ': 'Europe/Berlin', **name})
        self.file, self.bus = w.running.config, w.bus.address
        w.subscriber.wait('cuff2mqtt/device/.*/state')  # the last of what it says at first
        fake, log = w.fake.out.here(), w.broker.err.here()

        def files():
            seen = {}
            for name in os.listdir(w.state_directory):
                path = os.path.join(w.state_directory, name)
                # not SQLite's index of the log, in which readers leave marks; not the socket of health
                if os.path.isfile(path) and not name.endswith('-shm'):
                    with open(path, 'rb') as f:
                        seen[name] = f.read()
            return seen
        before = files()
        for words in ((), ('--json',), ('--report',)):
            self.assertIn('the gateway says online', re.sub(r'\s+', ' ', self.doctor(*words, **name).stdout))
        self.assertEqual(files(), before)
        self.assertFalse([topic for topic in w.subscriber.retained() if 'doctor' in topic])
        w.fake.do('show ' + CUFF)
        self.assertEqual([line.split()[0] for line in w.fake.out.lines[fake:]], ['state', 'done'])
        self.assertEqual(w.broker.err.count('New client connected from .* as the-gateway'), 1)
        for line in w.broker.err.lines[log:]:
            self.assertNotRegex(line, 'the-gateway.*(already connected|disconnected|closed)|as the-gateway')
        self.assertEqual(sum('New client connected' in line and 'cuff2mqtt-doctor-' in line for line in w.broker.err.lines[log:]), 3)
        self.measure(w, '131/84/67')
        w.verify()

    def test_a_report_names_nobody(self):
        """Words that tell who somebody is, in every place that has one."""
        login = ('annauser', 'hunter2anna')
        directory = os.path.join(self.directory, 'home', 'annahome')
        os.makedirs(directory)
        w = self.world(config='time_zone = "Europe/Berlin";\n', service=False,
                       cuffs=('cuff %s name=AnnasCuff omron=yes users=2' % CUFF,))
        w.service()
        w.fake.wait('armed ' + CUFF)
        self.measure(w, '131/84/67')
        put(self.root, {'sys/class/net/wlx28ffb20591b5/operstate': 'up\n', 'sys/class/net/wlx28ffb20591b5/wireless/status': '0\n',
                        'proc/sys/kernel/osrelease': '6.12.1-annauser\n', 'etc/bluetooth/main.conf': '[General]\nPrivacy = annaword\n'})
        self.bus, self.file = w.bus.address, os.path.join(directory, 'annas.conf')
        put(directory, {'annas.conf': w.config() + 'adapter = "AA:BB:CC:DD:EE:0F";\n'})
        with open(self.file, encoding='utf-8') as f:
            text = f.read().replace('url = "%s";' % w.url, 'url = "%s"; user = "%s"; password = "%s"; client_id = "annasclient"; '
                                    'base_topic = "annas/house";' % (w.url, *login))
        for url in (w.url, 'mqtt://annasbroker.invalid'):
            put(directory, {'annas.conf': text.replace(w.url, url)})
            result = self.doctor('--report', HOME=directory, USER='annauser', LOGNAME='annauser')
            self.assertRegex(result.stdout, r'\A### cuff2mqtt doctor\n\n- cuff2mqtt \d+\.\d+\.\d+\n- Linux 6\.12\.1-')
            for check in CHECKS:
                self.assertIn('\n| %s | ' % check, result.stdout)
            told = result.stdout.replace('annaword', '')  # a word of BlueZ's own configuration
            for word in ('anna', CUFF, CUFF.replace(':', ''), CUFF[-8:], 'AA:BB:CC:DD:EE:0F', 'hunter', '131', 'BLESmart',
                         socket.gethostname(), directory, w.directory):
                self.assertNotIn(word.lower(), told.lower())


class Page(unittest.TestCase):
    def test_the_page_explains_every_check(self):
        with open(os.path.join(ROOT, 'docs', 'doctor.md'), encoding='utf-8') as f:
            self.assertEqual(re.findall(r'^### `(\w+)`', f.read(), re.M), CHECKS)


if __name__ == '__main__':
    unittest.main()
