# SPDX-License-Identifier: ISC
"""A router's end of NAT-PMP (RFC 6886) that maps nothing, and may lie."""

import socket
import struct
import threading
import time

ADDRESS, UDP, TCP = range(3)
PORT = 5351


class Responder:
    """
    Answers as it should, unless script, called with a question and the honest
    answer, returns another one, or a list of them.
    """

    def __init__(self, t, box, addr, outside):
        self.outside = outside
        self.begun = time.monotonic() - 100_000
        self.lease = 3600
        self.external = {}		# port: another one outside
        self.mapped = {}		# (operation, port): lease
        self.asked = []			# (operation, port, external, lease)
        self.script = None
        self.sock = box.socket(socket.SOCK_DGRAM, addr, PORT)
        threading.Thread(target=self.run, daemon=True).start()
        t.closers.append(self.sock.close)

    def restart(self):
        self.begun = time.monotonic()
        self.mapped = {}

    def answer(self, question):
        op = question[1]
        head = struct.pack(">BBHI", 0, 128 + op, 0,
            int(time.monotonic() - self.begun))
        if op == ADDRESS:
            self.asked.append((op, 0, 0, 0))
            return head + socket.inet_aton(self.outside)
        port, external, lease = struct.unpack(">HHI", question[4:12])
        self.asked.append((op, port, external, lease))
        if lease == 0:
            self.mapped.pop((op, port), None)
            return head + struct.pack(">HHI", port, 0, 0)
        self.mapped[op, port] = self.lease
        return head + struct.pack(">HHI", port,
            self.external.get(port, external), self.lease)

    def run(self):
        while True:
            try:
                question, who = self.sock.recvfrom(64)
            except OSError:
                return
            answers = self.answer(question)
            if self.script:
                answers = self.script(question, answers)
            for answer in answers if isinstance(answers, list) else [answers]:
                try:
                    self.sock.sendto(answer, who)
                except OSError:
                    return
