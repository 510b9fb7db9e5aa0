"""The unit under the real systemd, in a PID namespace of the guest: its user, its sandbox, the password it hands over, Debian's own
D-Bus policy, what it may ask the kernel and whom it asks what it may not, and when systemd starts the service again."""

import ctypes
import os
import pwd
import shutil
import struct
import subprocess

from harness import Lines, Process
from lab import DEADLINE, ROOT, LabStory, LabWorld, timing, wait_until, weight

PROGRAM = os.environ.get('CUFF2MQTT', os.path.join(ROOT, 'build', 'cuff2mqtt'))
UNITS, WANTED = '/etc/systemd/system', '/lib/systemd/system/sysinit.target.wants'
PASSWORD = '/etc/cuff2mqtt/password'
BROKER = 'allow_anonymous false\npassword_file @DIRECTORY@/users\n'
# Sooner than in the house, so that the story ends.
DROP_IN = '[Service]\nRestartSec=1\nWatchdogSec=%d\nTimeoutAbortSec=1\n'
# In the service's sandbox: the kernel tells of its links (HCIGETCONNLIST of hci0, with room for 64). Else it is not started.
LINKS = ("ExecStartPost=/usr/bin/python3 -c 'import fcntl, socket; "
         "fcntl.ioctl(socket.socket(31, 3, 1), 0x800448d4, bytearray([0, 0, 64, 0] + 1024 * [0]))'\n")


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f:
        f.write(text)
    os.chmod(path, mode)


