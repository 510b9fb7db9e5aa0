"""A private bus with the virtual cuff on it, and clients to talk to it: for the tests of the fake itself.

Needs python3-dbus and python3-gi. All in one thread: every wait runs the loop until an event."""
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

PROGRAM = os.environ.get("VIRTUAL_CUFF", "build/san/virtual-cuff")
CUFF = "28:FF:B2:05:91:B5"
ADAPTER = "/org/bluez/hci0"
DEVICE = ADAPTER + "/dev_" + CUFF.replace(":", "_")
MEASUREMENT = DEVICE + "/service0010/char0011"
CURRENT_TIME = DEVICE + "/service0040/char0041"
PROPERTIES = "org.freedesktop.DBus.Properties"
PATIENCE = 15
TRUE, FALSE = dbus.Boolean(True, variant_level=1), dbus.Boolean(False, variant_level=1)

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>"""

LOOP = DBusGMainLoop()
CONTEXT = GLib.MainContext.default()


def pump(done, what):
    """Runs the loop until done() is true."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain for " + what)
        wake = GLib.timeout_add(50, lambda: True)
        CONTEXT.iteration(True)
        GLib.source_remove(wake)


class Agent(dbus.service.Object):
    @dbus.service.method("org.bluez.Agent1", in_signature="o")
    def RequestAuthorization(self, device):
        pass


class Application(dbus.service.Object):
    """ObjectManager with one GattProfile1 object."""

    @dbus.service.method("org.freedesktop.DBus.ObjectManager", out_signature="a{oa{sa{sv}}}")
    def GetManagedObjects(self):
        uuids = dbus.Array(["00001810-0000-1000-8000-00805f9b34fb"], signature="s")
        return {dbus.ObjectPath("/app/profile"): {"org.bluez.GattProfile1": {"UUIDs": uuids}}}


class Client:
    """One connection to the bus."""

    def __init__(self, address):
        self.bus = dbus.bus.BusConnection(address, mainloop=LOOP)
        self.changes = []  # (path, {property: value}, [invalidated])
        self.bus.add_signal_receiver(
            lambda interface, changed, gone, path: self.changes.append((path, changed, gone)),
            "PropertiesChanged", PROPERTIES, path_keyword="path")

    def start(self, path, interface, method, *arguments):
        """An asynchronous call: a dictionary that gets `value` or `error`."""
        result = {}
        proxy = dbus.Interface(self.bus.get_object("org.bluez", path, introspect=False), interface)
        getattr(proxy, method)(*arguments, timeout=60,
                               reply_handler=lambda *v: result.update(value=v[0] if v else None),
                               error_handler=lambda e: result.update(error=e))
        return result

    def finish(self, result):
        pump(lambda: result, "a reply")
        if "error" in result:
            raise result["error"]
        return result["value"]

    def call(self, path, interface, method, *arguments):
        return self.finish(self.start(path, interface, method, *arguments))

    def device(self, method):
        return self.call(DEVICE, "org.bluez.Device1", method)

    def adapter(self, method, *arguments):
        return self.call(ADAPTER, "org.bluez.Adapter1", method, *arguments)

    def get(self, path, interface, name):
        return self.call(path, PROPERTIES, "Get", interface, name)

    def flag(self, name):
        return bool(self.get(DEVICE, "org.bluez.Device1", name))

    def objects(self):
        return self.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")

    def become_agent(self, default=True):
        self.agent = Agent(self.bus, "/agent")
        path = dbus.ObjectPath("/agent")
        self.call("/org/bluez", "org.bluez.AgentManager1", "RegisterAgent", path, "NoInputNoOutput")
        if default:
            self.call("/org/bluez", "org.bluez.AgentManager1", "RequestDefaultAgent", path)

    def arm(self):
        if not hasattr(self, "application"):
            self.application = Application(self.bus, "/app")
        self.call(ADAPTER, "org.bluez.GattManager1", "RegisterApplication",
                  dbus.ObjectPath("/app"), dbus.Dictionary({}, signature="sv"))

    def disarm_application(self):
        self.call(ADAPTER, "org.bluez.GattManager1", "UnregisterApplication", dbus.ObjectPath("/app"))

    def discover(self, **filters):
        self.adapter("SetDiscoveryFilter", dbus.Dictionary(filters, signature="sv"))
        self.adapter("StartDiscovery")

    def saw(self, path, name, value=None):
        return any(p == path and name in changed and (value is None or changed[name] == value)
                   for p, changed, _ in self.changes)

    def leave(self):
        self.bus.close()


