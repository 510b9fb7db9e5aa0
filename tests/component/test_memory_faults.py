"""The memory of OMRON cuffs on bad days: links that fall, answers that do not come or are wrong, a full disk, a stop.
In each story every record that can be read arrives, once."""

import re
import resource
import signal
import unittest

from harness import CUFF
from memory_story import FAST, MemoryStory, SETTINGS

NO_GOOD_REST = FAST.replace('cooldown = 0.1', 'cooldown = 3600.0')  # only a failure is tried again in time
PATIENT = FAST.replace('lingering = 1.0', 'lingering = 5.0')  # with a cuff whose last word comes late


def repeats(session, pattern):
    """How often the same was said twice in a row."""
    found = [m[1] for m in (re.search(pattern, line) for line in session.lines) if m]
    return sum(a == b for a, b in zip(found, found[1:]))


class Faults:
    """Told of a cuff with a key and of one without. RECORD_FRAME: the frame of a link that reads new records, once a
    mark is known and only user 1 has measured. LATER_RECORD: one that reads a record when none is known."""

    def retried(self, w, *faults):
        """A session with these faults brings its two new records; how many reads were repeated."""
        for fault in faults:
            w.fake.do('omron-fault ' + fault)
        w.fake.do('fill 1 2 from=2026-0%d-01T07:00:00' % self.month)
        self.month += 1
        said, session = self.sync(w)
        self.assertEqual(said['new_measurements'], 2, faults)
        self.assert_told(w, self.held(w))
        return repeats(session, r' memory-read \S+ at=(\w+)'), repeats(session, r' uuid=4912 value=(\w+)')

    def test_answers_that_come_twice_late_or_damaged(self):
        """Each of them in the settings and among the records: nothing is lost, doubled or changed by it."""
        w = self.world('fill 1 2', timing=FAST.replace('reply = 1.0', 'reply = 0.5'))
        self.month = 3
        self.sync(w)
        for kind, reads in (('duplicate-reply', 0), ('delay-reply 100', 0), ('delay-reply 700', 2), ('corrupt-reply', 2),
                            ('garbage-reply', 2), ('drop-slice', 2)):
            with self.subTest(kind):
                places = ['%s at=%d' % (kind, at) for at in (2, self.RECORD_FRAME)]
                repeated, doubled = self.retried(w, *places)
                self.assertGreaterEqual(repeated, reads)
                if kind == 'duplicate-reply':
                    self.assertGreaterEqual(doubled, 2)
        self.assertEqual(w.fake.out.count('violation'), 0)
        self.verify(w)

    def test_lost_again_and_again(self):
        """The cuff hangs up at each tenth frame: tried again after the pause of a failure, each time it goes on where
        it was; the union is complete."""
        w = self.world('fill 1 60', 'fill 2 60', *('omron-fault hang-up ' + at for at in self.LOST_AT), timing=NO_GOOD_REST)
        start = w.subscriber.here()
        w.fake.do('advertise')
        w.event('sync_finished', start)
        failures = [m.json['data']['reason'] for m in
                    w.subscriber.find('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_failed')]
        self.assertEqual(len(failures), self.LOST)
        self.assertTrue(all('The connection broke while the memory was read' in f for f in failures), failures)
        self.assertEqual(len(self.assert_told(w, self.held(w))), 120)
        read = [address for session in self.sessions(w) for address, _ in session.reads(self.kind)]
        self.assertLess(len(read), len(set(read)) + 4 * (self.LOST + 1))  # it does not begin anew each time
        self.verify(w)

    def test_the_link_is_lost_without_a_word(self):
        """The cuff is carried away at its first record: no END could be said, and the next time all is read."""
        w = self.world('fill 1 5', 'vanish at=collecting')
        self.refused(w, 'The connection broke')
        self.assertEqual(self.sync(w)[0]['new_measurements'], 5)
        self.verify(w)

    def test_start_is_not_answered(self):
        """Said once and not again; END is said all the same; with the fault gone the memory is read."""
        w = self.world('fill 1 3', 'omron-fault start-unanswered times=0')
        session = self.refused(w, 'The cuff did not open its memory')
        self.assertEqual(session.count('start .* unanswered=fault'), 1)
        self.assertEqual(session.count(' end '), 1)
        w.fake.do('omron-fault none')
        self.sync(w)
        self.assert_told(w, self.held(w))
        self.verify(w)

    def test_settings_are_refused(self):
        """E3 where this model has its settings: said, nothing else is read; the cuff stays known."""
        w = self.world('fill 1 3')
        self.sync(w)
        w.fake.do('fill 1 1 from=2026-03-01T07:00:00')
        w.fake.do('omron-fault refuse-read %s times=0' % SETTINGS[self.kind])
        session = self.refused(w, "The cuff's memory is not arranged as this model's is")
        self.assertEqual((session.reads(self.kind), session.count('result=E3')), ([], 1))
        w.fake.do('omron-fault none')
        self.assertEqual(self.sync(w)[0]['new_measurements'], 1)
        self.verify(w)

    def test_one_record_is_refused(self):
        """E3 for one record of a run: the others come."""
        w = self.world('fill 1 6')
        held = self.held(w)
        w.fake.do('omron-fault refuse-read %04x times=0' % held[2].address)
        self.assertEqual(self.sync(w)[0]['new_measurements'], 5)
        self.assert_told(w, held[:2] + held[3:])
        self.verify(w)

    def test_one_record_is_damaged_for_good(self):
        """It is refused once, its bytes are kept, the others come; read again as a whole, it is not refused again."""
        w = self.world('fill 1 2')
        self.sync(w)
        w.fake.do('fill 1 3 from=2026-03-01T07:00:00')
        held = self.held(w)
        bad = held[3]
        w.fake.do('poke %04x f0' % (bad.address + 1))  # the diastolic pressure
        raw = bad.raw[:1] + b'\xf0' + bad.raw[2:]
        self.assertEqual(self.sync(w)[0]['new_measurements'], 2)
        self.assertEqual(w.event('measurement_refused')['data']['code'], self.DAMAGED)
        self.assertEqual(self.sync(w)[0]['new_measurements'], 0)
        self.assertEqual(w.running.stop(), 0)
        self.forget_mark(w)
        w.service()
        said, session = self.sync(w)
        self.assertEqual(said['new_measurements'], 0)
        self.assertTrue(any(at <= bad.address < at + n for at, n in session.reads(self.kind)))
        self.assertEqual(w.rows('SELECT raw, why FROM rejected'), [(raw, self.DAMAGED)])
        self.assert_told(w, held[:3] + held[4:])
        self.verify(w)

    def in_the_middle(self, timing=PATIENT):
        """The service waits for an answer in the middle of the records; what came before is out."""
        w = self.world('fill 1 60', 'fill 2 60', 'omron-fault delay-reply 900 at=14', timing=timing)
        start = w.subscriber.here()
        log = w.fake.do('advertise')
        for _ in range(13):  # with START
            log = w.fake.wait(' memory-read ', log)
        w.wait_outbox_empty()
        before = len(w.rows())
        self.assertTrue(0 < before < 120)
        return w, start, log, before

    def test_stop_in_the_middle(self):
        """SIGTERM while the memory is read: the cuff hears END and hangs up itself; the next run goes on."""
        w, _, log, before = self.in_the_middle()
        self.assertEqual(w.running.stop(), 0)
        w.fake.wait('disconnect %s by=cuff' % CUFF, w.fake.wait('end %s rc=00' % CUFF, log))
        self.assertLess(len(w.rows()), 120)
        w.service()
        self.sync(w)
        self.assert_told(w, self.held(w))
        self.verify(w)

    def test_connected_anew_before_we_noticed(self):
        """The link falls and BlueZ connects the cuff again while this machine is busy: it is not made to clear the
        CCCDs on the new link, which costs the bond."""
        w, _, log, _ = self.in_the_middle(FAST.replace('reply = 1.0', 'reply = 30.0'))
        w.running.process.send_signal(signal.SIGSTOP)
        w.fake.do('vanish')
        w.fake.wait('disconnect %s by=lost' % CUFF, log)
        w.fake.do('advertise')
        w.fake.wait('connect %s by=auto' % CUFF, log)
        w.running.process.send_signal(signal.SIGCONT)
        w.event('sync_failed')
        w.fake.wait('disconnect %s by=client' % CUFF, log)
        self.sync(w)
        self.assert_told(w, self.held(w))
        self.assertEqual(w.fake.out.count('violation CCCD'), 0)
        self.verify(w, violations=1)  # BlueZ subscribed by itself on the link that we did not want

    def test_bluetooth_is_switched_off_in_the_middle(self):
        """Aeroplane mode and back: the next link begins without subscriptions, and the rest is read."""
        w, start, _, _ = self.in_the_middle()
        w.fake.do('rfkill on')
        w.event('adapter_down', start)
        w.fake.do('rfkill off')
        w.event('adapter_up', start)
        self.sync(w)
        self.assert_told(w, self.held(w))
        self.verify(w)

    def test_a_record_is_damaged_on_its_way(self):
        """Among others: asked for again by itself, and right; also where nobody has proved what the sum is made of."""
        w = self.world('fill 1 5', 'omron-fault corrupt-record at=%d' % self.LATER_RECORD)
        held = self.held(w)
        self.sync(w)
        self.assert_told(w, held)
        self.assertEqual(w.rows('SELECT * FROM rejected'), [])
        self.verify(w)

    def test_the_newest_record_is_damaged_on_its_way(self):
        """The first that is read, so that no other speaks for its sum."""
        w = self.world('fill 1 5', 'omron-fault corrupt-record')
        held = self.held(w)
        self.sync(w)
        self.assert_told(w, held)
        self.assertEqual(w.rows('SELECT * FROM rejected'), [])
        self.verify(w)


