"""The table of faults: how each is brought about, and how it ends. Nobody helps the service but where `person` says so:
what a person has to do then stands in the function that heals.

A fault may cost no measurement. Told again may be what the broker's side saw leave without an answer (proxy.py knows),
and what was in a database that was destroyed (`destroys`)."""

import collections
import os
import signal
import sqlite3

import moments

ALL = tuple(m.name for m in moments.MOMENTS)
BEFORE = ('idle',)
ON_AIR = ('idle', 'connecting', 'subscribing', 'opening', 'request', 'frame')

# `inject(world, random)` returns what `heal(world, random, that)` needs. `needs`: of the world.
# `crashes`: the service may die of it. `slow`: only in long runs. `hits`: what the shim counts of it; it goes on until
# it has struck, if it does in time.
Fault = collections.namedtuple('Fault', 'name inject heal at needs crashes slow hits')


def fault(name, inject, heal=lambda w, r, x: None, at=ALL, needs=lambda w: True, crashes=False, slow=False,
          hits=None):
    return Fault(name, inject, heal, at, needs, crashes, slow, hits)


# --- the service ---

def kill(w, r):
    w.service.kill()


def stop(w, r):
    w.service.kill(signal.SIGTERM)


def up(w, r, x):
    w.service.up()


def soon(r):
    """So many calls go well; a commit is about a dozen."""
    return r.choice((0, r.randrange(6), r.randrange(30)))


def kill_at_a_write(w, r):
    w.shim.disk(soon(r), kills=True)


def freeze(w, r):
    process = w.service.process
    if process:
        process.send_signal(signal.SIGSTOP)
    return process


def thaw(w, r, process):
    if process:
        process.send_signal(signal.SIGCONT)


# --- bus, bluetoothd, adapter ---

def bus_gone(w, r):
    w.relay.down()
    w.do('bluetoothd-stop')


def bus_back(w, r, x):
    w.relay.up()
    w.do('bluetoothd-start')


def commands(one, other):
    """Two commands of the virtual cuff's."""
    return lambda w, r: w.do(one), lambda w, r, x: w.do(other)


def refuses(w, r):
    method = r.choice(('StartNotify', 'WriteValue', 'ReadValue', 'Disconnect', 'RegisterApplication'))
    w.do('fail %s %s times=%d' % (method, r.choice(('Failed', 'InProgress', 'NotReady', 'NotPermitted')), r.randint(1, 3)))


def is_late(w, r):
    method = r.choice(('StartNotify', 'WriteValue', 'ReadValue', 'Disconnect'))
    w.do('delay %s %.1f times=%d' % (method, r.choice((0.2, 0.5, 3.0)), r.randint(1, 2)))


def is_silent(w, r):
    w.do('unanswered %s times=1' % r.choice(('StartNotify', 'WriteValue', 'ReadValue')))


def answers(w, r, x):
    w.do('faults-none')


# --- the cuff ---

def out_of_range(w, r):
    w.do('vanish')


def out_of_range_at(w, r):
    w.do('vanish at=' + r.choice(('connecting', 'connected', 'subscribing', 'reading', 'collecting')))


def stays(w, r, x):
    w.do('vanish at=nowhere')


def cuff_fault(kinds, most):
    def inject(w, r):
        at = r.choice(('', ' at=%d' % r.randint(1, 12)))
        kind, times = r.choice(kinds), r.randint(1, most)
        if kind == 'corrupt-record' and not w.kind.startswith('k4'):
            times = 1  # nobody has proved what the sum of such a record is: what is read twice so is believed
        w.do('omron-fault %s%s times=%d' % (kind, at, times))
    return inject


def no_cuff_fault(w, r, x):
    w.do('omron-fault none')


# --- the broker ---

def kill_broker(w, r):
    w.kill_broker()


def stop_broker(w, r):
    w.kill_broker(signal.SIGTERM)


def start_broker(w, r, x):
    w.start_broker()


def shut(w, r):
    w.proxy.shut()


