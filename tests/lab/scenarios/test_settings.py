"""What others set on the same machine, and what the cuff then sees on the air: agents, Pairable, Privacy."""

from lab import CUFF, LabStory, kernels, timing, weight

SECOND = 'C0:FF:EE:00:00:02'
ASKS = 'cuff %s security-request=yes' % CUFF
ASKS_FIRST = ('cuff', bytes.fromhex('0b01'))
REQUEST = bytes.fromhex('01030009100507')  # NoInputNoOutput, bonding, no MITM, SC
TIMES = timing(cooldown=2.0, pairing_retry=1.0)


class TestSettings(LabStory):
    def heard(self, w, cuff=CUFF):
        """The cuff blinks and bluetoothd knows it, without help of the service."""
        w.fake.do('foreign-scan on')
        start = w.fake.do('pairing-mode %s on' % cuff)
        w.fake.wait('heard ' + cuff, start)
        start = w.fake.do('foreign-scan off')
        w.fake.wait('scan off', start)

    def plain_connect(self, w, cuff=CUFF):
        """A client that has no agent."""
        w.recorder.call('org.bluez', w.bluez('Device1', cuff)[0], 'org.bluez.Device1', 'Connect')

    def read(self, w):
        self.state(w, lambda s: s['sync_state'] == 'idle')
        self.measure(w, '131/84/67')

    @kernels('6.12', '6.1')
    def test_no_agent(self):
        """Another client connects and nobody answers for the host: the kernel refuses the cuff's question with
        0x05. That is none of the service's business; its own window pairs the cuff."""
        w = self.world(ASKS, config=TIMES)
        self.heard(w)
        start = w.fake.out.here()
        self.plain_connect(w)
        w.fake.wait('smp %s host=0505' % CUFF, start)
        self.assertEqual(w.smp(2), [ASKS_FIRST, ('host', b'\x05\x05')])
        w.fake.wait('disconnect ' + CUFF, start)  # the cuff's own doing: nobody reads it
        self.assertEqual(w.fake.out.count('asked ', start), 0)
        self.assertEqual(w.subscriber.find('cuff2mqtt/device/.*'), [])
        w.pair()
        refused = w.fake.out.count(' smp %s host=0505' % CUFF, start)  # while it advertises BlueZ makes it a new link
        self.assertEqual(w.smp(2 * refused + 2), refused * [ASKS_FIRST, ('host', b'\x05\x05')] +
                         [ASKS_FIRST, ('host', bytes.fromhex('01030001100507'))])
        self.read(w)
        w.verify()

    @weight(30)
    @kernels('6.12', '6.1')
    def test_foreign_default_agent(self):
        """Somebody's agent answers for the host: not while our window is open, and again afterwards."""
        w = self.world('cuff %s name=second security-request=yes' % SECOND, config=TIMES)
        w.fake.do('foreign-agent on')
        start = w.fake.out.here()
        w.pair()
        self.assertEqual(w.fake.out.count('asked Request', start), 0)
        self.assertEqual(w.smp(1), [('host', REQUEST)])
        paired = w.fake.out.count('^log .* smp ', start)
        self.heard(w, SECOND)
        self.plain_connect(w, SECOND)
        w.fake.wait(r'asked RequestAuthorization (\S+)', start)
        self.assertNotIn(w.fake.out.match[1], w.recorder.clients)
        w.fake.agent.say('yes')
        w.fake.wait('bonded ' + SECOND, start)
        self.assertEqual(w.smp(paired + 2)[paired:], [ASKS_FIRST, ('host', bytes.fromhex('01040001100507'))])
        self.assertEqual(len(w.events('device_paired')), 1)  # ours
        self.read(w)
        w.verify()

    @kernels('6.12', '6.1')
    def test_pairable_switched_off(self):
        """Somebody ran `bluetoothctl pairable off`: bluetoothd switches it on again for our agent."""
        w = self.world(config=TIMES)
        w.fake.do('foreign-agent on')
        w.bluez_set('Pairable', False)
        w.pair()
        self.assertEqual(w.smp(1), [('host', REQUEST)])
        self.read(w)
        w.verify()

    @weight(45)
    @kernels('6.12', '6.1')
    def test_not_pairable(self):
        """.. but not where main.conf says AlwaysPairable: no keys are made, and the service says what to do."""
        w = self.world(conf={'AlwaysPairable': 'true'}, config=timing(cooldown=2.0, pairing_window=25.0))
        w.bluez_set('Pairable', False)
        w.request('pairing', '{"active": true}')
        start = w.fake.do('pairing-mode on')
        w.fake.wait('paired-without-bond ' + CUFF, start)
        self.assertEqual((w.device('Paired'), w.device('Bonded')), (True, False))
        self.assertEqual(w.smp(1), [('host', bytes.fromhex('01030008100002'))])
        failed = w.event('pairing_failed')['data']
        self.assertEqual(failed['code'], 'not_pairable')
        self.assertIn('bluetoothctl pairable on', failed['remedy'])
        w.bluez_set('Pairable', True)
        w.pair()
        self.read(w)
        w.verify()

    @kernels('6.12', '6.1')
    def test_privacy(self):
        """The host hides its address: it hands out its identity with the keys, and is known again by that."""
        w = self.world(conf={'Privacy': 'device'}, config=TIMES)
        start = w.fake.out.here()
        w.pair()
        self.assertEqual(w.smp(1), [('host', bytes.fromhex('01030009100707'))])
        self.read(w)
        self.assertEqual(w.fake.out.count('connect %s host=.*,random' % CUFF, start), 2)
        w.verify()

    @kernels('6.12', '6.1')
    def test_paired_by_another_client(self):
        """Somebody pairs the cuff with a client that has a keyboard and a display: the service takes it over."""
        w = self.world(service=False, config=TIMES)
        w.fake.wait('powered yes')
        w.fake.do('foreign-agent on KeyboardDisplay')
        self.heard(w)
        start = w.fake.out.here()
        w.fake.agent.say('pair ' + CUFF)
        w.fake.wait('bonded ' + CUFF, start)
        w.fake.wait('call Pair .*answer=ok', start)
        self.assertEqual(w.smp(2), [('host', bytes.fromhex('0104000d100507')),
                                    ('cuff', bytes.fromhex('02030001100103'))])
        w.service()
        self.read(w)
        w.verify()
