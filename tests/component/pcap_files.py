"""Captures as files: btsnoop (HCI 1001, H4 1002, Linux monitor 2001), pcap and pcapng, from a list of frames.

A frame is (type, received, data, usec): type "command", "event", "acl", "mgmt_command", "mgmt_event", "air", or
the number of one of the monitor's opcodes; received True, False, or None where it does not matter. What a format
cannot hold is left out of it, as in real files: only the monitor's hold MGMT and its own notes."""

import struct
from typing import NamedTuple, Optional, Union

HCI, H4, MONITOR = 1001, 1002, 2001  # btsnoop's datalinks
LINK_H4, LINK_H4_DIRECTION, LINK_MONITOR = 187, 201, 254  # pcap's link types
LINK_LE, LINK_LE_PHDR, LINK_NORDIC = 251, 256, 272

YEAR_ZERO = 0x00DCDDB30F2F8000  # 1970 as btsnoop counts: microseconds since the year 0
BEGIN = 1700000000 * 1000000  # when the captures made here begin

H4_TYPES = {"command": 1, "acl": 2, "event": 4}
OPCODES = {("command", None): 2, ("event", None): 3, ("acl", False): 4, ("acl", True): 5,
           ("mgmt_command", None): 16, ("mgmt_event", None): 17}


class Frame(NamedTuple):
    type: Union[str, int]
    received: Optional[bool]
    data: bytes
    usec: int  # since the capture's beginning


def opcode_of(frame):
    """The monitor's; None: it has none for this."""
    kind, received = frame[0], frame[1]
    if isinstance(kind, int):
        return kind
    return OPCODES.get((kind, received if kind == "acl" else None))


def is_received(frame):
    return {"command": False, "event": True}.get(frame[0], bool(frame[1]))


# --- btsnoop ---

def btsnoop_record(flags, usec, data, wire=None):
    """`wire`: how long it was on the wire, where the file holds less."""
    return struct.pack(">IIIIq", len(data) if wire is None else wire, len(data), flags, 0, usec) + data


def _btsnoop_body(frame, datalink, adapter):
    """(flags, bytes), or None."""
    kind, _, data, _ = frame
    if datalink == MONITOR:
        opcode = opcode_of(frame)
        return None if opcode is None else (adapter << 16 | opcode, data)
    if kind not in H4_TYPES:
        return None
    flags = int(is_received(frame)) | (0 if kind == "acl" else 2)
    return flags, data if datalink == HCI else bytes([H4_TYPES[kind]]) + data


def btsnoop(frames, datalink=MONITOR, adapter=0):
    out = b"btsnoop\0" + struct.pack(">II", 1, datalink)
    for frame in frames:
        body = _btsnoop_body(frame, datalink, adapter)
        if body:
            out += btsnoop_record(body[0], YEAR_ZERO + BEGIN + frame[3], body[1])
    return out


def read_btsnoop(data):
    """The frames of a file of the Linux monitor (btmon -w), its notes too."""
    magic, version, datalink = struct.unpack_from(">8sII", data)
    if (magic, version, datalink) != (b"btsnoop\0", 1, MONITOR):
        raise ValueError("no btsnoop of the Linux monitor")
    names = {opcode: name for name, opcode in OPCODES.items()}
    frames, at, first = [], 16, None
    while at < len(data):
        _, size, flags, _, usec = struct.unpack_from(">IIIIq", data, at)
        at += 24
        kind, received = names.get(flags & 0xFFFF, (flags & 0xFFFF, None))
        first = usec if first is None else first
        frames.append(Frame(kind, received, data[at:at + size], usec - first))
        at += size
    return frames


# --- pcap and pcapng ---

def _pcap_body(frame, link, adapter):
    """The bytes with the pseudo header of the link type, or None."""
    kind, _, data, _ = frame
    if link == LINK_MONITOR:
        opcode = opcode_of(frame)
        return None if opcode is None else struct.pack(">HH", adapter, opcode) + data
    if link in (LINK_LE, LINK_LE_PHDR, LINK_NORDIC):
        return data if kind == "air" else None
    if kind not in H4_TYPES:
        return None
    h4 = bytes([H4_TYPES[kind]]) + data
    return h4 if link == LINK_H4 else struct.pack(">I", is_received(frame)) + h4


def _bodies(frames, link, adapter):
    for frame in frames:
        body = _pcap_body(frame, link, adapter)
        if body is not None:
            yield BEGIN + frame[3], body


def pcap(frames, link=LINK_H4_DIRECTION, adapter=0, big_endian=False, nanoseconds=False, snap=65535):
    """`snap`: longer packets are cut there."""
    order, scale = ">" if big_endian else "<", 1000 if nanoseconds else 1
    out = struct.pack(order + "IHHiIII", 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0, snap, link)
    for usec, body in _bodies(frames, link, adapter):
        kept = body[:snap]
        out += struct.pack(order + "IIII", usec // 1000000, usec % 1000000 * scale, len(kept), len(body)) + kept
    return out


def _block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def pcapng_interface(link):
    return _block(1, struct.pack("<HHI", link, 0, 65535))


def pcapng(frames, link=LINK_H4_DIRECTION, adapter=0):
    out = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + pcapng_interface(link)
    for usec, body in _bodies(frames, link, adapter):
        out += _block(6, struct.pack("<IIIII", 0, usec >> 32, usec & 0xFFFFFFFF, len(body), len(body)) + body)
    return out
