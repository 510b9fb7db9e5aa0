"""What happens in a house, day by day: measurements, what goes wrong, what people ask. Everything is drawn from the seed."""

import collections
import datetime
import random
import shutil

from house import CLASSIC, FAMILY, K4, PLAIN, VISITOR, ZONE, name
import faults  # of the fault matrix, which house.py finds
import harness
import moments
from timeline import Timeout

# Of the fault matrix (tests/faults/faults.py), what a service lives through: what ends it has no place here.
TROUBLES = ('machine asleep', 'bluetoothd restarted', 'adapter pulled', 'adapter back as another', 'rfkill',
            'bluetoothd refuses', 'bluetoothd is late', 'bluetoothd does not answer', 'cuff out of range',
            'cuff out of range at a point', 'cuff lies', 'cuff stalls', 'cuff hangs up', 'broker killed', 'broker restarted',
            'broker away', 'connection cut', 'broker stalls', 'broker slow', 'PUBACK withheld', 'PUBLISH refused',
            'broker refuses MQTT 5', 'first URL dead', 'certificate expired', 'certificate of another name', 'wrong password',
            'quota exceeded', 'names take long', 'database locked')
OFTEN = 6     # one day in so many has one of them
PAST = 20000  # measurements of the years before: more than SQLite keeps in memory
HOLD = 1.0    # seconds that it lasts, at most


def first_day():
    """The coming 20 October: the clocks go back within a week, the year ends within three months."""
    now = datetime.datetime.now(ZONE) + datetime.timedelta(days=1)
    day = now.replace(month=10, day=20, hour=7, minute=0, second=0, microsecond=0)
    return day if day > now else day.replace(year=day.year + 1)


def changes_clocks(day):
    """Whether the clocks change in the night to this day."""
    noon = day.replace(hour=12)
    return noon.utcoffset() != (noon - datetime.timedelta(days=1)).utcoffset()


