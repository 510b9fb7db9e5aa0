"""What can go wrong for every command that asks the service: no broker, no service, no rights, lies on the broker."""

import json
import os
import shutil
import signal
import subprocess
import unittest

from harness import SERVICE, free_port
from shell_look import (CONFIG, FAILURE, HOSTILE, ID, NO_ANSWER, NO_BROKER, NOBODY, OK, TAMED, USAGE, Shell)

ALL = {'cuffs': [], 'info': [], 'sync': [], 'rename': [ID, 'Bedroom'], 'users': ['1', 'Anna'], 'remove': [ID, '--yes']}
ASKS = {name: words for name, words in ALL.items() if name not in ('cuffs', 'info')}


class Away(Shell):
    def test_no_broker(self):
        w = self.world()
        for p in [self.begin(w, name, *words, url=(w.url, 'mqtt://127.0.0.1:%d' % free_port()))
                  for name, words in ALL.items()]:
            out, err = self.ended(p, NO_BROKER)
            self.assertEqual(out, [])
            self.assertRegex(err[0], '^cuff2mqtt: there is no connection to the MQTT broker: .*127.0.0.1')
            self.assertEqual(len(err), 1)

    def test_no_service_was_ever_there(self):
        """The same for a base topic that is another one."""
        w = self.world(service=False)
        for p in [self.begin(w, name, *words) for name, words in ALL.items()]:
            self.assertIn('knows no service below "cuff2mqtt"', self.ended(p, NO_ANSWER)[1][0])

    def test_the_service_has_ended(self):
        """Nothing is asked that would be done behind everybody's back later."""
        w = self.world()
        w.running.stop()
        start = w.subscriber.here()
        for p in [self.begin(w, name, *words) for name, words in ASKS.items()]:
            self.assertIn('the service does not run', self.ended(p, NO_ANSWER)[1][0])
        self.assertEqual(w.subscriber.find('cuff2mqtt/bridge/request/.*', start=start), [])

    def test_the_service_hangs(self):
        w = self.world()
        w.running.process.send_signal(signal.SIGSTOP)
        waiting = [self.begin(w, name, *words) for name, words in ASKS.items()]
        for p in waiting:
            self.assertIn('the service does not answer', self.ended(p, NO_ANSWER)[1][0])
        w.running.process.send_signal(signal.SIGCONT)

    def test_the_service_dies_before_it_answers(self):
        """And comes back: then it is asked again."""
        w = self.world()
        start = w.subscriber.here()
        w.running.process.send_signal(signal.SIGSTOP)
        p = self.begin(w, 'rename', ID, 'Bedroom')
        self.asked(w, 'device/rename', start)
        w.kill()
        w.service()
        out, err = self.ended(p, OK)
        self.assertTrue(out[0].endswith('is called Bedroom now.'), out)
        self.assertEqual(list(err), [])

    def test_the_broker_goes_before_the_answer(self):
        w = self.world()
        start = w.subscriber.here()
        w.running.process.send_signal(signal.SIGSTOP)
        p = self.begin(w, 'users', '1', 'Anna')
        self.asked(w, 'device/users', start)
        w.proxy.down()
        w.running.process.send_signal(signal.SIGCONT)
        self.assertIn('the connection to the MQTT broker is lost: ', self.ended(p, NO_BROKER)[1][0])

    def test_the_broker_refuses(self):
        password = 'allow_anonymous false\npassword_file @DIRECTORY@/passwords\n'
        w = self.world(service=False, use_proxy=False)
        w.broker.stop()
        with open(os.path.join(w.directory, 'passwords'), 'w', encoding='utf-8') as f:
            f.write('')
        w.broker.extra = password.replace('@DIRECTORY@', w.directory)
        w.restart_broker()
        self.assertIn('mqtt.user', self.fails(w, NO_BROKER, 'info'))

    def test_ctrl_c_while_waiting(self):
        w = self.world(service=False)
        for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            p = self.begin(w, 'info', url=(w.url, 'mqtt://127.0.0.1:%d' % free_port()))
            self.until_it_listens_to_signals(p)
            p.process.send_signal(how)
            self.assertEqual(self.ended(p, FAILURE), ([], []))

    def until_it_listens_to_signals(self, p):
        while True:
            with open('/proc/%d/status' % p.pid, encoding='ascii') as f:
                (blocked,) = [int(line.split()[1], 16) for line in f if line.startswith('SigBlk')]
            if blocked & 1 << (signal.SIGHUP - 1):
                return
            self.assertTrue(p.alive())


