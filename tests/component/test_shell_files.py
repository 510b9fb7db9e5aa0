"""Man pages and completion, which are made from the program's own table of subcommands."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness import DEADLINE, SERVICE

SHARE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(SERVICE))), 'share')


def page(name):
    with open(os.path.join(SHARE, 'man', name + '.1'), encoding='utf-8') as f:
        return f.read()


def commands():
    out = subprocess.run([SERVICE, 'help'], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in out.split('\n\n')[2].splitlines()]


class TestMan(unittest.TestCase):
    def test_each_subcommand_has_its_page(self):
        names = commands()
        self.assertIn('history', names)
        self.assertEqual(sorted(os.listdir(os.path.join(SHARE, 'man'))),
                         sorted(['cuff2mqtt.1', *('cuff2mqtt-%s.1' % name for name in names)]))
        for name in names:
            self.assertIn('.BR cuff2mqtt\\-%s (1)' % name, page('cuff2mqtt'))

    def test_they_say_what_help_says(self):
        """Rendered by groff without a warning; every line of --help is there."""
        if not shutil.which('groff'):
            self.skipTest('groff is missing')
        for name in commands():
            done = subprocess.run(['groff', '-man', '-Tutf8', '-ww', '-P-c', '-P-b', '-P-u', '-rLL=200n'], input=page('cuff2mqtt-' + name),
                                  capture_output=True, text=True, check=True)
            self.assertEqual(done.stderr, '', name)
            shown = ' '.join(done.stdout.replace('‐', '-').replace('−', '-').split())
            help_ = subprocess.run([SERVICE, name, '--help'], capture_output=True, text=True, check=True).stdout
            for line in help_.splitlines()[2:]:
                self.assertIn(' '.join(line.split()), shown, name)


class Typed(unittest.TestCase):
    """A shell on a terminal, with a directory of its own. What is typed is run: the words that came of it are shown."""

    SHOW = 'cuff2mqtt() { printf "<%s>" "$@"; echo; }'
    FILES = ('my export.csv', 'plain.csv')
    DIRECTORIES = ('history', 'My Backup')  # the first one is a subcommand's name, too

    def shell(self, argv, *begin):
        self.directory = tempfile.mkdtemp(prefix='cuff2mqtt-')
        self.addCleanup(shutil.rmtree, self.directory)
        for name in self.FILES:
            with open(os.path.join(self.directory, name), 'w', encoding='utf-8'):
                pass
        for name in self.DIRECTORIES:
            os.mkdir(os.path.join(self.directory, name))
        env = {'PATH': os.environ['PATH'], 'HOME': self.directory, 'TERM': 'dumb', 'LC_ALL': 'C.UTF-8', 'INPUTRC': '/dev/null'}
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(self.directory)
            os.execvpe(argv[0], argv, env)
        self.text = ''
        self.addCleanup(self.end)
        for line in (*begin, self.SHOW):
            self.type(line + '\n')
        self.type('echo READ""Y\n')
        self.wait('\nREADY')

    def end(self):
        os.close(self.master)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait(self, pattern):
        until = time.monotonic() + DEADLINE
        while not re.search(pattern, self.text):
            ready, _, _ = select.select([self.master], [], [], max(0, until - time.monotonic()))
            self.assertTrue(ready, self.text)
            self.text += os.read(self.master, 65536).decode('utf-8', 'replace').replace('\r', '\n')
        return re.search(pattern, self.text)

    def typed(self, text):
        """The words that were run, after each \t was done."""
        self.text = ''
        self.type(text + '\n')
        return re.findall('<([^>]*)>', self.wait(r'(?m)^((<[^>\n]*>)+)$').group(1))

    def same_for_both(self):
        for text, words in (('cuff2mqtt his\t', ['history']), ('cuff2mqtt history --om\t', ['history', '--omblepy']),
                            ('cuff2mqtt import pl\t', ['import', 'plain.csv']),
                            ('cuff2mqtt import my\t', ['import', 'my export.csv']),
                            ('cuff2mqtt history --config pl\t', ['history', '--config', 'plain.csv']),
                            ('cuff2mqtt history --config=pl\t', ['history', '--config=plain.csv']),
                            ('cuff2mqtt backup My\t', ['backup', 'My Backup/']), ('cuff2mqtt backup pl\t', ['backup', 'pl']),
                            ('cuff2mqtt sync pl\t', ['sync', 'pl']), ('cuff2mqtt rename pl\t', ['rename', 'pl']),
                            ('cuff2mqtt history --last pl\t', ['history', '--last', 'pl']),
                            ('cuff2mqtt help expl\t', ['help', 'explain'])):
            self.assertEqual([w.rstrip('/') for w in self.typed(text)], [w.rstrip('/') for w in words], text)

    def test_bash(self):
        self.shell(['bash', '--noprofile', '--norc', '-i'], 'bind "set enable-bracketed-paste off"', 'source %s/cuff2mqtt.bash' % SHARE)
        self.same_for_both()
        self.assertEqual(self.typed('cuff2mqtt import "my\t'), ['import', 'my export.csv'])
        self.assertEqual(self.typed('cuff2mqtt import ~/pl\t'), ['import', self.directory + '/plain.csv'])

    def test_zsh(self):
        if not shutil.which('zsh'):
            self.skipTest('zsh is missing')
        self.shell(['zsh', '-f', '-i'], 'unsetopt zle_bracketed_paste prompt_sp 2>/dev/null; fpath=(%s $fpath)' % SHARE,
                   'autoload -Uz compinit && compinit -D -u')
        self.same_for_both()


class TestBash(unittest.TestCase):
    def complete(self, *words):
        script = 'source %s/cuff2mqtt.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cuff2mqtt; printf "%%s\\n" "${COMPREPLY[@]}"'
        out = subprocess.run(['bash', '-c', script % SHARE, 'bash', 'cuff2mqtt', *words], capture_output=True, text=True, check=True)
        self.assertEqual(out.stderr, '')
        return [line for line in out.stdout.splitlines() if line]

    def test_subcommands(self):
        self.assertEqual(self.complete('hi'), ['history'])
        self.assertEqual(sorted(self.complete('')), sorted([*commands(), '--help', '--version']))

    def test_options(self):
        self.assertEqual(self.complete('history', '--om'), ['--omblepy'])
        self.assertIn('--trace', self.complete('pair', '--'))
        self.assertNotIn('--trace', self.complete('stats', '--'))

    def test_values_are_not_guessed(self):
        self.assertEqual(self.complete('history', '--last', ''), [])
        self.assertEqual(self.complete('sync', ''), [])

    def test_help(self):
        self.assertEqual(self.complete('help', 'expl'), ['explain'])
        self.assertEqual(self.complete('help', 'explain', ''), [])


class TestZsh(unittest.TestCase):
    def test_zsh_reads_it(self):
        with open(os.path.join(SHARE, '_cuff2mqtt'), encoding='utf-8') as f:
            text = f.read()
        for name in commands():
            self.assertIn("'%s:" % name, text)
        if not shutil.which('zsh'):
            self.skipTest('zsh is missing')
        done = subprocess.run(['zsh', '-n', os.path.join(SHARE, '_cuff2mqtt')], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))


if __name__ == '__main__':
    unittest.main()
