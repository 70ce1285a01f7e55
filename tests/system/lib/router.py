# SPDX-License-Identifier: ISC
"""
Routers between the test, who is the internet, and hosts behind NAT.

Of the first, the test has 100.200.1.1, the router 100.200.1.2 outside and
192.168.77.1 inside.  It translates addresses in the kernel (nftables);
miniupnpd(8) maps ports there, by UPnP, NAT-PMP, or both.
"""

import ctypes
import os
import socket
import subprocess
import threading
import time

import mimtest

INSIDE = "192.168.77.1"
CLONE_NEWNET = 0x40000000
TABLE = """
table inet filter {
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        iifname "lan" accept
        jump miniupnpd
    }
    chain miniupnpd { }
    chain prerouting {
        type nat hook prerouting priority -100; policy accept;
        jump prerouting_miniupnpd
    }
    chain postrouting {
        type nat hook postrouting priority 100; policy accept;
        jump postrouting_miniupnpd
        oifname "wan" masquerade
    }
    chain prerouting_miniupnpd { }
    chain postrouting_miniupnpd { }
}
"""


class Box:
    """A network namespace without links."""

    def __init__(self):
        self.proc = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        self.ns = f"/proc/{self.proc.pid}/ns/net"
        self.prefix = ["nsenter", f"--net={self.ns}", "--"]
        ours = os.readlink("/proc/self/ns/net")
        while os.readlink(self.ns) == ours:
            time.sleep(0.002)
        self.ip("link", "set", "lo", "up")

    def run(self, *argv, **more):
        return subprocess.run([*self.prefix, *argv], check=True, **more)

    def ip(self, *args):
        self.run("ip", *args)

    def socket(self, kind, addr, port):
        """A socket of the test that is in this namespace."""
        made = []

        def make():
            with open(self.ns) as ns:
                if ctypes.CDLL(None).setns(ns.fileno(), CLONE_NEWNET) != 0:
                    return
            sock = socket.socket(socket.AF_INET, kind)
            sock.bind((addr, port))
            made.append(sock)

        # A namespace is a thread's.
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]


class Router(Box):
    def __init__(self, t, number):
        super().__init__()
        self.t = t
        self.number = number
        self.far = f"100.200.{number}.1"	# of the test
        self.outside = f"100.200.{number}.2"
        self.daemon = None
        self.clients = 0
        mimtest.ip("link", "add", f"far{number}", "type", "veth", "peer",
            "name", "wan", "netns", str(self.proc.pid))
        mimtest.ip("addr", "add", self.far + "/24", "dev", f"far{number}")
        mimtest.ip("link", "set", f"far{number}", "up")
        self.ip("addr", "add", self.outside + "/24", "dev", "wan")
        self.ip("link", "set", "wan", "up")
        self.ip("link", "add", "lan", "type", "bridge")
        self.ip("addr", "add", INSIDE + "/24", "dev", "lan")
        self.ip("link", "set", "lan", "up")
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.clear()
        t.closers.append(self.stop)

    def client(self):
        """A host behind it."""
        self.clients += 1
        host = Box()
        host.addr = f"192.168.77.{self.clients + 1}"
        port = f"port{self.clients}"
        self.ip("link", "add", port, "type", "veth", "peer", "name", "eth0",
            "netns", str(host.proc.pid))
        self.ip("link", "set", port, "master", "lan", "up")
        host.ip("addr", "add", host.addr + "/24", "dev", "eth0")
        host.ip("link", "set", "eth0", "up")
        host.ip("route", "add", "default", "via", INSIDE)
        return host

    def clear(self):
        """Forget all mappings, as one that was switched off."""
        self.run("nft", "flush ruleset")
        self.run("nft", "-f", "-", input=TABLE.encode())

    def start(self, upnp=False, natpmp=False):
        conf = self.path("conf")
        with open(conf, "w") as f:
            f.write("ext_ifname=wan\nlistening_ip=lan\nsystem_uptime=no\n"
                f"enable_upnp={'yes' if upnp else 'no'}\n"
                f"enable_natpmp={'yes' if natpmp else 'no'}\n"
                "secure_mode=yes\nipv6_disable=yes\n"
                "upnp_table_name=filter\nupnp_nat_table_name=filter\n"
                "upnp_forward_chain=miniupnpd\n"
                "upnp_nat_chain=prerouting_miniupnpd\n"
                "upnp_nat_postrouting_chain=postrouting_miniupnpd\n"
                "uuid=5d0a6a6e-4c1c-4d3a-9d5c-0f6f0c7b1e2f\n"
                "allow 1024-65535 192.168.77.0/24 1024-65535\n"
                "deny 0-65535 0.0.0.0/0 0-65535\n")
        self.daemon = self.t.spawn(["miniupnpd", "-d", "-f", conf, "-P",
            self.path("pid")], self.path("log"), host=self)

    def path(self, kind):
        return os.path.join(self.t.root, f"miniupnpd{self.number}.{kind}")

    def stop(self):
        if self.daemon is not None:
            mimtest.stop(self.daemon)
            self.daemon = None

    def mappings(self):
        """What the kernel sends on: {(protocol, port): "host:port"}."""
        rules = self.run("nft", "list", "chain", "inet", "filter",
            "prerouting_miniupnpd", stdout=subprocess.PIPE).stdout.decode()
        found = {}
        for line in rules.splitlines():
            words = line.split()
            if "dnat" in words:
                # The protocol is "@nh,72,8 0x6": what nft(8) has no word for.
                protocol = {"0x6": "tcp", "0x11": "udp"}[
                    words[words.index("th") - 1]]
                found[protocol, int(words[words.index("dport") + 1])] = \
                    words[words.index("to") + 1]
        return found
