# SPDX-License-Identifier: ISC
"""The calling side of the encrypted handshake (MSE/PE), to be abused."""

import hashlib
import os
import struct

PRIME = int("ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
    "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
    "4fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563", 16)
PLAIN, RC4 = 1, 2


def sha1(*parts):
    return hashlib.sha1(b"".join(parts)).digest()


class Rc4:
    def __init__(self, key):
        s = list(range(256))
        j = 0
        for i in range(256):
            j = (j + s[i] + key[i % len(key)]) & 255
            s[i], s[j] = s[j], s[i]
        self.s, self.i, self.j = s, 0, 0
        self.apply(bytes(1024))

    def apply(self, data):
        s, i, j = self.s, self.i, self.j
        out = bytearray()
        for byte in data:
            i = (i + 1) & 255
            j = (j + s[i]) & 255
            s[i], s[j] = s[j], s[i]
            out.append(byte ^ s[(s[i] + s[j]) & 255])
        self.i, self.j = i, j
        return bytes(out)


class Caller:
    """Over a wire.Wire, step by step."""

    def __init__(self, wire, infohash=None):
        self.wire = wire
        self.infohash = infohash or wire.infohash
        self.x = int.from_bytes(os.urandom(20), "big")

    def send_key(self, pad=b"", key=None):
        self.wire.send((key or pow(2, self.x, PRIME).to_bytes(96, "big")) +
            pad)

    def read_key(self):
        other = int.from_bytes(self.wire.read(96), "big")
        self.secret = pow(other, self.x, PRIME).to_bytes(96, "big")
        self.out = Rc4(sha1(b"keyA", self.secret, self.infohash))

    def send_hashes(self):
        req2 = sha1(b"req2", self.infohash)
        req3 = sha1(b"req3", self.secret)
        self.wire.send(sha1(b"req1", self.secret) +
            bytes(a ^ b for a, b in zip(req2, req3)))

    def send_offer(self, methods=PLAIN | RC4, pad=b"", pad_len=None, ia=b"",
        ia_len=None, vc=bytes(8)):
        self.wire.send(self.out.apply(vc + struct.pack(">IH", methods,
            len(pad) if pad_len is None else pad_len) + pad +
            struct.pack(">H", len(ia) if ia_len is None else ia_len) + ia))