class Lies(Shell):
    """Whoever may write on the broker."""

    def test_what_is_kept(self):
        w = self.world()
        for payload in ('', '7', '{', b'\xff\x00\xfe', '[' * 5000, 'null', '{"a": [1]}', '[7, null, {}, {"address": "x"}]',
                        json.dumps([{'address': 7}, {'address': '00:00:00:00:00:01', 'name': HOSTILE, 'model': {}, 'users': {
                            HOSTILE: {'name': HOSTILE}, '2': 7}}])):
            for path in ('bridge/devices', 'bridge/info', 'bridge/health', 'device/%s/state' % ID, 'device/000000000001/state'):
                self.say(w, path, payload, retain=True)
            for name in ('cuffs', 'info'):
                self.assertEqual(self.run_it(w, name).returncode, OK)
                for line in self.told(w, name, '--json').splitlines():
                    json.loads(line)
        self.assertIn(TAMED, self.told(w, 'cuffs'))
        self.assertIn(TAMED, self.told(w, 'users'))

    def test_answers(self):
        """Ours has our transaction; no other counts, and a word of the answer drives no terminal."""
        w = self.world()
        w.running.process.send_signal(signal.SIGSTOP)
        start = w.subscriber.here()
        p = self.begin(w, 'rename', ID, 'Bedroom')
        ours = self.asked(w, 'device/rename', start)['transaction']
        answer = {'status': 'ok', 'data': {'from': 'A', 'to': 'lie'}, 'transaction': ours}
        for payload in ('', '7', '{', {**answer, 'transaction': ours + '0'}, {**answer, 'transaction': 7},
                        {k: v for k, v in answer.items() if k != 'transaction'}, {**answer, 'status': 'accepted'}):
            self.say(w, 'bridge/response/device/rename', payload)
        self.say(w, 'bridge/response/device/users', answer)
        self.say(w, 'bridge/response/device/rename', {'status': 'error', 'transaction': ours, 'code': 7, 'error': HOSTILE})
        out, err = self.ended(p, FAILURE)
        self.assertEqual((out, list(err)), ([], ['cuff2mqtt: ' + TAMED]))
        w.running.process.send_signal(signal.SIGCONT)

    def test_an_answer_without_words(self):
        w = self.world()
        for payload, code in (({'status': 'ok'}, OK), ({}, FAILURE), ({'status': []}, FAILURE), ({'status': 'ok', 'data': 7}, OK)):
            w.running.process.send_signal(signal.SIGSTOP)
            for name, words in ASKS.items():
                start = w.subscriber.here()
                p = self.begin(w, name, *words)
                ours = self.asked(w, 'device/' + name, start)['transaction']
                self.say(w, 'bridge/response/device/' + name, {**payload, 'transaction': ours})
                self.ended(p, code)


class Rights(Shell):
    @unittest.skipUnless(os.geteuid() == 0, 'only root can be another user')
    def test_who_may_not_read_the_configuration_is_told_who_may(self):
        w = self.world()
        os.chmod(w.directory, 0o755)
        program = shutil.copy(SERVICE, os.path.join(w.directory, 'cuff2mqtt'))
        path = self.config(w)
        os.chmod(path, 0o600)
        secret = os.path.join(w.directory, 'password')
        with open(secret, 'w', encoding='utf-8') as f:
            f.write('hush\n')
        os.chmod(secret, 0o600)
        with_secret = self.config(w, user=('mqtt: { ', 'mqtt: { user = "u"; password_file = "%s"; ' % secret))
        os.chmod(with_secret, 0o644)
        for words, wanted in ((['cuffs', '--json'], 'cuffs --config %s --json'),
                              (['rename', 'x', "Anna's; rm"], "rename --config %s x 'Anna'\\''s; rm'"),
                              (['remove', '--yes', '--', '-x'], 'remove --config %s --yes -- -x'),
                              (['users', '1', HOSTILE, '--person', 'a b'],
                               "users --config %%s --person 'a b' 1 '%s'" % TAMED)):
            for config in (path, with_secret):
                done = subprocess.run([program, words[0], '--config', config, *words[1:]], user=NOBODY, extra_groups=[], cwd='/',
                                      env=self.environment(), capture_output=True, text=True, timeout=60,
                                      stdin=subprocess.DEVNULL)
                self.assertEqual((done.returncode, done.stdout), (CONFIG, ''))
                self.assertIn('Run it as the user it belongs to: `sudo ', done.stderr)
                self.assertTrue(done.stderr.endswith('cuff2mqtt %s`\n' % (wanted % config)), done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can be another user')
    def test_nobody_needs_more_than_the_configuration(self):
        w = self.world()
        os.chmod(w.directory, 0o755)
        os.chmod(w.state_directory, 0o700)
        program = shutil.copy(SERVICE, os.path.join(w.directory, 'cuff2mqtt'))
        for words in (['cuffs'], ['info'], ['users'], ['rename', ID, 'Bedroom'], ['remove', ID, '--yes']):
            done = subprocess.run([program, words[0], '--config', self.config(w), *words[1:]], user=NOBODY, extra_groups=[],
                                  cwd='/', env=self.environment(), capture_output=True, text=True, timeout=60,
                                  stdin=subprocess.DEVNULL)
            self.assertEqual((done.returncode, done.stderr), (OK, ''))

    def test_a_bad_configuration(self):
        w = self.world(service=False)
        for name, words in {**ALL, 'watch': []}.items():
            self.assertEqual(self.run_it(w, name, *words, bad=('log_level', 'lok_level')).returncode, CONFIG)

    def test_a_closed_pipe(self):
        """They are ended by it, as others are; nothing is said."""
        w = self.world()
        for name in ('cuffs', 'info'):
            p = subprocess.Popen(self.argv(w, [name]), env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.addCleanup(p.kill)
            p.stdout.close()
            self.assertEqual(p.wait(45), -signal.SIGPIPE)
            with p.stderr:
                self.assertEqual(p.stderr.read(), b'')

    def test_help(self):
        for name in (*ALL, 'watch'):
            out = subprocess.run([SERVICE, name, '--help'], capture_output=True, text=True, timeout=30, check=True).stdout
            self.assertTrue(out.startswith('Usage: cuff2mqtt %s ' % name))
            self.assertIn('Exit code 0:', out)
            self.assertLessEqual(max(map(len, out.splitlines())), 100)
        self.assertEqual(self.run_it(self.world(service=False), 'sync', '--yes').returncode, USAGE)


if __name__ == '__main__':
    unittest.main()
