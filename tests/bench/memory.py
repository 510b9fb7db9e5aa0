"""A first sync of a full memory (2 x 60 records), against the floor that the link sets: a bare client on the same fake
bus which says START, reads the same bytes in blocks of the same size, each once, and says END. Both spans are from the
cuff's own log, START to END; neither pairing nor hanging up is in it. And the memory that repeated syncs take."""

import contextlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'component'))
import harness  # noqa: E402

CUFF = harness.CUFF
RECORDS, RING = 60, 960  # of each user: so many, in so many bytes
REPEATS = 5

# Of each kind: the longest read, and the bytes to be read: settings, and the rings of both users.
KINDS = {'classic': (0x10, ((0x0010, 0x2C), (0x0098, RING), (0x0458, RING))),
         'k4': (0x38, ((0x0260, 0x2C), (0x02E8, RING), (0x06A8, RING)))}


def reads_at_least(kind):
    block, areas = KINDS[kind]
    return [(at, min(block, start + size - at)) for start, size in areas for at in range(start, start + size, block)]


def span(lines):
    """Seconds from START to END, and the reads between them."""
    def at(word):
        return next(float(line.split()[1]) for line in lines if re.match(r'log \S+ %s ' % word, line))

    return at('end') - at('start'), sum(1 for line in lines if re.match(r'log \S+ memory-read ', line))


def floor(kind):
    import dbus
    import fake_bus
    import fake_memory

    fake_bus.PROGRAM = harness.VIRTUAL_CUFF

    class Bare(fake_memory.MemoryFake):
        def write(self, path, value, kind='request'):
            """As the calls of the base, without its look-ups."""
            done = {}
            options = dbus.Dictionary({'type': kind}, signature='sv')
            self.host.bus.call_async('org.bluez', path, fake_memory.CHARACTERISTIC, 'WriteValue', 'aya{sv}',
                                     (dbus.ByteArray(value), options), lambda: done.update(ok=True), done.update)
            fake_bus.pump(lambda: done, 'a reply')

        def runTest(self):
            self.bonded(kind)
            for user in (1, 2):
                self.send('fill %d %d' % (user, RECORDS))
            self.session()
            for address, size in reads_at_least(kind):
                self.read(address, size)
                del self.host.changes[:]
                self.read_so_far = 0
            self.ask(fake_memory.END)
            self.took, reads = span(self.lines)
            assert reads == len(reads_at_least(kind)), reads

    bare = Bare()
    bare.debug()
    return bare.took


def resident(pid):
    """kB: now, and the most since the last reset."""
    with open('/proc/%d/status' % pid) as f:
        text = f.read()
    with open('/proc/%d/clear_refs' % pid, 'w') as f:
        f.write('5')
    return [int(re.search(r'^%s:\s+(\d+)' % k, text, re.M).group(1)) for k in ('VmRSS', 'VmHWM')]


def sync(world, n):
    """Both rings full of records that nobody has seen; read from START to END."""
    for user in (1, 2):
        world.fake.do('fill %d %d from=20%02d-01-01T07:00:00' % (user, RECORDS, 20 + n))
    log, start = world.fake.out.here(), world.subscriber.here()
    world.fake.do('advertise')
    world.event('sync_finished', start)
    world.fake.wait(r'^log \S+ call Disconnect ', log)
    world.wait_rows(2 * RECORDS * (n + 1))
    world.wait_outbox_empty()
    return span(world.fake.out.lines[log:])


@contextlib.contextmanager
def world_of(kind):
    """A service with an empty database, and a cuff that it has not read yet."""
    cuff = 'cuff %s name=BLESmart_0000025828FFB20591B5 memory=%s' % (CUFF, kind)
    with harness.World(cuffs=(cuff,), config='omron: { keys = "default"; };\n', use_proxy=False, log_level='info') as world:
        for command in ('time-scale 20', 'hang-up-after 0.3', 'bonded ' + CUFF, *(['cuff-key default'] if kind == 'classic' else [])):
            world.fake.do(command)
        world.service()
        world.fake.wait('armed ' + CUFF)
        yield world
        world.running.stop()


def first_sync(kind):
    with world_of(kind) as world:
        return sync(world, 0)


def bench_time(kind):
    bare = min(floor(kind) for _ in range(3))
    took, reads = min(first_sync(kind) for _ in range(3))
    print('first sync, %-8s    %d reads (%d at least), %.2f x the floor   %.2f s, a bare client %.2f s'
          % (kind, reads, len(reads_at_least(kind)), took / bare, took, bare))


def bench_memory(kind):
    with world_of(kind) as world:
        pid = world.running.pid
        before = resident(pid)[0]
        sync(world, 0)
        after, most = resident(pid)
        for n in range(1, REPEATS):
            sync(world, n)
        last = resident(pid)[0]
        print('  memory of %d syncs   RSS before %d kB, in the first at most %.2f x, after it %.2f x; after the last %.2f x that'
              % (REPEATS, before, most / before, after / before, last / after))


def main():
    for kind in KINDS:
        bench_time(kind)
        bench_memory(kind)


if __name__ == '__main__':
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else 'build')
    harness.SERVICE, harness.VIRTUAL_CUFF = os.path.join(build, 'cuff2mqtt'), os.path.join(build, 'virtual-cuff')
    main()
