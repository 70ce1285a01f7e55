# SPDX-License-Identifier: ISC
"""Seeds that serve metadata (BEP 9, BEP 10)."""

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
    """delay: seconds before each block; data False: has nothing else."""

    def __init__(self, t, torrent, root, delay=0, addr=None, data=True):
        self.delay = delay
        self.data = data
        self.asked = 0			# requests for metadata
        self.info = bencode(torrent.info)
        super().__init__(t, torrent, root, addr=addr)

    def extended(self, w, number, body):
        w.msg(EXTENDED, bytes([number]) + body)

    def answer(self, w, number, piece):
        self.asked += 1
        time.sleep(self.delay)
        self.extended(w, number, bencode({"msg_type": DATA, "piece": piece,
            "total_size": len(self.info)}) +
            self.info[piece * wire.BLOCK:][:wire.BLOCK])

    def serve(self, w):
        _, _ = w.read_handshake()
        w.send_handshake(reserved=RESERVED)
        self.extended(w, 0, bencode({"m": {"ut_metadata": META_ID},
            "metadata_size": len(self.info)}))
        if self.data:
            w.bitfield(self.torrent.npieces)
        number = None
        while True:
            kind, body = w.read_msg()
            if kind == EXTENDED and body[0] == 0:
                number = bdecode(body[1:]).get(b"m", {}).get(b"ut_metadata")
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
