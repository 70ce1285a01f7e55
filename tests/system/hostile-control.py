#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Garbage on the control socket, and crowds: others are still served.

import array
import os
import random
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import control
import mimd
import mimtest

COUNT = 100


def connect(daemon):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(5)
    sock.connect(daemon.socket)
    return sock


def served(daemon):
    begin = time.monotonic()
    daemon.ctl("status")
    return time.monotonic() - begin


def dropped(sock):
    """Does the other side hang up on us?"""
    try:
        while True:
            if not sock.recv(1 << 16):
                return True
    except TimeoutError:
        return False
    except OSError:
        return True


def garbage(rng):
    """Packets that no table knows."""
    yield b"\x00"
    yield b"\xc1"
    yield b"\xdd\xff\xff\xff\xff"			# a huge array
    yield b"\xdf\xff\xff\xff\xff"			# a huge map
    yield b"\x91" * 60000				# a deep one
    yield b"\x92\xcd\xff\xff\xc0"			# no such message
    yield b"\x90"
    yield bytes(65536)
    for _ in range(40):
        yield rng.randbytes(rng.randrange(1, 3000))
    bare = {n for n, (_, fields) in enumerate(control.table()) if not fields}
    for kind in set(range(128)) - bare:
        yield bytes([0x91, kind])			# without its fields
        yield bytes([0x92, kind, 0xc0])


def test(t):
    rng = random.Random(2)
    daemon = mimd.Mimd(t).start()
    kept = [data for data in garbage(rng) if not refused(daemon, data)]
    t.ok(len(kept) <= 3, "garbage ends the connection", kept[:5])
    t.ok(served(daemon) < 2, "others are served")
    t.equal(daemon.processes()["parent"]["restarts"], 0, "parent lives")

    crowd = []
    for _ in range(COUNT):
        try:
            crowd.append(connect(daemon))
        except OSError:
            break
    t.diag(f"{len(crowd)} idle connections")
    t.ok(served(daemon) < 2, "a crowd that says nothing keeps no one out")
    for sock in crowd:
        sock.close()

    for _ in range(20):
        sock = connect(daemon)
        send_fds(sock, b"\x92\x01", 3)
        sock.close()
    before = fd_count(daemon)
    for _ in range(50):
        sock = connect(daemon)
        send_fds(sock, rng.randbytes(20), 3)
        sock.close()
    t.ok(served(daemon) < 2, "descriptors with garbage")
    t.wait(lambda: fd_count(daemon) <= before + 2, 5,
        "descriptors to be closed")
    t.ok(True, "and none of them is kept")

    # Asks and never reads the answers.
    deaf = connect(daemon)
    request = control.empty("ctl_processes")
    deaf.send(request)
    t.ok(deaf.recv(1 << 16), "a request by hand is answered")
    deaf.settimeout(2)
    held = False
    try:
        for sent in range(50000):
            deaf.send(request)
    except TimeoutError:
        held = True
    t.diag(f"{sent} requests without reading")
    t.ok(held, "one that reads nothing is not read for ever")
    t.ok(served(daemon) < 2, "one that reads nothing delays no one")
    t.ok(mimtest.sanitized() or
        daemon.processes()["parent"]["memory"] < 64 << 20,
        "nor makes the parent grow", daemon.processes()["parent"])
    t.equal(daemon.stop(), 0, "stops as ever")


def refused(daemon, data):
    sock = connect(daemon)
    sock.settimeout(0.5)
    try:
        sock.send(data)
        return dropped(sock)
    except OSError:
        return True
    finally:
        sock.close()


def send_fds(sock, data, count):
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(count)]
    try:
        sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
            array.array("i", fds))])
    except OSError:
        pass
    for fd in fds:
        os.close(fd)


def fd_count(daemon):
    pid = daemon.processes()["parent"]["pid"]
    return len(os.listdir(f"/proc/{pid}/fd"))


mimtest.main(test)
