"""`cuffs`, `info`, `rename`, `users`, `remove`: what they show and do. `sync`: test_shell_sync.py; `watch`:
test_shell_watch.py; what goes wrong for all of them: test_shell_trouble.py."""

import json
import signal
import unittest

from harness import CUFF
from shell_look import FAILURE, HOSTILE, ID, NO_ANSWER, OK, OTHER, TAMED, TWO, USAGE, Shell


class Looking(Shell):
    def test_cuffs(self):
        """A table with what the retained topics say; for programs the topics themselves."""
        w = self.world('cuff %s battery=15' % CUFF)
        self.measure(w, '131/84/67')
        self.state(w, lambda s: s['sync_state'] == 'idle' and s['battery'] == 15)
        self.told(w, 'rename', ID, 'Bedroom')
        self.told(w, 'users', '1', 'Anna')
        head, line = self.told(w, 'cuffs').splitlines()
        self.assertEqual(head.split(), ['name', 'model', 'address', 'battery', 'seen', 'last', 'read', 'state', 'users'])
        self.assertRegex(line, r'^Bedroom  +\S.* %s  +15 %%  +\d\d:\d\d  +\d\d:\d\d +idle +Anna$' % CUFF)
        (cuff,) = [json.loads(line) for line in self.told(w, 'cuffs', '--json').splitlines()]
        retained = w.subscriber.retained()
        self.assertEqual(cuff.pop('state'), json.loads(retained['cuff2mqtt/device/%s/state' % ID]))
        self.assertEqual([cuff], json.loads(retained['cuff2mqtt/bridge/devices']))

    def test_no_cuff(self):
        w = self.world(bonded=False)
        self.assertEqual(self.told(w, 'cuffs'), 'There is no cuff yet. Pair one with `cuff2mqtt pair`.\n')
        self.assertEqual(self.told(w, 'cuffs', '--json'), '')
        for words in (['sync'], ['users'], ['rename', 'x', 'y'], ['remove', 'x', '--yes']):
            self.assertIn('there is no cuff yet: pair one', self.fails(w, USAGE, *words))

    def test_what_is_wrong_with_a_cuff_is_told(self):
        w = self.world()
        self.state(w, lambda s: s['sync_state'] == 'idle')  # the service has had its say
        self.say(w, 'device/%s/state' % ID, {'battery': 90, 'sync_state': 'problem', 'sync_error': 'It hung up ' * 8},
                 retain=True)
        out = self.told(w, 'cuffs')
        self.assertIn(' problem ', out)
        self.assertTrue(out.splitlines()[-1].endswith(': ' + ('It hung up ' * 8).strip()))

    def test_narrow_terminals(self):
        """A block for each cuff where no table fits, and no line is too long."""
        w = self.world(cuffs=TWO)
        self.told(w, 'rename', CUFF, 'Schlafzimmer im ersten Stock ✿ hinten links')
        for columns in (40, 20, 80, 200):
            code, text = self.terminal(w, columns, 'cuffs', NO_COLOR='1').end()
            self.assertEqual(code, OK, text)
            self.assertLessEqual(max(map(len, text.splitlines())), max(columns, len('  address   ' + CUFF)), text)
            self.assertEqual('  address   ' + CUFF in text, columns < 80, text)
            code, text = self.terminal(w, columns, 'info').end()
            self.assertEqual(code, OK, text)
            self.assertLessEqual(max(map(len, text.splitlines())), max(columns, 34), text)

    def test_colours_are_for_terminals(self):
        w = self.world()
        self.state(w, lambda s: s['sync_state'] == 'idle')  # the service has had its say
        self.say(w, 'device/%s/state' % ID, {'battery': 5, 'battery_low': True, 'sync_error': 'No'}, retain=True)
        self.assertIn('\x1b[33m5 %', self.terminal(w, 120, 'cuffs').end()[1])
        for env in ({'NO_COLOR': '1'}, {'TERM': 'dumb'}):
            self.assertNotIn('\x1b', self.terminal(w, 120, 'cuffs', **env).end()[1])
        self.assertNotIn('\x1b', self.told(w, 'cuffs'))

    def test_info(self):
        w = self.world()
        self.measure(w, '131/84/67')
        out = self.told(w, 'info')
        self.assertRegex(out, r'\AService       runs, cuff2mqtt \S+ on \S+, since \d{4}-\d\d-\d\d \d\d:\d\d\n')
        self.assertRegex(out, r'\nBluetooth     .* \S\S:\S\S:\S\S:\S\S:\S\S:\S\S: on\n')
        self.assertIn('\nCuffs         1\n', out)
        self.assertIn('\nHealth        good\n', out)
        self.assertNotIn('\nPairing ', out)
        retained = w.subscriber.retained()
        self.assertEqual(json.loads(self.told(w, 'info', '--json')), {
            'running': True, **{k: json.loads(retained['cuff2mqtt/bridge/' + k]) for k in ('info', 'health')}})
        w.request('pairing', '{"active": true}')
        self.assertRegex(self.told(w, 'info'), r'\nPairing       the window is open until \d{4}-')

    def test_info_of_a_service_that_has_ended(self):
        """What it said last is shown, and that it is old."""
        w = self.world()
        w.running.stop()
        self.assertIn('does not run; this is what it said last', self.fails(w, NO_ANSWER, 'info', out='does not run'))
        self.assertIn('does not run', self.fails(w, NO_ANSWER, 'cuffs', out=CUFF + r' .* -  +-\n\Z'))
        self.assertIn('does not run', self.fails(w, NO_ANSWER, 'users', out='Nobody has measured yet'))
        self.assertFalse(json.loads(self.run_it(w, 'info', '--json').stdout)['running'])


