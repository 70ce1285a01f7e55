# SPDX-License-Identifier: ISC
"""An Internet Gateway Device (UPnP) that maps nothing, and may lie."""

import re
import socket
import threading

GROUP = "239.255.255.250"
PORT = 1900
SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
DESCRIPTION = f"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><device><serviceList>
<service><serviceType>{SERVICE}</serviceType><controlURL>/control</controlURL>
</service></serviceList></device></root>
"""


class Device:
    """
    location: what a search is answered by; handle(sock, head, action, fields)
    answers a request, action is None for the description.
    """

    def __init__(self, t, box, addr, handle):
        self.handle = handle
        self.asked = []			# (action, fields)
        self.web = box.socket(socket.SOCK_STREAM, addr, 0)
        self.web.listen(8)
        self.location = f"http://{addr}:{self.web.getsockname()[1]}/d.xml"
        self.search = box.socket(socket.SOCK_DGRAM, "0.0.0.0", PORT)
        self.search.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
            socket.inet_aton(GROUP) + socket.inet_aton(addr))
        for job in self.answer_searches, self.accept:
            threading.Thread(target=job, daemon=True).start()
        t.closers += [self.web.close, self.search.close]

    def answer_searches(self):
        while True:
            try:
                packet, who = self.search.recvfrom(2048)
                if packet.startswith(b"M-SEARCH"):
                    self.search.sendto(f"HTTP/1.1 200 OK\r\nLocation: "
                        f"{self.location}\r\nST: any\r\n\r\n".encode(), who)
            except OSError:
                return

    def accept(self):
        while True:
            try:
                sock, _ = self.web.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,),
                daemon=True).start()

    def serve(self, sock):
        try:
            data = b""
            while b"\r\n\r\n" not in data or (data.startswith(b"POST") and
                b"Envelope>" not in data):
                more = sock.recv(4096)
                if not more:
                    return
                data += more
            action = re.search(rb"SOAPAction: \"[^#]*#(\w+)\"", data)
            action = action and action[1].decode()
            fields = dict(re.findall(r"<New(\w+)>([^<]*)<", data.decode()))
            self.asked.append((action, fields))
            self.handle(sock, action, fields)
        except OSError:
            pass
        finally:
            sock.close()


def reply(sock, text, status="200 OK"):
    """In chunks, as some do whatever they were asked by."""
    body = text.encode()
    half = len(body) // 2
    sock.sendall(f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n"
        .encode() + b"".join(b"%x\r\n%s\r\n" % (len(part), part)
        for part in (body[:half], body[half:]) if part) + b"0\r\n\r\n")


def fault(sock, code, text):
    reply(sock, f"<s:Fault><UPnPError><errorCode>{code}</errorCode>"
        f"<errorDescription>{text}</errorDescription></UPnPError></s:Fault>",
        "500 Internal Server Error")
