#!/usr/bin/python3
"""systemd-timedated as far as it is asked whether the clock is synchronised, on the bus of DBUS_SYSTEM_BUS_ADDRESS. Says `ready`, and
`asked` with each answer; which one is read from its standard input: `yes` or `no`, no at first."""

import sys

import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME, PATH = 'org.freedesktop.timedate1', '/org/freedesktop/timedate1'


def say(*words):
    print(*words, flush=True)


class Timedate(dbus.service.Object):
    answer = 'no'

    @dbus.service.method('org.freedesktop.DBus.Properties', in_signature='ss', out_signature='v')
    def Get(self, interface, name):
        if (interface, name) != (NAME, 'NTPSynchronized'):
            raise dbus.DBusException('not here', name='org.freedesktop.DBus.Error.UnknownProperty')
        say('asked', self.answer)
        return dbus.Boolean(self.answer == 'yes')

    def on_line(self, stream, condition):
        self.answer = stream.readline().strip()
        say('says', self.answer)
        return bool(self.answer)


def main():
    bus = dbus.SystemBus(mainloop=DBusGMainLoop())
    timedate = Timedate(bus, PATH)
    name = dbus.service.BusName(NAME, bus, do_not_queue=True)
    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, timedate.on_line)
    say('ready', name.get_name())
    GLib.MainLoop().run()


main()
