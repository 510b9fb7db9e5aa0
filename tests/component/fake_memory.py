"""A host for the memory of OMRON's cuffs, on a fake bus: what the tests of the fake need of the protocol."""
import dbus
from fake_bus import CUFF, DEVICE, Fake, pump

CHARACTERISTIC = "org.bluez.GattCharacteristic1"
KEY = bytes.fromhex("deadbeaf12341234deadbeaf12341234")
CLASSIC = {"service": DEVICE + "/service0300", "unlock": DEVICE + "/service0300/char030f",
           "tx": [DEVICE + "/service0300/char0%df" % n for n in (31, 32, 33, 34)],
           "rx": [DEVICE + "/service0300/char0%df" % n for n in (35, 36, 37, 38)]}
MODERN = {"service": DEVICE + "/service0019", "unlock": DEVICE + "/service0019/char001a",
          "tx": [DEVICE + "/service0019/char001d"], "rx": [DEVICE + "/service0019/char001f"]}


def frame(kind, address=0, n=0, payload=b"", result=0):
    body = bytes([8 + len(payload), kind >> 8, kind & 255, address >> 8, address & 255, n]) + payload + bytes([result])
    xor = 0
    for byte in body:
        xor ^= byte
    return body + bytes([xor])


START, END = frame(0x0000, n=0x10), frame(0x0F00)


class MemoryFake(Fake):
    """One memory cuff, its host, and what the host was told so far."""

    def cuff(self, kind, options=""):
        self.send("cuff %s memory=%s %s" % (CUFF, kind, options))
        self.send("hang-up-after 0.3")
        self.places = CLASSIC if kind in ("classic", "7322t") else MODERN
        self.read_so_far = 0

    def bonded(self, kind, options="", key="default"):
        self.cuff(kind, options)
        if key and self.places is CLASSIC:
            self.send("cuff-key " + key)
        self.host = self.armed_and_bonded()
        return self.host

    def connect(self):
        del self.host.changes[:]
        self.read_so_far = 0
        self.send("advertise")
        pump(lambda: self.host.saw(DEVICE, "ServicesResolved", True), "ServicesResolved")

    def gone(self, by="cuff"):
        self.expect("disconnect %s by=%s" % (CUFF, by))
        pump(lambda: self.host.saw(DEVICE, "Connected", False), "the end of the link")

    def subscribe_to(self, *paths):
        for path in paths:
            self.host.call(path, CHARACTERISTIC, "StartNotify")

    def unsubscribe(self):
        """While nobody is connected: local, and the next link begins without."""
        for path in self.places["rx"] + [self.places["unlock"]]:
            self.host.call(path, CHARACTERISTIC, "StopNotify")

    def write(self, path, value, kind="request"):
        options = dbus.Dictionary({"type": kind}, signature="sv")
        self.host.call(path, CHARACTERISTIC, "WriteValue", dbus.ByteArray(value), options)

    def values(self):
        """Notifications of the memory's channels not yet looked at: [(path, bytes)]"""
        mine = self.places["rx"] + [self.places["unlock"]]
        return [(path, bytes(changed["Value"])) for path, changed, _ in self.host.changes[self.read_so_far:]
                if path in mine and "Value" in changed]

    def take(self):
        pump(lambda: self.values(), "a notification")
        mine = self.places["rx"] + [self.places["unlock"]]
        for i, (path, changed, _) in enumerate(self.host.changes[self.read_so_far:]):
            if path in mine and "Value" in changed:
                self.read_so_far += i + 1
                return path, bytes(changed["Value"])

    def take_frame(self):
        path, whole = self.take()
        self.assertEqual(path, self.places["rx"][0])
        i = 1
        while len(whole) < whole[0]:
            path, value = self.take()
            self.assertEqual(path, self.places["rx"][i])
            whole += value
            i += 1
        return whole[:whole[0]]

    def say(self, request):
        if self.places is MODERN:
            self.write(self.places["tx"][0], request, "command")
            return
        for i in range(0, len(request), 16):
            self.write(self.places["tx"][i // 16], request[i:i + 16])

    def ask(self, request):
        self.say(request)
        return self.take_frame()

    def read(self, address, n):
        reply = self.ask(frame(0x0100, address, n))
        self.assertEqual(reply[:6], bytes([8 + n, 0x81, 0, address >> 8, address & 255, n]))
        self.assertEqual(reply[-2], 0)
        return reply[6:-2]

    def unlock(self, key=KEY, command=1):
        self.write(self.places["unlock"], bytes([command]) + key)
        path, value = self.take()
        self.assertEqual(path, self.places["unlock"])
        return value

    def open(self):
        """Everything up to and with START."""
        rx, unlock = self.places["rx"], self.places["unlock"]
        self.subscribe_to(rx[0], unlock)
        if self.places is CLASSIC:
            self.assertEqual(self.unlock()[:2], b"\x81\x00")
            self.subscribe_to(*rx[1:])
        self.assertEqual(self.ask(START)[1:3], b"\x80\x00")

    def session(self):
        """Connects and opens."""
        self.connect()
        self.open()

    def violations(self):
        return [line.split(" ", 2)[2] for line in self.lines if " violation " in line]
