"""A world of the fault matrix (tests/faults/world.py) with the real kernel and the real bluetoothd in it, and the faults that
only they can have. Moments, what must hold, and how a case is told are the same; the cuff's memory is the truth.

What stands under a person's hands here, beside the cuff's commands, is `w.do`:

    bluetoothd-stop | bluetoothd-kill | bluetoothd-start      SIGTERM; SIGKILL; until it owns org.bluez
    bus-stop | bus-start                                      dbus-daemon; bluetoothd ends with it, and begins with it
    rfkill on|off, adapter-remove, adapter-add                as in lab.py"""

import os
import re
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), 'faults'))  # behind: both have a module for faults

import lab  # noqa: E402
from recorder import Recorder  # noqa: E402
import cases  # noqa: E402
import world  # noqa: E402
import faults  # noqa: E402
from faults import DAY, HOUR, commands, fault  # noqa: E402
from harness import CUFF, Bus  # noqa: E402

# The service's own times, but for its pauses: nobody waits for those. A machine in emulation needs the others.
TIMING = lab.timing(cooldown=0.5, backoff_min=0.5, backoff_max=1.0, listen=0.3, token=0.7, reply=2.0, health=5.0)
DISK = '8m'


# --- faults that need the real thing ---------------------------------------------------------------

def hang(w, r):
    process = w.radio.bluetoothd.process
    process.send_signal(signal.SIGSTOP)
    return process


def go_on(w, r, process):
    process.send_signal(signal.SIGCONT)


def not_heard(w, r):
    w.do('no-establish %d' % r.randint(1, 3))


def heard_again(w, r, x):
    w.do('no-establish 0')


def fill_disk(w, r):
    """All of the disk, or all but a little."""
    path, size = os.path.join(w.state_directory, 'ballast'), r.choice((0, 0, 8192, 65536))
    with open(path, 'wb', buffering=0) as f:
        try:
            while f.write(bytes(4096)):
                pass
        except OSError:
            f.truncate(max(0, f.tell() - size))
    return path


def free_disk(w, r, path):
    os.unlink(path)


def jump(*choices):
    """The machine's own clock."""
    def inject(w, r):
        w.set_clock(time.time() + r.choice(choices))
    return inject


def right_clock(w, r, x):
    w.set_clock(None)


SHARED = ('service killed', 'service restarted', 'machine asleep', 'bluetoothd restarted', 'adapter pulled', 'rfkill',
          'cuff out of range', 'cuff out of range at a point', 'cuff lies', 'cuff stalls', 'cuff hangs up', 'broker killed',
          'broker away', 'connection cut', 'PUBACK withheld', 'database locked')
FAULTS = (
    *(faults.BY_NAME[name] for name in SHARED),
    fault('bluetoothd killed', *commands('bluetoothd-kill', 'bluetoothd-start')),
    fault('bluetoothd hangs', hang, go_on),
    fault('bus daemon gone', *commands('bus-stop', 'bus-start')),
    fault('cuff does not hear us', not_heard, heard_again, at=('idle', 'advertisement')),
    fault('disk full', fill_disk, free_disk),
    fault('clock ahead', jump(HOUR, 30 * DAY, 4000 * DAY), right_clock),
    fault('clock behind', jump(-60, -HOUR, -30 * DAY), right_clock),
    fault('clock of 1970', jump(-1790000000), right_clock),
)


# --- the world -------------------------------------------------------------------------------------

class Setting(cases.Setting):
    """What a world of this kind of cuff is like: on the air, MQTT matters less."""

    def __init__(self, kind, r):
        self.kind, self.tls = kind, False
        self.version = r.choice(('auto', 'auto', '3.1.1'))
        self.persistence = r.random() < 0.5
        self.indicates = r.random() < 0.5