def open_again(w, r, x):
    w.proxy.open()


def cut(w, r):
    w.proxy.cut_all()


def set_proxy(cuts=False, **what):
    def inject(w, r):
        for name, value in what.items():
            setattr(w.proxy, name, value)
        if cuts:
            w.proxy.cut_all()
    return inject


def well(w, r, x):
    """The broker is as it should be; what it had not answered it answers late, or the link is cut."""
    if r.random() < 0.5:
        w.proxy.cut_all()
    w.proxy.heal()


def slow(w, r):
    w.proxy.pause = r.choice((0.02, 0.1, 0.3))


def refuses_publish(w, r):
    w.proxy.refuses_puback = r.randint(1, 3)


def first_door_shut(w, r):
    w.proxy.doors[0].shut()
    w.proxy.cut_all()


def first_door_deaf(w, r):
    w.proxy.doors[0].deaf = True
    w.proxy.cut_all()


def quota(w, r):
    w.proxy.quota = True
    w.proxy.disconnect(0x97)


def names_slow(w, r):
    w.shim.set('name_delay_ms', r.choice((200, 1000, 4000)))
    w.proxy.cut_all()


def names_very_slow(w, r):
    w.shim.set('name_delay_ms', 20000)
    w.proxy.cut_all()


def names_fast(w, r, x):
    w.shim.set('name_delay_ms', 0)


# --- disk and database ---

def disk(error, mode=0):
    return lambda w, r: w.shim.disk(soon(r), error, mode)


def disk_well(w, r, x):
    w.shim.heal_disk()


def lock_database(w, r):
    db = sqlite3.connect(w.database, isolation_level=None, check_same_thread=False, timeout=w.SESSION)
    try:
        db.execute('BEGIN IMMEDIATE')
    except sqlite3.OperationalError:
        if not w.service.sleeps:
            raise
        w.timeline.add('locked by the service, which sleeps')
    return db


def unlock_database(w, r, db):
    if db.in_transaction:
        db.execute('ROLLBACK')
    db.close()


def newer_version(w, r):
    """Somebody has run a newer release on it, and went back."""
    w.service.kill()
    db = sqlite3.connect(w.database)
    version = db.execute('PRAGMA user_version').fetchone()[0]
    db.execute('PRAGMA user_version = 99')
    db.close()
    w.service.up()
    w.timeline.until(lambda: None if w.service.refused else 'a newer database is not refused')
    return version


def older_version(w, r, version):
    """A person installs the newer release again (here: it is the same one), and starts it."""
    db = sqlite3.connect(w.database)
    db.execute('PRAGMA user_version = %d' % version)
    db.close()
    w.service.up()


def destroy(w, r):
    """A page of a table is overwritten while the service is down."""
    w.service.kill()
    w.again |= set(w.proxy.published)
    db = sqlite3.connect(w.database)
    db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    size = db.execute('PRAGMA page_size').fetchone()[0]
    table = r.choice(('measurement', 'measurement_known', 'outbox', 'memory_mark', 'cuff', 'user'))
    page = db.execute('SELECT rootpage FROM sqlite_schema WHERE name = ?', (table,)).fetchone()[0]
    db.close()
    for name in ('-wal', '-shm'):
        if os.path.exists(w.database + name):
            os.unlink(w.database + name)
    with open(w.database, 'r+b') as f:
        f.seek((page - 1) * size)
        f.write(b'\xa5' * size)
    w.timeline.add('destroyed %s' % table)
    w.service.up()


# --- clock and memory ---

def clock(*choices):
    return lambda w, r: w.shim.set('clock_offset_s', r.choice(choices))


def clock_right(w, r, x):
    w.shim.set('clock_offset_s', 0)


def memory(w, r):
    w.proxy.forgetful = True
    w.shim.memory(r.choice((r.randrange(50), r.randrange(500), r.randrange(3000))), r.choice((1, 1, 2, 10)))


def memory_back(w, r, x):
    w.shim.set('memory_after', -1)  # the proxy stays forgetful: the link may end a moment later, for what came before


