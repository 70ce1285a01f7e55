# SPDX-License-Identifier: ISC
"""Bencoding, and torrents of made-up but repeatable content."""

import hashlib
import os
import random

CHUNK = 1 << 20


def bencode(value):
    out = []
    encode_into(value, out)
    return b"".join(out)


def encode_into(value, out):
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        out.append(b"%d:%s" % (len(value), value))
    elif isinstance(value, int):
        out.append(b"i%de" % value)
    elif isinstance(value, list):
        out.append(b"l")
        for item in value:
            encode_into(item, out)
        out.append(b"e")
    else:
        out.append(b"d")
        keys = {k.encode() if isinstance(k, str) else k: v
            for k, v in value.items()}
        for key in sorted(keys):
            encode_into(key, out)
            encode_into(keys[key], out)
        out.append(b"e")


def bdecode(data):
    value, end = decode_at(data, 0)
    if end != len(data):
        raise ValueError("bytes after the end")
    return value


def decode_at(data, at):
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        at += 1
        items = []
        while data[at:at + 1] != b"e":
            item, at = decode_at(data, at)
            items.append(item)
        if kind == b"l":
            return items, at + 1
        return dict(zip(items[::2], items[1::2])), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end], end


class File:
    def __init__(self, path, size, pad=False, data=None):
        self.path = path
        self.size = size
        self.pad = pad
        self.data = data	# [(offset, length)] that is not a hole

    def hole(self, at, n):
        return self.pad or (self.data is not None and not any(
            o < at + n and at < o + l for o, l in self.data))

    def chunks(self, seed):
        """
        The content, with None for zeros: in pieces of at most CHUNK, but
        holes as they are.
        """
        rng = random.Random(f"{seed}/{self.path}")
        at = 0
        while at < self.size:
            n = min(CHUNK, self.size - at)
            if not self.hole(at, n):
                yield n, rng.randbytes(n)
            else:
                next_data = min((o for o, l in self.data or () if o > at),
                    default=None)
                end = self.size if next_data is None else \
                    next_data // CHUNK * CHUNK
                n = end - at
                yield n, None
            at += n


class Torrent:
    """
    files is [(path, size)] for a directory, or a number for a single file;
    File objects where more must be said.
    """

    def __init__(self, name, files, piece_length=1 << 20, seed="mim",
        extra=None):
        self.name = name
        self.single = isinstance(files, (int, File))
        if isinstance(files, int):
            files = File(name, files)
        if self.single:
            files = [files]
        self.files = [f if isinstance(f, File) else File(*f) for f in files]
        self.size = sum(f.size for f in self.files)
        self.piece_length = piece_length
        self.npieces = -(-self.size // piece_length)
        self.seed = seed
        self.extra = extra or {}
        self.info = None
        self.infohash = None

    def path(self, root, f):
        if self.single:
            return os.path.join(root, self.name)
        return os.path.join(root, self.name, f.path)

    def make(self, root=None):
        """Work out the piece hashes; write the content beneath root."""
        pieces = Pieces(self.piece_length)
        for f in self.files:
            out = None
            if root is not None and not f.pad:
                path = self.path(root, f)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                out = open(path, "wb")
            at = 0
            for n, chunk in f.chunks(self.seed):
                pieces.add(n, chunk)
                if out and chunk is not None:
                    out.seek(at)
                    out.write(chunk)
                at += n
            if out:
                out.truncate(f.size)
                out.close()
        self.set_info(pieces.end())
        return self

    def set_info(self, pieces):
        info = {"name": self.name, "piece length": self.piece_length,
            "pieces": pieces}
        if self.single:
            info["length"] = self.size
        else:
            info["files"] = [dict({"length": f.size,
                "path": f.path.split("/")}, **({"attr": "p"} if f.pad else {}))
                for f in self.files]
        info.update(self.extra)
        self.info = info
        self.infohash = hashlib.sha1(bencode(info)).hexdigest()

    def save(self, path, *trackers):
        """Write a .torrent; each tracker is a tier of its own."""
        meta = {"info": self.info}
        if trackers:
            meta["announce"] = trackers[0]
        if len(trackers) > 1:
            meta["announce-list"] = [t if isinstance(t, list) else [t]
                for t in trackers]
        with open(path, "wb") as f:
            f.write(bencode(meta))
        return path

    def wrong(self, root):
        """What is wrong with the copy beneath root; None if nothing is."""
        pieces = Pieces(self.piece_length)
        for f in self.files:
            if f.pad:
                pieces.add(f.size, None)
                continue
            path = self.path(root, f)
            if not os.path.isfile(path):
                return f"{f.path} is missing"
            if os.path.getsize(path) != f.size:
                return f"{f.path} has {os.path.getsize(path)} bytes"
            read_file(path, pieces)
        if pieces.end() != self.info["pieces"]:
            return "the pieces differ"
        return None

    def read(self, root, piece, begin, length):
        """A block of the payload, from the files beneath root."""
        at = piece * self.piece_length + begin
        out = b""
        start = 0
        for f in self.files:
            if start + f.size > at and length > len(out):
                off = at + len(out) - start
                n = min(f.size - off, length - len(out))
                if f.pad:
                    out += bytes(n)
                else:
                    with open(self.path(root, f), "rb") as fp:
                        fp.seek(off)
                        out += fp.read(n)
            start += f.size
        return out

    def piece_size(self, piece):
        return min(self.piece_length, self.size - piece * self.piece_length)


def read_file(path, pieces):
    """Feed a file to pieces, its holes without reading them."""
    size = os.path.getsize(path)
    with open(path, "rb", buffering=0) as f:
        at = 0
        while at < size:
            try:
                data = os.lseek(f.fileno(), at, os.SEEK_DATA)
            except OSError:
                data = size
            if data > at:
                pieces.add(data - at, None)
            hole = os.lseek(f.fileno(), data, os.SEEK_HOLE) \
                if data < size else size
            os.lseek(f.fileno(), data, os.SEEK_SET)
            while data < hole:
                chunk = f.read(min(CHUNK, hole - data))
                if not chunk:
                    break
                pieces.add(len(chunk), chunk)
                data += len(chunk)
            at = hole


class Pieces:
    """Hashes bytes as they come; a piece that is all zeros costs nothing."""

    def __init__(self, length):
        self.length = length
        self.hash = hashlib.sha1()
        self.used = 0
        self.owed = 0		# leading zeros not hashed yet
        self.out = []
        self.zeros = hashlib.sha1(bytes(length)).digest()

    def add(self, n, chunk):
        """n bytes; chunk None stands for zeros."""
        at = 0
        while at < n:
            take = min(n - at, self.length - self.used)
            if chunk is not None:
                self.pay()
                self.hash.update(memoryview(chunk)[at:at + take])
            elif self.owed == self.used:
                self.owed += take
            else:
                self.hash.update(bytes(take))
            at += take
            self.used += take
            if self.used == self.length:
                self.flush()

    def pay(self):
        if self.owed:
            self.hash.update(bytes(self.owed))
            self.owed = 0

    def flush(self):
        if self.owed == self.length:
            self.out.append(self.zeros)
        else:
            self.pay()
            self.out.append(self.hash.digest())
        self.hash = hashlib.sha1()
        self.used = self.owed = 0

    def end(self):
        if self.used:
            self.flush()
        return b"".join(self.out)
