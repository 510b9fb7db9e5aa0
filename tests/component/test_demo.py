"""`make demo`, as a person runs it."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import DEADLINE, ROOT, SERVICE, Process

BUILD = os.path.dirname(SERVICE)


class TestDemo(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix='cuff2mqtt-demo-')
        self.addCleanup(self.directory.cleanup)

    def demo(self, *arguments):
        p = Process(['/usr/bin/python3', os.path.join(ROOT, 'tests', 'demo', 'demo.py'), '--build', BUILD, *arguments],
                    env={**os.environ, 'TMPDIR': self.directory.name})
        self.addCleanup(p.stop, signal.SIGKILL)
        return p

    def children(self, pid):
        """{pid: program} of the demo's children."""
        with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
            pids = f.read().split()
        return {int(p): os.readlink('/proc/%s/exe' % p) for p in pids}

    def assert_clean(self, children):
        self.assertEqual(os.listdir(self.directory.name), [])
        for pid in children:
            with self.assertRaises(ProcessLookupError, msg=children[pid]):
                os.kill(pid, 0)

    def test_ends_by_itself_and_shows_the_values_asked_for(self):
        p = self.demo('--seconds', '25', '--values', '131/84/67')
        p.process.wait(DEADLINE * 2)
        text = '\n'.join(p.out.lines)
        self.assertEqual(p.process.returncode, 0, text)
        self.assertIn('131/84 mmHg, pulse 67', text)
        self.assertGreaterEqual(len(re.findall('measured ', text)), 2, text)
        self.assertEqual(len(re.findall('event +device_paired', text)), 2, text)
        self.assertRegex(text, r'discovery +Home Assistant shows "BP7350 user 1"')
        self.assertRegex(text, r'discovery +Home Assistant shows "BP7450 user 2"')
        self.assert_clean({})

    def test_ctrl_c_cleans_up(self):
        p = self.demo()
        p.out.wait('READY')
        children = self.children(p.pid)
        self.assertEqual(len(children), 4, children)  # bus, broker, cuffs, service
        os.killpg(p.pid, signal.SIGINT)  # as a terminal does: to all of the group
        self.assertEqual(p.stop(signal.SIGINT), 0, p.out.lines)
        self.assert_clean(children)

    def test_a_service_that_dies_is_a_failure(self):
        p = self.demo()
        p.out.wait('discovery')
        children = self.children(p.pid)
        service = next(pid for pid, program in children.items() if program.endswith('/cuff2mqtt'))
        os.kill(service, signal.SIGKILL)
        p.process.wait(DEADLINE)
        self.assertNotEqual(p.process.returncode, 0)
        p.out.wait('the service died')
        self.assert_clean(children)

    def test_the_end_can_come_at_once(self):
        p = self.demo('--seconds', '0')
        p.process.wait(DEADLINE)
        text = '\n'.join(p.out.lines)
        self.assertEqual(p.process.returncode, 0, text)
        self.assertIn('READY', text)
        self.assertNotIn('Pairing', text)
        self.assert_clean({})

    def test_a_reader_that_leaves_ends_it_quietly(self):
        command = '%s --build %s | head -3' % (os.path.join(ROOT, 'tests', 'demo', 'demo.py'), BUILD)
        done = subprocess.run(['bash', '-o', 'pipefail', '-c', '/usr/bin/python3 ' + command], capture_output=True, text=True,
                              env={**os.environ, 'TMPDIR': self.directory.name}, timeout=DEADLINE * 2)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assert_clean({})

    def assert_refused(self, code, sentence, *arguments):
        """One line, at once: nothing was started."""
        done = subprocess.run(['/usr/bin/python3', os.path.join(ROOT, 'tests', 'demo', 'demo.py'), '--build', BUILD, *arguments],
                              env={**os.environ, 'TMPDIR': self.directory.name}, capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count('\n')), (code, '', 1), done.stderr)
        self.assertRegex(done.stderr, sentence)
        self.assert_clean({})

    def test_values_nobody_can_have_are_refused(self):
        for values in ('', '131', '131/84', '131/84/67/1', 'a/b/c', '-131/84/67', '131/84/6\u0667', '59/40/67', '281/84/67', '131/29/67',
                       '200/181/67', '84/84/67', '131/84/29', '131/84/241'):
            with self.subTest(values):
                self.assert_refused(2, 'VALUES must look like 131/84/67', '--values=' + values)

    def test_a_port_must_be_one(self):
        for port in ('0', '65536', '-1', 'x'):
            with self.subTest(port):
                self.assert_refused(2, '(?i)port', '--port=' + port)

    def test_a_port_that_is_taken_is_named(self):
        with socket.create_server(('127.0.0.1', 0)) as other:
            port = other.getsockname()[1]
            self.assert_refused(1, 'Port %d is in use by another program' % port, '--port', str(port))

    def test_a_port_can_be_chosen(self):
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            port = s.getsockname()[1]
        p = self.demo('--port', str(port))
        p.out.wait('127.0.0.1:%d' % port)
        self.assertEqual(p.stop(signal.SIGINT), 0)


class TestInstallDependencies(unittest.TestCase):
    """Without the right to install, the exact line is printed and nothing is done."""

    def test_prints_the_line(self):
        with tempfile.TemporaryDirectory() as directory:
            for name, text in (('dpkg-query', 'exit 1'), ('id', 'echo 1000'), ('sudo', 'exit 1'),
                               ('apt-get', 'touch %s/called' % directory)):
                path = os.path.join(directory, name)
                with open(path, 'w') as f:
                    f.write('#!/bin/sh\n%s\n' % text)
                os.chmod(path, 0o755)
            done = subprocess.run([os.path.join(ROOT, 'packaging', 'install-dependencies'), 'demo'],
                                  env={**os.environ, 'PATH': directory + ':' + os.environ['PATH']},
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, 'apt-get install --no-install-recommends gcc .* mosquitto')
            self.assertFalse(os.path.exists(os.path.join(directory, 'called')))


if __name__ == '__main__':
    unittest.main()
