"""What the stories of OMRON's memory share: a world with such a cuff, what the cuff holds, and the manners
that a cuff expects of its host in every one of them."""

import json
import os
import re
import sqlite3
from collections import namedtuple

import harness
from harness import CUFF, Story

ID = CUFF.replace(':', '').lower()
NAME = 'BLESmart_0000025828FFB20591B5'
COMMUNITY_KEY = 'deadbeaf12341234deadbeaf12341234'  # "default": of omblepy and hass-omron
DEFAULT_KEY = 'omron: { keys = "default"; };\n'
# Rests and pauses that these many short sessions need not wait for.
FAST = re.sub(r'(cooldown|listen|token) = [0-9.]+', r'\1 = 0.1', harness.FAST)
FAST = re.sub(r'(backoff_min|backoff_max) = [0-9.]+', r'\1 = 0.2', FAST)
EVENT = r'cuff2mqtt/device/\w+/user/\w+/event'

# Where a cuff keeps its records: ring of each user, slots, bytes of a record, words with their bytes swapped.
Ring = namedtuple('Ring', 'starts slots size swapped')
RINGS = {'classic': Ring((0x0098, 0x0458), 60, 16, False), 'k4': Ring((0x02E8, 0x06A8), 60, 16, False),
         'k4-token': Ring((0x02E8, 0x06A8), 60, 16, False), 'mw3': Ring((0x02E8, 0x06A8), 60, 16, False),
         '7142t2': Ring((0x02E8,), 14, 14, False), '7322t': Ring((0x02AC, 0x0824), 100, 14, True)}
SETTINGS = {'classic': '0010', 'k4': '0260'}

Held = namedtuple('Held', 'user slot address raw sequence systolic diastolic pulse taken')


def decode(raw, swapped):
    """A record as its publishers describe it; shares nothing with the gateway."""
    if swapped:
        raw = bytes(raw[i ^ 1] for i in range(len(raw)))
    date, time = raw[4] | raw[5] << 8, raw[6] | raw[7] << 8
    taken = '%04d-%02d-%02dT%02d:%02d:%02d' % (2000 + raw[3], date >> 10 & 15, date >> 5 & 31, date & 31,
                                             time >> 6 & 63, time & 63)
    return raw[10] | raw[11] << 8, raw[0] + 25, raw[1], raw[2], taken


class Session:
    """One connection of the cuff, as its log tells it."""

    def __init__(self, lines):
        self.lines = lines

    def count(self, pattern):
        return sum(1 for line in self.lines if re.search(pattern, line))

    def reads(self, kind):
        """Addresses and sizes of what was read of the rings."""
        found = (re.search(r' memory-read \S+ at=(\w+) n=(\w+)', line) for line in self.lines)
        reads = [(int(m[1], 16), int(m[2], 16)) for m in found if m]
        return [read for read in reads if read[0] >= RINGS[kind].starts[0]]

    def is_mannerly(self):
        """At most one START, and END behind it unless the link fell."""
        starts = self.count(r' write \S+ uuid=db5b value=0800000000100018')
        ends = self.count(r' write \S+ uuid=db5b value=080f000000000007')
        fell = self.count(r' disconnect \S+ by=') > self.count(r' disconnect \S+ by=client')
        return starts <= 1 and (ends == starts or (ends == 0 and fell))


