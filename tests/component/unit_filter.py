#!/usr/bin/python3
"""Runs a program as the unit's systemd would let it call the kernel:   unit_filter.py UNIT PROGRAM ARGUMENT..

Its SystemCallFilter=, RestrictAddressFamilies= and MemoryDenyWriteExecute= as libseccomp's filters; but what systemd would refuse
with an error kills here (SIGSYS), so that nobody can overlook it. Address families, and under ProtectClock= the question whether
the clock is right, fail as with systemd: whoever tries one has another way. CUFF2MQTT_TEST_ALSO names system calls that are
allowed too."""

import ctypes
import os
import re
import subprocess
import sys

ALLOW, KILL, ERRNO = 0x7fff0000, 0x80000000, 0x00050000  # seccomp.h: SCMP_ACT_..
EQUAL, MASKED = 4, 7  # SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ
EPERM, EAFNOSUPPORT = 1, 97
FAMILIES = {'AF_UNIX': 1, 'AF_INET': 2, 'AF_INET6': 10, 'AF_BLUETOOTH': 31}
CLOCK_QUESTIONS = {'adjtimex', 'clock_adjtime', 'clock_adjtime64'}
FAMILY_MAX = 64
PROT_WRITE, PROT_EXEC = 2, 4


class Comparison(ctypes.Structure):
    _fields_ = [('argument', ctypes.c_uint), ('how', ctypes.c_int), ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]


def values(unit, name):
    with open(unit) as f:
        return re.findall('^%s=(.*)$' % name, f.read(), re.M)


def calls_of(words):
    """The system calls of words as SystemCallFilter= has them: names, and @sets as this machine's systemd knows them."""
    found = set()
    for word in words:
        if word[0] == '@':
            told = subprocess.run(['systemd-analyze', 'syscall-filter', word], check=True, capture_output=True, text=True).stdout
            found |= calls_of([line.strip() for line in told.splitlines()[1:] if line.strip()[:1] not in ('', '#')])
        else:
            found.add(word)
    return found


def allowed(unit):
    calls = calls_of(['@default'])  # systemd.exec(5): always in an allow list
    for line in values(unit, 'SystemCallFilter'):
        words = calls_of(line.lstrip('~').split())
        calls = calls - words if line[0] == '~' else calls | words
    return calls


class Filter:
    def __init__(self, library, default):
        self.library = library
        self.context = library.seccomp_init(default)

    def rule(self, action, name, *comparisons):
        number = self.library.seccomp_syscall_resolve_name(name.encode())
        if number == -1:  # this libseccomp does not know it
            return
        array = (Comparison * len(comparisons))(*comparisons)
        if self.library.seccomp_rule_add_array(self.context, action, number, len(comparisons), array) < 0:
            sys.exit('unit_filter.py: no rule for ' + name)

    def load(self):
        if self.library.seccomp_load(self.context):
            sys.exit(77)


def load(unit):
    library = ctypes.CDLL('libseccomp.so.2')
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                               ctypes.POINTER(Comparison)]
    rest = Filter(library, ALLOW)
    [families] = values(unit, 'RestrictAddressFamilies')
    for family in set(range(FAMILY_MAX)) - {FAMILIES[name] for name in families.split()}:
        rest.rule(ERRNO | EAFNOSUPPORT, 'socket', Comparison(0, EQUAL, family, 0))
    if values(unit, 'MemoryDenyWriteExecute') == ['yes']:
        both = PROT_WRITE | PROT_EXEC
        rest.rule(KILL, 'mmap', Comparison(2, MASKED, both, both))
        for name in ('mprotect', 'pkey_mprotect'):
            rest.rule(KILL, name, Comparison(2, MASKED, PROT_EXEC, PROT_EXEC))
    questions = CLOCK_QUESTIONS if values(unit, 'ProtectClock') == ['yes'] else set()
    for name in questions:
        rest.rule(ERRNO | EPERM, name)
    only = Filter(library, KILL)
    for name in allowed(unit) | questions | set(os.environ.get('CUFF2MQTT_TEST_ALSO', '').split()):
        only.rule(ALLOW, name)
    for one in (rest, only):
        one.load()


if __name__ == '__main__':
    load(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])
