"""The table of figures: each with what it was measured against. A figure counts only if a control, the same measurement
under a known change, moved it; a ratio to something measured in the same run is judged, an absolute figure is printed."""


class Figures:
    def __init__(self):
        self.rows, self.still, self.missed, self.aims = [], [], [], 0

    def add(self, name, value, unit, control, peer=None, below=None, judged=None):
        """`control`: (what was changed, the figure then, the least it must be then). `below`: the aim. `judged`: the ratio that has an
        aim, as (its words, the ratio, the most it may be); missing it fails the run."""
        changed, then, least = control
        aim, verdict = '', ''
        if below is not None:
            aim, verdict = 'below %s' % show(below, unit), self.judge(value <= below)
        if judged:
            words, ratio, most = judged
            met = ratio <= most
            aim, verdict = '%s at most %.4g' % (words, most), '%.4g: %s' % (ratio, self.judge(met))
            if not met:
                self.missed.append('%s: %s %.4g' % (name, words, ratio))
        if not then >= least:
            self.still.append('%s, with %s: %s' % (name, changed, show(then, unit)))
        self.rows.append((name, show(value, unit), '' if peer is None else show(peer, unit),
                          '' if not peer else '%.2f' % (value / peer), aim, verdict,
                          '%s: %s%s' % (changed, show(then, unit), '' if then >= least else ' (NOT MOVED)')))
        print('%-44s %-12s%s  [%s]%s' % (name, show(value, unit), '' if peer is None else '  peer %s' % show(peer, unit),
                                         self.rows[-1][-1], '  %s %s' % (aim, verdict) if aim else ''), flush=True)

    def judge(self, met):
        self.aims += 1
        return 'met' if met else 'NOT met'

    def summary(self):
        """Prints the table, as docs/performance.md has it; the exit code."""
        print('\n| figure | cuff2mqtt | peer | ratio | aim | | control |\n|---|---|---|---|---|---|---|')
        for row in self.rows:
            print('| %s |' % ' | '.join(row))
        not_met = sum('NOT met' in row[5] for row in self.rows)
        print('\n%d figures, %d of %d aims met' % (len(self.rows), self.aims - not_met, self.aims))
        for words, list_ in (('aim of a ratio missed', self.missed), ('measured nothing, its control did not move it', self.still)):
            for what in list_:
                print('%s: %s' % (words, what))
        return 1 if self.missed or self.still else 0


def show(value, unit):
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return ('%.*f %s' % (digits, value, unit)).strip()
