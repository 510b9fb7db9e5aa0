"""Cuffs whose memory nobody here understands, and the description of a memory that people send us."""

import json
import os
import unittest

from harness import CUFF
from memory_story import FAST, ID, MemoryStory, SETTINGS

BIRTH = {'classic': (0x0010 + 16, '550b17'), 'k4': (0x0260 + 24, '550b17')}  # 23 November 1985, of nobody


class Dumps:
    """Told of a cuff with a key and of one without."""

    def world(self, *commands, **options):
        w = super().world('fill 1 5', 'fill 2 3', *commands, **options)
        at, date = BIRTH[self.kind]
        block = bytes.fromhex(date) + self.peek(w, at, {'classic': 14, 'k4': 10}[self.kind])[3:-2]
        w.fake.do('poke %04x %s%02x00' % (at, block.hex(), sum(block) & 255))
        return w

    def file(self, w):
        return os.path.join(w.state_directory, 'dumps', ID + '.json')

    def described(self, w):
        """The file, in which there is nothing of anybody."""
        text = self.kept(w, 'dumps', ID + '.json').decode()
        self.assert_impersonal(w, text)
        return json.loads(text)

    def assert_impersonal(self, w, text):
        for held in self.held(w):
            for piece in (held.raw, held.raw[:4], held.raw[4:8]):
                self.assertNotIn(piece.hex(), text.lower())
        for secret in (BIRTH[self.kind][1], ID, CUFF.lower()):
            self.assertNotIn(secret, text.lower())

    def test_unknown_model(self):
        """No row of the table has its name: nothing is guessed, nothing is published, a description is written; what the
        cuff sends by itself still comes."""
        w = self.world(options='model=HEM-9999T indicates=yes', timing=FAST.replace('collecting = 20.0', 'collecting = 5.0'))
        session = self.sync(w)[1]
        self.assertEqual((session.count(' start '), session.count(' end ')), (1, 1))
        event = w.event('memory_dumped')['data']
        self.assertTrue(event['file'].endswith('dumps/%s.json' % ID), event)
        dump = self.described(w)
        self.assertEqual((dump['model'], dump['proved'], dump['with_values']), ('HEM-9999T', '', False))
        self.assertIn(SETTINGS[self.kind], [block['address'] for block in dump['blocks']])
        likely = next(one for one in dump['settings'] if one['of'] == {'classic': 'HEM-7155T', 'k4': 'HEM-7155T-K4'}[self.kind])
        self.assertEqual((likely['index_trusted'], likely['user_blocks'], likely['clock']), ([True, True], ['ok', 'ok'], 'ok'))
        self.assertEqual(w.rows(), [])
        self.assertIsNone(self.device(w)['model_id'] or None)
        self.assertNotIn('memory', self.device(w)['capabilities'])
        session = self.sync(w, 'measure 131/84/67')[1]
        self.assertEqual((session.count(' start '), len(w.rows())), (0, 1))  # asked once
        self.verify(w)

    def test_it_is_not_what_its_name_says(self):
        """The newest record is none by the map of that name: refused with the reason, and described."""
        w = self.world(options='indicates=yes')
        w.fake.do('poke %04x f0' % (self.held(w, user=1)[-1].address + 1))
        self.sync(w)
        self.assertIn(' of a record ', w.event('memory_dumped')['data']['why'])
        self.assertIn(' of a record ', self.described(w)['why_not'])
        w.running.err.wait('^warning memory: .* of a record ')
        self.assertEqual(w.rows(), [])
        self.verify(w)

    def ask(self, w, **values):
        return w.request('device/dump', json.dumps({'device': ID, 'transaction': 'mine', **values}))

    def test_asked_for(self):
        """Accepted at once, answered when the cuff was there; a second request has to wait; then it is read as usual."""
        w = self.world()
        self.sync(w)
        rows = len(w.rows())
        start = w.subscriber.here()
        answer = self.ask(w)
        self.assertEqual((answer['status'], answer['transaction']), ('accepted', 'mine'), answer)
        self.assertEqual(self.ask(w, transaction='another')['code'], 'busy')
        w.fake.do('measure 131/84/67')
        done = w.subscriber.wait('cuff2mqtt/bridge/response/device/dump', lambda m: m.json['status'] == 'ok', start=start)
        self.assertEqual(done.json, {'status': 'ok', 'transaction': 'mine', 'data': {'device': ID, 'file': self.file(w)}})
        self.assertFalse(self.described(w)['with_values'])
        w.event('sync_finished', start)
        self.assertEqual(len(w.rows()), rows)
        self.sync(w)
        self.assertEqual(w.measured('131/84/67')['user'], 1)
        self.verify(w)

    def test_asked_for_with_values(self):
        """Only who says so gets the bytes of measurements: in the file, and nowhere under bridge/."""
        w = self.world()
        self.sync(w)
        start = w.subscriber.here()
        self.assertEqual(self.ask(w, values=True)['status'], 'accepted')
        self.sync(w)
        done = w.subscriber.wait('cuff2mqtt/bridge/response/device/dump', lambda m: m.json['status'] == 'ok', start=start)
        self.assertEqual(done.json['data'], {'device': ID, 'file': self.file(w)})
        dump = json.loads(self.kept(w, 'dumps', ID + '.json'))
        self.assertTrue(dump['with_values'])
        blocks = {block['address']: block.get('hex') for block in dump['blocks']}
        first = self.held(w)[0]
        self.assertEqual(blocks['%04x' % first.address], first.raw.hex())
        self.assertNotIn(BIRTH[self.kind][1], json.dumps(dump))
        for message in w.subscriber.find('cuff2mqtt/bridge/.*'):
            for held in self.held(w):
                self.assertNotIn(held.raw[4:8].hex(), message.payload, message.topic)
        self.verify(w)

    def test_asked_for_and_not_written(self):
        """internal, with the place and the reason; asked again when that is well, it comes."""
        w = self.world()
        self.sync(w)
        os.mkdir(os.path.dirname(self.file(w)), 0o700)
        os.mkdir(self.file(w))  # a file cannot take the place of a directory
        for code, end in (('internal', 'error'), (None, 'ok')):
            start = w.subscriber.here()
            self.assertEqual(self.ask(w, transaction=end)['status'], 'accepted')
            w.fake.do('advertise')
            done = w.subscriber.wait('cuff2mqtt/bridge/response/device/dump', lambda m: m.json['status'] == end, start=start).json
            if end == 'error':
                self.assertEqual((done['code'], done['data']), ('internal', {}))
                self.assertIn('could not be written to %s: Is a directory' % self.file(w), done['error'])
                self.assertIsNone(w.event('memory_dumped', start)['data'].get('file'))
                os.rmdir(self.file(w))
        self.described(w)
        self.verify(w)


class TestClassic(Dumps, MemoryStory):
    KIND = 'classic'


class TestK4(Dumps, MemoryStory):
    KIND = 'k4'

    def test_asked_for_what_cannot_be(self):
        """An unknown cuff; no cuff named."""
        w = self.world()
        for payload, code in (('{"device": "c0ffee000009"}', 'unknown_device'), ('{}', 'bad_request')):
            self.assertEqual(w.request('device/dump', payload)['code'], code)
        self.verify(w)


if __name__ == '__main__':
    unittest.main()
