"""What the docs show of `cuff2mqtt pair` is what it does: the sessions in docs/pairing.md are run again, README shows two of
them, and the table of exit codes in docs/messages.md is that of the source."""

import importlib.machinery
import os
import re
import sys
import types
import unittest

from harness import ROOT

SCRIPT = os.path.join(ROOT, 'tests', 'docs', 'pair_sessions')
MARKED = r'<!-- pair sessions: begin .*?-->\n(.*)<!-- pair sessions: end -->'
sys.dont_write_bytecode = True  # no __pycache__ beside the script
pair_sessions = types.ModuleType('pair_sessions')
pair_sessions.__file__ = SCRIPT
importlib.machinery.SourceFileLoader('pair_sessions', SCRIPT).exec_module(pair_sessions)
SESSIONS = {session.name: session for session in pair_sessions.SESSIONS}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding='utf-8') as f:
        return f.read()


def parts_of_page():
    """[what stands before the first session, each session, ..]"""
    marked = re.search(MARKED, read('docs', 'pairing.md'), re.S)[1]
    return [part.strip() for part in re.split(r'^(?=### )', marked, flags=re.M)]


class Sessions(unittest.TestCase):
    maxDiff = None

    def check(self, name):
        session = SESSIONS[name]
        shown = [part for part in parts_of_page() if part.startswith('### %s\n' % session.title)]
        self.assertEqual(len(shown), 1)
        now = session.text()
        self.assertRegex(now, r'\n    \$ cuff2mqtt pair( \S+)?\n')
        self.assertRegex(now, r'\n    \$ echo \$\?\n    \d+\n$')
        self.assertEqual(shown[0], now.strip(), 'if this is better than before: tests/docs/pair_sessions')

    def test_good(self):
        self.check('good')

    def test_refused(self):
        self.check('refused')

    def test_no_p(self):
        self.check('no_p')

    def test_near(self):
        self.check('near')

    def test_no_keys(self):
        self.check('no_keys')

    def test_silent(self):
        self.check('silent')

    def test_unreached(self):
        self.check('unreached')

    def test_keyboard(self):
        self.check('keyboard')

    def test_no_agent(self):
        self.check('no_agent')

    def test_busy(self):
        self.check('busy')

    def test_elsewhere(self):
        self.check('elsewhere')

    def test_service_stops(self):
        self.check('service_stops')

    def test_blocked(self):
        self.check('blocked')

    def test_broker_away(self):
        self.check('broker_away')

    def test_ctrl_c(self):
        self.check('ctrl_c')

    def test_each_is_run_again(self):
        """No session without its test, and nothing else on the page."""
        tests = [name for name in SESSIONS if hasattr(self, 'test_' + name)]
        self.assertEqual(tests, list(SESSIONS))
        page = parts_of_page()
        self.assertEqual(page[0], '## What pairing with `cuff2mqtt pair` looks like\n\n' +
                         pair_sessions.INTRODUCTION.strip())
        self.assertEqual([part.split('\n')[0] for part in page[1:]], ['### ' + s.title for s in SESSIONS.values()])

    def test_readme(self):
        """What README shows of them stands in docs/pairing.md, to the letter."""
        readme = read('README.md')
        readme = readme[readme.index('\n## Pair a cuff'):readme.index('\n### From Home Assistant, or over MQTT')]
        samples = re.findall(r'(?<=\n\n)    (?:- |Cause:).*?(?=\n\n)', readme, re.S)
        self.assertEqual(len(samples), 2)
        for sample in samples:
            self.assertIn('\n%s\n' % sample, read('docs', 'pairing.md'))


class ExitCodes(unittest.TestCase):
    def test_table(self):
        """Those of exit_code.h that are pair's, and from 20 on the causes in their order."""
        codes = dict(re.findall(r'EXIT_CODE_(\w+) += (\d+)', read('gateway', 'cli', 'exit_code.h')))
        codes = {name: int(number) for name, number in codes.items()}
        order = re.findall(r'^ +PAIRING_CAUSE_(\w+),', read('gateway', 'cuff', 'pairing_cause.h'), re.M)
        order = [cause for cause in order if cause != 'MAX_']
        words = dict(re.findall(r'\[PAIRING_CAUSE_(\w+)\] = \{\s*"(\w+)"', read('gateway', 'cuff', 'pairing_cause.c')))
        words_of = dict(re.findall(r'\{"(\w+)", EXIT_CODE_(\w+)\}', read('gateway', 'cli', 'pair.c')))
        self.assertGreater(len(order), 20)
        page = read('docs', 'messages.md')
        table = page[page.index('\n## Exit codes of `pair`'):]
        table = table[:table.index('\n## ', 4)]
        rows = {int(number): word for number, word in re.findall(r'^\| (\d+) \| (.*?) \|', table, re.M)}
        wanted = {codes['PAIR_CAUSE'] + i: '`%s`' % words[cause] for i, cause in enumerate(order)}
        self.assertEqual({n: w for n, w in rows.items() if codes['PAIR_CAUSE'] <= n < codes['USAGE']}, wanted)
        for word, name in words_of.items():
            self.assertIn('`%s`' % word, rows[codes[name]])
        others = {codes[name] for name in ('OK', 'FAILURE', 'USAGE', 'DATABASE_NEWER', 'STATE', 'CONFIG')}
        pairs = {number for name, number in codes.items() if name.startswith('PAIR_') and name != 'PAIR_CAUSE'}
        pairs |= {codes[name] for name in words_of.values()}
        self.assertEqual(set(rows) - set(wanted), others | pairs)


if __name__ == '__main__':
    unittest.main()
