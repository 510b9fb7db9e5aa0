"""Cuffs that leave: at ten moments of a session, by hanging up without falling silent, and while nobody listens."""

import contextlib
import re

from lab import CUFF, LabStory, timing, weight

# A cuff that waits a second for more questions: its own 0.3 s are shorter than a pause in what an emulated
# bluetoothd asks. Where it must not speak before the moment comes, it is told to be slow.
WAITS, SPEAKS, LATE = 'hang-up-after 1', 'speaks-after 50', 'speaks-after 5000'
ANOTHER = 'measure announce=no 99/59/49 at=2026-08-01T06:30:00'

# What the cuff is told before it measures; then whose log must say what before it vanishes, if it is not told to.
MOMENTS = {
    'before it hears the request to connect': (('vanish at=connecting',), None),
    'while the link is not yet established': (('no-establish 1',), None),
    'as soon as it is connected': (('vanish at=connected',), None),
    'when the link is encrypted': ((LATE,), ('cuff', 'encrypted')),
    'when the MTU is agreed': ((LATE,), ('cuff', 'mtu')),
    'when it is asked for a value': ((LATE, 'vanish at=reading'), None),
    'when we subscribe': ((LATE, 'vanish at=subscribing'), None),
    'between two indications': (('vanish at=collecting', ANOTHER), None),
    'before it hears that we got the measurement': (('vanish at=confirming',), None),
    'while we hang up': (('hang-up-after never',), ('service', '-> disconnecting')),
}
# As far as the fake has them; and what comes late comes when both worlds have asked all they want to know.
MOMENTS_OF_BOTH = {
    'as soon as it is connected': (('vanish at=connected',), None),
    'when we subscribe': ((LATE, 'vanish at=subscribing'), None),
    'between two indications': (('hold-indications 5000', 'vanish at=collecting', ANOTHER), None),
    'before it hears that we got the measurement': ((LATE, 'vanish at=confirming'), None),
}


class TestMoments(LabStory):
    @contextlib.contextmanager
    def moment(self, name):
        """Who reads of a failure reads of the moment, too."""
        try:
            yield
        except AssertionError as problem:
            raise AssertionError('gone %s: %s' % (name, problem)) from problem

    def goes(self, w, commands, sign, measure):
        """It measures and is gone. If there was a link, the service has seen it end."""
        for command in commands:
            w.fake.do(command)
        said, log = w.running.err.here(), w.fake.do(measure)
        if sign:
            who, words = sign
            w.fake.wait('%s %s' % (words, CUFF), log) if who == 'cuff' else w.running.err.wait(words, said)
            w.fake.do('vanish')
        w.fake.wait('vanished %s|disconnect %s by=lost reason=3e' % (CUFF, CUFF), log)
        if w.fake.out.count(' connect ' + CUFF, log):
            self.rested(w, log)

    def comes_back(self, w, values):
        """Somebody presses its button: the measurement is there, and the cuff has been read."""
        for command in (WAITS, SPEAKS):
            w.fake.do(command)
        start, log = w.subscriber.here(), w.fake.do('advertise')
        w.measured(values)
        w.event('sync_finished', start)
        self.rested(w, log)

    def gone_and_back(self, w, moments):
        log, sent = w.fake.out.here(), []
        w.pair()
        self.rested(w, log, times=2)
        for n, (name, (commands, sign)) in enumerate(moments.items()):
            values = '%d/80/60' % (120 + n)
            sent += [99, 120 + n] if ANOTHER in commands else [120 + n]
            with self.moment(name):
                self.goes(w, commands, sign, 'measure %s at=2026-08-01T07:%02d:00' % (values, n))
                self.comes_back(w, values)
        self.assertEqual([row[2] for row in w.rows()], sent)
        self.assertEqual(w.fake.out.count('pair-start'), 1)

    @weight(60)
    def test_gone_and_back(self):
        """Each measurement arrives, once."""
        w = self.world(WAITS, config=timing(cooldown=0.5, backoff_min=0.5, backoff_max=1.0, collecting=4.0))
        self.gone_and_back(w, MOMENTS)
        self.assertEqual(w.running.stop(), 0)
        w.verify()

    @weight(90)
    def test_same_in_both(self):
        """The D-Bus fake claims to know what bluetoothd says then."""
        self.same_in_both(lambda w: self.gone_and_back(w, MOMENTS_OF_BOTH), WAITS,
                          config=timing(cooldown=2.0, backoff_min=2.0, backoff_max=2.5))


class TestKeepsAdvertising(LabStory):
    @weight(30)
    def test_no_flood(self):
        """A cuff that hangs up and goes on advertising is left alone for the cool-down, each time."""
        cooldown, sessions = 2.0, 4
        w = self.world(WAITS, 'keeps-advertising on', config=timing(cooldown=cooldown))
        w.pair()
        start, log = w.subscriber.here(), w.fake.do('measure 131/84/67')
        w.measured('131/84/67')
        w.subscriber.wait('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_finished', start=start,
                          count=sessions)
        said = '\n'.join(w.fake.out.lines[log:])
        begins, ends = ([float(t) for t in re.findall(r'^log (\S+) %s %s' % (word, CUFF), said, re.M)]
                        for word in ('connect', 'disconnect'))
        self.assertGreaterEqual(begins[-1] - ends[0], (sessions - 1) * cooldown)
        self.assertLessEqual(len(begins), 2 * sessions)  # the kernel may be faster than our pause
        self.assertEqual(w.running.stop(), 0)
        w.verify()


class TestNobodyListens(LabStory):
    @weight(40)
    def test_nobody_subscribed(self):
        """Stopped in order, the service leaves nothing behind that connects the cuff, and started again it hears what the
        cuff has to say (it asks to listen at once, but on a busy machine the kernel may be faster). Killed, it leaves the kernel armed: the cuff speaks, bluetoothd confirms, nobody
        hears it. That measurement is lost here (README, Limits); the next one is not."""
        w = self.world(WAITS, config=timing(cooldown=0.3))
        w.pair()
        log = w.fake.out.here()
        self.measure(w, '131/84/67')
        self.rested(w, log)
        self.assertEqual(w.running.stop(), 0)
        log = w.fake.do('measure 128/80/64')
        w.service()
        w.measured('128/80/64')
        said = [re.search(r' (RegisterApplication|connect) ', line) for line in w.fake.out.lines[log:]]
        self.assertEqual([found[1] for found in said if found][:2], ['RegisterApplication', 'connect'])
        self.rested(w, log)
        w.kill()
        log = w.fake.do('measure 125/78/62')
        w.fake.wait('disconnect ', w.fake.wait('confirmed %s left=0' % CUFF, log))
        log = w.fake.out.here()
        w.service()
        w.fake.wait(' StartNotify ', log)  # until then it is the same as being killed
        self.measure(w, '118/76/60')
        self.assertEqual([row[2] for row in w.rows()], [131, 128, 118])
        self.assertEqual(w.running.stop(), 0)
        w.verify()
