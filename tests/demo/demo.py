#!/usr/bin/python3
"""The main job, for a person to watch: a private bus with two virtual cuffs, a private mosquitto, the real
service. What is shown comes from an MQTT subscription alone. `make demo` runs it."""

import argparse
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'component'))
import harness  # noqa: E402

CUFFS = ({'address': '28:FF:B2:05:91:B5', 'name': 'BLESmart_0000025828FFB20591B5', 'users': 2},
         {'address': '00:5F:BF:3A:51:7C', 'name': 'BLESmart_00000116005FBF3A517C', 'users': 2})
EVERY = 20
READINGS = ('128/82/64', '119/76/71', '134/85/69', '122/79/58', '141/88/75', '117/74/62')
TIMING = 'timing: { cooldown = 5; tail = 1; pairing_retry = 1.0; };\n'  # a person rests longer between two


class Ended(Exception):
    pass


def say(text=''):
    print(text, flush=True)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build')
    parser.add_argument('--port', type=int, default=0, help='the broker listens here; default: a free port')
    parser.add_argument('--values', help='systolic/diastolic/pulse of the first measurement')
    parser.add_argument('--seconds', type=float, help='end after so many seconds from READY')
    options = parser.parse_args()
    if options.values and not re.fullmatch(r'\d+/\d+/\d+', options.values):
        parser.error('VALUES must look like 131/84/67')
    return options


class Demo:
    def __init__(self, options):
        self.options, self.shown, self.known = options, 0, {}
        build = os.path.abspath(options.build)
        harness.SERVICE, harness.VIRTUAL_CUFF = os.path.join(build, 'cuff2mqtt'), os.path.join(build, 'virtual-cuff')
        self.world = harness.World(cuffs=['cuff {address} name={name} omron=yes users={users}'.format(**c) for c in CUFFS],
                                   config=TIMING, broker_port=options.port or None, use_proxy=False, env={'TZ': self.zone()})
        self.values = [options.values] if options.values else []
        self.values += [v for v in READINGS if v != options.values]
        self.ready = None

    @staticmethod
    def zone():
        return os.environ.get('TZ') or 'Europe/Berlin'

    def left(self):
        return self.ready + self.options.seconds - time.monotonic() if self.options.seconds else float('inf')

    def show(self, m):
        if m.topic == 'cuff2mqtt/bridge/state':
            say('  bridge     %s' % m.payload)
        elif m.topic == 'cuff2mqtt/bridge/event':
            event = m.json
            text = event['data'].get('text') or ' '.join('%s=%s' % kv for kv in event['data'].items())
            say('  event      %s  %s' % (event['type'], text))
        elif m.topic.startswith('homeassistant/device/') and self.known.get(m.topic) != m.payload:
            self.known[m.topic] = m.payload
            device = m.json
            say('  discovery  Home Assistant shows "%s" with %d entities' % (device['device']['name'], len(device['components'])))
        elif m.topic.endswith('/event'):
            e = m.json
            say('  \033[1mmeasured   %d/%d mmHg, pulse %s\033[0m  user %s of cuff %s at %s%s' %
                (e['systolic'], e['diastolic'], e['pulse'], e['user'], e['device'], e['measured_at'],
                 '  (irregular heartbeat)' if e['irregular_heartbeat'] else ''))

    def watch(self, until):
        """Shows what arrives until the moment, the end, or the service's death."""
        while time.monotonic() < until:
            with self.world.subscriber.changed:
                new = self.world.subscriber.messages[self.shown:]
                self.shown += len(new)
                if not new:
                    self.world.subscriber.changed.wait(0.2)
            for m in new:
                self.show(m)
            if not self.world.running.alive():
                raise RuntimeError('the service died with %d:\n%s' % (self.world.running.process.returncode,
                                                                      '\n'.join(self.world.running.err.lines[-30:])))
            if self.left() <= 0:
                raise Ended

    def watch_for(self, topic, where, start, limit=60):
        """Shows what arrives until a certain message is among it."""
        end = time.monotonic() + limit
        while not self.world.subscriber.find(topic, where, start):
            if time.monotonic() > end:
                raise RuntimeError('nothing came on %s; the service said:\n%s' %
                                   (topic, '\n'.join(self.world.running.err.lines[-30:])))
            self.watch(time.monotonic() + 0.1)

    def pair(self, cuff):
        say('\nPairing %s: a window is opened with a request, and the cuff\'s button is held until the P blinks.' % cuff['name'])
        start = self.world.subscriber.here()
        self.world.subscriber.publish('cuff2mqtt/bridge/request/pairing', '{"active": true}')
        self.watch_for('cuff2mqtt/bridge/response/pairing', lambda m: m.json['status'] == 'ok', start)
        self.world.fake.do('pairing-mode %s on' % cuff['address'])
        self.watch_for('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_finished' and m.json['data']['device'] == cuff['address'],
                       start)

    def run(self):
        port = self.world.broker.port
        say('cuff2mqtt demo: two virtual cuffs, a private MQTT broker on 127.0.0.1:%d, the real service.' % port)
        self.world.service(wait_connected=False)
        self.ready = time.monotonic()
        say('The service is READY. To watch from another terminal:\n\n    mosquitto_sub -p %d -v -t "cuff2mqtt/#"\n' % port)
        self.watch_for('cuff2mqtt/bridge/state', lambda m: m.payload == 'online', 0)
        # One is paired at first, so that measurements come soon; the other while we watch.
        self.pair(CUFFS[0])
        self.measure(CUFFS[0], 1)
        self.pair(CUFFS[1])
        self.measure(CUFFS[1], 2)
        say('\nFrom now on somebody measures every %d s. Ctrl-C ends the demo.' % EVERY)
        turn = 0
        while True:
            self.watch(time.monotonic() + EVERY)
            self.measure(CUFFS[turn % 2], turn // 2 % 2 + 1)
            turn += 1

    def measure(self, cuff, user):
        values = self.values.pop(0)
        self.values.append(values)
        say('\nUser %d measures with %s.' % (user, cuff['name']))
        start = self.world.subscriber.here()
        self.world.fake.do('measure %s user=%d %s' % (cuff['address'], user, values))
        self.watch_for(r'cuff2mqtt/device/\w+/user/%d/event' % user, lambda m: True, start)


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    demo, code = None, 0
    try:
        demo = Demo(options)
        demo.run()
    except Ended:
        say('\nThe demo is over.')
    except KeyboardInterrupt:
        say('\nStopping.')
    except (RuntimeError, AssertionError, OSError) as error:
        say('\nThe demo failed: %s' % error)
        code = 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if demo:
            if demo.world.running and demo.world.running.alive() and demo.world.running.stop() != 0:
                code = code or 1
            demo.world.close()
    return code


sys.exit(main())
