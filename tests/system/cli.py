#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# mimctl: commands and their prefixes, selectors, exit statuses, ways of
# printing, errors, the restricted socket.

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
from torrent import Torrent

OK, FAILED, USAGE, NO_TORRENT, NO_DAEMON, REFUSED, PARTIAL, TIMEOUT = range(8)
ROW_KEYS = {"id", "infohash", "infohash_v2", "name", "state", "size",
    "wanted", "have", "progress", "downloaded", "uploaded", "ratio",
    "down_rate", "up_rate", "peers", "seeds", "eta", "error", "dir", "label",
    "private", "sequential", "first_last", "super_seeding",
    "added", "completed"}


def lines(text):
    return text.strip().splitlines()


class Cli:
    def __init__(self, t, daemon):
        self.t = t
        self.daemon = daemon

    def exits(self, want, *args):
        """mimctl with args ends so; errors are a line that says something."""
        status, out, err = self.daemon.run(*args)
        good = status == want and (want == OK or err.strip() != "")
        if want in (FAILED, NO_TORRENT, NO_DAEMON, REFUSED, TIMEOUT):
            good = good and len(lines(err)) == 1
        self.t.ok(good, f"mimctl {' '.join(args)}: exit {want}",
            f"exit {status}\n{out}{err}")
        return out, err

    def names(self, *words):
        """Which torrents a selector names."""
        status, answer = self.daemon.ctl("status", *words, check=False)
        return sorted(r["name"] for r in answer["torrents"]) \
            if status == 0 else status


def make(t, daemon, root):
    """Torrents 1 to 3: one complete, one not, one with an odd name."""
    local = tracker.Tracker(interval=1800)
    other = tracker.Tracker(t.addr())
    done = Torrent("done.iso", 100_000, 1 << 15).make(root)
    part = Torrent("part one", [("a", 50_000), ("b", 60_000)], 1 << 15).make()
    odd = Torrent("odd\x1b[2J name", 30_000, 1 << 15).make()
    paths = [done.save(t.root + "/done.torrent", local.url),
        part.save(t.root + "/part.torrent",
            other.base + "/announce?passkey=0123456789abcdef0123456789abcdef"),
        odd.save(t.root + "/odd.torrent")]
    return done, part, odd, paths, other


def adding(t, cli, paths):
    out, _ = cli.exits(OK, "add", "-c", paths[0])
    t.equal(len(lines(out)), 1, "add says one line for a torrent")
    out, _ = cli.exits(OK, "add", paths[1])
    with open(paths[2], "rb") as f:
        status, out, err = cli.daemon.run("add", "-P", "-", text=f.read())
    t.equal((status, err), (OK, ""), "add reads standard input")
    t.ok("\x1b" not in out, "a name cannot drive the terminal", repr(out))
    _, err = cli.exits(FAILED, "add", paths[0])
    t.match(err, "already", "a second time it is refused")
    extra = Torrent("extra", 1, 1 << 15).make().save(t.root + "/extra.torrent")
    out, _ = cli.exits(PARTIAL, "-H", "add", extra, paths[0])
    cli.exits(OK, "remove", out.split("\t")[0])
    cli.exits(FAILED, "add", t.root + "/no-such-file")
    _, err = cli.exits(FAILED, "add", "/etc/passwd")
    t.match(err, "not a torrent file", "it is told from one")
    cli.exits(FAILED, "add", "/dev/zero")
    cli.exits(FAILED, "add", "-d", "/etc", extra)