HOUR, DAY = 3600, 86400
tls = lambda w: w.tls          # noqa: E731
mqtt_5 = lambda w: w.version != '3.1.1'  # noqa: E731

FAULTS = (
    fault('service killed', kill, up),
    fault('service killed between two writes', kill_at_a_write, disk_well, hits='disk'),
    fault('service restarted', stop, up),
    fault('machine asleep', freeze, thaw),

    fault('bluetoothd restarted', *commands('bluetoothd-stop', 'bluetoothd-start')),
    fault('bus daemon gone', bus_gone, bus_back),
    fault('adapter pulled', *commands('adapter-remove', 'adapter-add')),
    fault('adapter back as another', *commands('adapter-remove', 'adapter-add hci1')),
    fault('rfkill', *commands('rfkill on', 'rfkill off')),
    fault('bluetoothd refuses', refuses, answers, at=ON_AIR),
    fault('bluetoothd is late', is_late, answers, at=ON_AIR),
    fault('bluetoothd does not answer', is_silent, answers, at=ON_AIR),

    fault('cuff out of range', out_of_range),
    fault('cuff out of range at a point', out_of_range_at, stays, at=BEFORE),
    fault('cuff lies', cuff_fault(('corrupt-reply', 'garbage-reply', 'drop-slice', 'duplicate-reply', 'corrupt-record'), 5),
          no_cuff_fault, at=ON_AIR),
    fault('cuff stalls', cuff_fault(('delay-reply 100', 'delay-reply 900', 'delay-reply 60000', 'start-unanswered'), 3),
          no_cuff_fault, at=ON_AIR),
    fault('cuff hangs up', cuff_fault(('hang-up', 'refuse-settings'), 2), no_cuff_fault, at=ON_AIR),

    fault('broker killed', kill_broker, start_broker),
    fault('broker restarted', stop_broker, start_broker),
    fault('broker away', shut, open_again),
    fault('connection cut', cut),
    fault('broker stalls', set_proxy(stalls=True), well),
    fault('broker slow', slow, well),
    fault('PUBACK withheld', set_proxy(withholds=True), well),
    fault('PUBLISH refused', refuses_publish, well, needs=mqtt_5),
    fault('broker refuses MQTT 5', set_proxy(refuses_5=True, cuts=True), well, needs=mqtt_5),
    fault('first URL dead', first_door_shut, open_again),
    fault('first URL deaf', first_door_deaf, well, slow=True),
    fault('certificate expired', set_proxy(certificate='expired', cuts=True), well, needs=tls),
    fault('certificate of another name', set_proxy(certificate='name', cuts=True), well, needs=tls),
    fault('certificate of another authority', set_proxy(certificate='authority', cuts=True), well, needs=tls),
    fault('wrong password', set_proxy(refuses_login=True, cuts=True), well),
    fault('quota exceeded', quota, well),
    fault('names take long', names_slow, names_fast, hits='name'),
    fault('names take 20 s', names_very_slow, names_fast, slow=True, hits='name'),

    fault('disk full', disk('ENOSPC'), disk_well, hits='disk'),
    fault('disk fails', disk('EIO'), disk_well, hits='disk'),
    fault('disk unreadable', disk('EIO', mode=1), disk_well, hits='disk'),
    fault('disk read-only', disk('EROFS'), disk_well, hits='disk'),
    fault('database locked', lock_database, unlock_database),
    fault('database of a newer version', newer_version, older_version, at=BEFORE),
    fault('database destroyed', destroy, at=('idle', 'frame', 'committed', 'published', 'resting')),

    fault('clock ahead', clock(HOUR, 30 * DAY, 4000 * DAY), clock_right),
    fault('clock behind', clock(-60, -HOUR, -30 * DAY), clock_right),
    fault('clock of 1970', clock(-1790000000), clock_right),
    fault('memory refused', memory, memory_back, crashes=True, hits='memory'),
)
BY_NAME = {f.name: f for f in FAULTS}
