# SPDX-License-Identifier: ISC
"""What a host sends, seen from outside."""

import socket
import struct
import threading

PACKET_OUTGOING = 4


def is_reset(frame):
    """The kernel's answer to what no socket is there for."""
    if frame[12:14] != b"\x08\0" or frame[23] != 6:
        return False
    return frame[14 + (frame[14] & 15) * 4 + 13] & 4 != 0


def target(frame):
    """(address, port) that a frame of TCP or UDP goes to."""
    if frame[12:14] == b"\x08\0":
        ports = 14 + (frame[14] & 15) * 4
        addr = socket.inet_ntop(socket.AF_INET, frame[30:34])
    else:
        ports = 54
        addr = socket.inet_ntop(socket.AF_INET6, frame[38:54])
    return addr, struct.unpack(">H", frame[ports + 2:ports + 4])[0]


class Capture:
    """The TCP and UDP that a host sends by its eth0."""

    def __init__(self, link):
        self.seen = []
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
            socket.htons(0x0003))
        self.sock.bind((link, 0))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            frame, (_, kind, packet, _, _) = self.sock.recvfrom(2048)
            if packet == PACKET_OUTGOING:
                continue
            if (kind == 0x0800 and frame[23] in (6, 17)) or \
                (kind == 0x86dd and frame[20] in (6, 17)):
                if not is_reset(frame):
                    self.seen.append(frame)