class Life:
    def __init__(self, world, seed):
        self.w, self.random = world, random.Random(seed)
        self.days, self.day = 0, world.begin
        self.crossed = collections.Counter()
        self.troubles = collections.Counter()
        self.chores = collections.Counter()
        self.visits = 0
        self.retained = None

    # --- the time of day ---

    def session_time(self):
        """When the cuffs are switched on: in the evening; often a moment before midnight, and before the clocks change."""
        r, day = self.random, self.day
        if changes_clocks(day):
            self.crossed['changes of the clocks'] += 1
            utc = day.replace(hour=3, minute=0, second=0).astimezone(datetime.timezone.utc)
            return (utc - datetime.timedelta(seconds=1)).astimezone(ZONE)
        tomorrow = day + datetime.timedelta(days=1)
        if tomorrow.day == 1 or r.random() < 0.2:
            self.crossed['midnights'] += 1
            self.crossed['ends of a month'] += tomorrow.day == 1
            self.crossed['ends of a year'] += tomorrow.day == 1 and tomorrow.month == 1
            self.crossed['29 February'] += tomorrow.day == 1 and day.day == 29 and day.month == 2
            return day.replace(hour=23, minute=59, second=59)
        return day.replace(hour=r.randint(18, 22), minute=r.randint(0, 59), second=r.randint(0, 59))

    # --- measurements ---

    def measure(self, cuffs, now):
        """One to three of each: those of the morning wait in the cuff for the evening's."""
        r = self.random
        for cuff in cuffs:
            count = r.choices((1, 2, 3), (5, 3, 1))[0]
            for i in range(count):
                taken = now - datetime.timedelta(minutes=3 * (count - i), seconds=now.second % 50)
                user = r.randint(1, cuff.users)
                self.w.measure(cuff, user, taken, i == count - 1, r)

    def recover(self):
        """Each cuff's button is pressed once, and each is read: after bluetoothd has come back, what 2A35 alone says on
        the first link is heard by nobody (docs/guarantees.md), so that link is without a measurement."""
        w = self.w
        w.timeline.until(w.linked)
        at = w.timeline.here()
        for cuff in FAMILY:
            w.do('advertise %s 40' % cuff.address)
        for cuff in FAMILY:
            w.timeline.wait(r'^log \S+ disconnect ' + cuff.address, at)
        w.timeline.until(w.unsettled)
        for cuff in FAMILY:
            w.do('quiet ' + cuff.address)
        w.timeline.until(w.linked)

    def live_with(self, trouble, cuffs, now):
        """A day on which something goes wrong."""
        w, r = self.w, self.random
        fault = faults.BY_NAME[trouble]
        w.troubled = r.choice(cuffs)
        moment = moments.BY_NAME[r.choice([n for n in fault.at if n != 'value'])]
        w.timeline.add('--- %s at %s' % (trouble, moment.name))
        watch = moments.Watch(w, moment, r.randint(1, moment.most))
        if moment.name == 'idle':
            found = fault.inject(w, r)
            self.measure(cuffs, now)
        else:
            self.measure(cuffs, now)
            watch.reached(w.LATE)
            found = fault.inject(w, r)
        w.proxy.go()
        try:
            w.timeline.wait(r'^log \S+ disconnect ', w.timeline.here(), r.random() * HOLD)
        except Timeout:
            pass  # then it ends before the session does
        fault.heal(w, r, found)
        w.proxy.heal()
        w.do('faults-none')
        self.troubles[trouble] += 1
        self.recover()

    # --- what people do ---

    def visit(self):
        """A cuff is paired, read, and removed again."""
        w, r = self.w, self.random
        start = w.subscriber.here()
        w.ask('pairing', active=True)
        w.do('pairing-mode %s on' % VISITOR.address)
        w.event('device_paired', start)
        w.event('sync_finished', start)
        w.do('pairing-mode %s off' % VISITOR.address)
        w.timeline.until(w.unsettled)
        w.ask('pairing', active=False)
        w.ask('device/remove', device=name(VISITOR), purge=r.random() < 0.5)
        self.visits += 1

    def backup(self):
        """And it is fetched away."""
        shutil.rmtree(self.w.ask('backup')['path'])

    def home_assistant(self):
        """It starts: devices are announced again."""
        w = self.w
        start = w.subscriber.here()
        w.subscriber.publish('homeassistant/status', 'online')
        w.subscriber.wait('homeassistant/device/.*/config', start=start)

    def sync(self):
        """Asked for by somebody who holds the cuff."""
        cuff = self.random.choice(FAMILY)
        self.w.ask('device/sync', press=cuff, device=name(cuff))

    def clock(self):
        """It has gone wrong, and is set."""
        cuff = self.random.choice((K4, PLAIN))
        self.w.do('clock %s %+d' % (cuff.address, self.random.choice((-4000, 4000))))
        self.w.ask('device/time', press=cuff, device=name(cuff))

    def dump(self):
        self.w.ask('device/dump', press=CLASSIC, device=name(CLASSIC))

    def history(self):
        """All pages of one user, a few of them."""
        cursor, device = {}, name(self.random.choice(FAMILY))
        for _ in range(4):
            page = self.w.ask('history', device=device, limit=500, **cursor)
            if not page['next']:
                break
            cursor = {'cursor': page['next']}

    def rename(self):
        r = self.random
        self.w.ask('device/rename', device=name(r.choice(FAMILY)), name='Cuff %d' % r.randint(1, 999))

    def users(self):
        r = self.random
        users = {'1': {'name': 'Name %d' % r.randint(1, 999), 'person': None}}
        self.w.ask('device/users', device=name(r.choice(FAMILY)), users=users)

    def options(self):
        self.w.ask('device/options', device=name(PLAIN), options={'set_clock': self.random.choice((True, None))})
        self.w.ask('options', options={'log_level': self.random.choice(('info', 'debug', None))})

    def nonsense(self):
        w, start = self.w, self.w.subscriber.here()
        w.subscriber.publish('cuff2mqtt/bridge/request/' + self.random.choice(('info', 'history', 'device/sync')), '{"x"')
        w.subscriber.wait('cuff2mqtt/bridge/response/.*', lambda m: m.json['code'] == 'bad_json', start=start)
        w.ask('device/rename', 'bad_request', device=name(PLAIN), name=7)
        w.ask('history', 'unknown_device', device='000000000000')

    def look(self):
        for request in ('info', 'health_check', 'devices'):
            self.w.ask(request)

    # What is done at rest, and on one day in how many.
    CHORES = ((look, 2), (history, 12), (sync, 15), (rename, 20), (users, 20), (options, 20), (nonsense, 20), (clock, 30),
              (home_assistant, 30), (visit, 30), (backup, 60), (dump, 60))

    def settle_in(self):
        """All that fills up to a limit and stays is full, so that what grows later has no excuse: SQLite's cache, the answers
        that are kept for repeats, the files beside the database."""
        harness.add_years(self.w.database, PAST)
        for chore, _ in self.CHORES:
            chore(self)
        for _ in range(80):
            self.rename()
        for _ in range(8):
            self.history()
            self.w.proxy.cut_all()
            self.w.timeline.until(self.w.unsettled)

    # --- a day ---

    def live(self):
        w, r = self.w, self.random
        now = self.session_time()
        w.set_clock(now)
        w.timeline.add('=== day %d: %s' % (self.days, now))
        trouble = None
        if self.days and r.random() < 1 / OFTEN:
            trouble = r.choice([t for t in TROUBLES if faults.BY_NAME[t].needs(w)])
        # What 2A35 alone says is lost where nobody listens (docs/guarantees.md): such a cuff is not used on these days.
        cuffs = [c for c in FAMILY if r.random() < 0.8 and not (trouble and c is PLAIN)] or [CLASSIC]
        if trouble:
            self.live_with(trouble, cuffs, now)
        else:
            self.measure(cuffs, now)
            w.timeline.until(w.unsettled)
        for cuff in cuffs:
            for one in w.truth:
                if one.device == name(cuff):
                    w.newest_measured[one.device, one.user] = one
        for chore, days in self.CHORES:
            if r.random() < 1 / days:
                w.timeline.add('--- ' + chore.__name__)
                chore(self)
                self.chores[chore.__name__] += 1
        self.check()
        self.days += 1
        self.day += datetime.timedelta(days=1)

    def check(self):
        wrong = self.w.check()
        if self.w.service.codes:
            wrong.append('the service ended with %s' % self.w.service.codes)
        if wrong:
            raise AssertionError('\n'.join(wrong))

    def look_at_broker(self):
        """What is retained is right, and as much as it was."""
        count, wrong = self.w.check_retained()
        if self.retained not in (None, count):
            wrong.append('%d topics are retained; before there were %d' % (count, self.retained))
        self.retained = count
        if wrong:
            raise AssertionError('\n'.join(wrong))