class MemoryStory(Story):
    KIND = None  # of the stories that are told of several kinds

    def world(self, *commands, kind=None, options='', key='default', config=DEFAULT_KEY, timing=FAST, **more):
        """A bonded cuff with this memory. It forgets its bond if it is treated badly, so bad manners show.
        A classic one has the community's key, and the service knows it."""
        self.kind = kind or self.KIND
        cuff = 'cuff %s name=%s memory=%s %s' % (CUFF, NAME, self.kind, options)
        commands = ('hang-up-after 0.1', 'forgets-bond on', *(['cuff-key ' + key] if key else []), *commands)
        return super().world(*commands, cuffs=(cuff,), config=config + timing, **more)

    # --- what the cuff holds ---

    def peek(self, w, address, n):
        start = w.fake.do('peek %04x %d' % (address, n))
        w.fake.wait(r'^memory \S+ at=%04x value=(\w+)' % address, start)
        return bytes.fromhex(w.fake.out.match.group(1))

    def held(self, w, user=None):
        """All records in the cuff's rings, by user and slot."""
        ring, found = RINGS[self.kind], []
        for number, start in enumerate(ring.starts, 1):
            step = 240 // ring.size * ring.size
            size = ring.slots * ring.size
            whole = b''.join(self.peek(w, start + at, min(step, size - at)) for at in range(0, size, step))
            for slot in range(ring.slots):
                raw = whole[slot * ring.size:(slot + 1) * ring.size]
                if raw.count(0xFF) < len(raw) and user in (None, number):
                    found.append(Held(number, slot, start + slot * ring.size, raw, *decode(raw, ring.swapped)))
        return found

    def assert_told(self, w, held, start=0):
        """These records, and no others, are the events since `start`, each once and each user's oldest first."""
        if held:
            w.subscriber.wait(EVENT, count=len(held), start=start)
        events = [m.json for m in w.subscriber.find(EVENT, start=start)]
        told = [(e['user'], e['systolic'], e['diastolic'], e['pulse'], e['measured_at'][:19]) for e in events]
        wanted = [(h.user, h.systolic, h.diastolic, h.pulse, h.taken) for h in held]
        self.assertEqual(sorted(told), sorted(wanted))
        self.assertEqual(len({e['id'] for e in events}), len(events))
        for user in {h.user for h in held}:
            times = [one[4] for one in told if one[0] == user]
            self.assertEqual(times, sorted(times))
        return events

    # --- sessions ---

    def forget_mark(self, w):
        """How far the one user's memory was read is lost, while the service is not running."""
        db = sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db'))
        with db:
            self.assertEqual(db.execute('DELETE FROM memory_mark').rowcount, 1)
        db.close()

    def sync(self, w, command='advertise', good=True):
        """One whole session; how the service says that it ended, and what the cuff saw of it."""
        start, log = w.subscriber.here(), w.fake.out.here()
        w.fake.do(command)
        said = w.event('sync_finished' if good else 'sync_failed', start)
        end = w.fake.wait(r'disconnect %s by=' % CUFF, w.fake.wait(r' connect %s ' % CUFF, log))
        w.fake.wait('call Disconnect path=', end)
        return said['data'], Session(w.fake.out.lines[log:end])

    def refused(self, w, *words, command='advertise'):
        """A session that fails: the reason has these words, and the cuff's topic says the same."""
        start = w.subscriber.here()
        said, session = self.sync(w, command, good=False)
        for word in words:
            self.assertIn(word, said['reason'])
        self.state(w, lambda s: s['sync_state'] == 'problem' and s['sync_error'] == said['reason'], start)
        return session

    def sessions(self, w):
        """All connections so far."""
        lines = w.fake.out.lines
        begins = [i for i, line in enumerate(lines) if ' connect %s ' % CUFF in line]
        return [Session(lines[i:j]) for i, j in zip(begins, begins[1:] + [len(lines)])]

    def verify(self, w, **options):
        """As always; and every session was mannerly."""
        w.verify(**options)
        for session in self.sessions(w):
            self.assertTrue(session.is_mannerly(), '\n'.join(session.lines))
        self.assertEqual(w.fake.out.count('bond-forgotten'), 0)

    # --- what is told and kept ---

    def device(self, w):
        return json.loads(w.subscriber.retained()['cuff2mqtt/bridge/devices'])[0]

    def retained(self, w, user):
        return json.loads(w.subscriber.retained()['cuff2mqtt/device/%s/user/%d/measurement' % (ID, user)])

    def kept(self, w, *path):
        """A file in the state directory, which nobody else may read."""
        name = os.path.join(w.state_directory, *path)
        self.assertEqual(os.stat(name).st_mode & 0o7777, 0o600)
        self.assertEqual(os.stat(os.path.dirname(name)).st_mode & 0o7777, 0o700)
        with open(name, 'rb') as f:
            return f.read()

    def key(self, w):
        return self.kept(w, 'keys', ID).decode().strip()
