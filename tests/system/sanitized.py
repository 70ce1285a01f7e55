#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""
Some of the system tests once more, with a mimd whose every slip with memory
or arithmetic is told: the address and undefined behaviour sanitizers watch it
in its sandbox, the leak sanitizer a mimd without (tests/system/attempt/bare.c).
"""

import concurrent.futures
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, os.environ.get("BUILD") or "build")
TOGETHER = 2
SANDBOXED = "fuzz"
BARE = "fuzz/bare"
RUNS = (
    (SANDBOXED, "tracker-hostile"),
    (SANDBOXED, "hostile-control"),
    (SANDBOXED, "evil-disk"),
    (BARE, "swarm"),
    (SANDBOXED, "hostile"),
    (BARE, "odd-shapes"),
    (SANDBOXED, "cli"),
    (BARE, "hostile-leech"),
    (SANDBOXED, "fast"),
    (BARE, "connections"),
    (SANDBOXED, "blocklist"),
)
OPTIONS = {
    # Memory is kept from use after it is freed, but a daemon may not grow.
    "ASAN_OPTIONS": "quarantine_size_mb=8:detect_stack_use_after_return=1:"
        "strict_string_checks=1:check_initialization_order=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


def run(build, name):
    """Returns the exit status, the output and the time it took."""
    begin = time.monotonic()
    done = subprocess.run([sys.executable, os.path.join(HERE, name + ".py")],
        env=dict(os.environ, BUILD=os.path.join(BUILD, build), **OPTIONS),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return (done.returncode, done.stdout.decode(errors="replace"),
        time.monotonic() - begin)


def main():
    make = subprocess.run(["make", "-s", "-C", TOP, "san", "BUILD=" + BUILD],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if make.returncode != 0:
        print(make.stdout.decode(errors="replace"), file=sys.stderr)
        print("Bail out! make san failed")
        return 1
    print(f"1..{len(RUNS)}", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        results = pool.map(lambda job: run(*job), RUNS)
        for n, (job, result) in enumerate(zip(RUNS, results), 1):
            status, output, seconds = result
            failed += status != 0
            print(f"{'ok' if status == 0 else 'not ok'} {n} - {job[1]} with "
                f"{job[0]}", flush=True)
            print(f"# {seconds:.0f} s")
            for line in output.splitlines() if status != 0 else ():
                if not line.startswith("ok "):
                    print("#", line, file=sys.stderr)
    return 1 if failed else 0


sys.exit(main())
