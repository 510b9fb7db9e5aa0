"""Writes down everything that is said on a private bus (dbus-monitor), and asks things there itself.

    recorder = Recorder(address, told)      before anybody else is on the bus
    recorder.follow(service.pid)            each time a service has started: its words make the transcript
    recorder.messages                       so far, in the order of the bus; recorder.pcap: pieces of a file for Wireshark"""

import contextlib
import struct
import subprocess
import threading

from gi.repository import Gio, GLib

TYPES = {Gio.DBusMessageType.METHOD_CALL: 'call', Gio.DBusMessageType.METHOD_RETURN: 'reply',
         Gio.DBusMessageType.ERROR: 'error', Gio.DBusMessageType.SIGNAL: 'signal'}


def plain(value):
    """A GLib.Variant as Python's own; bytes as hexadecimal text."""
    kind = value.get_type_string()
    if kind == 'v':
        return plain(value.get_variant())
    if kind == 'ay':
        return bytes(value.unpack()).hex()
    if kind.startswith('a{'):
        return {key: plain(one) for key, one in (map(value.get_child_value(i).get_child_value, (0, 1))
                                                 for i in range(value.n_children())) for key in [key.unpack()]}
    if kind[0] in 'a(':
        return [plain(value.get_child_value(i)) for i in range(value.n_children())]
    return value.unpack()


class Message:
    """What a message's head says; its `body` is a list of arguments."""

    def __init__(self, data):
        m = Gio.DBusMessage.new_from_blob(data, Gio.DBusCapabilityFlags.UNIX_FD_PASSING)
        self.type, self.error = TYPES[m.get_message_type()], m.get_error_name()
        self.sender, self.destination = m.get_sender(), m.get_destination()
        self.path, self.interface, self.member = m.get_path(), m.get_interface() or '', m.get_member()
        self.serial, self.reply_serial = m.get_serial(), m.get_reply_serial()
        self.signature, self._body = m.get_signature(), m.get_body()

    @property
    def body(self):
        return plain(self._body) if self._body else []

    def owner_change(self):
        """(name, old owner, new owner) of a NameOwnerChanged; of anything else three Nones."""
        if self.member == 'NameOwnerChanged' and self.sender == 'org.freedesktop.DBus':
            return self.body
        return None, None, None


class Recorder:
    """`told(line)` hears of what the log of the cuffs should say too."""

    def __init__(self, address, told=lambda line: None):
        self.told = told
        self.pcap, self.messages, self.clients = [], [], set()
        self.pending, self.owner, self.present = {}, None, set()
        self.changed = threading.Condition()
        self.process = subprocess.Popen(['dbus-monitor', '--address', address, '--pcap'], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        with self.changed:  # NameLost: from here on it hears everything
            self.changed.wait_for(lambda: len(self.messages) > 1 or not self.reader.is_alive())
        self.bus = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)

    # --- listening ---

    def _read(self):
        """The format of pcap: a head of 24 bytes, then 16 in front of each message."""
        stream = self.process.stdout
        self.pcap.append(stream.read(24))
        while len(head := stream.read(16)) == 16:
            size = struct.unpack_from('=I', head, 8)[0]
            data = stream.read(size)
            if len(data) < size:  # dbus-monitor was ended in the middle of it
                return
            message = Message(data)
            with self.changed:
                self.pcap.append(head + data)
                self.messages.append(message)
                self._note(message)
                self.changed.notify_all()
            self._tell(message)

    def _note(self, m):
        """Who is on the bus."""
        name, _, new = m.owner_change()
        if name == 'org.bluez':
            self.owner = new
        elif name:
            (self.present.add if new else self.present.discard)(name)

    def _tell(self, m):
        name, _, new = m.owner_change()
        if name == 'org.bluez':
            self.told('bluetoothd ' + ('start' if new else 'stop'))
        elif m.type == 'signal' and m.sender == self.owner:
            self._tell_power(m)
        elif m.type == 'call' and m.interface.startswith('org.bluez.'):
            if m.sender == self.owner:
                self.told('asked %s %s' % (m.member, m.destination))
            else:
                self.pending[m.sender, m.serial] = 'call %s path=%s answer=' % (m.member, m.path)
        elif m.type in ('reply', 'error'):
            call = self.pending.pop((m.destination, m.reply_serial), None)
            if call:
                self.told(call + (m.error or 'ok'))

    def _tell_power(self, m):
        interfaces = dict([m.body[:2]]) if m.member == 'PropertiesChanged' else \
            m.body[1] if m.member == 'InterfacesAdded' else {}
        powered = interfaces.get('org.bluez.Adapter1', {}).get('Powered')
        if powered is not None:
            self.told('powered ' + ('yes' if powered else 'no'))

    # --- asking ---

    def call(self, destination, path, interface, member, *arguments):
        """The arguments are GLib.Variants; returns the list of what came back. GLib.Error if it was refused."""
        return plain(self.bus.call_sync(destination, path, interface, member, GLib.Variant.new_tuple(*arguments), None,
                                        Gio.DBusCallFlags.NONE, -1, None))

    def follow(self, pid):
        """This process is the service, whatever it is called on the bus."""
        def owner_of(name):
            bus = 'org.freedesktop.DBus'
            return self.call(bus, '/', bus, 'GetConnectionUnixProcessID', GLib.Variant('s', name))[0]

        with self.changed:
            present = {name for name in self.present if name.startswith(':')}
        for name in present:
            with contextlib.suppress(GLib.Error):  # it has left meanwhile
                if owner_of(name) == pid:
                    self.clients.add(name)

    def wait_for_the_end(self, deadline):
        """Until the services that were followed have left the bus."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.present & self.clients, deadline)

    def stop(self):
        with contextlib.suppress(GLib.Error):  # the bus has ended before us
            self.bus.close_sync()
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
