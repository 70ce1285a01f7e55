# SPDX-License-Identifier: ISC
"""Seeds that serve metadata (BEP 9, BEP 10), in good and bad manners."""

import os
import struct
import time

import wire
from torrent import bdecode, bencode, decode_at

EXTENDED = 20
RESERVED = bytes([0, 0, 0, 0, 0, 0x10, 0, 0])
META_ID = 7			# what we want to be told
REQUEST, DATA, REJECT = range(3)


def link(torrent, *peers, tracker=None):
    """A magnet link that names these (address, port)."""
    text = f"magnet:?xt=urn:btih:{torrent.infohash}&dn=a%20link"
    if tracker:
        text += "&tr=" + tracker
    for addr, port in peers:
        text += f"&x.pe={addr}:{port}"
    return text


class MetaSeed(wire.Seed):
    """
    manner: honest, liar (wrong bytes), huge (says 10 MiB, sends noise),
    bomb (says 4 GiB), reject, silent, flood (data that nobody asked for),
    junk (messages that are none).  delay: seconds before each block.
    """

    def __init__(self, t, torrent, root, manner="honest", delay=0, addr=None):
        self.manner = manner
        self.delay = delay
        self.asked = 0			# requests for metadata
        self.info = bencode(torrent.info)
        super().__init__(t, torrent, root, addr=addr)

    def said_size(self):
        return {"huge": 10 << 20, "bomb": 1 << 32}.get(self.manner,
            len(self.info))

    def extended(self, w, number, body):
        w.msg(EXTENDED, bytes([number]) + body)

    def answer(self, w, number, piece):
        self.asked += 1
        if self.manner in ("silent", "flood"):
            return
        if self.manner == "reject":
            self.extended(w, number, bencode({"msg_type": REJECT,
                "piece": piece}))
            return
        size = self.said_size()
        length = min(wire.BLOCK, size - piece * wire.BLOCK)
        data = self.info[piece * wire.BLOCK:][:length]
        if self.manner in ("liar", "huge"):
            data = os.urandom(length)
        time.sleep(self.delay)
        self.extended(w, number, bencode({"msg_type": DATA, "piece": piece,
            "total_size": size}) + data)

    def misbehave(self, w, number):
        if self.manner == "flood":
            for i in range(2000):
                self.extended(w, number, bencode({"msg_type": DATA,
                    "piece": i % 5, "total_size": len(self.info)}) +
                    bytes(wire.BLOCK))
        elif self.manner == "junk":
            for body in (b"", b"d", b"le", b"i1e", b"d8:msg_typei1ee",
                b"d8:msg_typei-1e5:piecei0ee", b"l" * 16000,
                b"d8:msg_typei0e5:piecei4294967295ee",
                b"d8:msg_typei1e5:piecei99999ee" + bytes(16384)) * 100:
                self.extended(w, number, body)

    def serve(self, w):
        _, _ = w.read_handshake()
        w.send_handshake(reserved=RESERVED)
        self.extended(w, 0, bencode({"m": {"ut_metadata": META_ID},
            "metadata_size": self.said_size()}))
        w.bitfield(self.torrent.npieces)
        number = None
        while True:
            kind, body = w.read_msg()
            if kind == EXTENDED and body[0] == 0:
                number = bdecode(body[1:]).get(b"m", {}).get(b"ut_metadata")
                self.misbehave(w, number)
            elif kind == EXTENDED and body[0] == META_ID:
                head, _ = decode_at(body[1:], 0)
                if head[b"msg_type"] == REQUEST:
                    self.answer(w, number, head[b"piece"])
            elif kind == wire.INTERESTED:
                w.msg(wire.UNCHOKE)
            elif kind == wire.REQUEST:
                request = struct.unpack(">III", body)
                w.block(*request[:2], self.block_of(*request))
                self.sent += request[2]
