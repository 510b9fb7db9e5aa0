"""A case of the fault matrix: which faults at which moments, how it is told, and what is said when it goes wrong. The same
for the fake bus (run) and for the real bluetoothd (tests/lab)."""

import collections
import random
import time

import moments
from recover import recover
from timeline import Timeout

CASES = 8  # in one world: so many that the cuff's rings do not come around

Part = collections.namedtuple('Part', 'fault moment number')
Case = collections.namedtuple('Case', 'number world parts')


class Setting:
    """What a world is like."""

    def __init__(self, r):
        self.kind = r.choice(('classic', 'k4', 'k4-token'))
        self.version = r.choice(('auto', 'auto', '3.1.1'))
        self.tls = r.random() < 0.4
        self.persistence = r.random() < 0.5
        self.indicates = r.random() < 0.3

    def __str__(self):
        return '%s, MQTT %s%s%s%s' % (self.kind, self.version, ', TLS' if self.tls else '',
                                      ', persistence' if self.persistence else '', ', indicates' if self.indicates else '')


def plan(seed, wanted, table, setting_of=Setting, count=CASES):
    """Cases without end, `count` in a world; every cell of the matrix comes before one comes again, as far as worlds fit."""
    used, number = collections.Counter(), 0
    for world in range(10 ** 9):
        r = random.Random('%s world %d' % (seed, world))
        setting = setting_of(r)
        cells = [(f, m) for f in table if f.needs(setting) for m in moments.MOMENTS if m.name in f.at
                 and (m.name != 'value' or setting.indicates)]
        if not cells:
            continue
        for _ in range(count):
            r = random.Random('%s case %d' % (seed, number))
            r.shuffle(cells)
            f, m = min(cells, key=lambda c: used[c[0].name, c[1].name] + used[c[0].name] / 100)
            parts = [Part(f.name, m.name, r.randint(1, m.most))]
            if r.random() < 0.3 and len({c[0].name for c in cells}) > 1:
                g, n = r.choice([c for c in cells if c[0].name != f.name])
                if not (f.name.startswith('adapter') and g.name.startswith('adapter')):  # each puts in the only one
                    parts.append(Part(g.name, n.name, r.randint(1, n.most)))
            parts = parts[:wanted]
            for one in parts:
                used[one.fault, one.moment] += 1
                used[one.fault] += 1
            yield world, setting, Case(number, world, parts)
            wanted -= len(parts)
            if wanted <= 0:
                return
            number += 1


def say(case):
    return ' + '.join('%s at %s %d' % (p.fault, p.moment, p.number) for p in case.parts)


def tell(w, case, seed):
    """One case, up to the moment when all is healed; where each fault struck."""
    r, begun = random.Random('%s told %d' % (seed, case.number)), w.timeline.here()
    w.timeline.add('=== case %d: %s' % (case.number, say(case)))
    w.proxy.forgetful = False
    w.crashes_allowed = any(w.FAULTS[p.fault].crashes for p in case.parts)
    struck, healing, before = [], [], w.shim.hits()

    def watched(part):
        return moments.Watch(w, moments.BY_NAME[part.moment], part.number)

    def strike(part, where):
        w.timeline.add('--- %s at %s' % (part.fault, where))
        struck.append((part.fault, where))
        healing.append((w.FAULTS[part.fault], w.FAULTS[part.fault].inject(w, r)))
        w.proxy.go()

    watch = watched(case.parts[0])
    if case.parts[0].moment == 'idle':
        strike(case.parts[0], watch.reached(w.LATE))
    count = max([r.randint(1, 3), *(p.number for p in case.parts if moments.BY_NAME[p.moment].counts)])
    for i in range(count):
        w.measure(r.choice(w.room()), announce=i == count - 1)
    if not struck:
        strike(case.parts[0], watch.reached(w.LATE))
    for part in case.parts[1:]:
        watch = watched(part)
        strike(part, watch.reached(w.LATE_AGAIN))
    if r.random() < 0.5:
        time.sleep(r.random() * w.HOLD)  # how long it lasts: not a wait for anything
    else:
        try:
            w.timeline.wait(r'^log \S+ disconnect ', begun, w.SESSION)
        except Timeout:
            pass  # then not so long
    wanted = {w.FAULTS[p.fault].hits for p in case.parts} - {None}
    try:
        w.timeline.until(lambda: 'it has not struck' if any(w.shim.hits()[h] == before[h] for h in wanted) else None, w.SESSION)
    except Timeout:
        pass  # nobody came by where it lies
    r.shuffle(healing)
    for one, what in healing:
        w.timeline.add('--- %s ends' % one.name)
        one.heal(w, r, what)
    return struck


class Failed(Exception):
    pass


def run_case(w, case, seed):
    """Where it struck; raises Failed with sentences."""
    try:
        struck = tell(w, case, seed)
        recover(w)
    except Timeout as e:
        raise Failed('\n'.join([str(e), *w.check()])) from None
    wrong = w.check() + w.check_retained()
    if wrong:
        raise Failed('\n'.join(wrong))
    return struck
