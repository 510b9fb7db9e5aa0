"""`cuff2mqtt backup`: a copy that is the gateway, taken while it works."""

import os
import re
import shutil
import sqlite3
import subprocess
import threading
import unittest

from harness import CUFF, ROOT, SERVICE
from memory_story import EVENT, MemoryStory


class Backup(MemoryStory):
    KIND = 'classic'

    def backup(self, w, *arguments, code=0, **more):
        done = subprocess.run([SERVICE, 'backup', *arguments, '--config', w.running.config], capture_output=True, text=True,
                              env={**os.environ, 'TZ': 'Europe/Berlin', 'ASAN_OPTIONS': 'detect_leaks=1'}, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def look(self, directory):
        """What the copy holds, and that it is sound and private."""
        for root, _, files in os.walk(directory):
            self.assertEqual(os.stat(root).st_mode & 0o7777, 0o700)
            for name in files:
                self.assertEqual(os.stat(os.path.join(root, name)).st_mode & 0o7777, 0o600)
        db = sqlite3.connect('file:%s?immutable=1' % os.path.join(directory, 'cuff2mqtt.db'), uri=True)
        try:
            self.assertEqual(db.execute('PRAGMA integrity_check').fetchall(), [('ok',)])
            return db.execute('SELECT id FROM measurement ORDER BY arrival').fetchall()
        finally:
            db.close()

    def test_while_the_service_writes(self):
        """Each copy is whole, says how many are in it, and has all that was there when it began."""
        w = self.world('fill 1 60', 'fill 2 60')
        sessions = threading.Thread(target=lambda: [self.sync(w), self.sync(w, 'measure 131/84/67 user=1')])
        sessions.start()
        copies = []
        while sessions.is_alive() or len(copies) < 3:
            target = os.path.join(w.directory, 'copy%d' % len(copies))
            before = w.rows('SELECT id FROM measurement ORDER BY arrival')
            out = self.backup(w, target)
            copies.append(self.look(target))
            self.assertIn('The backup is in %s: %d measurement%s, ' %
                          (target, len(copies[-1]), '' if len(copies[-1]) == 1 else 's'), out)
            self.assertEqual(copies[-1][:len(before)], before)
        sessions.join()
        whole = w.rows('SELECT id FROM measurement ORDER BY arrival')
        self.assertEqual(len(whole), 121)
        for copy in copies:
            self.assertEqual(whole[:len(copy)], copy)
        self.verify(w)

    def test_restored(self):
        """A service on the copy is the same gateway: the same devices, nothing told anew; and it goes on with the cuff,
        whose key it has."""
        w = self.world('fill 1 9', bonded=False, key=None, config='')
        w.pair()
        self.assertEqual(len(w.rows()), 9)
        w.wait_outbox_empty()
        key = self.key(w)
        self.backup(w, os.path.join(w.directory, 'copy'))
        self.assertEqual(w.running.stop(), 0)
        retained = w.subscriber.retained()
        os.rename(w.state_directory, w.state_directory + '.old')
        shutil.copytree(os.path.join(w.directory, 'copy'), w.state_directory)
        start, log = w.subscriber.here(), w.fake.out.here()
        w.service()
        w.fake.wait('armed ' + CUFF, log)
        self.assertEqual(self.sync(w)[0]['new_measurements'], 0)
        self.assertEqual(w.subscriber.find(EVENT, start=start), [])
        topics = {t for t in retained if t.startswith('homeassistant/') or t.startswith('cuff2mqtt/device/')}
        self.assertTrue(any(t.startswith('homeassistant/') for t in topics))
        self.assertEqual({t for t in w.subscriber.retained() if t.startswith(('homeassistant/', 'cuff2mqtt/device/'))}, topics)
        self.assertEqual(self.key(w), key)
        self.sync(w, 'measure 131/84/67 user=1')
        self.assertEqual(len(w.subscriber.find(EVENT, start=start)), 1)
        self.assertEqual(len(w.rows()), 10)
        self.verify(w)

    def test_names(self):
        """Without a name: here, by the time. What is there is not touched, not even an empty directory."""
        w = self.world()
        out = self.backup(w, cwd=w.directory)
        made = [n for n in os.listdir(w.directory) if re.fullmatch(r'cuff2mqtt-backup-\d{8}-\d{6}', n)]
        self.assertEqual(len(made), 1)
        self.assertIn('The backup is in %s: 0 measurements, ' % os.path.join(w.directory, made[0]), out)
        self.assertIn('backup --help', out)
        empty = os.path.join(w.directory, 'empty')
        os.mkdir(empty)
        for there in (os.path.join(w.directory, made[0]), empty, w.running.config):
            before = os.stat(there).st_mtime_ns
            self.assertIn('%s is there already' % there, self.backup(w, there, code=1))
            self.assertEqual(os.stat(there).st_mtime_ns, before)
        before_all = sorted(os.listdir(w.directory))
        self.assertIn('mkdir -p', self.backup(w, os.path.join(w.directory, 'a', 'b'), code=1))
        self.assertIn('too long', self.backup(w, '/' + 'x' * 5000, code=64))
        self.assertIn('is empty', self.backup(w, '', code=64))
        self.assertEqual(sorted(os.listdir(w.directory)), before_all)

    def test_not_into_what_is_copied(self):
        w = self.world()
        os.mkdir(os.path.join(w.state_directory, 'in'))
        os.symlink(w.state_directory, os.path.join(w.directory, 'link'))
        before = os.listdir(w.state_directory)
        for to in ('state/copy', 'state/copy/', 'state/in/copy', 'link/copy', 'state/../state/copy'):
            self.assertIn('lies in the directory that is copied', self.backup(w, to, code=64, cwd=w.directory))
        self.assertEqual(os.listdir(w.state_directory), before)
        self.assertIn(' or %s/backups\n' % w.state_directory, self.backup(w, 'state/copy', code=64, cwd=w.directory))
        self.backup(w, 'state2/', code=0, cwd=w.directory)
        self.assertEqual(self.look(os.path.join(w.directory, 'state2')), [])

    def test_into_the_services_own_room(self):
        """All that a container can write is its volume; what is taken out of it must be the gateway and no more."""
        w = self.world()
        rooms = os.path.join(w.state_directory, 'backups')
        os.mkdir(rooms, 0o700)
        self.assertIn('lies in the directory that is copied', self.backup(w, rooms + '/', code=64))
        for name in 'one', 'two':
            self.backup(w, os.path.join(rooms, name))
            self.assertEqual(sorted(os.listdir(os.path.join(rooms, name))), ['cuff2mqtt.db', 'keys'])
        os.mkdir(os.path.join(rooms, 'deep'))
        self.backup(w, os.path.join(rooms, 'deep', 'three'), code=64)
        self.assertIn('is there already', self.backup(w, os.path.join(rooms, 'one'), code=1))

    def test_no_database(self):
        w = self.world(service=False)
        w.service(wait_connected=False).stop()
        shutil.rmtree(w.state_directory)
        self.assertIn(w.state_directory, self.backup(w, os.path.join(w.directory, 'copy'), code=73))
        self.assertFalse(os.path.exists(os.path.join(w.directory, 'copy')))

    @unittest.skipUnless(os.geteuid() == 0, 'needs another user')
    def test_without_the_right(self):
        """The exact command, to a place where that user may write."""
        w = self.world()
        os.chmod(w.directory, 0o755)
        for path in (w.state_directory, *(e.path for e in os.scandir(w.state_directory))):
            os.chown(path, 1, 1)
        targets = (((), r'/var/tmp/cuff2mqtt-backup-\d{8}-\d{6}'), (('copies/one',), '/var/tmp/one'), (('one/',), '/var/tmp/one'),
                   (('/media/stick/one',), '/media/stick/one'))
        for arguments, target in targets:
            err = self.backup(w, *arguments, code=73, user='nobody', cwd='/')
            self.assertRegex(err, r'`sudo -u daemon cuff2mqtt backup --config %s %s`' % (re.escape(w.running.config), target))
        os.chmod(w.running.config, 0o600)
        for arguments, target in targets:
            err = self.backup(w, *arguments, code=78, user='nobody', cwd='/')
            self.assertRegex(err, r'`sudo (-u \S+ )?cuff2mqtt backup --config %s %s`' % (re.escape(w.running.config), target))


class Page(unittest.TestCase):
    def test_the_help_is_what_the_page_says(self):
        """Each command of the restoring stands in both."""
        done = subprocess.run([SERVICE, 'backup', '--help'], capture_output=True, text=True, check=True)
        with open(os.path.join(ROOT, 'docs', 'backup.md'), encoding='utf-8') as f:
            page = f.read().split('## Restore')[1]
        commands = re.findall(r'^ +(sudo .*)$', done.stdout, re.M)
        self.assertEqual(len(commands), 5)
        self.assertEqual(re.findall(r'^    (sudo .*)$', page, re.M), commands)


if __name__ == '__main__':
    unittest.main()