class Fake(unittest.TestCase):
    """The bus and the fake; each test starts with one cuff."""

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        config = os.path.join(self.directory, "bus.conf")
        with open(config, "w") as f:
            f.write(BUS_CONFIG % self.directory)
        self.bus = self.run_program("dbus-daemon", "--config-file=" + config, "--print-address", "--nofork",
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.address = self.bus.stdout.readline().decode().strip()
        self.bus.stdout.close()
        self.fake = self.run_program(PROGRAM, "--address", self.address, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
        os.set_blocking(self.fake.stdout.fileno(), False)
        self.lines, self.tail, self.seen = [], b"", 0
        watch = GLib.io_add_watch(self.fake.stdout.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN, self.on_output)
        self.addCleanup(GLib.source_remove, watch)
        self.clients = []
        self.expect(r"bluetoothd start")
        self.send("cuff %s name=BLEsmart_0001" % CUFF)
        self.send("time-scale 20")

    def run_program(self, *words, **options):
        process = subprocess.Popen(words, **options)
        self.addCleanup(self.stop, process)
        return process

    def stop(self, process):
        process.terminate()
        code = process.wait(PATIENCE)
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
        if process is self.fake:
            self.assertEqual(code, 0, "the fake ended badly")

    def tearDown(self):
        for client in self.clients:
            client.leave()

    def on_output(self, descriptor, condition):
        data = self.tail + os.read(descriptor, 65536)
        *lines, self.tail = data.split(b"\n")
        self.lines += [line.decode() for line in lines]
        return True

    def client(self):
        self.clients.append(Client(self.address))
        return self.clients[-1]

    def leave(self, client):
        self.clients.remove(client)
        client.leave()

    def find(self, pattern, start):
        return next((i for i in range(start, len(self.lines)) if re.search(pattern, self.lines[i])), None)

    def expect(self, pattern):
        """Waits for the next such line after the one found last."""
        pump(lambda: self.find(pattern, self.seen) is not None, "%r in\n%s" % (pattern, self.lines))
        self.seen = self.find(pattern, self.seen) + 1
        return self.lines[self.seen - 1]

    def logged(self, pattern):
        return self.find(pattern, 0) is not None

    def send(self, command):
        before = len(self.lines)
        self.fake.stdin.write((command + "\n").encode())
        self.fake.stdin.flush()
        answer = "^(done|error) " + re.escape(command.split()[0])
        pump(lambda: self.find(answer, before) is not None, "an answer to " + command)
        line = self.lines[self.find(answer, before)]
        self.assertTrue(line.startswith("done"), line)

    def fails(self, error, call, *arguments):
        with self.assertRaises(dbus.DBusException) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.get_dbus_name(), "org.bluez.Error." + error)
        return caught.exception.get_dbus_message()

    def state(self):
        before = len(self.lines)
        self.send("show " + CUFF)
        line = self.lines[self.find("^state ", before)]
        return dict(word.split("=") for word in line.split()[2:])

    def show_in_scan(self, client, command="pairing-mode on"):
        """The device object exists because somebody scans; nobody does afterwards."""
        client.discover(Transport="le", DuplicateData=True)
        self.send(command)
        pump(lambda: DEVICE in client.objects(), "the device")
        client.adapter("StopDiscovery")

    def pair(self):
        client = self.client()
        client.become_agent()
        self.show_in_scan(client)
        client.device("Pair")
        return client

    def armed_and_bonded(self):
        """A client with its profile registered; the cuff is bonded and silent."""
        client = self.client()
        self.send("bonded " + CUFF)
        client.arm()
        self.expect("armed " + CUFF)
        return client

    def subscribe(self, client):
        self.send("hang-up-after never")
        self.send("advertise")
        pump(lambda: client.saw(DEVICE, "ServicesResolved", True), "ServicesResolved")
        client.call(MEASUREMENT, "org.bluez.GattCharacteristic1", "StartNotify")
