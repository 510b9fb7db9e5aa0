"""One house of the soak: a world of the fault matrix with three cuffs and a visitor's, in which the calendar goes on. The
service runs once, from the beginning to the end."""

import collections
import datetime
import json
import os
import re
import sys
import zoneinfo

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'faults'))
import world  # noqa: E402  (finds the component tests)
import harness  # noqa: E402
from faults_shim import Shim  # noqa: E402
from relay import Relay  # noqa: E402
from timeline import Timeline  # noqa: E402

ZONE = zoneinfo.ZoneInfo('Europe/Berlin')
KEPT = 4000   # lines of a transcript
BUSY = 100    # times that a cuff may be busy with what the button was pressed for before

# How a cuff is made; what it is called in topics; how many users.
Cuff = collections.namedtuple('Cuff', 'address options users')
CLASSIC = Cuff('28:FF:B2:05:91:B5', 'name=BLESmart_0000025828FFB20591B5 memory=classic indicates=yes', 2)
K4 = Cuff('28:FF:B2:05:91:B6', 'name=BLESmart_0000025828FFB20591B6 memory=k4', 2)
PLAIN = Cuff('28:FF:B2:05:91:B7', 'name=BLESmart_0000025828FFB20591B7 omron=no users=2', 2)
VISITOR = Cuff('28:FF:B2:05:91:B8', 'name=BLESmart_0000025828FFB20591B8 memory=k4-token', 2)
FAMILY = (CLASSIC, K4, PLAIN)

# Commands that name a cuff where there is more than one.
ADDRESSED = re.compile('^(vanish|omron-fault)( |$)')
LINK = re.compile(r'^log \S+ (connect|disconnect) (\S+)')

TIMING = world.TIMING.replace('health = 5.0', 'health = 0.2')

Measured = collections.namedtuple('Measured', 'device user taken systolic diastolic pulse')


def name(cuff):
    return cuff.address.replace(':', '').lower()


class Diary(Timeline):
    """A timeline of an hour would not fit into memory: what is over is forgotten, but for its last lines."""

    def __init__(self):
        super().__init__()
        self.before = collections.deque(maxlen=KEPT)
        self.counts = collections.Counter()

    def forget(self):
        """Called when nobody waits."""
        with self.changed:
            for line in self.lines:
                words = line.split()
                if words[0] == 'log':
                    self.counts[words[2]] += 1
                elif line.startswith('broker '):
                    self.counts[' '.join(words[:2])] += 1
            self.before.extend(zip(self.times, self.lines))
            self.lines, self.times = [], []

    def write(self, path):
        with self.changed, open(path, 'w') as f:
            for when, line in [*self.before, *zip(self.times, self.lines)]:
                f.write('%10.3f %s\n' % (when, line))


class Setting:
    def __init__(self, tls, version):
        self.tls, self.version = tls, version
        self.kind, self.persistence, self.indicates = 'family', False, False

    def __str__(self):
        return 'MQTT %s%s' % (self.version, ', TLS' if self.tls else '')


