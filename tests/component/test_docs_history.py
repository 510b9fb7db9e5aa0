"""What docs/history.md shows of `history` and `stats` is what they write, to the letter; only what the page counts from
"now" is counted from its own day."""

import os
import re
import shlex
import unittest

from harness import CUFF, ROOT
from history_look import History

TODAY = '2026-11-22'
MEASURED = (('2026-11-19T07:12', '128/82/64', {}), ('2026-11-19T21:40', '119/76/61', {'user': 2}),
            ('2026-11-20T07:05', '134/85/66', {'irregular_heartbeat': 1}),
            ('2026-11-21T20:31', '142/91/70', {'body_movement': 1}), ('2026-11-22T07:30', '121/78/64', {'clock_ok': 0}))
with open(os.path.join(ROOT, 'docs', 'history.md'), encoding='utf-8') as f:
    PAGE = f.read()
EXAMPLES = dict(re.findall(r'^    \$ cuff2mqtt (.*)\n((?:(?:    .*)?\n)+)', PAGE, re.M))


class Page(History):
    maxDiff = None

    def test_examples(self):
        w = self.stopped()
        self.add(w, *MEASURED)
        self.change(w, 'UPDATE cuff SET name = ?', 'Bedroom')
        for number, name, person in (1, 'Anna', 'anna'), (2, 'Ben', ''):
            self.change(w, 'UPDATE user SET name = ?, person = ? WHERE cuff = ? AND user = ?', name, person, CUFF, number)
        self.assertEqual(list(EXAMPLES), ['history --last 2w', 'history --user anna --omblepy > user1.csv', 'stats --user anna'])
        for line, shown in EXAMPLES.items():
            words = shlex.split(line.split(' > ')[0].replace('--last 2w', '--from 2026-11-08'))
            if words[0] == 'stats':
                words += ['--to', TODAY]
            done = self.run_it(w, *words)
            self.assertEqual(done.returncode, 0, done.stderr)
            said = done.stdout.replace('\r\n', '\n').rstrip('\n')
            shown = re.sub(r'^    ', '', shown, flags=re.M).rstrip('\n')
            self.assertEqual(said, shown, line)


if __name__ == '__main__':
    unittest.main()
