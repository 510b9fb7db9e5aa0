"""Writes what a sniffer of the LE link layer would record: pcap files of link types 251, 256 and 272, with one
pairing of a cuff in them. From the specification and the three pseudo headers; nothing of the program is used."""

import struct

LE_LL, LE_LL_WITH_PHDR, NORDIC_BLE = 251, 256, 272

HOST, CUFF = "host", "cuff"
ADVERTISING = 0x8E89BED6  # access address
LINK = 0x50655DA5
CRC_INIT_ADVERTISING, CRC_INIT = 0x555555, 0x3A5F17
HOST_ADDRESS = bytes.fromhex("0A1122334455")[::-1]  # as sent: 0A:11:22:33:44:55
CUFF_ADDRESS = bytes.fromhex("C1D2E3F40516")[::-1]

EMPTY, START, CONTROL = 1, 2, 3  # LLID; 1 is a continuation too
SECURITY_REQUEST, FAILED, FEATURES_REQUEST, FEATURES_RESPONSE, CONFIRM, RANDOM = 0x0B, 0x05, 0x01, 0x02, 0x03, 0x04


def crc24(pdu, init):
    """Vol 6, Part B, 3.1.1: x^24 + x^10 + x^9 + x^6 + x^4 + x^3 + x + 1, least significant bit of each byte first."""
    state = int(f"{init:024b}"[::-1], 2)
    for byte in pdu:
        for bit in range(8):
            feedback = (state ^ byte >> bit) & 1
            state >>= 1
            if feedback:
                state ^= 0xDA6000
    return state.to_bytes(3, "little")


class Packet:
    """One packet of the air: from the access address to the CRC, and what a sniffer knows beside it."""

    def __init__(self, access_address, side, pdu, good=True, decrypted=False):
        init = CRC_INIT_ADVERTISING if access_address == ADVERTISING else CRC_INIT
        crc = crc24(pdu, init)
        self.bytes = struct.pack("<I", access_address) + pdu + (crc if good else bytes(b ^ 0xFF for b in crc))
        self.side, self.good, self.decrypted = side, good, decrypted
        self.advertising = access_address == ADVERTISING


def advertisement(kind=0, address=CUFF_ADDRESS, data=b"", random=True):
    payload = address + data
    return Packet(ADVERTISING, None, bytes([kind | random << 6, len(payload)]) + payload)


def manufacturer_data(payload, company=0x020E):
    return bytes([len(payload) + 3, 0xFF]) + struct.pack("<H", company) + payload


def connect_ind(link=LINK, random=False):
    timing = struct.pack("<BHHHH", 2, 6, 24, 0, 200) + bytes.fromhex("ffffffff1f") + bytes([0x25])
    payload = HOST_ADDRESS + CUFF_ADDRESS + struct.pack("<I", link) + CRC_INIT.to_bytes(3, "little") + timing
    return Packet(ADVERTISING, None, bytes([5 | random << 6 | 1 << 7, len(payload)]) + payload)


class Link:
    """Both ends of a connection, with their sequence numbers: every packet is acknowledged by the next."""

    def __init__(self, access_address=LINK):
        self.access_address = access_address
        self.next = {HOST: 0, CUFF: 0}  # SN of the next new packet

    def data(self, side, llid, payload=b"", good=True, decrypted=False):
        other = CUFF if side == HOST else HOST
        header = llid | (self.next[other] & 1) << 2 | (self.next[side] & 1) << 3
        if good:
            self.next[side] += 1
        return Packet(self.access_address, side, bytes([header, len(payload)]) + payload, good, decrypted)

    def smp(self, side, pdu, **more):
        return self.data(side, START, struct.pack("<HH", len(pdu), 6) + pdu, **more)

    def control(self, side, opcode, data=b"", **more):
        return self.data(side, CONTROL, bytes([opcode]) + data, **more)


