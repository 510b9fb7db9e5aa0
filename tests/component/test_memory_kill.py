"""kill -9 at random moments of syncs and measurements: after the last restart every record of the cuff's memory has been
told, each once. A moment is the n-th line of the cuff's, publication, or write to the database; which it is, a seeded
generator chooses: CUFF2MQTT_TEST_SEED=n repeats a run as far as the machine's timing lets it."""

import collections
import os
import random
import re
import signal
import sys
import time
import unittest

from harness import CUFF, DEADLINE, Story, Timeout
from writes import Writes

KILLS = 25
RECORDS = 16  # of each user, before the first sync
RING = 60     # a record that came around would be lost: no more than these
EVENTS = r'cuff2mqtt/device/\w+/user/\w+/event'

# What a process that is killed while the cuff is connected cannot help.
EXPLAINED = r'violation (CCCD cleared by client|client left the bus|no END)'

# Kinds of moments: a line of the cuff's, and how many of them may pass. Most are in the middle of the memory.
ON_THE_AIR = (('advert ', 1), ('connect ', 1), ('cccd ', 3), ('indication ', 6), ('confirmed ', 6), ('read ', 3),
              ('unlock |token ', 1), ('start ', 1), ('memory-read ', 6), ('memory-read ', 6), ('notification ', 12),
              ('write ', 8), ('call WriteValue ', 8), ('end ', 1), ('hang-up ', 1))




