#!/usr/bin/python3
"""The main job, for a person to watch: a private bus with two virtual cuffs, a private mosquitto, the real
service. What is shown comes from an MQTT subscription alone. `make demo` runs it."""

import argparse
import contextlib
import errno
import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'component'))
import harness  # noqa: E402

# The first keeps its measurements in a memory, as OMRON's do; the second only sends them.
CUFFS = ({'address': '28:FF:B2:05:91:B5', 'name': 'BLESmart_0000025828FFB20591B5', 'kind': 'memory=k4'},
         {'address': '00:5F:BF:3A:51:7C', 'name': 'BLESmart_00000116005FBF3A517C', 'kind': 'model=BP7450 users=2'})
KEPT = 5  # what the first one holds of user 1 before the gateway comes
EVERY = 20
READINGS = ('128/82/64', '119/76/71', '134/85/69', '122/79/58', '141/88/75', '117/74/62')
TIMING = 'timing: { cooldown = 3; tail = 1; pairing_retry = 1.0; };\n'  # a person rests longer between two


class Ended(Exception):
    pass


def say(text=''):
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `make demo | head -3`: nobody listens any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Ended from None


def say_last(text):
    with contextlib.suppress(Ended):
        say('\n' + text)


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, 'The demo cannot start: %s\n' % message)


def is_plausible(values):
    """What the service takes as a measurement: other values it refuses, and the demo would wait in vain."""
    if not re.fullmatch(r'[0-9]{1,3}/[0-9]{1,3}/[0-9]{1,3}', values):
        return False
    systolic, diastolic, pulse = map(int, values.split('/'))
    return 60 <= systolic <= 280 and 30 <= diastolic <= 180 and diastolic < systolic and 30 <= pulse <= 240


def arguments():
    parser = Arguments()
    parser.add_argument('--build', default='build')
    parser.add_argument('--port', type=int, help='the broker listens here; default: a free port')
    parser.add_argument('--values', help='systolic/diastolic/pulse of the first measurement')
    parser.add_argument('--seconds', type=float, help='end after so many seconds from READY')
    options = parser.parse_args()
    if options.values is not None and not is_plausible(options.values):
        parser.error('VALUES must look like 131/84/67: systolic 60..280, diastolic 30..180 and below it, pulse 30..240')
    if options.port is not None and not 1 <= options.port <= 65535:
        parser.error('PORT must be a number from 1 to 65535')
    return options


def why_not(port):
    """Why the broker could not listen there; None: it can."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(('127.0.0.1', port))
        except OSError as error:
            return 'is in use by another program' if error.errno == errno.EADDRINUSE else 'cannot be used (%s)' % error.strerror
    return None


class Demo:
    def __init__(self, options):
        self.options, self.shown, self.known = options, 0, {}
        build = os.path.abspath(options.build)
        harness.SERVICE, harness.VIRTUAL_CUFF = os.path.join(build, 'cuff2mqtt'), os.path.join(build, 'virtual-cuff')
        self.world = harness.World(cuffs=['cuff {address} name={name} {kind} omron=yes'.format(**c) for c in CUFFS],
                                   config=TIMING, broker_port=options.port, use_proxy=False, env={'TZ': self.zone()})
        self.values = [options.values] if options.values else []
        self.values += [v for v in READINGS if v != options.values]
        self.world.fake.do('fill %s 1 %d' % (CUFFS[0]['address'], KEPT))
        self.ready = None

    @staticmethod
    def zone():
        return os.environ.get('TZ') or 'Europe/Berlin'

    def left(self):
        return float('inf') if self.options.seconds is None else self.ready + self.options.seconds - time.monotonic()

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
            say('  \033[1m%s %d/%d mmHg, pulse %s\033[0m  user %s of cuff %s at %s%s' %
                ('remembered' if e['backlog'] else 'measured  ', e['systolic'], e['diastolic'], e['pulse'], e['user'],
                 e['device'], e['measured_at'], '  (irregular heartbeat)' if e['irregular_heartbeat'] else ''))

    def watch(self, until):
        """Shows what arrives until the moment, the end, or the service's death."""
        while True:
            if self.left() <= 0:
                raise Ended
            if time.monotonic() >= until:
                return
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

    def watch_for(self, topic, where, start, limit=60):
        """Shows what arrives until a certain message is among it."""
        end = time.monotonic() + limit
        self.watch(time.monotonic())  # the end may have come
        while not self.world.subscriber.find(topic, where, start):
            if time.monotonic() > end:
                raise RuntimeError('nothing came on %s; the service said:\n%s' %
                                   (topic, '\n'.join(self.world.running.err.lines[-30:])))
            self.watch(time.monotonic() + 0.1)

    def pair(self, cuff):
        say('\nPairing %s: a window is opened with a request, and the cuff\'s button is held until the P blinks.' % cuff['name'])
        identity = cuff['address'].replace(':', '').lower()
        start = self.world.subscriber.here()
        self.world.subscriber.publish('cuff2mqtt/bridge/request/pairing', '{"active": true}')
        self.watch_for('cuff2mqtt/bridge/response/pairing', lambda m: m.json['status'] == 'ok', start)
        self.world.fake.do('pairing-mode %s on' % cuff['address'])
        self.watch_for('cuff2mqtt/bridge/event', lambda m: m.json['type'] == 'sync_finished' and m.json['data']['device'] == identity,
                       start)

    def run(self):
        port = self.world.broker.port
        say('cuff2mqtt demo: two virtual cuffs (one with a memory), a private MQTT broker on 127.0.0.1:%d, the real service.' % port)
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


def interrupt(*_):
    """Once: a second Ctrl-C would cut the cleaning up short and leave the others running."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    options = arguments()
    if options.port and (why := why_not(options.port)):
        sys.exit('Port %d %s: choose another with PORT=.., or leave PORT out.' % (options.port, why))
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job begins with SIGINT ignored
        signal.signal(number, interrupt)
    demo, code = None, 0
    try:
        demo = Demo(options)
        demo.run()
    except Ended:
        say_last('The demo is over.')
    except KeyboardInterrupt:
        say_last('Stopping.')
    except (RuntimeError, AssertionError, OSError) as error:
        say_last('The demo failed: %s' % error)
        code = 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if demo:
            if demo.world.running and demo.world.running.alive() and demo.world.running.stop() != 0:
                code = code or 1
            demo.world.close()
    return code


sys.exit(main())
