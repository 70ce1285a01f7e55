#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Children and parent are killed in the middle of transfers, which go on.

import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
from torrent import Torrent

SIZE = 64_000_003
PIECE = 1 << 18
RATE = 6_000_000		# bytes/s of the other side
# What a kill may cost: pieces begun and blocks that were on their way.
IN_FLIGHT = 4 << 20


def kill_about(t, daemon, going_on):
    """Kill children one by one, twice each, at random moments."""
    order = list(mimd.CHILDREN) * 2
    random.shuffle(order)
    kills = 0
    for role in order:
        time.sleep(random.uniform(0.2, 0.9))
        if not going_on():
            break
        before = daemon.children()
        if daemon.kill_child(role):
            kills += 1
            t.wait(lambda: daemon.children().get(role, before[role]) !=
                before[role], 15, f"a new {role}")
            others = [r for r in mimd.CHILDREN if r != role and
                daemon.children().get(r) != before.get(r)]
            t.equal(others, [], f"{role} came back, the others stayed")
    return kills


def download(t, content, torrent, path, announce):
    """Children killed while mimd downloads; then the parent."""
    seed = clients.Libtorrent(t, path, name="seed", seed=True, root=content,
        up=RATE)
    daemon = mimd.Mimd(t, "leech", user=mimd.SPARE_USER, cache="4M").start()
    daemon.add(path)
    daemon.wait_state(torrent.infohash, "downloading", 10)
    t.wait(lambda: daemon.torrent(torrent.infohash)["have"], 20,
        "the first piece")
    kills = kill_about(t, daemon,
        lambda: daemon.torrent(torrent.infohash)["progress"] < 0.8)
    t.ok(kills >= 4, "children were killed in the middle", kills)
    restarts = sum(r["restarts"] for r in daemon.processes().values())
    t.equal(restarts, kills, "show processes counts the restarts")

    t.ok(daemon.torrent(torrent.infohash)["progress"] < 1, "it is not done")
    kill_parent(t, daemon)
    have = t.wait(lambda: daemon.torrent(torrent.infohash), 10,
        "the torrent after a restart")
    row = daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(daemon.root), None, "download: bit-exact")
    t.equal(row["have"], SIZE, "all of it counts")
    time.sleep(0.3)
    t.ok(seed.status["uploaded"] <= SIZE + (kills + 1) * IN_FLIGHT,
        "nothing verified was fetched again",
        f"{seed.status['uploaded'] - SIZE} bytes more, {kills} kills, {have}")
    seed.close()
    return daemon


def kill_parent(t, daemon):
    children = list(daemon.children().values())
    parent = daemon.processes()["parent"]["pid"]
    os.kill(parent, signal.SIGKILL)
    end = time.monotonic() + 1
    while time.monotonic() < end and any(map(mimtest.alive, children)):
        time.sleep(0.01)
    t.equal([c for c in children if mimtest.alive(c)], [],
        "children end within a second of their parent")
    daemon.proc.wait()
    daemon.start()


def upload(t, torrent, daemon, path):
    """Children killed while mimd is the only seed."""
    leech = clients.Libtorrent(t, path, name="other",
        down=RATE)
    t.wait(lambda: leech.progress() > 0.05, 30, "the leech to begin")
    kills = kill_about(t, daemon, lambda: leech.progress() < 0.8)
    t.ok(kills >= 4, "children were killed while uploading", kills)
    begin = time.monotonic()
    t.wait(lambda: leech.progress() == 1, 30, "the leech")
    t.diag(f"the rest took {time.monotonic() - begin:.1f} s")
    t.equal(torrent.wrong(leech.root), None, "upload: bit-exact")


def term(t, torrent, daemon, announce):
    def told():
        return [(a["peer_id"], a["event"]) for a in
            announce.of(torrent.infohash) if a.addr == daemon.addr]

    def rested():
        row = daemon.torrent(torrent.infohash, "-t")
        return len(daemon.children()) == 4 and \
            row["trackers"][0]["state"] == "waiting"

    # The last kills are past: the children are back and have announced.
    # An announce that failed twice amid the kills is tried after 19 s.
    t.wait(rested, 90, lambda: "all children at work: "
        f"{daemon.children()}, {daemon.torrent(torrent.infohash, '-t')}")
    before = told()
    t.equal(daemon.stop(), 0, "SIGTERM: exit status 0")
    t.equal(told()[len(before):], [(before[-1][0], "stopped")],
        "stopped was announced, once")
    t.diag([event for _, event in told()])
    daemon.start()
    row = t.wait(lambda: daemon.torrent(torrent.infohash), 10, "the torrent")
    t.ok(row["state"] in ("seeding", "checking"), "it is there again", row)
    row = daemon.wait_state(torrent.infohash, "seeding", 10)
    t.ok(row["uploaded"] > 0.5 * SIZE, "totals were kept", row)


def orphan(t, torrent, daemon):
    """A disk child that hangs outlives its parent, and is waited for."""
    disk = daemon.children()["disk"]
    os.kill(disk, signal.SIGSTOP)
    daemon.ctl("set", torrent.infohash, "sequential", "yes")
    daemon.processes()			# by now disk has been told
    daemon.proc.kill()
    daemon.proc.wait()
    before, starts = len(daemon.log()), daemon.readies()
    daemon.launch()
    t.wait(lambda: "waiting for the disk process of an earlier mimd" in
        daemon.log()[before:], 20, "the next mimd to wait")
    other = t.spawn([mimtest.program("mimd"), "-d", "-f", daemon.conf_path],
        daemon.log_path, host=daemon.host, user=daemon.user)
    t.equal(other.wait(20), 1, "one more is refused at once")
    t.match(daemon.log()[before:], "another mimd uses the state directory",
        "and told why")
    t.equal(daemon.readies(), starts,
        "the first does not begin beside the old disk child")
    os.kill(disk, signal.SIGCONT)
    daemon.wait_ready(starts, 30)
    row = daemon.wait_state(torrent.infohash, "seeding", 20)
    t.ok(row["sequential"], "what it had been told last was saved", row)


def test(t):
    seed = int(os.environ.get("SEED") or time.time())
    t.diag(f"SEED={seed} gives these moments again")
    random.seed(seed)
    content = t.dir("content")
    torrent = Torrent("restart", SIZE, PIECE).make(content)
    announce = tracker.Tracker(interval=2)
    path = torrent.save(t.root + "/x.torrent", announce.url)
    daemon = download(t, content, torrent, path, announce)
    upload(t, torrent, daemon, path)
    term(t, torrent, daemon, announce)
    orphan(t, torrent, daemon)


mimtest.main(test)
