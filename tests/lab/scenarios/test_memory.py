"""The memory of OMRON cuffs over the real bluetoothd: paired, read, lost and found again, refused, set right. The words are
those of the component tests, and so are the manners: the cuff is one that forgets its bond when it is treated badly.

How long the first reading takes goes to figures.txt: as a multiple of two connection events for each question and its
answer, below which no host can get. In a guest without KVM that is a figure of the emulation."""

import re

from lab import CUFF, LabStory, kernels, short, timing, weight
from memory_story import COMMUNITY_KEY, MemoryStory, Session

INTERVAL = 30  # ms, of the connection
TIMES = {'cooldown': 0.5, 'backoff_min': 1.0, 'backoff_max': 1.0, 'listen': 0.3, 'token': 0.7}
LATE = (r' cccd \S+ uuid=(4d0b|5128|560f) value=0001', r' unlock \S+ status=00 command=0[01]')  # RX1-3, and what opens them
LONGEST_READ = 0x38


def first(lines, pattern):
    return next((at for at, line in enumerate(lines) if re.search(pattern, line)), None)


class LabMemory(MemoryStory, LabStory):
    def paired(self, kind, *commands, config='', **times):
        """Paired in its P mode; its memory has been read once, and the kernel waits for it."""
        w = self.world('hang-up-after 3', 'connection-interval %d' % INTERVAL, *commands, kind=kind, key=None, config=config,
                       timing=timing(**TIMES, **times))
        log = w.fake.out.here()
        w.pair()
        self.rested(w, log, times=2)
        return w

    def sync(self, w, command='advertise', good=True):
        """One whole session. Once it is connected the cuff advertises no more: else the kernel is faster than the pause that
        the service asks for, and what becomes of that link is chance. Afterwards the kernel waits for it again."""
        log = w.fake.out.here()
        start, link = self.taken_up(w, command)
        w.fake.do('quiet')
        said = w.event('sync_finished' if good else 'sync_failed', start)
        end = w.fake.wait('disconnect %s by=' % CUFF, link)
        self.rested(w, log)
        return said['data'], Session(w.fake.out.lines[log:end])

    untaken = 0  # links

    def taken_up(self, w, command):
        """Connected, and the service has begun with the memory. On a busy machine bluetoothd can miss a link that the kernel
        made ("bt_io_set: setsockopt"); the kernel drops it after two seconds, and makes the next one when the button is
        pressed again."""
        start, log = w.subscriber.here(), w.fake.out.here()
        w.fake.do(command)
        while True:
            link = w.fake.wait(' connect %s ' % CUFF, log)
            log = w.fake.wait(r' (cccd %s uuid=4912 value=0001|disconnect %s by=)' % (CUFF, CUFF), link)
            if 'cccd' in w.fake.out.match[1]:
                return start, link
            self.untaken += 1
            w.event('sync_failed', start)
            start = w.subscriber.here()
            w.fake.do('advertise')

    def tell_time(self, w, name, session):
        """Of a whole reading: from START to END, as the cuff saw it."""
        began, ended = (float(re.search(r'^log (\S+)', session.lines[first(session.lines, word)])[1])
                        for word in (r' start \S+$', r' end \S+ rc=00$'))
        reads = session.count(' memory-read ')
        floor = 2 * INTERVAL * (reads + 1) / 1000
        with open(w.log('figures.txt'), 'a') as f:
            f.write('%s: %d reads in %.1f s, %.1f times the floor of %.1f s\n' % (name, reads, ended - began,
                                                                                 (ended - began) / floor, floor))

    def assert_manners(self, w, broken):
        """Beside what the cuff itself would call a violation: START is followed by END, but on `broken` links; the channels
        of a classic cuff wait for its key; who hangs up is the cuff."""
        unended = 0
        for session in self.sessions(w):
            unended += session.count(r' write \S+ uuid=db5b value=08000000') - session.count(' end ')
            early, opened = (first(session.lines, pattern) for pattern in LATE)
            if self.kind == 'classic' and early is not None:
                self.assertTrue(opened is not None and opened < early, '\n'.join(session.lines))
        self.assertEqual(unended, broken)
        self.assertEqual(w.fake.out.count(' disconnect .* by=client'), self.untaken)
        self.assertEqual(w.fake.out.count('pair-start'), 1)

    def over(self, w, broken=0):
        self.assertEqual(w.running.stop(), 0)
        self.verify(w)
        self.assert_manners(w, broken)


