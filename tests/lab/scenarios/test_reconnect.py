"""How long from a cuff's first advertisement to the broker, for each way of noticing it (option bluetooth.wake).

The figures go to figures.txt beside the logs. Taken in a guest without KVM they say which way is faster and where the
time goes, not how fast a Raspberry Pi is."""

import statistics

from lab import CUFF, LabStory, timing, wait_until, weight

TIMES = 3
STEPS = ('advertising', 'connect', 'indication')
QUICK = timing(cooldown=0.5)
DISCOVERY = 'bluetooth: { wake = "discovery"; };\n'
RANDOM = 'C0:FF:EE:00:00:02'


class TestReconnect(LabStory):
    def one(self, w, cuff, values, listening):
        """Milliseconds from step to step, and all together. Afterwards somebody listens again."""
        log = w.fake.out.here()
        event = self.measure(w, values, cuff=cuff)
        at = []
        for step in STEPS:
            w.fake.wait(r'^log (\S+) %s %s' % (step, cuff), log)
            at.append(float(w.fake.out.match[1]))
        at.append(w.subscriber.times[event['id']] - w.fake.began)
        topic = 'cuff2mqtt/device/%s/state' % event['device']
        wait_until(lambda: w.subscriber.find(topic)[-1].json['sync_state'] == 'idle', 'the end of the rest')
        self.wait_until_heard(w, listening, log)
        return [1000 * (b - a) for a, b in [*zip(at, at[1:]), (at[0], at[-1])]]

    def wait_until_heard(self, w, listening, log):
        """The kernel listens when the profile has been registered, or a discovery is on."""
        w.fake.wait(listening, log)
        wait_until(lambda: [line for line in w.fake.out.lines if ' scan ' in line][-1].split()[3] == 'on', 'a scan')

    def several(self, w, cuff, name, options='', listening='call RegisterApplication .*answer=ok'):
        """The shortest time to the connection, with the service set up like this."""
        w.running.stop()
        w.extra_config, log = QUICK + options, w.fake.out.here()
        w.service()
        self.wait_until_heard(w, listening, log)
        rows = [self.one(w, cuff, '%d/84/67' % (121 + len(w.rows())), listening) for _ in range(TIMES)]
        with open(w.log('figures.txt'), 'a') as f:
            for step, ms in zip(('to connect', 'to indication', 'to broker', 'all'), zip(*rows)):
                f.write('%s, %s: n=%d median=%d min=%d max=%d ms\n' % (name, step, len(ms), statistics.median(ms),
                                                                      min(ms), max(ms)))
        return min(row[0] for row in rows)

    def race(self, cuff, **kind):
        """Noticed by the kernel (the default), by a discovery of ours, and by the kernel while somebody else scans."""
        w = self.world('connection-interval 30', 'hang-up-after 1', cuffs=['cuff %s %s' % (cuff, ' '.join(
            '%s=%s' % one for one in kind.items()))], config=QUICK)
        w.pair(cuff)
        default = self.several(w, cuff, 'auto-connect')
        discovery = self.several(w, cuff, 'discovery', DISCOVERY, 'scan on active')
        w.fake.do('foreign-scan on')
        beside = self.several(w, cuff, 'auto-connect beside a scan of others')
        # A busy machine can only add to the shortest; half as much again is the emulation's weather.
        self.assertLess(default, 1.5 * discovery)
        self.assertLess(beside, 1.5 * discovery)
        self.assertEqual(w.fake.out.count('pair-start ' + cuff), 1)
        self.assertEqual(len(w.rows()), 3 * TIMES)
        w.verify()

    @weight(50)
    def test_public_address(self):
        self.race(CUFF)

    @weight(50)
    def test_random_static_address(self):
        self.race(RANDOM, random='yes')
