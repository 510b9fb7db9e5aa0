"""The component tests' world with the real thing in the place of the D-Bus fake: Linux, bluetoothd, btmon,
and the virtual cuff behind a virtual controller (/dev/vhci). For a guest only: it empties /var/lib/bluetooth.

A scenario speaks to `w.fake` as it does in a component test. What the fake does to itself is done here to
the real thing, and told in the same log:

    bluetoothd-stop | bluetoothd-kill | bluetoothd-start      SIGTERM; SIGKILL; until it owns org.bluez
    rfkill on|off                                             all Bluetooth radios of the guest
    foreign-agent on|off [CAPABILITY]                         bluetoothctl, as somebody's desktop would; when asked
                                                              it says what the scenario says: w.fake.agent.say('yes')
    foreign-scan on|off [unfiltered]                          bluetoothctl too
    time-scale F                                              nothing: time is real here

What else the log says beside the words of virtual-cuff-vhci comes from the bus: `bluetoothd start|stop`,
`powered yes|no`, `call METHOD path=PATH answer=ok|ERROR` of every client, `asked METHOD NAME`.
Not here: `fail`, `delay`, `unanswered` (bluetoothd does as it likes), `bonded` (pair over the air)."""

import contextlib
import os
import shutil
import signal
import struct
import subprocess
import sys
import time

from gi.repository import GLib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), 'component'))  # behind: both have a test_pairing.py

from btsnoop import smp_of_file  # noqa: E402
from harness import CUFF, DEADLINE, ROOT, Cuffs, Story, Timeout, World  # noqa: E402
from recorder import Recorder  # noqa: E402
from transcript import difference, transcript  # noqa: E402

VIRTUAL_CUFF_VHCI = os.environ.get('VIRTUAL_CUFF_VHCI', os.path.join(ROOT, 'build', 'virtual-cuff-vhci'))
STORAGE = '/var/lib/bluetooth'
OMRON_CUFF = 'cuff %s name=BLESmart_0000025828FFB20591B5 omron=yes users=2' % CUFF


# --- what in_guest.py wants to know of a scenario --------------------------------------------------

def short(scenario):
    """Always run, also where there is little time."""
    scenario.short = True
    return scenario


def kernels(*names):
    """The kernels it runs on, e.g. '6.12', '6.1'; without this only 6.12."""
    def mark(scenario):
        scenario.kernels = names
        return scenario
    return mark


def known_bad(kernel, reason):
    """Not run on this kernel, which is at fault."""
    def mark(scenario):
        scenario.known_bad = [*getattr(scenario, 'known_bad', []), (kernel, reason)]
        return scenario
    return mark


def weight(seconds):
    """About how long it takes, so that the long ones begin first; without this 15."""
    def mark(scenario):
        scenario.weight = seconds
        return scenario
    return mark


def is_kernel(running, name):
    """Is 6.12.117+deb12-amd64 a '6.12'? And not a '6.1'."""
    return running.startswith(name) and not running[len(name):len(name) + 1].isdigit()


# --- the world --------------------------------------------------------------------------------------

def timing(**seconds):
    """For `config`: the service's own times, but for these."""
    return 'timing: { %s };\n' % ' '.join('%s = %.1f;' % one for one in seconds.items())


def bluetoothd_program():
    for path in ('/usr/libexec/bluetooth/bluetoothd', '/usr/lib/bluetooth/bluetoothd'):
        if os.path.exists(path):
            return path
    return shutil.which('bluetoothd') or 'bluetoothd'


def wait_until(is_true, what):
    """For what nobody tells: a file of another process."""
    end = time.monotonic() + DEADLINE
    while not is_true():
        if time.monotonic() > end:
            raise Timeout('waited in vain for ' + what)
        time.sleep(0.02)


class Client:
    """A process beside the service; what it says is kept in the logs' directory."""

    def __init__(self, argv, log, address):
        with open(log, 'ab') as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
                                            text=True, bufsize=1, start_new_session=True,
                                            env={**os.environ, 'DBUS_SYSTEM_BUS_ADDRESS': address})

    def say(self, line):
        self.process.stdin.write(line + '\n')

    def end(self, kill=False):
        """SIGTERM, or SIGKILL; also the latter when the first is not obeyed."""
        (self.process.kill if kill else self.process.terminate)()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Timeout('%s did not end' % self.process.args[0])
        finally:
            self.process.stdin.close()