class TestRead(LabMemory):
    def read(self, kind):
        """Two people's full memories with the pairing. Then one measurement more of the second, which takes the place of
        its oldest, and three of the first: only they come."""
        w = self.paired(kind, 'fill 1 60', 'fill 2 60')
        self.assertEqual(len(self.assert_told(w, self.held(w))), 120)
        self.tell_time(w, kind, self.sessions(w)[0])
        start = w.subscriber.here()
        said, session = self.sync(w, 'measure 131/84/67 user=2')
        self.assertEqual(said['new_measurements'], 1)
        self.assertLessEqual(len(session.reads(kind)), 4)
        w.fake.do('fill 1 3 from=2026-03-01T07:00:00')
        said, session = self.sync(w)
        self.assertEqual(said['new_measurements'], 3)
        self.assertLessEqual(len(session.reads(kind)), 6)
        self.assert_told(w, [h for h in self.held(w) if h.sequence > 60], start)
        self.assertEqual(len(w.rows()), 124)
        return w

    @weight(60)
    @kernels('6.12', '6.1')
    def test_classic(self):
        """Its key is programmed at once when the link is encrypted, kept, and opens the next links at the first try."""
        w = self.read('classic')
        self.assertRegex(self.key(w), '^[0-9a-f]{32}$')
        self.assertNotEqual(self.key(w), COMMUNITY_KEY)
        self.assertEqual(w.fake.out.count('key-programmed'), 1)
        self.assertEqual(w.fake.out.count('unlock .* command=02'), w.fake.out.count('unlock .* status=00 command=02'))
        self.assertEqual([session.count('unlock .* status=00 command=01') for session in self.sessions(w)], [0, 1, 1])
        self.assertEqual(w.fake.out.count('unlock .* command=01'), 2)
        self.over(w)

    @weight(40)
    @kernels('6.12', '6.1')
    def test_k4(self):
        """bluetoothd tells the MTU in time: it is read in pieces of 56 bytes, with write commands."""
        w = self.read('k4')
        self.assertEqual(max(size for _, size in self.sessions(w)[0].reads('k4')), LONGEST_READ)
        self.over(w)

    @short
    @weight(20)
    def test_token(self):
        """A cuff that answers the token, and has only a few measurements."""
        w = self.paired('k4-token', 'fill 1 3', 'fill 2 2', 'hang-up-after 2.5')
        self.assert_told(w, self.held(w))
        self.assertEqual(w.fake.out.count('token .* answered'), 1)
        self.over(w)


class TestLost(LabMemory):
    def until_read(self, w, faults):
        """It hangs up at these frames, one each link; in the end all has come."""
        for at in faults:
            w.fake.do('omron-fault hang-up at=%d' % at)
            self.refused(w, 'The connection broke')
        self.sync(w)
        self.assert_told(w, self.held(w))

    @weight(60)
    def test_classic_lost(self):
        """Carried away at its first record; then it hangs up at each tenth frame. Next time it goes on where it was."""
        w = self.paired('classic')
        for command in ('hang-up-after 1', 'fill 1 20', 'fill 2 20', 'vanish at=collecting'):
            w.fake.do(command)
        self.refused(w, 'The connection broke')
        self.until_read(w, (10, 20, 30))
        read = [address for session in self.sessions(w) for address, _ in session.reads('classic')]
        self.assertLess(len(read) - len(set(read)), 4 * 5)  # the newest ones, the mark
        self.over(w, broken=4)

    @weight(75)
    def test_k4_lost(self):
        """It hangs up at START and in the middle; then the service is stopped there; then END is what it hangs up at."""
        w = self.paired('k4')
        for command in ('hang-up-after 1', 'fill 1 60', 'fill 2 60'):
            w.fake.do(command)
        self.until_read(w, (1, 8, 16, 24))
        for session in self.sessions(w):
            sizes = [size for _, size in session.reads('k4')]
            self.assertTrue(len(sizes) <= 2 or LONGEST_READ in sizes, sizes)
        w.fake.do('fill 1 40 from=2026-03-01T07:00:00')
        w.fake.do('omron-fault delay-reply 1500 at=9')
        log = w.fake.do('advertise')
        for _ in range(8):
            log = w.fake.wait(' memory-read ', log)
        self.assertEqual(w.running.stop(), 0)
        w.fake.wait('disconnect %s by=cuff' % CUFF, w.fake.wait('end %s rc=00' % CUFF, log))
        self.assertLess(len(w.rows()), 160)
        w.service()
        self.sync(w)
        self.assertEqual(len(w.rows()), 160)
        w.fake.do('omron-fault hang-up at=6')
        said, session = self.sync(w)
        self.assertEqual((said['new_measurements'], session.count('value=080f0000'), session.count(' end ')), (0, 1, 0))
        self.over(w, broken=5)