def selecting(t, cli, done, part, odd, other):
    everything = sorted(x["name"] for x in cli.daemon.torrents())
    t.equal(len(everything), 3, "three torrents are there")
    odd_name = [x["name"] for x in cli.daemon.torrents()
        if x["infohash"] == odd.infohash][0]
    for words, want in (
        ([], everything),
        (["all"], everything),
        (["1"], [done.name]),
        (["1-2"], sorted([done.name, part.name])),
        (["1,2"], sorted([done.name, part.name])),
        ([done.infohash], [done.name]),
        ([part.infohash[:8]], [part.name]),
        (["name:*.iso"], [done.name]),
        (["!name:*.iso"], sorted([part.name, odd_name])),
        (["state:seeding"], [done.name]),
        (["state:downloading,stopped"], sorted([part.name, odd_name])),
        (["1-3", "!1"], sorted([part.name, odd_name])),
        (["tracker:" + other.server.server_address[0]], [part.name]),
    ):
        t.equal(cli.names(*words), want, f"selector {' '.join(words)}")
    cli.exits(NO_TORRENT, "status", "99")
    cli.exits(NO_TORRENT, "status", "deadbeef")
    cli.exits(NO_TORRENT, "stop", "name:nothing*")
    cli.exits(USAGE, "stop")
    cli.exits(USAGE, "remove")
    _, err = cli.exits(USAGE, "stop", "done.iso")
    t.match(err, "name:done.iso", "who types a name is told how to")
    _, err = cli.exits(USAGE, "show", "pieces")
    t.match(err, "one torrent", "and what is missing")
    _, err = cli.exits(FAILED, "files", "1", "skip", "7")
    t.match(err, "no file of that number", "or is not there")


def printing(t, cli, done, part):
    answer = cli.daemon.ctl("status")
    t.equal(ROW_KEYS - set(answer["torrents"][0]), set(),
        "status -j has every key")
    t.ok({"down_rate", "up_rate"} <= set(answer), "and the totals")
    row = cli.daemon.torrents("-f", "-p", "-t", "2")[0]
    t.equal([f["path"] for f in row["files"]], ["part one/a", "part one/b"],
        "files -j")
    t.ok(isinstance(row["peers"], list), "peers -j")
    t.equal({"url", "tier", "state", "seeds", "leeches", "downloads", "last",
        "next", "error"} - set(row["trackers"][0]), set(), "trackers -j")
    t.ok("0123456789abcdef" not in row["trackers"][0]["url"],
        "a passkey is masked", row)
    row = cli.daemon.ctl("-v", "status", "-t", "2")["torrents"][0]
    t.ok("0123456789abcdef" in row["trackers"][0]["url"], "but not with -v")

    out, _ = cli.exits(OK, "status")
    t.ok("done.iso" in out and "part one" in out, "status names them", out)
    t.ok("\x1b" not in out, "and nothing drives the terminal")
    t.equal(len(lines(out)), 5, "a header, a line each, a total")
    out, _ = cli.exits(OK, "-H", "status")
    t.equal([len(x.split("\t")) > 5 for x in lines(out)], [True] * 3,
        "-H: a row of columns each")
    out, _ = cli.exits(OK, "status", "1")
    t.match(out, done.infohash, "a named one has a page")
    cli.exits(USAGE, "-j", "-H", "status")

    t.wait(lambda: cli.daemon.processes()["dht"]["walls"], 30,
        "the DHT, which begins last")
    out, _ = cli.exits(OK, "show", "processes")
    t.equal(len(lines(out)), 7, "show processes: a header, parent, children")
    for role, row in cli.daemon.processes().items():
        t.ok({"pid", "uid", "uptime", "memory", "shared", "cpu_ms",
            "restarts", "walls"} <= set(row), f"show processes -j: {role}",
            row)
        t.ok(role == "parent" or {"no-new-privs", "seccomp", "landlock"} <=
            set(row["walls"]), f"the walls of {role} stand", row)
    for subject in ("ports", "disk", "limits", "processes"):
        out, _ = cli.exits(OK, "-H", "show", subject)
        t.equal([x for x in lines(out) if "" in x.split("\t")], [],
            f"show {subject} -H: no field is empty")
    out, _ = cli.exits(OK, "info", t.root + "/part.torrent")
    t.match(out, part.infohash, "info shows the hash")
    cli.exits(FAILED, "info", "/etc/passwd")


