"""The cuff forgot this host, or was paired with a phone: no flood, people are told, and pairing it anew heals."""

from lab import CUFF, LabStory, kernels, known_bad, timing, weight

YESTERDAY = 'at=2026-08-01T07:30:00'
TODAY = 'at=2026-08-02T07:30:00'


def known_bad_kernels(scenario):
    """Both are 6.1.192, and die with `list_del corruption` in hci_chan_del when a cuff refuses the key."""
    for kernel in ('6.1.0-55', '6.1.0-56'):
        scenario = known_bad(kernel, 'kernel BUG in hci_chan_del, with any program that connects such a cuff')(scenario)
    return scenario


class TestLostBond(LabStory):
    def read_once(self, w):
        """The cuff is paired and read; the kernel waits for it again."""
        w.pair()
        self.state(w, lambda s: s['sync_state'] == 'idle')
        start = w.subscriber.here()
        self.measure(w, '131/84/67', 'measure ' + YESTERDAY)
        self.state(w, lambda s: s['sync_state'] == 'idle' and s['last_sync'], start)

    def told(self, w, start):
        """What people see: one event, and a state that says what to do."""
        self.assertEqual(w.event('bond_lost', start)['data']['device'], CUFF.replace(':', '').lower())
        problem = self.state(w, lambda s: s['sync_state'] == 'problem' and 'forgotten' in s['sync_error'], start)
        self.assertIn('P blinks', problem['sync_error'])

    def heal(self, w, start):
        """The old bond goes, the cuff is paired anew, and hands over what it holds: of that one is known."""
        w.fake.do('quiet')
        w.fake.do('measure announce=no %s 131/84/67' % YESTERDAY)
        log = w.fake.out.here()
        w.pair()
        w.measured('128/80/64')
        self.assertEqual(w.events('sync_finished')[-1]['new_measurements'], 1)
        for _ in range(2):  # when the window is closed, and after the cuff's rest: the kernel waits for it again
            log = w.fake.wait('call RegisterApplication .*answer=ok', log)
        self.state(w, lambda s: s['sync_error'] is None and s['sync_state'] == 'idle', start)
        self.assertEqual([row[2:] for row in w.rows()], [(131, 84, 67), (128, 80, 64)])
        self.assertEqual(len(w.events('bond_lost')), 1)
        self.assertEqual(w.fake.out.count('pair-start ' + CUFF), 2)

    @weight(50)
    @kernels('6.12', '6.1')
    @known_bad_kernels
    def test_no_flood(self):
        """120 adverts of a cuff that refuses our keys, and a back-off of 2 s, doubled each time: the fourth session
        comes after 10.5 s at the earliest. In each the kernel may connect again and again until it is told to pause
        (it would 20 times in 12 s), as it was not before bluetoothd had told the service of the first end."""
        w = self.world(config=timing(cooldown=2.0, backoff_min=2.0))
        self.read_once(w)
        start = w.subscriber.here()
        w.fake.do('bond-lost')
        w.fake.do('measure announce=no %s 128/80/64' % TODAY)
        log = w.fake.do('advertise 12')
        self.told(w, start)
        w.fake.wait('silent ' + CUFF, log)
        sessions = len(w.events('sync_failed'))
        self.assertIn(sessions, (2, 3, 4))
        self.assertLessEqual(w.fake.out.count(' connect ' + CUFF, log), 3 * sessions)
        self.assertEqual(w.fake.out.count('smp ' + CUFF, log), 0)
        self.heal(w, start)
        w.verify()

    def lost_and_found(self, how):
        """The cuff advertises once a second: the service's pause is always in time, also in emulation."""
        def story(w):
            self.read_once(w)
            start = w.subscriber.here()
            w.fake.do(how)
            w.fake.do('measure %s 128/80/64' % TODAY)
            self.told(w, start)
            self.heal(w, start)

        self.same_in_both(story, 'cuff %s advert-interval=1000' % CUFF,
                          config=timing(cooldown=2.0, backoff_min=4.0, backoff_max=60.0))

    @weight(60)
    @kernels('6.12', '6.1')
    @known_bad_kernels
    def test_forgotten(self):
        self.lost_and_found('bond-lost')

    @weight(60)
    @kernels('6.12', '6.1')
    @known_bad_kernels
    def test_taken_by_a_phone(self):
        self.lost_and_found('bond-lost taken')