class TestKey(LabMemory):
    @weight(55)
    def test_another_key(self):
        """Another program put its key into the cuff: that is said. Entered as omron.keys it opens the cuff, after our own
        one was tried once, and is kept."""
        key = '00112233445566778899aabbccddeeff'
        w = self.paired('classic', 'fill 1 2')
        for command in ('hang-up-after 1', 'cuff-key ' + key):
            w.fake.do(command)
        session = self.refused(w, 'Another device', 'omron.keys', command='measure 131/84/67')
        self.assertEqual((session.count(' unlock .* status=01'), session.count('uuid=(4d0b|5128|560f|db5b)')), (1, 0))
        self.assertEqual(w.running.stop(), 0)
        w.extra_config += 'omron: { keys = "%s"; };\n' % key
        w.service()
        self.refused(w, 'Another device')
        self.sync(w)
        self.assert_told(w, self.held(w))
        self.assertEqual(self.key(w), key)
        self.over(w)


class TestAnswers(LabMemory):
    def answers(self, kind, at):
        """Twice, late and later than it is waited for, damaged, nonsense, without its last slice: in one session. `at`: the
        frame of the first record in a memory of which one user's mark is known. Then START is not answered, once; then a
        record is refused, until it is not."""
        w = self.paired(kind, 'fill 1 2', reply=2.0)
        faults = ('duplicate-reply at=2', 'delay-reply 500 at=3', 'duplicate-reply at=%d' % at,
                  'delay-reply 2500 at=%d' % (at + 1), 'corrupt-reply at=%d' % (at + 3), 'garbage-reply at=%d' % (at + 5),
                  'drop-slice at=%d' % (at + 7))
        for fault in faults:
            w.fake.do('omron-fault ' + fault)
        for command in ('hang-up-after 1', 'fill 1 40 from=2026-03-01T07:00:00'):
            w.fake.do(command)
        said, session = self.sync(w)
        self.assertEqual(said['new_measurements'], 40)
        self.assert_told(w, self.held(w))
        asked = [m[1] for m in (re.search(r' memory-read \S+ at=(\w+)', line) for line in session.lines) if m]
        self.assertGreaterEqual(sum(a == b for a, b in zip(asked, asked[1:])), 4)
        w.fake.do('omron-fault start-unanswered')
        w.fake.do('fill 1 2 from=2026-05-01T07:00:00')
        session = self.refused(w, 'The cuff did not open its memory')
        self.assertEqual((session.count('start .* unanswered=fault'), session.count(' end ')), (1, 1))
        bad = self.held(w)[-2]
        w.fake.do('omron-fault refuse-read %04x times=0' % bad.address)
        self.assertEqual(self.sync(w)[0]['new_measurements'], 1)
        self.assert_told(w, [h for h in self.held(w) if h != bad])
        self.over(w)

    @weight(60)
    def test_classic_answers(self):
        self.answers('classic', 8)

    @weight(45)
    def test_k4_answers(self):
        self.answers('k4', 5)


class TestClock(LabMemory):
    @weight(45)
    def test_clock(self):
        """Where the profile's clock may not be written, and the configuration allows it, the memory's is. Refused later
        (E5), it is left alone from then on, and the measurements come."""
        w = self.paired('k4', 'fill 1 2', 'clock -7200', 'clock-writable no',
                        config='omron: { set_clock = "%s"; };\n' % CUFF)
        w.fake.do('hang-up-after 1')
        for writes in (1, 0):
            said, session = self.sync(w)
            self.assertEqual((session.count(' memory-write '), session.count(' end .* rc=00')), (writes, 1))
        w.fake.do('clock -7200')
        w.fake.do('omron-fault refuse-settings')
        session = self.refused(w, 'did not accept the settings', command='measure 131/84/67 at=2026-04-20T07:00:00')
        self.assertEqual((session.count(' memory-write '), session.count(' end .* rc=E5')), (1, 1))
        w.measured('131/84/67')
        said, session = self.sync(w)
        self.assertEqual((session.count(' memory-write '), session.count(' end .* rc=00')), (0, 1))
        self.over(w)
