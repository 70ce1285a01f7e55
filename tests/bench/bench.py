#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""
Measures mim beside other clients, one after the other in one run, in a network
of its own.  Prints medians, and at the end a table of mim's ratios to the best
of the others with what they must be and what is good; all figures go to a JSON
file.  Quote ratios: figures of another machine, or of another day, do not
compare.  Without rows all are measured, which takes an hour or so; --tiny only
shows that everything still works.
"""

import argparse
import collections
import json
import os
import statistics
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "system", "lib"))
import idle
import latency
import limit
import many
import measure
import recheck
import row
import subjects
import transfer

ROWS = transfer.ROWS + latency.ROWS + idle.ROWS + recheck.ROWS + many.ROWS + \
    limit.ROWS
SLOW = 15		# seconds: a run that takes longer is not repeated
OURS = ("mim", "mim1")

# Sizes (MiB, files, torrents, connections), how often to ask for a list, and
# seconds: to let a client come to rest, to settle, to look at an idle one, to
# wait for all announces.
Scale = collections.namedtuple("Scale", "runs size files torrents silent "
    "burst lists statuses rest settle idle announces")
FULL = Scale(3, 2048, 20000, 10000, 2000, 50, 10, 100, 0.3, 2, 10, 300)
TINY = Scale(1, 8, 50, 20, 20, 5, 2, 5, 0.05, 0.1, 0.2, 5)


def bench_row(world, row, clients):
    """Print and return {client: {figure: [value of each run]}}."""
    print(f"\n{row.name}: {row.about}\n{'client':<17}" + "".join(
        f"{figure.unit:>13}" for figure in row.figures), flush=True)
    results = {}
    for client in clients:
        try:
            results[client] = bench_client(world, row, client)
        except Exception as e:
            print(f"{client:<17}failed: {e!r}", flush=True)
            continue
        print(f"{client:<17}" + "".join(show(figure, results[client])
            for figure in row.figures) + spread(row, results[client]),
            flush=True)
    return results


def bench_client(world, row, client):
    values = collections.defaultdict(list)
    for _ in range(world.scale.runs):
        begin = time.monotonic()
        add(values, row.measure(world, client))
        if time.monotonic() - begin > SLOW:
            break
    add(values, row.once(world, client))
    return dict(values)


def add(values, run):
    for key, value in run.items():
        if value is not None:
            values[key].append(value)


def median(figure, values):
    return statistics.median(values[figure.key]) if figure.key in values \
        else None


def show(figure, values):
    value = median(figure, values)
    return f"{'-' if value is None else f'{value:.{figure.digits}f}':>13}"


def spread(row, values):
    figure = row.figures[0]
    runs = values.get(figure.key, ())
    return f"  {min(runs):.{figure.digits}f}-{max(runs):.{figure.digits}f}" \
        if len(runs) > 1 else ""


def ratio_of(figure, results):
    """mim's figure, the best of the others', whose, and the ratio of both."""
    ours = median(figure, results.get("mim", {}))
    others = [(median(figure, values), client)
        for client, values in results.items()
        if client not in OURS and figure.key in values]
    if ours is None or not others:
        return None
    best, client = (max if figure.more else min)(others)
    if max(best, figure.least) == 0:
        return None
    return {"mim": ours, "best": best, "whose": client, "must": figure.must,
        "good": figure.good, "ratio": max(ours, figure.least) /
        max(best, figure.least)}


def verdict(figure, ratio):
    def reached(goal):
        # As it is shown: two digits.
        return round(ratio, 2) >= goal if figure.more else \
            round(ratio, 2) <= goal

    if figure.must is None:
        return ""
    if not reached(figure.must):
        return "MISSED"
    return "good" if reached(figure.good or figure.must) else "met"


def summary(rows, results):
    print(f"\n{'row':<16}{'figure':<14}{'mim':>9}{'best':>9}  "
        f"{'of':<17}{'ratio':>6}{'must':>7}{'good':>7}")
    for r in rows:
        for figure in r.figures:
            line = ratio_of(figure, results[r.name]["clients"])
            if line is None:
                continue
            results[r.name]["ratios"][figure.key] = line
            goals = "".join(f"{'' if goal is None else f'{goal:.2f}':>7}"
                for goal in (figure.must, figure.good))
            print(f"{r.name:<16}{figure.unit:<14}"
                f"{line['mim']:>9.2f}{line['best']:>9.2f}  "
                f"{line['whose']:<17}{line['ratio']:>6.2f}{goals}  "
                f"{verdict(figure, line['ratio'])}")
    of_limit(results)


def of_limit(results):
    """How near a download comes to what the machine allows."""
    for name, bare in (("leech-1", "limit"), ("leech-1-disk", "limit-disk")):
        mim = results.get(name, {}).get("clients", {}).get("mim")
        for client, least in results.get(bare, {}).get("clients",
            {}).items() if mim else ():
            print(f"{name}: " + ", ".join(
                f"{median(f, mim) / median(f, least):.2f} of the {f.unit} "
                f"of {client}" for f in ROWS[0].figures[:2]))


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=
        argparse.RawDescriptionHelpFormatter,
        epilog="rows: " + " ".join(row.name for row in ROWS))
    parser.add_argument("rows", metavar="row", nargs="*")
    parser.add_argument("-c", dest="clients",
        type=lambda text: text.split(","), default=list(subjects.ALL),
        help="mim, and some of " + " ".join(subjects.ALL))
    parser.add_argument("-n", dest="runs", type=int, default=FULL.runs)
    parser.add_argument("-s", dest="size", type=int, default=FULL.size,
        help="MiB of the large file")
    parser.add_argument("-t", dest="torrents", type=int,
        default=FULL.torrents, help="of a row of many, at most")
    parser.add_argument("-m", dest="pin", type=int,
        help="MiB of memory to hold on to, 0 for none; see pin.c")
    parser.add_argument("-o", dest="output",
        default=measure.tool("result.json"))
    parser.add_argument("--tiny", action="store_true",
        help="a few seconds, no figures")
    args = parser.parse_args()
    unknown = set(args.rows) - {row.name for row in ROWS}
    if unknown:
        parser.error("no such row: " + " ".join(sorted(unknown)))
    return args


def clients_of(row, chosen):
    return [client for client in row.clients
        if client in chosen or client.startswith("limit")]


def run(args, root):
    scale = TINY if args.tiny else FULL._replace(runs=args.runs,
        size=args.size, torrents=args.torrents)
    rows = [row for row in ROWS if not args.rows or row.name in args.rows]
    pin = 0 if args.tiny else 2 * scale.size + 2048
    pin = measure.pin_memory(pin if args.pin is None else args.pin)
    world = row.World(scale, root)
    results = {}
    for r in rows:
        results[r.name] = {"about": r.about, "ratios": {}, "clients":
            bench_row(world, r, clients_of(r, args.clients))}
    summary(rows, results)
    with open(args.output, "w") as f:
        json.dump({"scale": scale._asdict(), "rows": results}, f, indent=1)
    if pin is not None:
        pin.kill()
    return 0 if all(results[r.name]["clients"] for r in rows) else 1


args = parse_args()
measure.main(lambda root: run(args, root))
