# SPDX-License-Identifier: ISC
"""The peer wire protocol (BEP 3, 6, 10), raw enough to be abused."""

import os
import socket
import struct
import threading
import time

(CHOKE, UNCHOKE, INTERESTED, NOT_INTERESTED, HAVE, BITFIELD, REQUEST, PIECE,
    CANCEL) = range(9)
SUGGEST, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST = range(13, 18)
EXTENDED = 20
# What the handshake says of BEP 10 and BEP 6.
EXT_BIT = bytes([0, 0, 0, 0, 0, 0x10, 0, 0])
FAST_BIT = bytes([0, 0, 0, 0, 0, 0, 0, 0x04])
BOTH_BITS = bytes([0, 0, 0, 0, 0, 0x10, 0, 0x04])
BLOCK = 16384
PROTOCOL = b"\x13BitTorrent protocol"


class Gone(Exception):
    """The other side hung up."""


class Wire:
    """One connection."""

    def __init__(self, sock, infohash):
        self.sock = sock
        self.infohash = bytes.fromhex(infohash)
        self.buf = b""

    def send(self, data):
        try:
            self.sock.sendall(data)
        except TimeoutError:
            raise
        except OSError as e:
            raise Gone(str(e))

    def read(self, n):
        while len(self.buf) < n:
            try:
                data = self.sock.recv(1 << 16)
            except TimeoutError:
                raise
            except OSError as e:
                raise Gone(str(e))
            if not data:
                raise Gone("end of file")
            self.buf += data
        data, self.buf = self.buf[:n], self.buf[n:]
        return data

    def send_handshake(self, infohash=None, reserved=bytes(8)):
        self.send(PROTOCOL + reserved + (infohash or self.infohash) +
            b"-TT0001-" + os.urandom(12))

    def read_handshake(self):
        data = self.read(68)
        if not data.startswith(PROTOCOL):
            raise Gone("not BitTorrent")
        return data[28:48], data[48:68]

    def msg(self, kind, body=b""):
        self.send(struct.pack(">IB", len(body) + 1, kind) + body)

    def read_msg(self):
        """(kind, body); keep-alives are skipped."""
        while True:
            size, = struct.unpack(">I", self.read(4))
            if size:
                body = self.read(size)
                return body[0], body[1:]

    def until(self, *kinds):
        """The next message of one of these kinds."""
        while True:
            kind, body = self.read_msg()
            if kind in kinds:
                return kind, body

    def ext(self, number, body):
        self.msg(EXTENDED, bytes([number]) + body)

    def until_gone(self):
        """Read whatever comes; ends with Gone or TimeoutError."""
        while True:
            self.buf = b""
            self.read(1)

    def bitfield(self, npieces, missing=()):
        bits = bytearray(-(-npieces // 8))
        for i in range(npieces):
            if i not in missing:
                bits[i // 8] |= 0x80 >> (i % 8)
        self.msg(BITFIELD, bytes(bits))

    def block(self, piece, begin, data):
        self.msg(PIECE, struct.pack(">II", piece, begin) + data)

    def request(self, piece, begin, length):
        self.msg(REQUEST, struct.pack(">III", piece, begin, length))

    def close(self):
        self.sock.close()


def connect(t, target, infohash, addr=None, timeout=30):
    """
    Connect from an address of its own, without any handshake yet.  It waits
    longer than who asks to be unchoked has to, which may be a round of 10 s.
    """
    sock = socket.create_connection(target, timeout,
        source_address=(addr or t.addr(), 0))
    return Wire(sock, infohash)


class Listener:
    """A peer that others find: script(wire) runs for each connection."""

    def __init__(self, t, infohash, script, addr=None):
        self.addr = addr or t.addr()
        self.infohash = infohash
        self.script = script
        self.accepted = 0
        self.sock = socket.create_server((self.addr, 0), backlog=64,
            family=socket.AF_INET6 if ":" in self.addr else socket.AF_INET)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        t.closers.append(self.sock.close)

    @property
    def peer(self):
        return self.addr, self.port

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.run, args=(sock,),
                daemon=True).start()

    def run(self, sock):
        sock.settimeout(60)
        wire = Wire(sock, self.infohash)
        try:
            self.script(wire)
        except (Gone, TimeoutError):
            pass
        finally:
            wire.close()


class Seed(Listener):
    """An honest seed of a torrent, slow on demand (bytes per second)."""

    def __init__(self, t, torrent, root, rate=None, addr=None):
        self.torrent = torrent
        self.root = root
        self.rate = rate
        self.sent = 0			# bytes of payload
        self.requests = []		# (piece, begin, length)
        super().__init__(t, torrent.infohash, self.serve, addr)

    def block_of(self, piece, begin, length):
        return self.torrent.read(self.root, piece, begin, length)

    def asked_since(self, count):
        """Bytes of all the pieces asked for since so many requests."""
        return sum(map(self.torrent.piece_size, {piece for piece, _, _ in
            self.requests[count:]}))

    def serve(self, wire):
        wire.read_handshake()
        wire.send_handshake()
        wire.bitfield(self.torrent.npieces)
        while True:
            kind, body = wire.read_msg()
            if kind == INTERESTED:
                wire.msg(UNCHOKE)
            elif kind == REQUEST:
                request = struct.unpack(">III", body)
                self.requests.append(request)
                wire.block(*request[:2], self.block_of(*request))
                self.sent += request[2]
                if self.rate:
                    time.sleep(request[2] / self.rate)


class Liar(Seed):
    """A seed whose every block is wrong."""

    LIE = bytes(x ^ 0x5a for x in range(256))

    def block_of(self, piece, begin, length):
        return super().block_of(piece, begin, length).translate(self.LIE)


def leech(wire, torrent, pieces, on_block):
    """Fetch pieces one request after the other; wire is connected."""
    wire.send_handshake()
    wire.read_handshake()
    wire.msg(INTERESTED)
    while wire.read_msg()[0] != UNCHOKE:
        pass
    for piece in pieces:
        for begin in range(0, torrent.piece_size(piece), BLOCK):
            wire.request(piece, begin,
                min(BLOCK, torrent.piece_size(piece) - begin))
            while True:
                kind, body = wire.read_msg()
                if kind == PIECE:
                    break
            on_block(piece, begin, body[8:])