class FaultWorld(world.World):
    """`logs`: the directory for everybody's logs."""

    FAULTS = {f.name: f for f in FAULTS}
    TIMING = TIMING
    # bluetoothd renews subscriptions by itself, the memory's too if the cuff is back before the service could take them
    # back: that link is lost, the next one is good. On the air nobody can tell who it was.
    EXPLAINED = re.compile('%s|%s' % (world.EXPLAINED.pattern, world.FORGETFUL.pattern))
    # Emulated, each step takes ten times as long as on the fake bus, and the kernel has waits of its own.
    HOLD, SESSION = 3.0, 15.0
    LATE, LATE_AGAIN = 20.0, 5.0
    PRESS = 90

    def __init__(self, setting, logs):
        self.logs, self.radio = logs, None
        os.makedirs(logs, exist_ok=True)
        self.gone = set()  # of bluetoothd and the bus: what somebody has stopped
        self.right_time = time.time() - time.monotonic()
        super().__init__(None, None, setting)
        try:
            self.pair()
        except BaseException:
            self.keep(self.logs, 'it could not be paired')
            self.close()
            raise

    # What Radio asks of a world.

    def log(self, name):
        return os.path.join(self.logs, name)

    def bluetoothd_arguments(self):
        return []

    # --- the beginning and the end ---

    def begin_bluetooth(self):
        os.makedirs(self.state_directory)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=700,size=' + DISK, 'tmpfs', self.state_directory], check=True)
        self.radio = lab.Radio(self, {'TZ': 'Europe/Berlin'})
        self.cuff = self.radio.process
        threading.Thread(target=self._follow, args=(self.radio.out,), daemon=True).start()
        self.timeline.wait(r'^log \S+ powered yes')  # bluetoothd's own doing
        self.describe_cuff()
        self.do('hang-up-after 3')
        self.do('connection-interval 30')
        return self.bus.address

    def _follow(self, lines):
        """What the cuff says, and bluetoothd on the bus, is part of the timeline."""
        at = 0
        while True:
            with lines.changed:
                if not lines.changed.wait_for(lambda: len(lines.lines) > at or lines.ended, 60):
                    continue
                new, ended = lines.lines[at:], lines.ended
            for line in new:
                self.timeline.add(line)
            at += len(new)
            if ended and not new:
                return

    def pair(self):
        """In its P mode, over the air; its memory has been read once."""
        begun, said = self.timeline.here(), self.subscriber.here()
        self.subscriber.publish('cuff2mqtt/bridge/request/pairing', '{"active": true}')
        self.do('pairing-mode on')
        for kind in ('device_paired', 'sync_finished'):
            self.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['type'] == kind, start=said)
        self.timeline.wait(r'^log \S+ disconnect ', begun)
        self.do('quiet')
        self.settle()

    def unsettled(self, truth=None):
        """In its own eyes, too: the adapter is on, and the kernel waits for the cuff."""
        health = self.subscriber.find('cuff2mqtt/bridge/health')
        return super().unsettled(truth) or (None if health and health[-1].json['healthy'] else 'the service is not healthy')

    def end_bluetooth(self):
        self.set_clock(None)
        if self.radio:
            self.radio.stop()
        subprocess.run(['umount', '--lazy', self.state_directory], stderr=subprocess.DEVNULL)

    # --- what can be done to it ---

    def set_clock(self, now):
        """None: the right time."""
        time.clock_settime(time.CLOCK_REALTIME, self.right_time + time.monotonic() if now is None else now)

    def do(self, command):
        word, *rest = command.split()
        ours = getattr(self, '_' + word.replace('-', '_'), None)
        if not ours:
            return super().do(command)
        start = self.timeline.here()
        self.timeline.add('> ' + command)
        ours(*rest)
        return start

    def _rfkill(self, state):
        self.radio.rfkill(state == 'on')

    def _bluetoothd_stop(self):
        self._end_bluetoothd(kill=False)

    def _bluetoothd_kill(self):
        self._end_bluetoothd(kill=True)

    def _end_bluetoothd(self, kill):
        if self.gone:
            self.gone.add('bluetoothd')
            return
        self.gone.add('bluetoothd')
        self.radio.bluetoothd.process.send_signal(signal.SIGCONT)  # one that hangs would not hear of it
        self.radio.do_bluetoothd_stop(kill)

    def _bluetoothd_start(self):
        self.gone.discard('bluetoothd')
        self._begin_bluetoothd()

    def _begin_bluetoothd(self):
        if not self.gone and self.radio.bluetoothd.process.poll() is not None:
            self.radio.do_bluetoothd_start()

    def _bus_stop(self):
        """bluetoothd notices, and ends by itself."""
        was_gone = bool(self.gone)
        self.gone.add('bus')
        self.bus.stop(signal.SIGKILL)
        self.radio.recorder.stop()
        self.radio.recorder = None
        if not was_gone:
            self.radio.bluetoothd.process.send_signal(signal.SIGCONT)
            self.radio.bluetoothd.process.wait(world.DEADLINE)

    def _bus_start(self):
        self.bus = Bus(self.directory)
        self.radio.recorder = Recorder(self.bus.address, self.radio.tell)
        self.gone.discard('bus')
        self._begin_bluetoothd()