class TestClassic(Faults, MemoryStory):
    KIND, RECORD_FRAME, LATER_RECORD = 'classic', 8, 9
    LOST_AT, LOST = ('at=10', 'at=20', 'at=30', 'at=40'), 4
    DAMAGED = 'ERANGE'  # nobody knows what its checksum is made of


class TestK4(Faults, MemoryStory):
    KIND, RECORD_FRAME, LATER_RECORD = 'k4', 5, 6
    LOST_AT, LOST = ('at=10 times=2', 'at=20'), 3
    DAMAGED = 'EBADMSG'

    def test_a_token_that_does_harm(self):
        """START stays unanswered after a token: the next session, and every one after a restart, goes without."""
        w = self.world('fill 1 3', 'cuff-token harmful')
        session = self.refused(w, 'The cuff did not open its memory')
        self.assertEqual((session.count(' token '), session.count('unanswered=token')), (1, 1))
        self.assertEqual(self.sync(w)[1].count(' token '), 0)
        self.assert_told(w, self.held(w))
        self.assertEqual(w.running.stop(), 0)
        w.service()
        self.assertEqual(self.sync(w)[1].count(' token '), 0)
        self.verify(w)

    def test_a_token_that_is_needed(self):
        """A cuff that answers tokens and opens only after one."""
        w = self.world('fill 1 3', 'cuff-token required')
        self.assertEqual(self.sync(w)[1].count(' token .* answered'), 1)
        self.assert_told(w, self.held(w))
        self.verify(w)

    def no_space(self):
        """A record could not be saved; what ends that."""
        w, start, _, before = self.in_the_middle()
        soft, hard = resource.prlimit(w.running.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(w.running.pid, resource.RLIMIT_FSIZE, (0, hard))
        w.running.err.wait('^error intake: .*kept in memory')
        return w, start, before, lambda: resource.prlimit(w.running.pid, resource.RLIMIT_FSIZE, (soft, hard))

    def test_no_space_and_then_the_power_goes(self):
        """There is space again when the session ends, so that it can be kept how far the cuff was read; what waited in
        our memory is lost with the power, and is read again."""
        w, start, before, free_space = self.no_space()
        free_space()
        w.event('sync_finished', start)
        self.assertEqual(len(w.rows()), before)
        w.kill()
        w.service()
        self.sync(w)
        self.assert_told(w, self.held(w))
        self.verify(w)

    def test_no_space_and_then_there_is(self):
        """What waited is saved, and the next sessions double nothing."""
        w, start, before, free_space = self.no_space()
        w.event('sync_finished', start)
        self.assertEqual(len(w.rows()), before)
        free_space()
        w.wait_rows(120)
        for _ in range(2):
            self.assertEqual(self.sync(w)[0]['new_measurements'], 0)
        self.assert_told(w, self.held(w))
        self.verify(w)


if __name__ == '__main__':
    unittest.main()