class House(world.World):
    TIMING, TIMELINE = TIMING, Diary
    CONFIG = 'system_clock = "trusted";\nomron: { keys = "default"; set_clock = "%s"; };\n' % K4.address

    def __init__(self, library, certificates, setting, begin):
        self.library, self.begin = library, begin  # .. of the shim; the first day
        self.troubled = CLASSIC
        self.newest_measured = {}
        self.measurements, self.transactions, self.health = 0, 0, 0
        super().__init__(library, certificates, setting)

    def begin_bluetooth(self):
        self.relay = Relay(os.path.join(self.directory, 'relay'), self.bus.path)
        os.mkdir(os.path.join(self.directory, 'cuffs'))
        self.cuffs_shim = Shim(os.path.join(self.directory, 'cuffs'), self.library)  # the same calendar
        self.set_clock(self.begin)
        self.start_cuff(**self.cuffs_shim.env)
        for cuff in (*FAMILY, VISITOR):
            self.do('cuff %s %s' % (cuff.address, cuff.options))
            self.do('hang-up-after %s 0.1' % cuff.address)
        for cuff in FAMILY:
            self.do('bonded ' + cuff.address)
        self.do('cuff-key %s default' % CLASSIC.address)
        return self.relay.address

    @property
    def pid(self):
        return self.service.process.pid

    # --- the calendar ---

    def set_clock(self, when):
        """For the service and the cuffs; from there on it goes on as clocks do."""
        self.now = when
        offset = round(when.timestamp() - datetime.datetime.now().timestamp())
        for shim in (self.shim, self.cuffs_shim):
            shim.set('clock_offset_s', offset)

    # --- the cuffs ---

    def do(self, command):
        return super().do(ADDRESSED.sub(r'\1 %s ' % self.troubled.address, command).rstrip())

    def links(self):
        """Addresses of cuffs that are connected."""
        found = {}
        with self.timeline.changed:
            for line in self.timeline.lines:
                match = LINK.match(line)
                if match:
                    found[match[2]] = match[1] == 'connect'
        return [address for address, connected in found.items() if connected]

    def is_linked(self):
        return bool(self.links())

    def measure(self, cuff, user, taken, announce, random):
        one = Measured(name(cuff), user, taken.strftime('%Y-%m-%dT%H:%M:%S'), random.randint(100, 180),
                       random.randint(50, 99), random.randint(45, 120))
        self.truth.append(one)
        self.measurements += 1
        self.newest_measured[one.device, user] = one
        self.do('measure %s %d/%d/%d user=%d at=%s announce=%s' % (
            cuff.address, one.systolic, one.diastolic, one.pulse, user, one.taken, 'yes' if announce else 'no'))

    # --- what is known of measurements: World asks these ---

    def told(self):
        found = {}
        for identity, m in list(self.proxy.told.items()):
            one = Measured(m['device'], int(m['user']), m['measured_at'][:19], m['systolic'], m['diastolic'], m['pulse'])
            found.setdefault(one, set()).add(identity)
        return found

    def newest(self, truth):
        return {}  # check_retained() looks at the broker itself

    def unsettled(self, truth=None):
        return super().unsettled(truth) or self.linked()

    def linked(self):
        """None, or which cuffs are connected."""
        found = self.links()
        return 'still connected: ' + ', '.join(found) if found else None

    def check_retained(self):
        """As a new subscriber sees it; how many topics there are."""
        topics, wrong = self.subscriber.retained(), []
        for (device, user), one in self.newest_measured.items():
            payload = topics.get('cuff2mqtt/device/%s/user/%d/measurement' % (device, user))
            if payload is None or json.loads(payload)['measured_at'][:19] != one.taken:
                wrong.append('retained for user %d of %s: %s, not %s' % (user, device, payload, one.taken))
        return len(topics), wrong

    # --- requests ---

    def ask(self, request, wanted='ok', press=None, **data):
        """The last answer. `wanted`: its status, or its code. `press`: this cuff's button, when the request is accepted."""
        for _ in range(BUSY):
            answer = self._ask(request, press, data)
            if not press or answer.get('code') != 'busy':
                break
            self.timeline.until(self.linked)  # "try again when it is at rest"
        if wanted not in (answer['status'], answer.get('code')):
            raise AssertionError('%s %s was answered %s' % (request, data, answer))
        if press:
            self.do('quiet ' + press.address)
            self.timeline.until(self.unsettled)
        return answer.get('data')

    def _ask(self, request, press, data):
        self.transactions += 1
        start, name, number = self.subscriber.here(), 'cuff2mqtt/bridge/response/' + re.escape(request), self.transactions
        self.subscriber.publish('cuff2mqtt/bridge/request/' + request, json.dumps({**data, 'transaction': number}))

        def answer(count):
            return self.subscriber.wait(name, lambda m: m.json['transaction'] == number, count, start).json

        if answer(1)['status'] != 'accepted':
            return answer(1)
        if press:
            self.do('advertise %s 40' % press.address)
        return answer(2)

    def event(self, kind, start):
        return self.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['type'] == kind, start=start).json

    # --- at rest ---

    def start_broker(self):
        """The subscriber comes back, too: it waits for the answers to requests."""
        self.subscriber.subscribed.clear()
        super().start_broker()
        if not self.subscriber.subscribed.wait(harness.DEADLINE):
            raise AssertionError('the subscriber does not come back')

    def forget(self):
        """What is proved needs not be kept."""
        self.truth = []
        self.violations = 0
        with self.proxy.lock:
            self.proxy.told = {}
        with self.subscriber.changed:
            self.health += len(self.subscriber.find('cuff2mqtt/bridge/health'))
            self.subscriber.messages, self.subscriber.times = [], {}
        for lines in (self.broker.out, self.broker.err):
            with lines.changed:
                lines.lines, lines.times = [], []
        self.timeline.forget()

    def close(self):
        super().close()
        for one in ('shim', 'cuffs_shim'):
            if hasattr(self, one):
                getattr(self, one).close()
