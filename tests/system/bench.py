#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""
The benches still work: one row of each kind, as small as can be, with mim
alone.  What they measure is not looked at.
"""

import json
import os
import subprocess
import sys
import tempfile

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
ROWS = ["leech-8", "small-seed", "first-block", "cold-start", "add", "status",
    "silent", "recheck", "many-1000", "limit"]


def missing(rows):
    """Figures that should be there."""
    return [f"{name} {client}" for name in ROWS
        for client in ("limit-1" if name == "limit" else "mim",)
        if not rows.get(name, {}).get("clients", {}).get(client)]


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root, for namespaces of its own")
        return 0
    with tempfile.TemporaryDirectory(prefix="mimtest-") as dir:
        path = os.path.join(dir, "result.json")
        done = subprocess.run([os.path.join(TOP, "tests/bench/bench.py"),
            "--tiny", "-c", "mim", "-o", path, *ROWS],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=140)
        with open(path) as f:
            lacks = missing(json.load(f)["rows"])
    good = done.returncode == 0 and not lacks
    print("ok" if good else "not ok", "1 - every kind of row has figures")
    if not good:
        print("\n".join("# " + line for line in
            [*lacks, *done.stdout.splitlines()]))
    print("1..1")
    return 0 if good else 1


sys.exit(main())