class Radio(Cuffs):
    """virtual-cuff-vhci, and around it everything that makes a world of it."""

    def __init__(self, world, env):
        self.world = world
        self.recorder = self.bluetoothd = self.btmon = self.agent = self.scan = None
        super().__init__([VIRTUAL_CUFF_VHCI], env)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        self.rfkill(False)  # the guest's last world may have left it on
        self.recorder = Recorder(self.world.bus.address, self.tell)
        at = self.wait(r'^log (\S+) adapter add')
        self.began = self.out.times[at - 1] - float(self.out.match[1])  # one clock for all lines
        snoop = self.world.log('btsnoop')
        self.btmon = self.client(['btmon', '-w', snoop], 'btmon.txt')
        wait_until(lambda: os.path.exists(snoop) and os.path.getsize(snoop) > 16, 'btmon')
        for name in os.listdir(STORAGE):  # of the guest's last world
            shutil.rmtree(os.path.join(STORAGE, name))
        self.do('bluetoothd-start')

    def tell(self, words):
        self.out.add('log %.3f %s' % (time.monotonic() - self.began, words))

    def client(self, argv, log):
        return Client(argv, self.world.log(log), self.world.bus.address)

    def do(self, command):
        word, *arguments = command.split()
        ours = getattr(self, 'do_' + word.replace('-', '_'), None)
        if not ours:
            return super().do(command)
        start = self.out.here()
        ours(*arguments)
        return start

    def do_time_scale(self, factor):
        pass

    def do_bluetoothd_start(self):
        start = self.out.here()
        self.bluetoothd = self.client([bluetoothd_program(), '-n', '-d', *self.world.bluetoothd_arguments()],
                                      'bluetoothd.log')
        self.wait(r'^log \S+ bluetoothd start', start)

    def do_bluetoothd_stop(self, kill=False):
        start = self.out.here()
        self.bluetoothd.end(kill)
        self.wait(r'^log \S+ bluetoothd stop', start)

    def do_bluetoothd_kill(self):
        self.do_bluetoothd_stop(kill=True)

    def rfkill(self, blocked):
        """struct rfkill_event of linux/rfkill.h: RFKILL_OP_CHANGE_ALL, RFKILL_TYPE_BLUETOOTH."""
        with open('/dev/rfkill', 'wb') as device:
            device.write(struct.pack('=IBBBB', 0, 2, 3, blocked, 0))

    def do_rfkill(self, state):
        self.rfkill(state == 'on')
        self.tell('rfkill ' + state)

    def do_foreign_agent(self, state, capability='KeyboardDisplay'):
        start = self.out.here()
        if state == 'on':
            self.agent = self.client(['bluetoothctl', '--agent', capability], 'foreign-agent.txt')
            self.wait('call RegisterAgent .*answer=ok', start)
            wait_until(lambda: 'Agent registered' in self.world.said('foreign-agent.txt'), 'bluetoothctl to have read that')
            self.agent.say('default-agent')
            self.wait('call RequestDefaultAgent .*answer=ok', start)
        else:
            self.agent.end()
            self.agent = None

    def do_foreign_scan(self, state, filter='filtered'):
        start = self.out.here()
        if state == 'on':
            transport = 'on' if filter == 'unfiltered' else 'le'
            self.scan = self.client(['bluetoothctl', 'scan', transport], 'foreign-scan.txt')
            self.wait('call StartDiscovery .*answer=ok', start)
        else:
            self.scan.end()
            self.scan = None

    def stop(self):
        """In an order in which nobody misses the other."""
        with contextlib.ExitStack() as ends:  # all of them, whatever becomes of one; the last first
            for end in (self.recorder and self.recorder.stop, self.btmon and self.btmon.end, super().stop,
                        *(one and one.end for one in (self.bluetoothd, self.scan, self.agent))):
                if end:
                    ends.callback(end)


class Recorded:
    """What both worlds have beside a component test's: what is said on the bus is written down."""

    TIMING = ''

    def service(self, **kwargs):
        service = super().service(**kwargs)
        self.recorder.follow(service.pid)
        return service

    def transcript(self):
        """Of all services of this world, when the last has ended."""
        self.recorder.wait_for_the_end(DEADLINE)
        return transcript(self.recorder.messages, self.recorder.clients, CUFF)

    def events(self, kind):
        """The data of all events of this kind, so far."""
        found = self.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == kind)
        return [m.json['data'] for m in found]