class Naming(Shell):
    def test_rename(self):
        w = self.world(cuffs=TWO)
        start = w.subscriber.here()
        self.assertRegex(self.told(w, 'rename', CUFF, 'Bedroom'), r'\A.+ is called Bedroom now\.\n\Z')
        self.assertEqual(w.event('device_renamed', start)['data']['to'], 'Bedroom')
        self.assertEqual(self.told(w, 'rename', 'BED', 'Küche, "oben"'), 'Bedroom is called Küche, "oben" now.\n')
        self.assertEqual(self.told(w, 'rename', 'küche', '--', '-'), 'Küche, "oben" is called - now.\n')
        self.assertEqual(self.told(w, 'rename', '28ff', 'Bedroom'), '- is called Bedroom now.\n')

    def test_which_cuff(self):
        w = self.world('bonded ' + OTHER, cuffs=TWO)
        self.told(w, 'rename', CUFF, 'Bedroom')
        self.told(w, 'rename', OTHER, 'Bathroom')
        said = self.fails(w, USAGE, 'rename', 'b', 'x')
        self.assertIn('"b" can be more than one cuff', said)
        self.assertIn('\n  %s  Bedroom\n' % ID, said)
        self.assertIn('no cuff is called "kitchen"', self.fails(w, USAGE, 'rename', 'kitchen', 'x'))
        self.assertIn('no cuff is called "%s"' % TAMED, self.fails(w, USAGE, 'remove', HOSTILE, '--yes'))
        said = self.fails(w, USAGE, 'users', '1', 'Anna')
        self.assertIn('there is more than one cuff: say which\n', said)
        self.assertIn('  Bathroom\n', said)
        self.assertEqual(len(self.told(w, 'cuffs').splitlines()), 3)

    def test_two_of_one_name(self):
        """The end of the address tells them apart, wherever they are named."""
        w = self.world('bonded ' + OTHER, cuffs=TWO)
        for cuff in CUFF, OTHER:
            self.measure(w, '131/84/67', cuff=cuff)
            self.told(w, 'rename', cuff, 'Bedroom')
        self.assertEqual(self.told(w, 'users'), 'Bedroom 22:33\n  1        -\n\nBedroom 91:B5\n  1        -\n')
        self.assertIn('\n  %s  Bedroom 91:B5\n' % ID, self.fails(w, USAGE, 'users', 'bedroom', '1', 'Anna'))
        self.assertEqual(self.told(w, 'users', 'bedroom 91:b5', '1', 'Anna'), 'Bedroom 91:B5\n  1        Anna\n')
        for command, wanted in (('history', ' Bedroom 91:B5  Anna '), ('stats', 'Anna of Bedroom 91:B5\n')):
            self.assertIn(wanted, self.told(w, command))
        self.assertTrue(self.told(w, 'remove', OTHER, '--yes').startswith('Bedroom 22:33 is removed.'))
        self.assertEqual(self.told(w, 'users'), 'Bedroom\n  1        Anna\n')

    def test_users(self):
        w = self.world()
        self.assertIn('\n  Nobody has measured yet.\n', self.told(w, 'users'))
        self.measure(w, '131/84/67')
        self.told(w, 'rename', ID, 'Bedroom')
        self.assertEqual(self.told(w, 'users'), 'Bedroom\n  1        -\n')
        self.assertEqual(self.told(w, 'users', '1', 'Anna'), 'Bedroom\n  1        Anna\n')
        self.assertEqual(self.told(w, 'users', 'Bed', '2', 'Bob', '--person', 'bob'),
                         'Bedroom\n  1        Anna\n  2        Bob (bob)\n')
        self.assertEqual(self.told(w, 'users', 'Bed', '1', '--person=anna'),
                         'Bedroom\n  1        Anna (anna)\n  2        Bob (bob)\n')
        self.assertEqual(self.told(w, 'users', '2', '--person', ''), 'Bedroom\n  1        Anna (anna)\n  2        Bob\n')
        self.assertEqual(self.told(w, 'users', '2', ''), 'Bedroom\n  1        Anna (anna)\n  2        -\n')
        self.assertIn('  unknown  Guest\n', self.told(w, 'users', 'unknown', 'Guest'))
        self.assertEqual(self.told(w, 'users', 'bed'), self.told(w, 'users', CUFF))
        self.assertIn('a-z, 0-9 and _', self.fails(w, USAGE, 'users', '1', '--person', 'Anna B'))

    def test_wrong_words(self):
        """Before anything is asked: there is no broker here."""
        w = self.world(service=False)
        w.broker.stop()
        for words in (['rename'], ['rename', 'x'], ['rename', 'x', ''], ['users', '5', 'x'], ['users', 'x', 'y', 'z'],
                      ['users', '--person', 'x'], ['users', 'x', '--person', 'x'], ['users', '1', '2', '3', '4'],
                      ['remove'], ['remove', 'x'], ['remove', 'x', 'y', '--yes'], ['sync', 'x', 'y'], ['cuffs', 'x'],
                      ['info', '--yes'], ['watch', '--purge'], ['users', '--person']):
            self.fails(w, USAGE, *words)
        self.assertIn('needs --yes', self.fails(w, USAGE, 'remove', 'x'))

    def test_a_name_that_is_too_long(self):
        w = self.world()
        for words in (['rename', ID, 'x' * 64], ['users', '1', 'x' * 64]):
            self.assertIn('63', self.fails(w, USAGE, *words))


