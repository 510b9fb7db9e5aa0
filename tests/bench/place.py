"""Where service and peer are measured: the world of the component tests (a bus of its own, the virtual cuff, mosquitto), the
optimised build, and one of the two at a time, so that neither pays for the other."""

import contextlib
import os
import sqlite3

import harness
import meters

HERE = os.path.dirname(os.path.abspath(__file__))
CUFF = harness.CUFF
BURDEN = ''  # the shim; bench.py sets it
INDICATING = 'cuff %s name=BLESmart_0000025828FFB20591B5 omron=yes users=2' % CUFF
K4 = 'cuff %s name=BLESmart_0000025828FFB20591B5 memory=k4' % CUFF
YEARS = 20000  # measurements that are there already: more than SQLite keeps in memory
# What they all do. They speak late, because the peer subscribes when it is connected: what is said before, it loses.
MANNERS = ('hang-up-after %s 0.3', 'speaks-after %s 400', 'bonded %s')
EVENT = r'(cuff2mqtt|peer)/device/\w+/user/\w+/event'


class Place(harness.World):
    """with Place() as place, place.cuff2mqtt() as service: .."""

    def __init__(self, *cuffs, commands=(), **options):
        super().__init__(cuffs=cuffs or (INDICATING,), use_proxy=False, log_level='info', **options)
        self.kind = 'k4' if cuffs and 'memory=k4' in cuffs[0] else '2a35'
        self.tls = None  # (URL, CA)
        self.measured = 0
        for command in ('time-scale 20', *commands, *(manner % cuff for cuff in self.cuffs for manner in MANNERS)):
            self.fake.do(command)
        os.makedirs(self.state_directory, exist_ok=True)

    def grow_old(self):
        """The house has measured for years. They ended ten years ago: also what is read from a memory is newer."""
        with self.cuff2mqtt() as service:
            self.session(service)
        harness.add_years(self.database, YEARS)
        with contextlib.closing(sqlite3.connect(self.database)) as db, db:
            for field in ('measured_at', 'taken_seconds', 'received_at'):
                db.execute('UPDATE measurement SET %s = %s - ?' % (field, field), (10 * 366 * 86400,))

    @contextlib.contextmanager
    def cuff2mqtt(self, **burden):
        """The service, under BURDEN_x, connected and waiting for the cuff; .ready_after in seconds."""
        self.env = {'LD_PRELOAD': BURDEN, **{'BURDEN_' + k.upper(): str(v) for k, v in burden.items()}} if burden else {}
        if self.tls:
            self.env.update(CUFF2MQTT_MQTT_URL=self.tls[0], CUFF2MQTT_MQTT_CA_FILE=self.tls[1])
        log = self.fake.out.here()
        service = self.service()
        try:
            for cuff in self.cuffs:
                self.fake.wait('armed ' + cuff, log)
            yield service
        finally:
            service.stop()

    @contextlib.contextmanager
    def peer(self):
        """The peer, connected and listening; .ready_after in seconds."""
        url, ca = self.tls or (self.url, None)
        argv = ['/usr/bin/python3', os.path.join(HERE, 'peer.py'), CUFF, self.kind, self.state_directory, url, *([ca] if ca else [])]
        process = None

        def start():
            nonlocal process
            process = harness.Process(argv, env={**os.environ, 'DBUS_SYSTEM_BUS_ADDRESS': self.bus.address})
            process.out.wait('^ready$')

        try:
            after = meters.timed(start)
            process.ready_after = after
            yield process
        except harness.Timeout:
            print('\n'.join(process.err.lines[-30:]))
            raise
        finally:
            if process:
                process.stop()

    def session(self, process, cuff=CUFF):
        """One measurement, until it is told, the cuff is gone, and whoever heard it has nothing more to do with it."""
        self.measured += 1  # each is another one: the same values in the same second are the same measurement
        log, start = self.fake.out.here(), self.subscriber.here()
        self.fake.do('measure %s %d/80/%d' % (cuff, 100 + self.measured % 100, 50 + self.measured // 100))
        self.settle(process, log, start, 1, cuff)
        return log, start

    def settle(self, process, log, start, count, cuff=CUFF):
        """Until so many have been told, as above."""
        self.subscriber.wait(EVENT, count=count, start=start)
        self.fake.wait('disconnect ' + cuff, log)
        if isinstance(process, harness.Service):
            self.event('sync_finished', start)
            self.fake.wait('call Disconnect path', log)
            self.wait_outbox_empty()
            self.fake.wait('armed ' + cuff, log)  # the cool-down is over
        else:
            self.fake.wait('call StartDiscovery', log)  # it listens again