class Killed:
    """One cuff, what it was made to keep, and a service that dies."""

    def __init__(self, story, kind, seed, indicates, **options):
        self.story, self.random, self.indicates = story, random.Random('%s %s' % (seed, kind)), indicates
        self.kept = []                          # (user, systolic, diastolic, pulse, when)
        self.unsure = collections.Counter()     # id: kills at which its PUBACK had not been seen
        self.moments = collections.Counter()
        self.w = story.world('cuff %s memory=%s' % (CUFF, kind), 'hang-up-after 0.3', service=False, **options)
        if kind == 'classic':
            self.do('cuff-key default')

    def do(self, command):
        return self.w.fake.do(command)

    def measure(self, user, announce):
        """Values and a time that no other record has."""
        n = len(self.kept)
        values, when = (90 + n, 50 + n % 40, 60 + n % 50), '2026-%02d-%02dT07:00:%02d' % (1 + n // 28, 1 + n % 28, n % 60)
        self.kept.append((user, *values, when))
        self.do('measure %s user=%d at=%s announce=%s' % ('/'.join(map(str, values)), user, when, 'yes' if announce else 'no'))

    def measure_some(self):
        """One to three, the last of them seen on the air."""
        free = [u for u in (1, 2) if sum(r[0] == u for r in self.kept) < RING - 3]
        count = self.random.randint(1, 3)
        if self.indicates:
            self.do('cuff %s indicates=%s' % (CUFF, self.random.choice(('yes', 'no'))))
        for i in range(count):
            self.measure(self.random.choice(free), i == count - 1)

    def start(self):
        log = self.w.fake.out.here()
        self.w.service()
        self.w.fake.wait('call RegisterApplication .* answer=ok', log)

    # --- moments ---

    def on_the_air(self, log):
        """The n-th such line, or the end of the link if that is sooner."""
        pattern, most = self.random.choice(ON_THE_AIR)
        for _ in range(self.random.randint(1, most)):
            log = self.w.fake.wait(r'^log \S+ (?:(%s)|disconnect )' % pattern, log)
            if not self.w.fake.out.match.group(1):
                return 'disconnect'
        return pattern

    def told(self, start, known):
        """So many of those that are new to the service have just been published."""
        self.w.subscriber.wait(EVENTS, count=self.random.randint(1, len(self.kept) - known), start=start)
        return 'event'

    def written(self, writes, log):
        """In the middle of a transaction, or just behind it; or nothing more was written after the link."""
        for _ in range(self.random.randint(1, 30)):
            end = time.monotonic() + DEADLINE
            while not writes.wait(0.2):
                if self.w.fake.out.count(r'^log \S+ disconnect ', log):
                    return 'disconnect'
                if time.monotonic() > end:
                    raise Timeout('nothing was written')
        return 'database'

    def not_acknowledged(self):
        """Published, and the service does not know that the broker has it."""
        self.w.proxy.wait_held(1)
        return 'no PUBACK'

    def kill_once(self):
        choice, w = self.random.random(), self.w
        w.proxy.withholding = choice < 0.15
        log, start, known = w.fake.out.here(), w.subscriber.here(), len(w.rows())
        writes = Writes(w.state_directory)
        self.measure_some()
        if choice < 0.15:
            moment = self.not_acknowledged()
        elif choice < 0.3:
            moment = self.told(start, known)
        elif choice < 0.6:
            moment = self.written(writes, log)
        else:
            moment = self.on_the_air(log)
        w.running.stop(signal.SIGKILL)
        writes.close()
        w.proxy.cut()
        w.proxy.withholding, w.proxy.held = False, []
        self.moments[moment] += 1
        self.unsure.update(row[0] for row in w.rows('SELECT id FROM outbox JOIN measurement ON arrival = measurement'))
        self.leave()

    def leave(self):
        """The link may be left over. Some walk away with the cuff, some leave it on the table."""
        if self.story.show(self.w)['connected'] == 'yes' and self.random.random() < 0.7:
            log = self.do('vanish')
            self.w.fake.wait('disconnect ' + CUFF, log)

    # --- afterwards ---

    def finish(self):
        """All that the memory holds is told at last."""
        start = self.w.subscriber.here()
        self.do('advertise')
        self.w.event('sync_finished', start)
        self.w.wait_rows(len(self.kept))

    def verify(self):
        w, story = self.w, self.story
        lines = w.fake.out.lines
        state = story.show(w)
        for user in (1, 2):
            story.assertEqual(int(state['count%d' % user]), sum(r[0] == user for r in self.kept))
        w.allowed_duplicates = sum(self.unsure.values())
        w.verify(violations=sum(1 for line in lines if re.search(EXPLAINED, line)))
        events = [m.json for m in w.subscriber.find(EVENTS)]
        told = {e['id']: (e['user'], e['systolic'], e['diastolic'], e['pulse'], e['measured_at'][:19]) for e in events}
        story.assertEqual(sorted(told.values()), sorted(self.kept))
        again = collections.Counter(e['id'] for e in events) - collections.Counter(list(told))
        story.assertEqual(again - self.unsure, collections.Counter(), 'told again although the PUBACK was there')
        return sum(again.values())


class TestKilled(Story):
    def killed(self, kind, indicates):
        seed = os.environ.get('CUFF2MQTT_TEST_SEED') or random.SystemRandom().randrange(10 ** 6)
        print('%s: CUFF2MQTT_TEST_SEED=%s' % (kind, seed), file=sys.stderr)
        k = Killed(self, kind, seed, indicates, config='omron: { keys = "default"; };\n')
        for i in range(2 * RECORDS):
            k.measure(1 + i % 2, announce=False)
        k.start()
        for i in range(KILLS):
            k.kill_once()
            k.start()
        k.finish()
        again = k.verify()
        print('%s: %d kills, %d records, 0 lost, 0 doubled; %d told again because their PUBACK had not been seen; moments: %s'
              % (kind, KILLS, len(k.kept), again, ', '.join('%s %d' % m for m in k.moments.most_common())), file=sys.stderr)

    def test_classic(self):
        """A cuff that only keeps its measurements: 25 kills."""
        self.killed('classic', indicates=False)

    def test_k4(self):
        """One that also indicates some of them, so that these come two ways: 25 kills."""
        self.killed('k4', indicates=True)


if __name__ == '__main__':
    unittest.main()
