#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# mimd.conf: what is read, what is refused and where, and reload.

import os
import re
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest

GOOD = """
# a comment
dir = "/srv/torrents"
number = 7001
listen on * port $number
listen on 10.99.0.1 port 7002
listen on "::1" port 7003
download directory $dir
download directory "/srv/more torrents"
state directory "/var/lib/other"
control socket "/run/other.sock" mode 0600
control socket "/run/other-status.sock" restricted
cache 64M
max peers 200 \\
    per torrent 30
allow local trackers
dht rate 100
dht bootstrap dht.example.org port 7000
"""
# (configuration, line, word or text)
BAD = [
    ("nonsense\n", 1, "nonsense"),
    ("cache 32M\nlisten on * port 0\n", 2, "port"),
    ("listen on * port 70000\n", 1, "port"),
    ("listen on example.org port 7000\n", 1, "example.org"),
    ("\n\ndownload directory relative/path\n", 3, "relative/path"),
    ("download directory \"/a/../b\"\n", 1, "/a/../b"),
    ("download directory \"/unfinished\n", 1, "string"),
    ("cache lots\n", 1, "lots"),
    ("cache 1\n", 1, "cache"),
    ("max peers 0 per torrent 1\n", 1, "0"),
    ("listen on * port $nothing\n", 1, "nothing"),
    ("dht bootstrap \"no host\"\n", 1, "no host"),
    ("include \"/no/such/file\"\n", 1, "/no/such/file"),
    ("control socket \"/run/a.sock\" mode 0999\n", 1, "0999"),
    ("control socket \"/run/a.sock\" group \"nosuchgroup\"\n", 1,
        "nosuchgroup"),
    ("cache 32M cache 16M\n", 1, "cache"),
    ("cache 32M\n\ncache 32M\n", 3, "test.conf:1"),
]
# What -n looks at: (a line about {}, what is said of {}).
WRONG = [
    ("ca file {}/missing.pem", "No such file"),
    ("ca file {}/empty.pem", "no certificate in it"),
    ("ca file {}/half.pem", "none could be parsed"),
    ("ca file {}/secret.pem", "Permission denied"),
    ("blocklist {}/missing", "No such file"),
    ("allowlist {}", "not a regular file"),
    ("state directory {}/empty.pem", "Not a directory"),
    ("state directory {}/empty.pem/state", "Not a directory"),
    ("control socket {}/empty.pem", "is not a socket"),
    ("download directory {}/empty.pem", "Not a directory"),
    ("incomplete directory {}", "user _mimd may not write there"),
    ("listen on 192.0.2.77 port 7000", "no address of this machine"),
]
# What may come yet.
AWAY = [
    ("download directory {}/volume/torrents", "torrents wait"),
    ("bind device nosuch0", "nothing is sent or received until it is"),
    ("bind address 192.0.2.77", "no address of this machine"),
]


def check(t, text, *flags, name="test.conf"):
    path = os.path.join(t.root, name)
    with open(path, "w") as f:
        f.write(text)
    done = subprocess.run([mimtest.program("mimd"), "-n", *flags, "-f", path],
        capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def files(t):
    t.equal(check(t, "")[0], 0, "an empty file is fine")
    status, printed, err = check(t, GOOD, "-v")
    t.equal(status, 0, "a file with everything is fine")
    t.diag(err if status else "")
    for line in ("listen on * port 7001", "cache 64M",
        "download directory \"/srv/torrents\"",
        "download directory \"/srv/more torrents\"",
        "max peers 200 per torrent 30", "allow local trackers",
        "dht yes", "dht rate 100",
        "dht bootstrap \"dht.example.org\" port 7000"):
        t.ok(line in printed.splitlines(), f"-nv prints: {line}", printed)
    t.equal(check(t, printed, "-v")[1], printed,
        "what -nv prints reads back as the same")
    status, printed, _ = check(t, GOOD, "-v", "-D", "number=7009")
    t.match(printed, r"(?m)^listen on \* port 7009$", "-D beats the file")
    for text, line, word in BAD:
        status, out, err = check(t, text)
        first = (err.splitlines() or [""])[0]
        t.ok(status == 1 and f"test.conf:{line}: " in first and
            word in first, f"refused: {text.strip()!r}", (status, err))
    status, out, err = check(t, "cache no\nlisten up\ncache 8M\nbad\n")
    t.equal([int(x) for x in re.findall(r"conf:(\d+):", err)], [1, 2, 4],
        "every bad line is named")
    with open(t.root + "/part.conf", "w") as f:
        f.write("cache 8M\nsome thing\n")
    status, out, err = check(t, f"include \"{t.root}/part.conf\"\n")
    t.match(err, r"part\.conf:2: ", "an error in an included file says so")
    status, out, err = check(t, f"include \"{t.root}/test.conf\"\n")
    t.ok(status == 1 and err, "a file that includes itself ends", err)
    done = subprocess.run([mimtest.program("mimd"), "-n", "-f",
        t.root + "/missing.conf"], capture_output=True, text=True)
    t.ok(done.returncode == 1 and "missing.conf" in done.stderr,
        "-f with a file that is not there", done.stderr)


def inspects(t):
    place = t.dir("place")
    for name, text in (("empty", "# none\n"), ("secret", ""),
        ("half", "-----BEGIN CERTIFICATE-----\nMII\n")):
        with open(f"{place}/{name}.pem", "w") as f:
            f.write(text)
    os.chmod(f"{place}/secret.pem", 0o600)
    for line, why in WRONG:
        status, _, err = check(t, f"\n{line.format(place)}\n")
        t.ok(status == 1 and re.search(rf"test\.conf:2: .*{why}", err),
            f"-n refuses {line.format('...')}: {why}", (status, err))
    status, _, err = check(t, "".join(line.format(place) + "\n"
        for line, _ in AWAY))
    t.equal(status, 0, "what may come yet is no error")
    for i, (_, why) in enumerate(AWAY):
        t.match(err, rf"test\.conf:{i + 1}: .*{why}", f"but said: {why}")


def listens(daemon, port):
    try:
        socket.create_connection((daemon.addr, port), 1).close()
        return True
    except OSError:
        return False


def reload(t):
    daemon = mimd.Mimd(t).start()
    children = daemon.children()
    t.ok(listens(daemon, 6881), "listens where the file says")
    daemon.write_conf(daemon.conf.replace("6881", "6999") +
        "max peers 100 per torrent 10\n")
    daemon.ctl("reload")
    t.wait(lambda: listens(daemon, 6999), 20, "the new port")
    t.wait(lambda: not listens(daemon, 6881), 20, "the old port to close")
    t.ok(True, "reload moves the port")

    daemon.write_conf("listen on * port 7000\nnonsense here\n")
    status, out, err = daemon.run("reload")
    t.ok(status == 1 and ":2: " in err + daemon.log(),
        "a bad file is refused, with its line", (status, err))
    t.ok(listens(daemon, 6999) and not listens(daemon, 7000),
        "and changes nothing")
    daemon.write_conf(daemon.conf)
    os.kill(daemon.processes()["parent"]["pid"], signal.SIGHUP)
    t.wait(lambda: listens(daemon, 6881), 20, "SIGHUP to be followed")
    t.ok(True, "SIGHUP reloads")
    t.equal(daemon.children(), children, "no child was restarted for it")
    t.equal(daemon.stop(), 0, "stops as ever")


def test(t):
    files(t)
    inspects(t)
    reload(t)


mimtest.main(test)
