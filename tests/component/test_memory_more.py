"""The memory of OMRON cuffs where two things come together: a stop, a damaged database or a dump, and a reading."""

import json
import os
import sqlite3
import unittest

from memory_story import FAST, ID, MemoryStory

RESPONSE = 'cuff2mqtt/bridge/response/device/dump'


class TestStop(MemoryStory):
    def stopped_at(self, kind, pattern, slow=None):
        """SIGTERM before START: it is not said any more, for there would be no time for END; the next run reads all.
        `slow`: what takes long until then."""
        w = self.world('fill 1 5', 'fill 2 5', kind=kind, timing=FAST.replace('%s = 0.1' % slow, '%s = 1.0' % slow))
        log = w.fake.do('advertise')
        w.fake.wait(pattern, log)
        self.assertEqual(w.running.stop(), 0)
        self.assertEqual(self.sessions(w)[0].count(r'^log \S+ start '), 0)
        w.extra_config = w.extra_config.replace('%s = 1.0' % slow, '%s = 0.1' % slow)
        w.service()
        self.sync(w)
        self.assert_told(w, self.held(w))
        self.verify(w)

    def test_while_a_key_is_tried(self):
        self.stopped_at('classic', r' write \S+ uuid=b305')

    def test_while_a_token_waits(self):
        self.stopped_at('k4', r' write \S+ uuid=b305', 'token')

    def test_while_it_is_listened(self):
        self.stopped_at('k4', ' call ReadValue ', 'listen')


class TestDatabase(MemoryStory):
    KIND = 'k4'

    def damage(self, w):
        db = sqlite3.connect(os.path.join(w.state_directory, 'cuff2mqtt.db'), isolation_level=None)
        db.execute('DELETE FROM measurement')  # nothing is left to be taken over
        db.execute('PRAGMA writable_schema = ON')
        db.execute("UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'measurement'")
        db.execute('PRAGMA schema_version = 4711')
        db.close()

    def test_damaged_while_the_memory_is_read(self):
        """The session under way began with the marks of the old database: the new one gets none of them, so the next
        session reads all that was lost; said once, not for each record."""
        w = self.world('fill 1 20', 'fill 2 20')
        self.sync(w)
        w.wait_outbox_empty()
        w.fake.do('fill 1 8 from=2026-03-01T07:00:00')
        w.fake.do('fill 2 8 from=2026-03-01T07:00:00')
        w.fake.do('omron-fault delay-reply 900 at=5')
        start, log = w.subscriber.here(), w.fake.do('advertise')
        for _ in range(4):
            log = w.fake.wait(' memory-read ', log)
        self.damage(w)
        w.event('database_set_aside', start)
        w.event('sync_finished', start)
        w.wait_rows(16)
        self.assertEqual(self.sync(w)[0]['new_measurements'], 40)
        w.wait_rows(56)
        self.assertLessEqual(w.running.err.count('^error intake: .*kept in memory'), 2)
        self.assertEqual(self.sync(w)[0]['new_measurements'], 0)

    def test_a_refused_record_is_told_once(self):
        """Read again as a whole after its mark was lost: what was refused is not news."""
        w = self.world('fill 1 3')
        w.fake.do('poke %04x f0' % (self.held(w)[1].address + 1))  # the diastolic pressure
        self.sync(w)
        self.assertEqual(w.running.stop(), 0)
        self.forget_mark(w)
        w.service()
        self.assertEqual(self.sync(w)[0]['new_measurements'], 0)
        w.request('info')  # answered behind what they caused
        self.assertEqual(len([m for m in w.subscriber.find('cuff2mqtt/bridge/event',
                                                           lambda m: m.json['type'] == 'measurement_refused')]), 1)
        self.assertEqual(w.running.err.count('was not taken'), 0)
        self.verify(w)


class TestKey(MemoryStory):
    KIND = 'classic'

    def test_it_is_written_once(self):
        """The file is not made anew in each session: a full disk is no reason to complain of a key that is there."""
        w = self.world('fill 1 1')
        self.sync(w)
        name = os.path.join(w.state_directory, 'keys', ID)
        before = os.stat(name)
        self.sync(w)
        self.assertEqual((os.stat(name).st_ino, os.stat(name).st_mtime_ns), (before.st_ino, before.st_mtime_ns))
        self.verify(w)

    def test_it_cannot_be_read(self):
        """Something else stands in the file: said with what to do, and nothing is guessed."""
        w = self.world('fill 1 1', config='', service=False)
        directory = os.path.join(w.state_directory, 'keys')
        os.makedirs(directory)
        with open(os.path.join(directory, ID), 'w') as f:
            f.write('no key\n')
        w.service()
        self.refused(w, 'opens its memory only with a key')
        w.running.err.wait('^warning memory: .* key in .*/keys cannot be read .* backup')
        self.verify(w)


class TestDump(MemoryStory):
    def ask(self, w, **values):
        start = w.subscriber.here()
        self.assertEqual(w.request('device/dump', json.dumps({'device': ID, **values}))['status'], 'accepted')
        w.fake.do('advertise')
        answer = w.subscriber.wait(RESPONSE, lambda m: m.json['status'] != 'accepted', start=start).json
        self.assertEqual(answer['data']['file'], os.path.join(w.state_directory, 'dumps', ID + '.json'))
        return json.loads(self.kept(w, 'dumps', ID + '.json'))

    def test_birth_dates_with_swapped_words(self):
        """Year, month and day stand at other places there; none of them is shown."""
        w = self.world('fill 1 3', kind='7322t')
        w.fake.do('poke 0268 0b55001700%02x' % (0x55 + 0x0b + 0x17))
        self.sync(w)
        dump = self.ask(w)
        first = next(block['hex'] for block in dump['blocks'] if block['address'] == '0260')
        self.assertEqual(first[16:24], 'xxxx00xx')
        self.assertTrue(dump['complete'])

    def test_cut_short(self):
        """The link falls in the middle of it: what there is comes, and says that it is not all."""
        w = self.world('fill 1 3', kind='k4')
        self.sync(w)
        w.fake.do('omron-fault hang-up at=6')
        self.assertFalse(self.ask(w)['complete'])

    def test_values_only_for_who_asked(self):
        """Paired again, a cuff that was not understood is looked at anew; that description, which nobody asked for, is
        without them again. The log says which model it is."""
        w = self.world('fill 1 3', kind='k4', options='model=HEM-9999T')
        self.sync(w)
        w.running.err.wait(r'^warning memory: \S+ This model of cuff is not known here \(HEM-9999T\)')
        self.assertTrue(self.ask(w, values=True)['with_values'])
        start = w.subscriber.here()
        w.pair()
        w.event('memory_dumped', start)
        self.assertFalse(json.loads(self.kept(w, 'dumps', ID + '.json'))['with_values'])
        self.verify(w)


if __name__ == '__main__':
    unittest.main()