class Systemd(Process):
    """PID 1 of a namespace, with the system bus and without the rest of a Debian."""

    address = 'unix:path=/run/dbus/system_bus_socket'

    def __init__(self):
        shutil.rmtree(UNITS)
        for name in [*os.listdir(WANTED), 'bluetooth.service']:  # bluetoothd is started and ended by the scenario
            if 'journald' not in name:
                os.makedirs(UNITS, exist_ok=True)
                os.symlink('/dev/null', os.path.join(UNITS, name))
        write(os.path.join(UNITS, 'lab.target'), '[Unit]\nWants=systemd-journald.service dbus.service\n')
        if not os.path.ismount('/sys/fs/cgroup'):
            subprocess.run(['mount', '-t', 'cgroup2', 'cgroup2', '/sys/fs/cgroup'], check=True)
        super().__init__(['unshare', '--fork', '--kill-child', '--pid', '--mount', '--mount-proc',
                          'sh', '-c', 'mount --make-rshared / && exec "$@"', 'sh',  # as it finds it on a real machine
                          '/lib/systemd/systemd', '--unit=lab.target', '--show-status=0', '--log-target=null'],
                         env={'PATH': os.environ['PATH'], 'container': 'lab'})
        children = '/proc/%d/task/%d/children' % (self.pid, self.pid)
        wait_until(lambda: open(children).read(), 'systemd')
        self.first = open(children).read().split()[0]
        wait_until(lambda: self.ctl('is-active', 'lab.target', 'dbus.service', check=False) == 'active\nactive', 'the system bus')

    def run(self, *words, check=True):
        told = subprocess.run(['nsenter', '-t', self.first, '-p', '-m', *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=4 * DEADLINE)
        if check and told.returncode:
            raise AssertionError('%s: %s' % (' '.join(words), told.stdout))
        return told.stdout.strip()

    def ctl(self, *words, check=True):
        return self.run('systemctl', *words, check=check)

    def show(self, name, unit='cuff2mqtt'):
        return self.ctl('show', '--value', '-p', name, unit)

    def stop(self):
        self.process.kill()  # and with it, by --kill-child, everything in the namespace
        return super().stop()


class Unit:
    """The service as systemd runs it, in the place of a harness.Service."""

    def __init__(self, systemd):
        self.systemd = systemd
        self.journal = subprocess.Popen(['journalctl', '-f', '-n', 'all', '-o', 'cat', '-u', 'cuff2mqtt'],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.err = Lines(self.journal.stdout)

    @property
    def pid(self):
        """As this namespace counts."""
        with open('/sys/fs/cgroup/system.slice/cuff2mqtt.service/cgroup.procs') as f:
            return int(f.read().split()[0])

    def status(self):
        with open('/proc/%d/status' % self.pid) as f:
            return dict(line.rstrip('\n').split(':\t', 1) for line in f if ':\t' in line)

    def stop(self, how=None):
        self.systemd.ctl('stop', 'cuff2mqtt')
        self.journal.kill()
        self.journal.wait()


class UnitWorld(LabWorld):
    state_directory = '/var/lib/cuff2mqtt'

    def start_bus(self, policy):
        subprocess.run(['mosquitto_passwd', '-b', '-c', os.path.join(self.directory, 'users'), 'cuff', 'secret'],
                       check=True, capture_output=True)
        return Systemd()

    def install(self):
        """As `make install` does it."""
        os.makedirs('/usr/local/bin', exist_ok=True)
        shutil.copy(PROGRAM, '/usr/local/bin/cuff2mqtt')
        subprocess.run(['make', '-s', 'BUILD=' + self.directory, 'systemd-unit'], cwd=ROOT, check=True)
        shutil.copy(os.path.join(self.directory, 'cuff2mqtt.service'), UNITS)
        subprocess.run(['systemd-sysusers', os.path.join(ROOT, 'packaging/systemd/cuff2mqtt.sysusers')], check=True)
        write('/etc/cuff2mqtt/cuff2mqtt.conf', self.config(), 0o640)
        shutil.chown('/etc/cuff2mqtt/cuff2mqtt.conf', 'root', 'cuff2mqtt')
        write(PASSWORD, 'secret\n', 0o600)
        self.settle(120)

    def settle(self, watchdog):
        write(os.path.join(UNITS, 'cuff2mqtt.service.d', 'lab.conf'), DROP_IN % watchdog + LINKS)
        self.bus.ctl('daemon-reload')

    def config(self):
        """As in the house; the cuffs' zone, which is not the guest's, cannot come with the environment here."""
        return super().config().replace('state_directory', '#state_directory').replace('mqtt: {', 'mqtt: { user = "cuff";').replace(
            'system_clock = "trusted";', 'system_clock = "auto"; time_zone = "Europe/Berlin";')

    def service(self):
        self.install()
        self.running = Unit(self.bus)
        self.services.append(self.running)
        start = self.subscriber.here()
        self.bus.ctl('start', 'cuff2mqtt')
        self.online(start)

    def online(self, start):
        self.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'online', start=start)


class TestSystemd(LabStory):
    def again(self, w, act, values):
        """The service comes back after `act`, and the cuff is read as before."""
        start, log = w.subscriber.here(), w.fake.out.here()
        before = w.running.pid
        act()
        w.online(start)
        self.assertNotEqual(w.running.pid, before)
        w.fake.wait('call RegisterApplication .*answer=ok', log)
        self.measure(w, values)

    def look(self, w):
        """Nobody in particular, and with no rights."""
        status, user = w.running.status(), pwd.getpwnam('cuff2mqtt')
        self.assertEqual(status['Uid'].split(), 4 * [str(user.pw_uid)])
        self.assertEqual(status['Groups'].split(), [str(user.pw_gid)])
        self.assertEqual({status[name].strip('0') for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')}, {''})
        self.assertEqual((status['NoNewPrivs'], status['Seccomp']), ('1', '2'))
        for name in os.listdir(w.state_directory):
            seen = os.stat(os.path.join(w.state_directory, name))
            self.assertEqual((seen.st_uid, seen.st_mode & 0o77), (user.pw_uid, 0), name)

    def memory(self, w):
        """What it takes where systemd and others have the same libraries: for docs/performance.md."""
        shutil.copy('/proc/%d/smaps_rollup' % w.running.pid, w.log('memory'))

    def clock(self, w):
        """timedated is started by the service's question; a cuff's clock is set when it says that ours is right, not before."""
        self.assertNotEqual(w.bus.show('ActiveEnterTimestampMonotonic', 'systemd-timedated'), '0')
        w.fake.do('clock unset')
        self.measure(w, '141/84/67')
        self.assertEqual(self.show(w)['clock_set'], 'no')
        buffer = ctypes.create_string_buffer(struct.pack('@Illl', 4, 0, 0, 1000), 512)  # ADJ_MAXERROR: as a client of NTP does it
        self.assertNotEqual(ctypes.CDLL(None).adjtimex(buffer), -1)
        told = w.bus.run('busctl', 'get-property', 'org.freedesktop.timedate1', '/org/freedesktop/timedate1',
                         'org.freedesktop.timedate1', 'NTPSynchronized')  # it is awake now, and answers at once
        self.assertEqual(told, 'b true')
        self.measure(w, '142/85/68')
        self.assertEqual(self.show(w)['clock_set'], 'yes')

    @weight(120)
    def test_the_unit(self):
        w = UnitWorld(logs=os.environ.get('CUFF2MQTT_TEST_LOGS'), login=('cuff', 'secret'), broker_extra=BROKER,
                      config=timing(cooldown=2.0))
        self.care_for(w, '')
        w.fake.wait('powered yes')
        self.begin(w, (), True)
        self.look(w)
        w.pair()
        self.state(w, lambda s: s['sync_state'] == 'idle')
        self.measure(w, '131/84/67')
        self.memory(w)
        self.clock(w)
        self.again(w, lambda: w.bus.ctl('restart', 'cuff2mqtt'), '132/85/68')
        self.again(w, lambda: w.bus.ctl('kill', '--signal=KILL', 'cuff2mqtt'), '133/86/69')
        self.assertEqual(w.bus.show('NRestarts'), '1')
        w.fake.do('bluetoothd-stop')
        start, log = w.subscriber.here(), w.fake.do('bluetoothd-start')
        self.health(w, lambda h: h['healthy'], start)
        w.fake.wait('call RegisterApplication .*answer=ok', log)
        w.fake.do('speaks-after 4000')  # a bluetoothd that is new looks at all services first
        self.measure(w, '134/87/70')
        w.fake.do('speaks-after 50')
        w.settle(4)
        self.again(w, lambda: w.bus.ctl('restart', 'cuff2mqtt'), '135/88/71')
        self.again(w, lambda: os.kill(w.running.pid, 19), '136/89/72')  # it hangs: the watchdog
        w.bus.ctl('stop', 'cuff2mqtt')
        self.assertEqual((w.bus.show('Result'), w.bus.show('ExecMainStatus')), ('success', '0'))
        w.verify()
        self.no_password(w)
        self.no_retry(w)

    def no_password(self, w):
        """Without the file it starts all the same; the broker's answer says what is missing."""
        os.unlink(PASSWORD)
        at = w.running.err.here()
        w.bus.ctl('start', 'cuff2mqtt')
        w.running.err.wait('refuses user "cuff" or the password', at)
        self.assertEqual(w.bus.show('ActiveState'), 'active')
        w.bus.ctl('stop', 'cuff2mqtt')

    def no_retry(self, w):
        """A wrong configuration: once, and systemd says so."""
        write('/etc/cuff2mqtt/cuff2mqtt.conf', 'log_levle = "info";\n')
        self.assertIn('exited with error code', w.bus.ctl('start', 'cuff2mqtt', check=False))
        self.assertEqual([w.bus.show(name) for name in ('ActiveState', 'ExecMainStatus', 'NRestarts')], ['failed', '78', '0'])