class LabWorld(Recorded, World):
    """`conf`: what main.conf says beside the distribution's, e.g. {'Privacy': 'device', 'Policy.AutoEnable': 'false'}.
    `logs`: the directory for everybody's logs."""

    def __init__(self, *, conf=None, logs=None, **options):
        self.conf, self.logs = conf or {}, logs
        super().__init__(**options)

    def start_cuffs(self, env):
        self.logs = self.logs or self.directory
        return Radio(self, env)

    @property
    def recorder(self):
        return self.fake.recorder

    def log(self, name):
        return os.path.join(self.logs, name)

    def smp(self, count):
        """The first PDUs of pairing as btmon wrote them: [(who, bytes)]."""
        wait_until(lambda: len(smp_of_file(self.log('btsnoop'))) >= count, '%d SMP PDUs in btsnoop' % count)
        return smp_of_file(self.log('btsnoop'))[:count]

    def said(self, name):
        """What a program wrote into its log so far."""
        with open(self.log(name), errors='replace') as f:
            return f.read()

    def bluetoothd_arguments(self):
        if not self.conf:
            return []
        path = os.path.join(self.directory, 'main.conf')
        with open('/etc/bluetooth/main.conf') as distribution, open(path, 'w') as ours:
            ours.write(distribution.read())
            for name, value in self.conf.items():  # a section may be opened again
                section, _, key = name.rpartition('.')
                ours.write('\n[%s]\n%s = %s\n' % (section or 'General', key, value))
        return ['-f', path]

    def bluez(self, interface, address=None):
        """(path, {property: value}) of the adapter or of the device with this address; (None, {}) without one."""
        listed = self.recorder.call('org.bluez', '/', 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')
        for path, interfaces in listed[0].items():
            properties = interfaces.get('org.bluez.' + interface, {})
            if properties and address in (None, properties['Address']):
                return path, properties
        return None, {}

    def device(self, name, cuff=CUFF):
        """What bluetoothd says of the cuff; None if it does not know it."""
        return self.bluez('Device1', cuff)[1].get(name)

    def bluez_set(self, name, value, cuff=None):
        """A property of the adapter, or of a cuff."""
        interface = 'Device1' if cuff else 'Adapter1'
        kind = 'b' if isinstance(value, bool) else 'u' if isinstance(value, int) else 's'
        self.recorder.call('org.bluez', self.bluez(interface, cuff)[0], 'org.freedesktop.DBus.Properties', 'Set',
                           GLib.Variant('s', 'org.bluez.' + interface), GLib.Variant('s', name),
                           GLib.Variant('v', GLib.Variant(kind, value)))


class FakeWorld(Recorded, World):
    """The D-Bus fake, with the times of the real one."""

    recorder = None

    def start_cuffs(self, env):
        self.recorder = Recorder(self.bus.address)
        return super().start_cuffs(env)

    def close(self):
        try:
            if self.recorder:
                self.recorder.stop()
        finally:
            super().close()


class LabStory(Story):
    """A scenario: one world, or the same story in both."""

    def world(self, *commands, service=True, **options):
        """The adapter is on, the service runs, no cuff is paired."""
        w = LabWorld(logs=os.environ.get('CUFF2MQTT_TEST_LOGS'), **options)
        self.care_for(w, '')
        if service:
            w.fake.wait('powered yes')  # bluetoothd's own doing (AutoEnable)
        return self.begin(w, commands, service)

    def fake_world(self, *commands, service=True, **options):
        w = FakeWorld(**options)
        self.care_for(w, 'fake')
        return self.begin(w, commands, service)

    def care_for(self, w, prefix):
        self.addCleanup(w.close)
        self.addCleanup(self.keep_logs, w, prefix)

    def begin(self, w, commands, service):
        for cuff in w.cuffs:
            w.fake.do('hang-up-after %s 3' % cuff)  # as OMRON's do
        for command in commands:
            w.fake.do(command)
        if service:
            w.service()
            w.fake.wait('call RegisterApplication ')  # a paired cuff would be connected from here on
            self.health(w, lambda h: h['healthy'])
        return w

    def keep_logs(self, w, prefix=''):
        directory = os.environ.get('CUFF2MQTT_TEST_LOGS')
        if not directory:
            return
        for service in w.services:  # the story is over
            service.stop(signal.SIGKILL)
        os.makedirs(os.path.join(directory, prefix), exist_ok=True)
        for name, lines in (('cuff.log', w.fake.out.lines), ('mqtt.txt', map(repr, w.subscriber.messages)),
                            ('transcript.txt', w.transcript()),
                            ('service.log', [line for s in w.services for line in s.err.lines])):
            with open(os.path.join(directory, prefix, name), 'w') as f:
                f.writelines(line + '\n' for line in lines)
        with open(os.path.join(directory, prefix, 'dbus.pcap'), 'wb') as f:
            f.writelines(w.recorder.pcap)

    def rested(self, w, log, times=1):
        """Since `log` a session has ended, and after its rest the kernel waits for the cuff again; after the session
        that paired it that happens twice. Returns where in the log."""
        at = w.fake.wait('disconnect ', log)
        for _ in range(times):
            at = w.fake.wait('call RegisterApplication .*answer=ok', at)
        return at

    def same_in_both(self, story, *commands, **options):
        """The service hears and says the same, with the fake and with the real bluetoothd; returns the real world."""
        said = []
        for world in (self.fake_world, self.world):
            w = world(*commands, **options)
            story(w)
            w.running.stop()
            w.verify()
            said.append(w.transcript())
        parted = difference(*said)
        if parted:
            self.fail(parted)
        return w
