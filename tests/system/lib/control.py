# SPDX-License-Identifier: ISC
# The control protocol without mimctl: messages as include/msg.def has them.

import os
import re
import socket
import time

import mimtest

PATIENCE = 20
EMPTY = {"LIST": b"\x90", "FLAG": b"\xc2", "UINT": b"\x00", "STR": b"\xa0"}


def table():
    """Of each message, in order: its name and the kinds of its fields."""
    messages = []
    with open(os.path.join(mimtest.TOP, "include", "msg.def")) as f:
        for line in f:
            start = re.match(r"(?:MSG|LAST_SETUP)\((\w+),", line)
            field = re.match(r"\t([A-Z]+)\(", line)
            if start:
                messages.append((start[1], []))
            elif field and messages:
                messages[-1][1].append(field[1])
    return messages


def empty(name):
    """A message with each of its fields empty, false or zero."""
    for number, (known, fields) in enumerate(table()):
        if known == name:
            head = bytes([0x91 + len(fields)])
            head += bytes([number] if number < 128 else [0xcc, number])
            return head + b"".join(EMPTY[kind] for kind in fields)
    raise mimtest.Failure(f"msg.def has no {name}")


def connect(daemon, timeout=PATIENCE):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(timeout)
    sock.connect(daemon.socket)
    return sock


def status_ms(sock):
    """
    How long the status takes, in ms; without what it takes to start mimctl,
    which a busy machine makes long.
    """
    end = empty("ctl_end")
    begin = time.monotonic()
    sock.send(empty("ctl_list"))
    while not (got := sock.recv(1 << 16)).endswith(end):
        if not got:
            raise mimtest.Failure("mimd hung up on a request")
    return (time.monotonic() - begin) * 1000
