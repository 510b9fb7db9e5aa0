"""What the service and org.bluez say to each other, as text that can be compared.

    transcript(recorder.messages, recorder.clients, CUFF)      -> lines
    difference(of_the_fake, of_the_real)                       -> '' or where they part, with the surroundings

One line per event, in the order of the bus, without times; the second word is the object:

    call adapter Adapter1.StartDiscovery        the service asks (`reply ..`: what it is answered)
    asked agent Agent1.RequestAuthorization     bluetoothd asks the service (`answered ..`)
    signal cuff Device1 Connected=true          bluetoothd tells everybody
    lists cuff Device1 Bonded=true ..           one object in a reply of GetManagedObjects

Paths are replaced by roles (adapter, cuff, stranger, agent, profile, the short UUID of a characteristic),
because handles and names are free to differ.

Not compared is what a program may do in either order without meaning anything by it. Two sequences are made
of the lines and compared one by one (`stream` sorts the lines into them):
- the calls of the service, over all objects: it does one thing after the other;
- what bluetoothd says of one interface of one object: its words come in the order in which it spoke them.
  Of different objects it speaks when its main loop comes round to each, and an indication falls between two
  reads wherever the radio puts it. That is why replies and signals of one object stand together, and those
  of two objects do not. `Pairable` and `Discovering` stand alone: the kernel confirms them in its own time.
GATT objects that come and go are events of their device, so that their place beside `ServicesResolved`
counts; among themselves they have no order (bluetoothd walks a hash table). `Disconnect` may meet a link that
falls by itself: which of the answer and `Connected=false` comes first, and whether the service then asks once
more, is the air's choice; so its answers stand alone, and a repetition counts once. What is said after the
last call of a run of the service is left out: it has gone by then, at some moment or other."""

import difflib
import os
import re

# What the fake does not claim to know, and why nothing is lost by that.
NOT_CLAIMED = {
    'RSSI', 'TxPower',                                     # the radio's weather
    'AdvertisingFlags', 'AdvertisingData', 'ServiceData',  # the service reads ManufacturerData only
    'Appearance', 'Icon', 'Class', 'Modalias',             # for pictures in a desktop
    'LegacyPairing',                                       # BR/EDR only
    'WakeAllowed', 'Sets', 'PreferredBearer', 'PowerState',  # not for these devices, or of later releases
    'Roles', 'ExperimentalFeatures', 'Manufacturer', 'Version', 'Connectable',  # what the controller can do
    'Discoverable', 'DiscoverableTimeout', 'PairableTimeout',                   # nobody is to find the gateway
    'Handle', 'Includes',                                  # where the cuff keeps it
    'MTU',                                                 # what the service asks for fits the smallest
    'WriteAcquired', 'NotifyAcquired',                     # ways to read that the service does not go
    'Adapter1.Name', 'Adapter1.Alias', 'Adapter1.UUIDs',   # of the machine, and of bluetoothd's other profiles
}
VOLATILE = {'Pairable', 'Discovering', 'Value', 'Notifying'}  # listed by name only: their signals are compared
INTERFACES = {'org.bluez.' + name for name in ('Adapter1', 'Device1', 'GattService1', 'GattCharacteristic1')}
CLOCK = '2a2b'  # its value is the time of day


def transcript(messages, clients, cuff):
    reader = Reader(clients, cuff)
    for message in messages:
        reader.read(message)
    return sort_arrivals(reader.lines)


def bare(interface):
    return re.sub(r'^org\.(bluez|freedesktop\.DBus)\.', '', interface)


def is_claimed(interface, name):
    return name not in NOT_CLAIMED and '%s.%s' % (bare(interface), name) not in NOT_CLAIMED


def sort_arrivals(lines):
    """Runs of GATT objects that come or go in one order, whatever it was on the bus."""
    run, result = [], []
    for line in [*lines, '']:
        if re.match(r'signal cuff [+-] \S+ Gatt', line):
            run.append(line)
        else:
            result += [*sorted(run), line]
            run = []
    return result[:-1]


