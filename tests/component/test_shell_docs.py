"""What docs/shell.md shows is what the commands do: each is run again. Digits may be others, and so may blanks, and the
names of the computer and of its adapter."""

import os
import re
import shlex
import signal
import unittest

from harness import CUFF, ROOT
from shell_look import OK, Shell


def examples():
    """{command line: the lines it shows}"""
    found = {}
    with open(os.path.join(ROOT, 'docs', 'shell.md'), encoding='utf-8') as f:
        lines = f.read().splitlines()
    for line in lines:
        if line.startswith('    $ cuff2mqtt '):
            shown = found.setdefault(line[len('    $ cuff2mqtt '):], [])
        elif line.startswith('    ') and found:
            shown.append(line[4:])
    return found


def alike(line):
    """Without what another computer and another day have otherwise."""
    line = re.sub(r' on \S+, since', ' on HOST, since', re.sub(r'^(Bluetooth +)\S+', r'\1ADAPTER', line))
    line = re.sub(r'\d+ days? \d+ h|\d+:\d+ h', 'TIME', re.sub(r'(Log level +)\w+', r'\1LEVEL', line))
    return re.sub(' +', ' ', re.sub(r'\d+', '0', line))


class Page(Shell):
    def shows(self, line, told):
        self.assertEqual([alike(one) for one in told], [alike(one) for one in examples()[line]], line)

    def run_example(self, w, line):
        self.shows(line, self.told(w, *shlex.split(line)).splitlines())

    def interactive(self, w, line, values, begin, end):
        p = self.begin(w, *shlex.split(line))
        begin(p)
        w.fake.do('measure %s %s' % (CUFF, values))
        p.out.wait(end)
        if p.alive() and 'watch' in line:
            p.process.send_signal(signal.SIGINT)
        self.shows(line, self.ended(p, OK)[0])

    def test_the_page(self):
        w = self.world('cuff %s battery=85 model=BP7350' % CUFF)
        for values, user in (('118/76/60', 1), ('119/77/61', 2)):
            w.fake.do('measure %s %s user=%d' % (CUFF, values, user))
            w.measured(values)
        self.state(w, lambda s: s['sync_state'] == 'idle' and s['users'] == [1, 2])
        run = ['rename 28:FF Bedroom', 'users 1 Anna --person anna', 'users Bedroom 2 Bob', 'cuffs', 'info', 'health']
        for line in run:
            self.run_example(w, line)
        self.interactive(w, 'sync', '121/79/62', lambda p: p.out.wait('Press'), 'new measurement')
        self.state(w, lambda s: s['sync_state'] == 'idle', start=w.subscriber.here() - 1)
        log = w.broker.err.here()
        self.interactive(w, 'watch', '131/84/67', lambda p: self.heard(w, 'watch', log), 'was read')
        self.run_example(w, 'remove Bedroom --yes')
        self.assertEqual({line for line in examples() if '|' not in line}, {*run, 'sync', 'watch', 'remove Bedroom --yes'})


if __name__ == '__main__':
    unittest.main()
