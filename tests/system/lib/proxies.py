# SPDX-License-Identifier: ISC
"""Scripted proxies, SOCKS 5 and HTTP, that know names nobody else knows."""

import socket
import struct
import threading
import urllib.parse



def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in source, sink:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Proxy:
    """
    names: what stands for what here.  It connects from an address of its own,
    so that others can tell its connections from direct ones.  stop() ends all
    connections, too; start() opens the same port again.
    """

    def __init__(self, t, names):
        self.addr = t.addr()
        self.names = names
        self.asked = []		# (host, port) it was told to connect to
        self.ends = set()
        self.sock = None
        self.port = 0
        self.start()
        t.closers.append(self.stop)

    @property
    def where(self):
        return self.addr, self.port

    def start(self):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((self.addr, self.port))
        self.sock.listen(128)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.sock,),
            daemon=True).start()

    def stop(self):
        if self.sock is None:
            return
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.sock = None
        for end in list(self.ends):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self, listener):
        while True:
            try:
                conn = listener.accept()[0]
            except OSError:
                return
            self.ends.add(conn)
            threading.Thread(target=self.run, args=(conn,),
                daemon=True).start()

    def run(self, conn):
        try:
            with conn:
                self.serve(conn)
        except (OSError, EOFError, AssertionError):
            pass
        self.ends.discard(conn)

    def read(self, conn, n):
        data = b""
        while len(data) < n:
            if not (more := conn.recv(n - len(data))):
                raise EOFError
            data += more
        return data

    def connect(self, host, port):
        self.asked.append((host, port))
        return socket.create_connection((self.names.get(host, host), port),
            20, (self.addr, 0))

    def join(self, conn, other):
        other.settimeout(None)
        self.ends.add(other)
        back = threading.Thread(target=copy, args=(other, conn), daemon=True)
        back.start()
        copy(conn, other)
        back.join()
        self.ends.discard(other)
        other.close()


class Socks(Proxy):
    """login: (user, password) that it insists on, or None."""

    def __init__(self, t, names, login=None):
        self.login = login
        super().__init__(t, names)

    def host(self, conn):
        kind = self.read(conn, 1)[0]
        if kind == 3:
            return self.read(conn, self.read(conn, 1)[0]).decode()
        family = socket.AF_INET if kind == 1 else socket.AF_INET6
        return socket.inet_ntop(family, self.read(conn,
            4 if kind == 1 else 16))

    def enter(self, conn):
        version, n = self.read(conn, 2)
        assert version == 5
        methods = self.read(conn, n)
        if self.login is None:
            conn.sendall(b"\5\0")
            return
        if 2 not in methods:
            conn.sendall(b"\5\xff")
            raise EOFError
        conn.sendall(b"\5\2")
        assert self.read(conn, 1) == b"\1"
        user = self.read(conn, self.read(conn, 1)[0]).decode()
        password = self.read(conn, self.read(conn, 1)[0]).decode()
        good = (user, password) == self.login
        conn.sendall(b"\1" + bytes([not good]))
        if not good:
            raise EOFError

    def serve(self, conn):
        self.enter(conn)
        assert self.read(conn, 3) == b"\5\1\0"
        host = self.host(conn)
        port = struct.unpack(">H", self.read(conn, 2))[0]
        try:
            other = self.connect(host, port)
        except OSError:
            conn.sendall(b"\5\5\0\1" + bytes(6))
            return
        # A byte at a time, and with a name of its own.
        for byte in b"\5\0\0\3\5socks\0\1":
            conn.sendall(bytes([byte]))
        self.join(conn, other)


class Http(Proxy):
    """CONNECT, and absolute URLs without keep-alive."""

    def head(self, conn):
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += self.read(conn, 1)
        return data.decode("latin-1")

    def serve(self, conn):
        head = self.head(conn)
        method, url, _ = head.split(" ", 2)
        if method == "CONNECT":
            host, _, port = url.rpartition(":")
            other = self.connect(host, int(port))
            conn.sendall(b"HTTP/1.1 200 yes\r\n\r\n")
        else:
            parts = urllib.parse.urlsplit(url)
            other = self.connect(parts.hostname, parts.port)
            head = head.replace(url, url[url.index("/", 8):], 1)
            head = head.replace("\r\n", "\r\nConnection: close\r\n", 1)
            other.sendall(head.encode("latin-1"))
        self.join(conn, other)
