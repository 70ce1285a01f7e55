# SPDX-License-Identifier: ISC
# The control protocol without mimctl: messages as include/msg.def has them.

import os
import re

import mimtest

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
