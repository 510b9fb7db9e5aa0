"""A first sync of a full memory (2 x 60 records), against the floor that the link sets, and the memory that syncs take.

The floor: a bare client on the same fake bus says START, reads the same bytes in blocks of the same size, each once and
the next as soon as the last has come, and says END. Both spans are from the cuff's own log, START to END; neither pairing
nor hanging up is in it. The virtual cuff takes 20 ms for a write and 5 ms for each notification."""

import re

import dbus
import fake_bus
import fake_memory
import meters
from place import CUFF, Place

RECORDS, RING = 60, 960  # of each user: so many, in so many bytes
ROUNDS, REPEATS = 3, 5
SLOWER = 30  # ms that each answer takes longer, in the control

# Of each kind: the longest read, and the bytes to be read: settings, and the rings of both users.
KINDS = {'classic': (0x10, ((0x0010, 0x2C), (0x0098, RING), (0x0458, RING))),
         'k4': (0x38, ((0x0260, 0x2C), (0x02E8, RING), (0x06A8, RING)))}


def reads_at_least(kind):
    block, areas = KINDS[kind]
    return [(at, min(block, start + size - at)) for start, size in areas for at in range(start, start + size, block)]


def span(lines):
    """Seconds from START to END."""
    def at(word):
        return next(float(line.split()[1]) for line in lines if re.match(r'log \S+ %s ' % word, line))

    return at('end') - at('start')


class Bare(fake_memory.MemoryFake):
    """The bare client; .took in seconds."""

    def __init__(self, kind, slower):
        super().__init__()
        self.kind, self.slower = kind, slower

    def write(self, path, value, kind='request'):
        """As the calls of the base, without its look-ups."""
        done = {}
        options = dbus.Dictionary({'type': kind}, signature='sv')
        self.host.bus.call_async('org.bluez', path, fake_memory.CHARACTERISTIC, 'WriteValue', 'aya{sv}',
                                 (dbus.ByteArray(value), options), lambda: done.update(ok=True), done.update)
        fake_bus.pump(lambda: done, 'a reply')

    def runTest(self):
        self.bonded(self.kind)
        for user in (1, 2):
            self.send('fill %d %d' % (user, RECORDS))
        if self.slower:
            self.send('omron-fault delay-reply %d times=0' % self.slower)
        self.session()
        for address, size in reads_at_least(self.kind):
            self.read(address, size)
            del self.host.changes[:]
            self.read_so_far = 0
        self.ask(fake_memory.END)
        self.took = span(self.lines)


def floor(kind, slower=0):
    bare = Bare(kind, slower)
    bare.debug()
    return bare.took


def place_of(kind):
    """With a cuff that nobody has read yet."""
    return Place('cuff %s name=BLESmart_0000025828FFB20591B5 memory=%s' % (CUFF, kind), config='omron: { keys = "default"; };\n',
                 commands=['cuff-key default'] if kind == 'classic' else [])


def sync(place, process, n):
    """Both rings full of records that nobody has seen; read from START to END."""
    for user in (1, 2):
        place.fake.do('fill %d %d from=20%02d-01-01T07:00:00' % (user, RECORDS, 20 + n))
    log, start = place.fake.out.here(), place.subscriber.here()
    place.fake.do('advertise')
    place.settle(process, log, start, 2 * RECORDS)
    return span(place.fake.out.lines[log:])


def first_sync(kind, slower=0):
    with place_of(kind) as place:
        if slower:
            place.fake.do('omron-fault delay-reply %d times=0' % slower)
        with place.cuff2mqtt() as service:
            return sync(place, service, 0)


def peer_sync(kind):
    with place_of(kind) as place:
        with place.peer() as peer:
            return sync(place, peer, 0)


def speed(figures, kind):
    """Floor and service in turns; their shortest."""
    spans = [(floor(kind), first_sync(kind)) for _ in range(ROUNDS)]
    bare, ours = (min(column) for column in zip(*spans))
    slower_bare, slower = floor(kind, SLOWER), first_sync(kind, SLOWER)
    figures.add('a full memory, %s' % kind, ours, 's',
                ('a slower link, floor of %.2f s' % slower_bare, slower, ours + 0.8 * (slower_bare - bare)),
                peer=min(peer_sync(kind) for _ in range(ROUNDS)) if kind == 'k4' else None,
                judged=('of the floor of %.2f s,' % bare, ours / bare, 1.2))


def repeated(kind, **burden):
    """MB resident after the first sync and after the last."""
    with place_of(kind) as place:
        with place.cuff2mqtt(**burden) as service:
            resident = []
            for n in range(REPEATS):
                sync(place, service, n)
                resident.append(meters.memory(service.pid)['Rss'])
    return resident[0], resident[-1]


def memory(figures, kind):
    first, last = repeated(kind)
    figures.add('RSS after %d full memories, %s' % (REPEATS, kind), last, 'MB',
                ('2 MB more', repeated(kind, memory_kb=2048)[1], last + 1.5), judged=('of that after one:', last / first, 1.1))


def run(figures, options):
    for kind in KINDS:
        speed(figures, kind)
    memory(figures, 'k4')