def helping(t, cli):
    """Help is what was asked for, so it is no error, and needs no daemon."""
    texts = {cli.exits(OK, *words)[0] for words in
        (["help"], ["-h"], ["--help"], ["-s", "/nowhere", "help"])}
    t.equal(len(texts), 1, "there is one list of commands")
    rows = [x.split("\t") for x in
        lines(cli.exits(OK, "-H", "help")[0])]
    t.equal([len(r) for r in rows], [3] * len(rows), "help -H: three fields")
    for name, usage, text in rows:
        status, out, err = cli.daemon.run("help", name)
        t.ok(status == OK and out.startswith(f"usage: mimctl {name}") and
            text in out and err == "", f"help {name}", out + err)
        t.ok(f"  {name} " in min(texts), f"the list has {name}")
    for words in (["remove", "-h"], ["remove", "--help"], ["-h", "remove"]):
        t.equal(cli.exits(OK, *words), cli.exits(OK, "help", "remove"),
            "and so has each command")
    _, out = cli.daemon.run("-j", "help", "remove")[:2]
    t.equal(json.loads(out)["commands"][0]["usage"], "[-D] selector ...",
        "help -j")
    cli.exits(USAGE, "help", "nonsense")
    cli.exits(USAGE, "help", "add", "remove")


def completing(t, cli):
    """What bash offers after these words; "-s SOCKET" is among them."""
    script = """. mimctl/mimctl.bash
        COMP_WORDS=("$@" ""); COMP_CWORD=$#; COMP_WORDS[$#]=$last
        _mimctl; echo "${COMPREPLY[*]}" """
    for words, want in (
        ("st", "start status stop"),
        ("show t", "torrents trackers"),
        ("help sto", "stop"),
        ("add -", "-c -P -d -o -x"),
        ("set 1 s", "sequential super-seeding"),
        ("dht ", "get key put"),
        ("-j remove ", "all 1 2 3"),
        ("add /et", ""),
    ):
        *before, last = words.split(" ")
        answer = subprocess.run(["bash", "-c", script, "bash",
            mimtest.program("mimctl"), "-s", cli.daemon.socket, *before],
            env=dict(os.environ, last=last), cwd=mimtest.TOP,
            capture_output=True, text=True)
        offered = " ".join(sorted(set(answer.stdout.split())))
        t.equal((offered, answer.stderr),
            (" ".join(sorted(want.split())), ""), f"bash completes {words}")


def options_anywhere(t, cli):
    """After the selector they are as good as before it."""
    for words in (["-j", "status", "1"], ["status", "-j", "1"],
        ["status", "1", "-j"], ["status", "1", "-p", "-j"],
        ["status", "1", "-jp"], ["status", "-pj", "1"],
        ["show", "peers", "1", "-j"]):
        out, _ = cli.exits(OK, *words)
        t.ok(out.startswith("{") and '"peers":[' in out, "prints JSON", out)
    out, _ = cli.exits(OK, "status", "1", "-f")
    t.ok("FILE" in out and "TRACKER" not in out and "info-hash" not in out,
        "only the files are asked", out)
    out, _ = cli.exits(OK, "show", "trackers")
    t.ok("Torrent 1: " in out and "Torrent 3: " not in out,
        "of all, those that have trackers", out)
    out, _ = cli.exits(OK, "show", "webseeds")
    t.equal(out, "none\n", "or nobody")
    out, _ = cli.exits(OK, "status", "all", "!2", "!3")
    t.equal(len(lines(out)), 3, "one that is not named has but a line")
    out, err = cli.exits(OK, "start", "1", "-q")
    t.equal(out + err, "", "-q at the end")
    cli.exits(USAGE, "status", "--", "-j")


def commanding(t, cli, done, part, odd):
    for words in (["st"], ["stat"], ["sh", "pr"], ["show", "proc"]):
        cli.exits(OK, *words)
    _, err = cli.exits(USAGE, "sta")
    t.match(err, "start.*status|status.*start", "an unclear word lists them")
    cli.exits(USAGE, "nonsense")
    cli.exits(USAGE)
    cli.exits(USAGE, "-Z")
    cli.exits(USAGE, "status", "-Z")
    out, _ = cli.exits(OK, "-V")
    t.match(out, r"^mimctl \d", "-V")

    cli.exits(OK, "stop", "2")
    t.equal(cli.daemon.state_of(part.infohash), "stopped", "stop stops")
    cli.exits(OK, "start", "2")
    t.wait(lambda: cli.daemon.state_of(part.infohash) == "downloading", 20,
        "start")
    cli.exits(OK, "wait", "1")
    cli.exits(TIMEOUT, "wait", "-t", "1", "2")
    cli.exits(OK, "check", "1")
    cli.exits(OK, "wait", "-e", "checked", "-t", "10", "1")
    for level in ("debug", "brief", "verbose"):
        cli.exits(OK, "log", level)
    cli.exits(USAGE, "log", "loud")


