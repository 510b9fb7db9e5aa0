"""The other side of shim.c: what shall go wrong in the service's own machine."""

import errno
import mmap
import os
import struct

FIELDS = ('disk_after', 'disk_errno', 'disk_kills', 'disk_mode', 'memory_after', 'memory_times', 'clock_offset_s',
          'name_delay_ms', 'disk_hits', 'memory_hits', 'name_hits', 'heap_asked', 'heap_told', 'heap_used', 'heap_sqlite',
          'leak_bytes', 'leak_descriptors')
CHANGES, READS = 0, 1
HEALTHY = {'disk_after': -1, 'memory_after': -1, 'clock_offset_s': 0, 'name_delay_ms': 0}


class Shim:
    """`library`: shim.c as it was built; None: nothing is preloaded, and nothing of this goes wrong."""

    def __init__(self, directory, library):
        self.path, self.library = os.path.join(directory, 'control'), library
        with open(self.path, 'wb') as f:
            f.write(bytes(8 * len(FIELDS)))
        with open(self.path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), 0)
        self.heal()

    @property
    def env(self):
        return {'LD_PRELOAD': self.library, 'FAULTS_CONTROL': self.path} if self.library else {}

    def set(self, name, value):
        struct.pack_into('=q', self.map, 8 * FIELDS.index(name), value)

    def get(self, name):
        return struct.unpack_from('=q', self.map, 8 * FIELDS.index(name))[0]

    def hits(self):
        """How often it has struck: {'disk': n, 'memory': n, 'name': n}."""
        return {name: self.get(name + '_hits') for name in ('disk', 'memory', 'name')}

    def disk(self, after, error='ENOSPC', mode=CHANGES, kills=False):
        """The fault's number goes last: it is what sets the others going."""
        self.set('disk_errno', getattr(errno, error))
        self.set('disk_mode', mode)
        self.set('disk_kills', int(kills))
        self.set('disk_after', after)

    def memory(self, after, times):
        self.set('memory_times', times)
        self.set('memory_after', after)

    def heal(self):
        for name, value in HEALTHY.items():
            self.set(name, value)

    def heal_disk(self):
        self.set('disk_after', -1)
        self.set('disk_kills', 0)

    def close(self):
        self.map.close()