class Removing(Shell):
    def test_remove(self):
        w = self.world()
        self.measure(w, '131/84/67')
        self.told(w, 'rename', ID, 'Bedroom')
        start = w.subscriber.here()
        self.assertEqual(self.told(w, 'remove', 'bedroom', '--yes'),
                         'Bedroom is removed. Its measurements stay in the database.\n')
        w.event('device_removed', start)
        self.assertEqual(self.told(w, 'cuffs', '--json'), '')
        self.assertEqual(len(w.rows()), 1)
        self.assertEqual(w.fake.out.count(r'^log .*call RemoveDevice'), 1)

    def test_keep_bond_and_purge(self):
        w = self.world()
        self.measure(w, '131/84/67')
        self.assertTrue(self.told(w, 'remove', ID, '--keep-bond', '--purge', '--yes').endswith(
            ' is removed. BlueZ keeps the bond.\n'))
        self.assertEqual(w.rows(), [])
        self.assertEqual(w.fake.out.count(r'^log .*call RemoveDevice'), 0)

    def on_terminal(self, w, question, answer, *words):
        t = self.terminal(w, 80, 'remove', *words)
        t.wait(question)
        t.type(answer)
        return t.end()

    def test_it_is_asked_first(self):
        w = self.world()
        self.measure(w, '131/84/67')
        self.told(w, 'rename', ID, 'Bedroom')
        start = w.subscriber.here()
        for answer, words in (('\n', []), ('n\n', []), ('Bedroom\n', []), ('\x04', []), ('y\n', ['--purge']),
                              ('bedroom\n', ['--purge']), ('x' * 500 + '\n', [])):
            code, text = self.on_terminal(w, r'measurements .*(Do so\? \[y/N\]|type the cuff.s name:) ', answer, ID, *words)
            self.assertEqual(code, FAILURE, text)
        t = self.terminal(w, 80, 'remove', ID)
        t.wait('Do so')
        t.process.send_signal(signal.SIGINT)
        self.assertEqual(t.end()[0], FAILURE)
        self.assertEqual(w.subscriber.find('cuff2mqtt/bridge/request/.*', start=start), [])
        code, text = self.on_terminal(w, 'Do so', 'Yes\n', ID, '--keep-bond')
        self.assertEqual(code, OK, text)
        self.assertIn('Bedroom is removed', text)

    def test_purging_wants_the_name(self):
        w = self.world()
        self.measure(w, '131/84/67')
        devices = w.request('devices')['data']
        self.say(w, 'bridge/devices', [{**devices[0], 'name': HOSTILE}], retain=True)  # the service takes no such name
        code, text = self.on_terminal(w, "name: ", TAMED + '\n', ID, '--purge')
        self.assertEqual(code, OK, text)
        self.assertNotIn('\x1b', text)
        self.assertEqual(w.rows(), [])

    def test_bluez_keeps_the_bond(self):
        w = self.world()
        w.fake.do('fail RemoveDevice org.bluez.Error.Failed')
        self.assertIn('BlueZ keeps the bond', self.fails(w, FAILURE, 'remove', ID, '--yes'))
        self.assertEqual(len(self.told(w, 'cuffs', '--json').splitlines()), 1)


if __name__ == '__main__':
    unittest.main()