def pairing():
    """LE legacy, Just Works, up to the encryption of the link; then a termination that nobody can read."""
    link = Link()
    confirms, randoms = [bytes([c] * 16) for c in (0xC1, 0xC2)], [bytes([c] * 16) for c in (0xD1, 0xD2)]
    return [
        advertisement(0, data=bytes.fromhex("020106") + manufacturer_data(bytes.fromhex("0108010001"))),
        connect_ind(),
        link.data(HOST, EMPTY),
        link.smp(CUFF, bytes([SECURITY_REQUEST, 0x01])),
        link.smp(HOST, bytes.fromhex("01030001100507")),
        link.data(CUFF, EMPTY),
        link.data(HOST, EMPTY),
        link.smp(CUFF, bytes.fromhex("02030001100101")),
        link.smp(HOST, bytes([CONFIRM]) + confirms[0]),
        link.smp(CUFF, bytes([CONFIRM]) + confirms[1]),
        link.smp(HOST, bytes([RANDOM]) + randoms[0]),
        link.smp(CUFF, bytes([RANDOM]) + randoms[1]),
        link.control(HOST, 0x03, bytes(10) + bytes(range(12))),  # LL_ENC_REQ: Rand and EDIV are zero
        link.control(CUFF, 0x04, bytes(range(12))),
        link.data(HOST, EMPTY),
        link.control(CUFF, 0x05),  # LL_START_ENC_REQ
        link.data(HOST, CONTROL, bytes.fromhex("8f21aa0317")),  # LL_START_ENC_RSP, encrypted, with its MIC
        link.data(CUFF, CONTROL, bytes.fromhex("13f0a97c55")),
        link.data(HOST, CONTROL, bytes.fromhex("02137c915a3e")),
    ]


def failure(reason=0x08):
    """The cuff refuses at once; the host sends its request twice, as the cuff missed the first."""
    link = Link()
    request = bytes.fromhex("01030001100507")
    first = link.smp(HOST, request)
    link.next[HOST] -= 1
    return [
        connect_ind(random=True),
        first,
        link.smp(HOST, request),
        link.smp(CUFF, bytes([FAILED, reason]), good=False),
        link.smp(CUFF, bytes([FAILED, reason])),
        link.control(CUFF, 0x02, b"\x13"),
    ]


def ll(packet, index):
    return packet.bytes


def phdr(packet, index, directions=True):
    """Flags: dewhitened, signal power valid, reference access address valid, CRC checked."""
    flags = 0x0001 | 0x0002 | 0x0010 | 0x0400 | (0x0800 if packet.good else 0) | (0x3008 if packet.decrypted else 0)
    if directions and not packet.advertising:
        flags |= {HOST: 2, CUFF: 3}[packet.side] << 7
    channel, signal, noise, offenses = (0 if packet.advertising else 20), -55, 0, 0
    return struct.pack("<BbbB4sH", channel, signal, noise, offenses, packet.bytes[:4], flags) + packet.bytes


def nordic(packet, index, version=3):
    """The nRF Sniffer; the byte that its radio puts between header and payload is gone before a file is written."""
    flags = packet.good | (packet.side == HOST) << 1 | (0x0C if packet.decrypted else 0)
    event = struct.pack("<BBBBHI", 10, flags, 37 if packet.advertising else 20, 55, index, 1000 * index)
    body = event + packet.bytes
    kind = 0x02 if version == 3 and packet.advertising else 0x06
    lengths = struct.pack("<BB", 6, len(body)) if version == 1 else struct.pack("<H", len(body))
    return b"\x07" + lengths + struct.pack("<BHB", version, index, kind) + body


def write(path, link_type, packets, header=None, usec=7500, snap=65535):
    """One packet every `usec` from second 1700000000 on."""
    header = header or {LE_LL: ll, LE_LL_WITH_PHDR: phdr, NORDIC_BLE: nordic}[link_type]
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap, link_type))
        for index, packet in enumerate(packets):
            record = header(packet, index)
            at = index * usec
            f.write(struct.pack("<IIII", 1700000000 + at // 1000000, at % 1000000, min(len(record), snap), len(record)))
            f.write(record[:snap])
