#!/usr/bin/python3
"""The whole path on the real stack, for a person to watch: Linux, bluetoothd, the service, a virtual cuff on the air.
`radio` is what the cuff sees, `mqtt` what a subscriber hears. `make lab-demo` boots a guest and runs this in it:

    demo.py BUILD OUTDIR"""

import os
import re
import subprocess
import sys
import time

BUILD, OUT = (os.path.realpath(argument) for argument in sys.argv[1:3])
os.environ['CUFF2MQTT'] = os.path.join(BUILD, 'cuff2mqtt')
os.environ['VIRTUAL_CUFF_VHCI'] = os.path.join(BUILD, 'virtual-cuff-vhci')
# They read these when they are imported:
from lab import CUFF, DEADLINE, OMRON_CUFF, LabWorld, bluetoothd_program, timing  # noqa: E402

SMP = {1: 'Pairing Request', 2: 'Pairing Response', 3: 'Pairing Confirm', 4: 'Pairing Random', 5: 'Pairing Failed',
       6: 'Encryption Information', 7: 'Central Identification', 8: 'Identity Information',
       9: 'Identity Address Information', 10: 'Signing Information', 11: 'Security Request'}
TOLD = ('scan', 'advertising', 'heard', 'connect', 'security-request', 'smp', 'encrypted', 'bonded', 'indication',
        'confirmed', 'disconnect')


def radio(line):
    """One line of the cuff's log, in words; None: not worth showing."""
    words = line.split(' ', 2)[2].replace(CUFF, 'the cuff')
    word = words.split()[0]
    if word == 'smp':
        who, pdu = re.search(r'(host|cuff)=(\w+)', words).groups()
        name, shown = SMP.get(int(pdu[:2], 16), '?'), pdu if len(pdu) <= 14 else ''
        return 'SMP  %s  %s %s' % ('->' if who == 'host' else '<-', name, shown)
    return words if word in TOLD else None


def mqtt(message):
    """One message of the service, in words; None: not worth showing."""
    if message.topic == 'cuff2mqtt/bridge/event':
        data = message.json['data']
        return '%s  %s' % (message.json['type'], data.get('text') or ' '.join('%s=%s' % one for one in data.items()))
    if message.topic.startswith('homeassistant/device/'):
        return 'Home Assistant shows "%s"' % message.json['device']['name']
    if re.fullmatch(r'cuff2mqtt/device/\w+/user/\w+/event', message.topic):
        return '%(systolic)d/%(diastolic)d mmHg, pulse %(pulse)s, user %(user)s, %(measured_at)s' % message.json
    return None


class Demo:
    def __init__(self):
        self.began, self.lines, self.messages, self.said = time.monotonic(), 0, 0, set()
        self.world = LabWorld(cuffs=(OMRON_CUFF,), config=timing(cooldown=2.0), logs=OUT)

    def say(self, text):
        print(text, flush=True)

    def tell(self):
        """What is new, from both sides."""
        out, heard = self.world.fake.out, self.world.subscriber
        with out.changed:
            lines, self.lines = out.lines[self.lines:], len(out.lines)
        with heard.changed:
            messages, self.messages = heard.messages[self.messages:], len(heard.messages)
        rows = [('radio', radio(line)) for line in lines if line.startswith('log ')]
        rows += [('mqtt', mqtt(message)) for message in messages]
        for side, text in rows:
            if text and (side == 'radio' or text not in self.said):  # discovery is sent more than once
                self.said.add(text)
                self.say('%6.1f  %-6s %s' % (time.monotonic() - self.began, side, text))

    def until(self, topic, where, start):
        end = time.monotonic() + DEADLINE
        while not self.world.subscriber.find(topic, where, start):
            if time.monotonic() > end:
                raise SystemExit('This did not work: nothing came on %s. The service said:\n%s' %
                                 (topic, '\n'.join(self.world.running.err.lines[-20:])))
            self.tell()
            time.sleep(0.1)  # two logs grow; there is no event for both
        self.tell()

    def event(self, kind, start):
        self.until('cuff2mqtt/bridge/event', lambda m: m.json['type'] == kind, start)

    def run(self):
        w = self.world
        asked = subprocess.run([bluetoothd_program(), '--version'], stdout=subprocess.PIPE, text=True)
        self.say('Linux %s, bluetoothd %s, one virtual cuff (%s) behind a virtual controller.' %
                 (os.uname().release, asked.stdout.strip(), CUFF))
        w.fake.wait('powered yes')
        w.service()
        start = w.subscriber.here()
        self.say('\n--- A pairing window is opened; somebody holds the cuff\'s button until the P blinks.')
        w.request('pairing', '{"active": true}')
        w.fake.do('pairing-mode on')
        self.event('sync_finished', start)
        w.fake.wait('disconnect ' + CUFF)
        for values in ('131/84/67', '128/82/64'):
            self.say('\n--- Somebody measures. The cuff advertises, the kernel connects it, the stored key encrypts.')
            start = w.subscriber.here()
            w.fake.do('measure ' + values)
            self.until(r'cuff2mqtt/device/\w+/user/\w+/event', lambda m: True, start)
            self.event('sync_finished', start)
        self.say('\n--- The service is stopped in order.')
        code = w.running.stop()
        self.tell()
        self.say('\nThe service ended with %d. The capture for Wireshark, btmon\'s text and all logs: %s' % (code, OUT))
        return code


def main():
    demo = Demo()
    try:
        return demo.run()
    finally:
        demo.world.close()


sys.exit(main())