def removing(t, cli, done, odd):
    path = os.path.join(cli.daemon.root, done.name)
    cli.exits(OK, "remove", "3")
    t.equal(cli.daemon.state_of(odd.infohash), None, "remove forgets")
    cli.exits(OK, "remove", "1")
    t.ok(os.path.exists(path), "and keeps the data")
    cli.daemon.ctl("add", "-c", t.root + "/done.torrent")
    row = t.wait(lambda: cli.daemon.torrent(done.infohash), 20, "the torrent")
    t.ok(row["id"] > 3, "numbers are not used again", row)
    cli.daemon.wait_state(done.infohash, "seeding", 10)
    cli.exits(OK, "remove", "-D", str(row["id"]))
    t.wait(lambda: not os.path.exists(path), 20, "the data to be gone")
    t.ok(True, "remove -D deletes the data")


def restricted(t, daemon):
    socket, daemon.socket = daemon.socket, daemon.dir + "/status.sock"
    cli = Cli(t, daemon)
    cli.exits(OK, "status")
    cli.exits(OK, "show", "processes")
    for words in (["add", t.root + "/done.torrent"], ["stop", "all"],
        ["remove", "all"], ["log", "debug"], ["reload"], ["shutdown"],
        ["peers", "all", "ban", "192.0.2.1"], ["set", "all", "seq", "yes"],
        ["limit", "up", "1M"]):
        cli.exits(REFUSED, *words)
    daemon.socket = socket
    os.chmod(daemon.dir, 0o755)
    as_user = subprocess.run(["setpriv", "--reuid=65534",
        "--regid=65534", "--clear-groups", mimtest.program("mimctl"), "-s",
        socket, "status"], capture_output=True)
    t.equal(as_user.returncode, REFUSED, "the full socket is not for anyone")


def places(t, daemon):
    """Where mimctl looks by itself."""
    own = t.dir("home") + "/.local/state/mim"
    os.makedirs(own)
    env = {k: v for k, v in os.environ.items() if k not in ("MIMD_SOCKET",
        "XDG_RUNTIME_DIR", "XDG_STATE_HOME")}
    env["HOME"] = t.root + "/home"
    command = ["setpriv", "--reuid=65534", "--regid=65534",
        "--clear-groups", mimtest.program("mimctl"), "status"]

    if not os.path.exists("/run/mimd/mimd.sock"):
        answer = subprocess.run(command, env=env, capture_output=True,
            text=True)
        t.equal(answer.returncode, NO_DAEMON, "no daemon of one's own")
        t.match(answer.stderr, f"{own}/mimd.sock or /run/mimd/mimd.sock",
            "it was looked for where mimd puts it")
    os.symlink(f"{daemon.dir}/status.sock", f"{own}/mimd.sock")
    answer = subprocess.run(command, env=env, capture_output=True, text=True)
    t.equal(answer.returncode, OK, "which is found there")


def ending(t, daemon):
    cli = Cli(t, daemon)
    cli.exits(OK, "shutdown")
    t.equal(daemon.proc.wait(10), 0, "shutdown: exit status 0")
    cli.exits(NO_DAEMON, "status")


def test(t):
    daemon = mimd.Mimd(t, conf="dht yes\ndht bootstrap none\n")
    daemon.write_conf(daemon.conf +
        f"control socket \"{daemon.dir}/status.sock\" restricted\n")
    daemon.start()
    done, part, odd, paths, other = make(t, daemon, daemon.root)
    cli = Cli(t, daemon)
    adding(t, cli, paths)
    daemon.wait_state(done.infohash, "seeding", 10)
    selecting(t, cli, done, part, odd, other)
    printing(t, cli, done, part)
    helping(t, cli)
    completing(t, cli)
    options_anywhere(t, cli)
    commanding(t, cli, done, part, odd)
    restricted(t, daemon)
    places(t, daemon)
    removing(t, cli, done, odd)
    ending(t, daemon)


mimtest.main(test)
