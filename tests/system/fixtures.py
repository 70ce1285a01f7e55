#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Every torrent of tests/fixtures is understood, or refused, as its table says.

import csv
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest


def rows():
    with open(os.path.join(mimtest.FIXTURES, "expected.tsv")) as f:
        yield from csv.DictReader(f, delimiter="\t",
            quoting=csv.QUOTE_NONE)


def number(text):
    return None if text == "-" else int(text)


def said(row):
    """What the table says, in the words of info -j."""
    return {
        "infohash": None if row["v1_infohash"] == "-" else row["v1_infohash"],
        "infohash_v2": None if row["v2_infohash"] == "-"
            else row["v2_infohash"],
        "size": number(row["total_size"]),
        "piece_length": number(row["piece_length"]),
        "pieces": number(row["n_pieces"]),
        "files": number(row["n_files"]),
    }


def understood(out, want):
    got = json.loads(out)
    got["files"] = len(got["files"])
    return {key: got.get(key) for key in want}


def one_line(err):
    return len(err.strip().splitlines()) == 1 and err.strip().isprintable()


def safe_paths(out):
    return all(part not in ("", ".", "..") and "\0" not in part
        for f in json.loads(out)["files"] for part in f["path"].split("/"))


def test(t):
    daemon = mimd.Mimd(t).start()
    added = {}
    for i, row in enumerate(rows()):
        name, verdict = row["file"], row["verdict"]
        path = os.path.join(mimtest.FIXTURES, name)
        status, out, err = daemon.run("-j", "info", path)
        if verdict == "reject" or (verdict != "accept" and status != 0):
            t.ok(status == 1 and one_line(err),
                f"{name}: info refuses it in one line", (status, err))
            status, out, err = daemon.run("add", "-P", path)
            t.ok(status == 1 and one_line(err),
                f"{name}: add refuses it in one line", (status, err))
            continue
        if not t.equal(status, 0, f"{name}: info takes it"):
            t.diag(err)
            continue
        want = said(row)
        t.equal(understood(out, want), want, f"{name}: info says all of it")
        t.ok(safe_paths(out), f"{name}: its paths are safe", out)
        # Each in its own place: some have the same files.
        status, out, err = daemon.run("-j", "add", "-P", "-d",
            os.path.join(daemon.root, str(i)), path)
        if want["infohash"] is None:
            t.ok(status == 1 and one_line(err) and "2" in err,
                f"{name}: add refuses version 2, by name", (status, err))
        elif want["infohash"] in added:
            t.ok(status == 1 and one_line(err) and "already" in err,
                f"{name}: add knows it from {added[want['infohash']]}",
                (status, err))
        else:
            t.equal((status, err), (0, ""), f"{name}: add takes it")
            added[want["infohash"]] = name
            known = daemon.torrent(want["infohash"])
            t.equal(known and (known["size"], known["infohash_v2"],
                known["state"]), (want["size"], want["infohash_v2"],
                "stopped"), f"{name}: status knows it")
    t.equal(len(daemon.torrents()), len(added), "nothing else was added")
    daemon.stop()
    daemon.start()
    t.equal({x["infohash"] for x in daemon.torrents()}, set(added),
        "all are there after a restart")


mimtest.main(test)