class Reader:
    """Messages into lines; nothing but what is said while one of the `clients` is on the bus."""

    def __init__(self, clients, cuff):
        self.clients, self.cuff = clients, 'dev_' + cuff.replace(':', '_')
        self.present, self.owner = set(), None
        self.roles, self.pending, self.last, self.lines = {}, {}, {}, []

    def read(self, m):
        self.read_names(m)
        if m.type == 'signal':
            if m.sender == self.owner:
                self.read_signal(m)
        elif m.sender in self.clients and m.destination in ('org.bluez', self.owner):
            self.read_talk(m, 'call', 'answered')
        elif m.sender == self.owner and m.destination in self.clients:
            self.read_talk(m, 'asked', 'reply')

    def say(self, word, role, words):
        if self.present and role not in ('stranger', 'descriptor'):
            self.lines.append(' '.join([word, role, *words]).rstrip())

    # --- who is who ---

    def read_names(self, m):
        name, _, new = m.owner_change()
        if name == 'org.bluez':
            self.owner = new
            self.say('signal', 'bluetoothd', ['start' if new else 'stop'])
        elif name in self.clients and new:
            self.present.add(name)
        elif name in self.clients:
            self.present.discard(name)
            self.drop_unheard()
        if m.member == 'InterfacesAdded':
            self.learn(*m.body)
        elif m.signature == 'a{oa{sa{sv}}}':
            for path, interfaces in m.body[0].items():
                self.learn(path, interfaces)

    def drop_unheard(self):
        while self.lines and not self.lines[-1].startswith('call '):
            self.lines.pop()

    def learn(self, path, interfaces):
        for properties in interfaces.values():
            if 'UUID' in properties:
                self.roles[path] = self.text(properties['UUID'])

    def role(self, path):
        if path in self.roles:
            return self.roles[path]
        found = re.fullmatch(r'/org/bluez/hci\d+(?:/(dev_\w+))?(/.*)?', path)
        if found and found[2]:
            return 'descriptor'
        if found:
            return 'adapter' if not found[1] else 'cuff' if found[1] == self.cuff else 'stranger'
        return {'/': 'root', '/org/bluez': 'bluez', '/org/cuff2mqtt': 'application'}.get(path, path.split('/')[-1])

    # --- values ---

    def text(self, value):
        if isinstance(value, bool):
            return 'true' if value else 'false'
        if isinstance(value, dict):
            return ' '.join('%s=%s' % (key, self.text(value[key])) for key in sorted(value))
        if isinstance(value, list):
            return '[%s]' % ','.join(sorted(map(self.text, value)))
        if isinstance(value, str) and value.startswith('/'):
            return self.role(value)
        return re.sub(r'^0000([0-9a-f]{4})-0000-1000-8000-00805f9b34fb$', r'\1', str(value))

    def properties(self, interface, values):
        return ' '.join(key if key in VOLATILE else '%s=%s' % (key, self.text(values[key]))
                        for key in sorted(values) if is_claimed(interface, key))

    def value(self, role, value):
        return '%d bytes' % (len(value) // 2) if role == CLOCK else value

    # --- calls and what they are answered ---

    def read_talk(self, m, call, answer):
        if m.type == 'call':
            about = self.role(m.path), self.what(m)
            self.pending[m.sender, m.serial] = about
            self.say(call, about[0], [about[1]])
            return
        about = self.pending.pop((m.destination, m.reply_serial), None)
        if about is None:
            return
        role, what = about
        if m.type == 'error':
            self.say(answer, role, [what, m.error, '"%s"' % ' '.join(m.body)])
        elif m.signature == 'a{oa{sa{sv}}}':
            self.say(answer, role, [what, 'ok'])
            self.say_list(m.body[0])
        else:
            self.say(answer, role, [what, 'ok', *(self.answer(role, what, one) for one in m.body)])

    def answer(self, role, what, value):
        if what.startswith('GetAll '):
            return self.properties(what.split()[1], value)
        return self.value(role, self.text(value))

    def what(self, m):
        body = m.body
        if m.interface == 'org.freedesktop.DBus.Properties':
            name = '.'.join([bare(body[0]), *body[1:2]])
            return '%s %s' % (m.member, name + '=' + self.text(body[2]) if m.member == 'Set' else name)
        values = [self.value(self.role(m.path), self.text(one)) for one in body if one != {}]
        return ' '.join(['%s.%s' % (bare(m.interface), m.member), *values])

    def say_list(self, objects):
        found = [(self.role(path), bare(name), self.properties(name, properties))
                 for path, interfaces in objects.items()
                 for name, properties in interfaces.items() if name in INTERFACES]
        for role, *words in sorted(found):
            self.say('lists', role, words)

    # --- signals ---

    def read_signal(self, m):
        if m.member == 'PropertiesChanged':
            interface, changed, invalidated = m.body
            if interface in INTERFACES:
                self.say_changes(self.role(m.path), bare(interface), changed, invalidated)
        elif m.member == 'InterfacesAdded':
            for name, properties in m.body[1].items():
                if 'ManufacturerData' in properties:  # what it says first
                    self.last[self.role(m.body[0])] = 'ManufacturerData=' + self.text(properties['ManufacturerData'])
                self.say_arrival('+', m.body[0], name, self.properties(name, properties))
        elif m.member == 'InterfacesRemoved':
            for name in m.body[1]:
                self.say_arrival('-', m.body[0], name, '')

    def say_changes(self, role, interface, changed, invalidated):
        """Line by line, in the signal's order: which of them share one depends on when the main loop comes round."""
        words = ['%s=%s' % (name, self.value(role, self.text(value)) if name == 'Value' else self.text(value))
                 for name, value in changed.items() if is_claimed(interface, name)]
        words += ['%s invalidated' % name for name in invalidated if is_claimed(interface, name)]
        for word in words:
            if word.startswith('ManufacturerData') and self.last.get(role) == word:
                continue  # how often an advertisement is heard is the radio's weather
            if word.startswith('ManufacturerData'):
                self.last[role] = word
            self.say('signal', role, [interface, word])

    def say_arrival(self, sign, path, interface, properties):
        if interface not in INTERFACES:
            return
        device = re.sub(r'(/dev_\w+)/.*', r'\1', path)
        words = [bare(interface), properties] if device == path else [self.role(path), bare(interface)]
        if self.role(path) != 'descriptor':
            self.say('signal', self.role(device), [sign, *words])


# --- comparing ----------------------------------------------------------------------------------------

def stream(line):
    """In which sequence a line stands."""
    word, role, what = line.split(' ', 2)
    if word == 'call':
        return 'what the service calls'
    if word == 'answered':
        return 'what the service answers'
    if word == 'lists':
        return 'root'
    if what.startswith(('Adapter1 Pairable', 'Adapter1 Discovering')):
        return role + what[len('Adapter1'):what.index('=')]
    if what.startswith('Device1.Disconnect '):
        return role + ' Disconnect'
    interface = re.search(r'\w+1', what) if what[0] not in '+-' else None
    return role + (' ' + interface[0] if interface else ' Device1' if role == 'cuff' else '')


def streams(lines):
    found = {}
    for line in lines:
        one = found.setdefault(stream(line), [])
        if 'Device1.Disconnect' not in line or one[-1:] != [line]:
            one.append(line)
    return {name: sort_arrivals(one) for name, one in found.items()}


def difference(fake, real):
    """'' if both say the same; else where each sequence that parts does so, the first one first."""
    mine, theirs, parted = streams(fake), streams(real), []
    for name in dict.fromkeys([*theirs, *mine]):
        a, b = mine.get(name, []), theirs.get(name, [])
        if a != b:
            same = len(os.path.commonprefix([a, b]))
            place = real.index(b[same]) if same < len(b) else len(real)
            parted.append((place, '=== ' + name, *difflib.unified_diff(a, b, 'fake', 'real', lineterm='', n=2)))
    return '\n'.join(line for _, *lines in sorted(parted) for line in lines)
