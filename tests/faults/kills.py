"""kill -9 at random moments, many times in one world: over the protocol of an OMRON memory, where nothing may be lost at
all; and over 2A35 alone, where bluetoothd confirms what nobody has saved yet, and the cuff forgets it."""

import collections
import random
import re
import time

import moments
from world import World

KILLS = 20  # in one world
MOMENTS = {  # their weights; `starting` is a moment of the service's own first steps
    'memory': {'advertisement': 1, 'connecting': 2, 'subscribing': 2, 'opening': 2, 'request': 6, 'frame': 6,
               'committing': 6, 'committed': 3, 'published': 3, 'acknowledged': 3, 'ending': 2, 'resting': 2, 'starting': 4},
    '2a35': {'advertisement': 1, 'connecting': 3, 'subscribing': 3, 'value': 8, 'committing': 8, 'committed': 3,
             'published': 3, 'acknowledged': 3, 'resting': 2, 'starting': 4},
}
INDICATION = re.compile(r'^log \S+ indication \S+ value=..(..)(..)\w* listeners=(\d+)')


class Setting:
    def __init__(self, way, r):
        self.way = way
        self.kind = r.choice(('classic', 'k4', 'k4-token')) if way == 'memory' else None
        self.indicates = way == 'memory' and r.random() < 0.3
        self.version, self.persistence, self.tls = 'auto', False, False

    def __str__(self):
        return '%s%s' % (self.kind or '2A35 alone', ', indicates' if self.indicates else '')


class Killed:
    """A world, and what was committed in it at each kill."""

    def __init__(self, world, setting, r):
        self.w, self.setting, self.random = world, setting, r
        self.committed = set()
        self.moments = collections.Counter()
        self.not_heard, self.not_saved, self.longest = 0, 0, 0.0

    def kill(self):
        self.w.service.kill()
        self.w.proxy.go()
        self.committed |= self.w.rows()
        if self.w.is_linked() and self.random.random() < 0.9:
            self.w.do('vanish')  # the person takes the cuff away
            self.w.timeline.until(lambda: 'the cuff is still connected' if self.w.is_linked() else None)
        elif not self.w.is_linked() and self.random.random() < 0.2:
            self.measure_alone()
        self.w.service.up()

    def measure_alone(self):
        """Nobody is there but the kernel and bluetoothd, and they may go on connecting."""
        at = self.w.timeline.here()
        self.w.measure(self.random.choice(self.w.room()), announce=True)
        try:
            self.w.timeline.wait('^log \\S+ (disconnect|confirmed) ', at, 1.0)
        except AssertionError:
            pass  # they did not

    def once(self):
        w, r = self.w, self.random
        table = MOMENTS[self.setting.way]
        name = r.choices(list(table), table.values())[0]
        w.timeline.add('=== kill at %s' % name)
        if name == 'starting':
            at = w.timeline.here()
            w.service.kill()
            w.service.up()
            w.timeline.wait('^service started', at)
            time.sleep(r.random() * 0.06)  # which moment of the start: not a wait for anything
            where = name
        else:
            moment = moments.BY_NAME[name]
            watch = moments.Watch(w, moment, r.randint(1, moment.most))
            count = r.randint(1, 2)
            for i in range(count):
                w.measure(r.choice(w.room()), announce=i == count - 1)
            where = watch.reached(late=2.0)
        at = w.timeline.here()
        self.kill()
        self.moments[where] += 1
        w.timeline.wait('^service READY', at)

    # --- 2A35: what nobody could save ---

    def missing(self):
        """Measurements that the cuff has given away and the broker was not told of; sentences about those that had to be."""
        told, lines, times = self.w.told(), self.w.timeline.lines, self.w.timeline.times
        wrong = []
        for values in self.w.truth:
            if values in told:
                continue
            if values in self.committed:
                wrong.append('lost although it was committed: %s' % (values,))
                continue
            said = self._given_away(values)
            if not said:
                wrong.append('lost although the cuff still has it: %s' % (values,))
            elif lines[said[-1]].endswith('listeners=0') or not self._was_up(lines[:said[-1]]):
                self.not_heard += 1
            else:
                wrong += self._taken(values, said[-1], lines, times)
        return wrong

    def _given_away(self, values):
        """Where it was indicated and confirmed; the cuff's log says one behind the other."""
        own = [(i, line) for i, line in enumerate(self.w.timeline.lines) if line.startswith('log ')]
        return [i for (i, line), (_, then) in zip(own, own[1:]) if (m := INDICATION.match(line))
                and int(m[2] + m[1], 16) & 0x0fff == values[1] and ' confirmed ' in then]

    @staticmethod
    def _was_up(lines):
        """Was there a service at their end? bluetoothd learns a moment later that one has gone."""
        return next(line.startswith('service started') for line in reversed(lines)
                    if line.startswith(('service started', 'service ended')))

    def _heard_later(self, identity, at):
        m = self.w.proxy.told.get(identity)
        if not m:
            return False
        said = self._given_away((m['user'], m['systolic'], m['diastolic'], m['pulse']))
        return bool(said) and said[0] > at

    def _taken(self, values, at, lines, times):
        """A service heard it, and was killed. Had it gone on to publish something that it heard later, it should have
        saved this one."""
        end = next((i for i in range(at, len(lines)) if lines[i].startswith('service ended')), len(lines))
        published = [line.split()[2] for line in lines[at:end] if line.startswith('broker PUBLISH')]
        if end == len(lines) or any(self._heard_later(identity, at) for identity in published):
            return ['lost by a service that had the time to save it: %s' % (values,)]
        self.not_saved += 1
        self.longest = max(self.longest, times[end] - times[at])
        return []


def unsettled_2a35(k):
    """The cuff has said all it has; the broker was told all of it that was committed."""
    w = k.w
    said = {int(m[2] + m[1], 16) & 0x0fff for line in w.timeline.lines if (m := INDICATION.match(line))}
    if any(t[1] not in said for t in w.truth):
        return 'the cuff has not said all'
    return w.unsettled(w.rows())


def run_kills(options, number, setting, count):
    """Returns (kills, lost, doubled, sentences, Killed)."""
    from recover import recover
    w = World(options.shim, options.certificates, setting)
    k = Killed(w, setting, random.Random('%s kills %d' % (options.seed, number)))
    wrong, done = [], 0
    try:
        try:
            for _ in range(count):
                k.once()
                done += 1
            if setting.way == 'memory':
                recover(w)
            else:
                recover(w, lambda: unsettled_2a35(k))
                wrong += k.missing()
        except AssertionError as e:
            wrong.append(str(e))
        wrong += w.check()
        if setting.way == 'memory':
            wrong += w.check_retained()
        told = w.told()
        lost = sum(t not in told for t in w.truth) if setting.way == 'memory' else sum('lost' in s for s in wrong)
        if wrong:
            w.keep('%s/kills-%d' % (options.out, number), '%s\n%s' % (setting, '\n'.join(wrong)))
        return done, lost, len(w.doubled()), wrong, (k.moments, len(w.truth), len(k.committed), k.not_heard, k.not_saved,
                                                     k.longest)
    finally:
        w.close()
