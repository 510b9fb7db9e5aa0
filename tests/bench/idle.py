"""While nothing happens: memory, wake-ups, the start; and what strangers' advertisements cost."""

import os
import re
import subprocess
import tempfile
import time
from statistics import median

import certificates
import meters
from harness import free_port
from place import Place

STARTS = 9
STRANGERS, RATE = 50, 20  # advertisements a second, of each


class Certificates:
    """What certificates.make() wants of a test class."""

    def __init__(self):
        self.cleanups = []

    def addClassCleanup(self, what, *arguments):
        self.cleanups.append((what, arguments))

    def clean(self):
        for what, arguments in self.cleanups:
            what(*arguments)


def settled(place, process):
    """Memory after a measurement: what is allocated once is there."""
    place.session(process)
    return meters.memory(process.pid)


def memory(figures, tls=None, **options):
    words = 'with TLS' if tls else 'plain'
    with Place(**options) as place:
        place.tls = tls
        place.grow_old()
        with place.cuff2mqtt() as service:
            ours = settled(place, service)
        with place.cuff2mqtt(memory_kb=2048) as service:
            burdened = settled(place, service)
        with place.peer() as peer:
            theirs = settled(place, peer)
    figures.add('PSS, ' + words, ours['Pss'], 'MB', ('2 MB more', burdened['Pss'], ours['Pss'] + 1.5), peer=theirs['Pss'],
                below=5 if tls else 4)
    figures.add('private memory, ' + words, ours['Private'], 'MB', ('2 MB more', burdened['Private'], ours['Private'] + 1.5),
                peer=theirs['Private'])


def memory_tls(figures):
    made = Certificates()
    port, directory = free_port(), certificates.make(made)
    try:
        memory(figures, ('mqtts://localhost:%d' % port, os.path.join(directory, 'ca.pem')), broker_extra=(
            'listener %d 127.0.0.1\ncafile %s/ca.pem\ncertfile %s/broker.pem\nkeyfile %s/broker.key\n' %
            (port, directory, directory, directory)))
    finally:
        made.clean()


def wakeups(figures, seconds):
    """The smallest of three spans: what others on this machine do can add, and takes nothing away."""
    def of(start, **burden):
        with start(**burden) as process:
            place.session(process)
            return min(meters.wakeups_per_second(process.pid, seconds / 3) for _ in range(3))

    with Place() as place:
        ours, burdened, theirs = of(place.cuff2mqtt), of(place.cuff2mqtt, wake_hz=5), of(place.peer)
    figures.add('wake-ups while idle, a second', ours, '', ('5 more', burdened, ours + 3), peer=theirs, below=3)


def start(figures):
    with Place() as place:
        place.grow_old()
        took = {}
        for _ in range(STARTS):  # in turns
            for name, how in (('ours', place.cuff2mqtt), ('burdened', lambda: place.cuff2mqtt(start_ms=100)), ('peer', place.peer)):
                with how() as process:
                    took.setdefault(name, []).append(process.ready_after * 1000)
    ours, burdened, theirs = (median(took[name]) for name in ('ours', 'burdened', 'peer'))
    figures.add('start to READY', ours, 'ms', ('100 ms later', burdened, ours + 70), peer=theirs, below=150)


# --- strangers ------------------------------------------------------------------------------------

def adverts_per_second(place):
    """What goes over the bus, as somebody hears it who listens to everything."""
    with tempfile.TemporaryFile('w+') as out:
        monitor = subprocess.Popen(['dbus-monitor', '--profile', '--address', place.bus.address, "type='signal',sender='org.bluez'"],
                                   stdout=out)
        time.sleep(1)  # the span that is measured
        monitor.terminate()
        monitor.wait()
        out.seek(0)
        return len(re.findall('^sig', out.read(), re.M))


def flooded(place, process, seconds):
    """Wake-ups a second without and with the strangers, heard by a scan of somebody else; their advertisements a second."""
    quiet, loud = [], []
    for _ in range(3):  # in turns
        quiet.append(meters.wakeups_per_second(process.pid, seconds / 3))
        place.fake.do('foreign-scan on')
        place.fake.wait('discovery start')
        loud.append(meters.wakeups_per_second(process.pid, seconds / 3))
        adverts = adverts_per_second(place)
        place.fake.do('foreign-scan off')
    return min(quiet), min(loud), adverts


def strangers(figures, seconds):
    """Whoever scans, bluetoothd tells it to the bus; who has not asked for those signals sleeps on. A pairing window does ask."""
    with Place(commands=['stranger 5C:00:00:00:00:%02X adverts=%d/s' % (i, RATE) for i in range(STRANGERS)]) as place:
        with place.cuff2mqtt() as service:
            quiet, loud, adverts = flooded(place, service, seconds)
        with place.cuff2mqtt() as service:
            place.request('pairing', '{"active": true}')
            _, window, _ = flooded(place, service, min(seconds, 9))  # hears them all the time: it scans itself
        with place.peer() as peer:
            before, behind, _ = flooded(place, peer, min(seconds, 9))
    each = round(max(0, loud - quiet) / adverts, 3)
    figures.add('wake-ups per advertisement of a stranger', each, '', ('in a pairing window', (window - quiet) / adverts, 0.05),
                peer=(behind - before) / adverts, judged=('at %d a second,' % round(adverts, -2), each, 0))


def run(figures, options):
    memory(figures)
    memory_tls(figures)
    start(figures)
    wakeups(figures, options.idle)
    strangers(figures, options.idle)
