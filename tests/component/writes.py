"""Moments of the database: writes to the files of a directory, as the kernel tells them."""

import ctypes
import os
import select

IN_MODIFY = 2
libc = ctypes.CDLL(None)


class Writes:
    def __init__(self, directory):
        self.descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if libc.inotify_add_watch(self.descriptor, os.fsencode(directory), IN_MODIFY) < 0:
            raise OSError('inotify')

    def wait(self, seconds):
        """False: there was none in that time."""
        if not select.select([self.descriptor], [], [], seconds)[0]:
            return False
        os.read(self.descriptor, 4096)
        return True

    def close(self):
        os.close(self.descriptor)
