"""What the service holds, as the kernel and malloc tell it, and whether that is flat."""

import collections
import os
import re
import statistics

# Bytes, but for rows and files. `heap`: in use, without what is SQLite's.
Sample = collections.namedtuple('Sample', 'day heap sqlite anonymous pss rss database wal rows files')

# What a quarter's median may be above that of the quarter before the last but one (see docs/testing.md, Soak).
GROWTH = {'heap': 1.02, 'sqlite': 1.02, 'anonymous': 1.05}
# Bytes more that may be chance while there are few days: the 64 answers that are kept for repeats are now longer, now shorter.
FEW, CHANCE = 100, {'heap': 16384}
# Bytes, at any time. SQLite's cache is 256 KiB; while all is announced to Home Assistant, a query holds 220 kB more. Its log is
# begun anew after 1000 pages of 4 KiB.
MOST = {'sqlite': 1200000, 'wal': 5000000}
ROW = 400  # bytes of the database for each measurement


def smaps(pid):
    with open('/proc/%d/smaps_rollup' % pid) as f:
        text = f.read()
    return {k: 1024 * int(re.search(r'^%s:\s+(\d+)' % k, text, re.M).group(1)) for k in ('Rss', 'Pss', 'Anonymous', 'Swap')}


def descriptors(pid):
    """What they are of: `7 socket, 1 anon_inode:[eventpoll], ..`."""
    found, directory = collections.Counter(), '/proc/%d/fd' % pid
    for fd in os.listdir(directory):
        try:
            found[re.sub(r':\[\d+\]$', '', os.path.basename(os.readlink(os.path.join(directory, fd))))] += 1
        except FileNotFoundError:
            pass  # closed meanwhile
    return ', '.join('%d %s' % (n, what) for what, n in sorted(found.items()))


def threads(pid):
    return len(os.listdir('/proc/%d/task' % pid))


def size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


class Meter:
    def __init__(self, house):
        self.house, self.samples = house, []
        self.at_rest = None  # (descriptors, threads)

    def look(self, day, rows):
        """At rest. Descriptors and threads must be what they were the first time."""
        house, pid = self.house, self.house.pid
        shim = house.shim
        number = shim.get('heap_told') + 1
        shim.set('heap_asked', number)
        house.timeline.until(lambda: None if shim.get('heap_told') == number else 'the service does not tell its heap')
        if self.at_rest:
            house.timeline.until(self._burden)
        else:
            self.at_rest = descriptors(pid), threads(pid)
        memory = smaps(pid)
        files = sum(len(names) for _, _, names in os.walk(house.state_directory))
        sqlite = shim.get('heap_sqlite')
        self.samples.append(Sample(day, shim.get('heap_used') - sqlite, sqlite, memory['Anonymous'] + memory['Swap'], memory['Pss'],
                                   memory['Rss'], size(house.database), size(house.database + '-wal'), rows, files))

    def _burden(self):
        now = descriptors(self.house.pid), threads(self.house.pid)
        if now == self.at_rest:
            return None
        return 'at rest there are %s and %d threads; at first there were %s and %d' % (*now, *self.at_rest)

    # --- is it flat? ---

    def quarter(self, number, field):
        """The median of a quarter's samples, of 1 to 4: an answer that is under way at that moment does not count."""
        n = len(self.samples)
        return statistics.median(getattr(s, field) for s in self.samples[n * (number - 1) // 4:n * number // 4])

    def judge(self):
        """The first quarter may be different, the last may not be more than the second."""
        wrong = []
        for field, most in GROWTH.items():
            before, now = self.quarter(2, field), self.quarter(4, field)
            if now > before * most + (CHANCE.get(field, 0) if len(self.samples) < FEW else 0):
                wrong.append('%s: grows from %d kB to %d kB, %.3f times; %.2f is allowed' % (field, before / 1024, now / 1024,
                                                                                        now / before, most))
        for field, most in MOST.items():
            found = max(getattr(s, field) for s in self.samples)
            if found > most:
                wrong.append('%s: %d bytes; %d is the most' % (field, found, most))
        if self.quarter(4, 'files') != self.quarter(2, 'files'):
            wrong.append('files: %d, then %d' % (self.quarter(2, 'files'), self.quarter(4, 'files')))
        first, last = self.samples[0], self.samples[-1]
        if last.database - first.database > ROW * (last.rows - first.rows) + 65536:
            wrong.append('database: %d bytes more for %d measurements' % (last.database - first.database, last.rows - first.rows))
        if wrong:
            raise AssertionError('\n'.join(wrong))

    def words(self):
        """A table of quarters, and what does not change."""
        lines = ['%-9s %s' % (field, ' '.join('%8d' % (self.quarter(q, field) / 1024) for q in (1, 2, 3, 4)) + ' kB')
                 for field in ('heap', 'sqlite', 'anonymous', 'pss', 'rss', 'database', 'wal')] if len(self.samples) >= 4 else []
        return [*lines, 'at rest: %s; %d threads; %d files' % (*self.at_rest, self.samples[-1].files)]
