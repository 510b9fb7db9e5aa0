"""What went over the air, from btmon's two forms: the file it writes (`btmon -w`) and the text it shows, also where a
forum has taken its indentation away.

About pairing (SMP) both give [(who, bytes)] in order, who being 'host' or 'cuff'."""

import re
import struct

RECORD = struct.Struct('>IIIIq')  # original length, included length, flags, drops, time
EVENT, ACL = 3, {4: 'host', 5: 'cuff'}  # opcodes of btmon's own format: Event; ACL TX, ACL RX
SMP_CHANNEL = 6
ADVERTISING_REPORT = 0x3e, 0x02  # LE Meta Event, its subevent; one report in each, as our controller sends them


def packets_of_file(path):
    """(opcode, bytes) each."""
    with open(path, 'rb') as f:
        head = f.read(16)
        assert head[:12] == b'btsnoop\0\0\0\0\1' and head[12:] == b'\0\0\x07\xd1', head  # 2001: Linux Monitor
        while len(record := f.read(RECORD.size)) == RECORD.size:
            _, length, flags, _, _ = RECORD.unpack(record)
            data = f.read(length)
            if len(data) < length:  # it is being written
                break
            yield flags & 0xffff, data


def smp_of_file(path):
    found = []
    for opcode, data in packets_of_file(path):
        if opcode in ACL and len(data) > 8:
            _, _, size, channel = struct.unpack_from('<HHHH', data)
            if channel == SMP_CHANNEL:
                found.append((ACL[opcode], data[8:8 + size]))
    return found


def advertisers_of_file(path):
    """Whom the host has heard: addresses, upper case."""
    return {data[11:5:-1].hex(':').upper() for opcode, data in packets_of_file(path)
            if opcode == EVENT and (data[0], data[2]) == ADVERTISING_REPORT}


def smp_of_text(text):
    """Each `SMP: NAME (0xNN) len N` and the fields below it: a code in brackets or a plain number each."""
    found, who, left = [], None, 0
    for line in map(str.strip, text.splitlines()):
        if line[:1] in '<>' and line:
            who = 'host' if line[0] == '<' else 'cuff'
            left = 0
        elif head := re.fullmatch(r'SMP: .* \(0x([0-9a-f]{2})\) len (\d+)', line):
            found.append((who, bytes([int(head[1], 16)])))
            left = int(head[2])
        elif left and (field := re.search(r'\(0x([0-9a-f]{2})\)$|: (\d+)$', line)):
            value = int(field[1], 16) if field[1] else int(field[2])
            found[-1] = (who, found[-1][1] + bytes([value]))
            left -= 1
    return found
