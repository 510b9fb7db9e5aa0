"""`cuff2mqtt watch`: what comes, as it comes, in words or as JSON."""

import json
import re
import signal
import subprocess
import unittest

from harness import CUFF, Subscriber, free_port
from shell_look import FAILURE, HOSTILE, ID, OK, OTHER, TWO, USAGE, Shell

TIME = r'^\d{4}-\d\d-\d\d \d\d:\d\d  '
EVENT = 'device/%s/user/1/event' % ID


class Watch(Shell):
    def watching(self, w, *words, **more):
        start = w.broker.err.here()
        p = self.begin(w, 'watch', *words, **more)
        self.heard(w, 'watch', start)
        return p

    def finished(self, p, how=signal.SIGINT):
        p.process.send_signal(how)
        return self.ended(p, OK)

    def test_a_measurement_and_what_is_around_it(self):
        """Nothing that was there before; one line each."""
        w = self.world()
        self.measure(w, '118/76/60')
        self.told(w, 'rename', ID, 'Bedroom')
        self.told(w, 'users', '1', 'Anna')
        p = self.watching(w)
        self.measure(w, '131/84/67')
        p.out.wait('Bedroom was read')
        out, err = self.finished(p)
        self.assertEqual([re.sub(TIME, '', line) for line in out],
                         ['Bedroom is connected', 'Anna: 131/84, pulse 67, stage 1', 'Bedroom was read; new measurements: 1'])
        self.assertEqual(list(err), [])
        self.assertTrue(all(re.match(TIME, line) for line in out))

    def test_for_programs(self):
        w = self.world()
        self.measure(w, '118/76/60')
        p = self.watching(w, '--json')
        start = w.subscriber.here()
        self.measure(w, '131/84/67')
        p.out.wait('sync_finished')
        lines = [json.loads(line) for line in self.finished(p, signal.SIGTERM)[0]]
        wanted = w.subscriber.find(r'cuff2mqtt/(bridge/event|device/\w+/user/\w+/event)', start=start)
        self.assertEqual(lines, [{'topic': m.topic, 'payload': m.json} for m in wanted])

    def test_marks_and_people(self):
        w = self.world('bonded ' + OTHER, cuffs=TWO)
        self.told(w, 'rename', CUFF, 'Bedroom')
        p = self.watching(w)
        good = {'id': 'x', 'device': ID, 'user': 2, 'user_name': None, 'measured_at': '2026-11-22T18:04:31+01:00', 'systolic': 142,
                'diastolic': 91, 'pulse': None, 'clock_ok': True, 'category': {'acc_aha': 'stage_2', 'esh': 'grade_1'}}
        for more in ({}, {'irregular_heartbeat': True, 'body_movement': True, 'cuff_fit_ok': False, 'position_ok': False,
                          'clock_ok': False, 'backlog': True, 'pulse': 77}, {'user': None, 'device': OTHER},
                     {'irregular_heartbeat': False, 'cuff_fit_ok': True, 'user_name': 'Zoë'}):
            self.say(w, EVENT, {**good, **more})
        p.out.wait('Zoë')
        at = '2026-11-22 18:04  '
        self.assertEqual(self.finished(p)[0], [
            at + 'user 2 of Bedroom: 142/91, stage 2',
            at + 'user 2 of Bedroom: 142/91, pulse 77, stage 2, irregular heartbeat, moved while measuring, the cuff did not '
                 "fit well, not held in the right position, the cuff's clock was wrong, measured earlier",
            at + 'user unknown of %s: 142/91, stage 2' % self.other_name(w),
            at + 'Zoë of Bedroom: 142/91, stage 2'])

    def other_name(self, w):
        (name,) = [d['name'] for d in json.loads(w.subscriber.retained()['cuff2mqtt/bridge/devices']) if d['address'] == OTHER]
        return name

    def test_events_in_words(self):
        w = self.world()
        self.told(w, 'rename', ID, 'Bedroom')
        p = self.watching(w)
        device = {'device': ID}
        for kind, data, words in (
                ('device_paired', {**device, 'name': 'New'}, 'New is paired'),
                ('device_removed', {'device': '001122334455'}, '001122334455 was removed'),
                ('device_renamed', {**device, 'from': 'A', 'to': 'B'}, 'A cuff has another name: A; B'),
                ('pairing_started', {}, 'The pairing window is open'),
                ('pairing_progress', {'step': 'found', 'text': 'Found the cuff'}, 'Found the cuff'),
                ('pairing_failed', {'cause': 'It said no', 'remedy': 'Try again'}, 'Pairing failed: It said no; Try again'),
                ('pairing_stopped', {'reason': 'x', 'text': 'The window is closed'}, 'The window is closed'),
                ('sync_started', {}, 'The cuff is connected'),
                ('sync_failed', {**device, 'reason': 'It hung up'}, 'Bedroom could not be read: It hung up'),
                ('bond_lost', device, 'Bedroom has lost its bond: pair it again'),
                ('adapter_up', None, 'Bluetooth is ready'),
                ('adapter_down', {'state': 'off'}, 'Bluetooth is not ready: off'),
                ('memory_dumped', {**device, 'file': '/x'}, 'Bedroom was described for a report: /x'),
                ('measurement_refused', {**device, 'reason': 'Too high'},
                 'Bedroom has a measurement that cannot be taken: Too high'),
                ('not_known_yet', {'text': 'So it is'}, 'not known yet: So it is'),
                ('pairing_finished', {'text': 'The end'}, 'The end')):
            self.say(w, 'bridge/event', {'type': kind, 'data': data})
            p.out.wait(TIME + re.escape(words) + '$')
        self.assertEqual(len(self.finished(p)[0]), 16)

    def test_hostile_messages(self):
        """No byte of them drives a terminal, and none of them ends it."""
        w = self.world()
        p, q = self.watching(w), self.watching(w, '--json')
        w.subscriber.stop()
        w.subscriber = Subscriber(w.broker.port, ('test/#',))  # the other one reads every event
        for payload in ('', '7', '[]', '{}', '{', b'\xff\x00\xfe', '[' * 5000, '{"type": 7}', '{"type": {}, "data": []}', 'null',
                        '{"systolic": 1e99, "diastolic": "x", "pulse": -1, "user": 3.5e9, "measured_at": "2026-99"}',
                        json.dumps({'type': HOSTILE, 'data': {'text': HOSTILE * 1000}, 'user_name': HOSTILE}),
                        json.dumps({'type': 'sync_failed', 'data': {'device': HOSTILE, 'reason': HOSTILE}})):
            for path in ('bridge/event', EVENT, 'device/x/y/user/z/event', 'bridge/devices', 'bridge/state'):
                self.say(w, path, payload)
        self.say(w, 'bridge/event', {'type': 'the_end'})
        for one in (p, q):
            one.out.wait('the.end')
            out, err = self.finished(one)
            self.assertNotRegex('\n'.join([*out, *err]), '[\x00-\x09\x0b-\x1f\x7f-\x9f]')
            self.assertGreater(len(out), 10)
            self.assertEqual(list(err), [])
        for line in q.out.lines:
            self.assertEqual(set(json.loads(line)), {'topic', 'payload'})
        self.assertIn('?[2J', '\n'.join(p.out.lines))

    def test_what_is_kept_is_no_news(self):
        w = self.world()
        for path in ('bridge/event', EVENT):
            self.say(w, path, {'type': 'old', 'systolic': 1, 'id': 'x'}, retain=True)
        p, q = self.watching(w), self.watching(w, '--json')
        self.say(w, 'bridge/event', {'type': 'new'})
        for one in (p, q):
            one.out.wait('new')
            self.assertEqual(len(self.finished(one)[0]), 1)

    def test_the_broker_goes_and_comes(self):
        w = self.world()
        p = self.watching(w)
        for _ in range(2):
            start, log = w.subscriber.here(), w.broker.err.here()
            w.proxy.down()
            p.err.wait('there is no connection to the MQTT broker, and it is tried again')
            w.proxy.up()
            self.heard(w, 'watch', log)
            w.subscriber.wait('cuff2mqtt/bridge/state', lambda m: m.payload == 'online', start=start)
        self.measure(w, '131/84/67')
        p.out.wait('131/84')
        out, err = self.finished(p)
        self.assertEqual(len([line for line in out if '131/84' in line]), 1)
        self.assertEqual([' again until ' in line for line in err], [True, False, True, False])

    def test_no_broker_yet(self):
        w = self.world()
        p = self.begin(w, 'watch', url=(w.url, 'mqtt://127.0.0.1:%d' % free_port()))
        p.err.wait('there is no connection to the MQTT broker.*127.0.0.1')
        self.assertEqual(self.finished(p)[0], [])

    def test_the_service_goes_and_comes(self):
        w = self.world()
        p = self.watching(w)
        w.kill()
        p.out.wait(TIME + 'The service does not run$')
        w.service()
        p.out.wait(TIME + 'The service runs again$')
        self.finished(p)

    def test_nobody_reads_any_more(self):
        """It ends at once, and is no failure."""
        w = self.world()
        for words in ([], ['--json']):
            p = subprocess.Popen(self.argv(w, ['watch', *words]), env=self.environment(), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
            self.addCleanup(p.kill)
            self.heard(w, 'watch')
            p.stdout.close()
            self.assertEqual(p.wait(45), OK)
            with p.stderr:
                self.assertEqual(p.stderr.read(), b'')

    def test_on_a_terminal(self):
        """Classes have colours, and lines fit."""
        w = self.world()
        t = self.terminal(w, 40, 'watch')
        t.wait('Waiting for measurements and events; Ctrl-C ends it\r\n')
        self.say(w, EVENT, {'id': 'x', 'user': 1, 'systolic': 185, 'diastolic': 95, 'measured_at': '2026-11-22T18:04:31+01:00',
                            'irregular_heartbeat': True, 'category': {'acc_aha': 'stage_2'}, 'body_movement': True})
        t.wait('moved while')
        t.process.send_signal(signal.SIGINT)
        code, text = t.end()
        self.assertEqual(code, OK, text)
        self.assertRegex(text, r'\x1b\[31mstage\s+2\x1b\[0m')
        self.assertLessEqual(max(len(re.sub(r'\x1b\[\d+m', '', line)) for line in text.splitlines()[1:]), 40, text)

    def test_a_full_disk(self):
        w = self.world()
        with open('/dev/full', 'w', encoding='utf-8') as full:
            p = subprocess.Popen(self.argv(w, ['watch']), env=self.environment(), stdout=full, stderr=subprocess.PIPE)
        self.addCleanup(p.kill)
        self.heard(w, 'watch')
        self.say(w, 'bridge/event', {'type': 'x'})
        self.assertEqual(p.wait(45), FAILURE)
        with p.stderr:
            self.assertIn(b'is the disk full?', p.stderr.read())

    def test_words(self):
        self.fails(self.world(service=False), USAGE, 'watch', 'x')


if __name__ == '__main__':
    unittest.main()
