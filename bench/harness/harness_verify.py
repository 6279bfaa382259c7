#!/usr/bin/env python3
"""Everything of the public matching-engine benchmark that is about being right, for our adapter.

DIR is the folder of the harness, built from its own sources, as for `tools/bench book --peers DIR`:

seeds  the report streams of every scenario at each seed have the hash that the adapter of a
       reference engine has in DIR; at seed 23 that is the published one
audit  the state of the book, probed at random, is the baseline's (DIR/liquibook_adapter.so)
gate   its battery of edge cases (DIR/scripts/conformance_check.py and the adapters it needs)

What DIR lacks is skipped by name. Exit status: 0 all that ran agrees, 1 something differs, 2 bad
arguments, 3 nothing could be run.
"""
import argparse
import pathlib
import re
import subprocess
import sys

from harness_lines import SCENARIOS

ROOT = pathlib.Path(__file__).resolve().parents[2]
OURS = ROOT / "build/release/bin/tallystick_adapter.so"
SEEDS = [23, 1, 9, 77, 101, 202, 303, 404, 505]
# The baseline takes minutes for `static`.
AUDIT_SCENARIOS = [scenario for scenario in SCENARIOS if scenario != "static"]
SECONDS_MAX = 900


def run(command, directory):
    """Its output, or None if it took too long."""
    try:
        return subprocess.run(command, cwd=directory, capture_output=True, text=True,
                              timeout=SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return None


def run_harness(directory, adapter, *arguments):
    result = run(["./harness", "--engine", str(adapter), "--matcher-core", "0", "--drainer-core", "1",
                  *arguments], directory)
    return "" if result is None else result.stdout


def found(pattern, output):
    match = re.search(pattern, output)
    return match[1] if match else "no answer"


def check_seeds(directory, adapter, reference, seeds):
    """The number of streams that differ, or None if there is nothing to compare with."""
    other = directory / f"{reference}_adapter.so"
    if not other.is_file():
        print(f"seeds: skipped, {directory} has no {other.name}")
        return None
    different = 0
    for seed in seeds:
        same = []
        for scenario in SCENARIOS:
            workloads = f"orders_{scenario}_s{seed}_n*.bin"
            there_before = set(directory.glob(workloads))
            arguments = ("--scenario", scenario, "--seed", str(seed))
            hashes = [found(r"Computed hash: (\w+)", run_harness(directory, engine, *arguments))
                      for engine in (adapter, other)]
            agree = hashes[0] == hashes[1] != "no answer"
            same.append(agree)
            if not agree:
                print(f"seeds: {scenario} at seed {seed}: ours {hashes[0]}, "
                      f"{reference} {hashes[1]}")
            for workload in set(directory.glob(workloads)) - there_before:
                workload.unlink()  # Some 80 MB each.
        different += same.count(False)
        print(f"seeds: {seed}: {same.count(True)} of {len(SCENARIOS)} streams as {reference}'s",
              flush=True)
    return different


def check_audit(directory, adapter):
    if not (directory / "liquibook_adapter.so").is_file():
        print(f"audit: skipped, {directory} has no liquibook_adapter.so")
        return None
    different = 0
    for scenario in AUDIT_SCENARIOS:
        output = run_harness(directory, adapter, "--scenario", scenario, "--mode", "audit")
        verdict = found(r"Verdict: (\w+)", output)
        print(f"audit: {scenario}: {verdict}, {found(r'State audit: (.*)', output)}", flush=True)
        different += verdict != "VALID"
    return different


def check_gate(directory, adapter):
    script = directory / "scripts/conformance_check.py"
    if not script.is_file():
        print(f"gate: skipped, {directory} has no {script.relative_to(directory)}")
        return None
    result = run([sys.executable, str(script), str(adapter)], directory)
    if result is None:
        print(f"gate: no answer in {SECONDS_MAX} s")
        return 1
    for line in (result.stdout + result.stderr).splitlines():
        print(f"gate: {line}".rstrip())
    return int(result.returncode != 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--adapter", type=pathlib.Path, default=OURS,
                        help="default: %(default)s (ninja -C build/release harness_adapter)")
    parser.add_argument("--reference", default="cpptrader", metavar="PEER",
                        help="whose adapter the streams are compared with (default: %(default)s)")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), metavar="N,N,...",
                        help="default: %(default)s")
    arguments = parser.parse_args()
    directory, adapter = arguments.directory.resolve(), arguments.adapter.resolve()
    if not (directory / "harness").is_file():
        parser.error(f"{directory} has no harness")
    if not adapter.is_file():
        parser.error(f"no {adapter}: build it, or name it by --adapter")
    if not re.fullmatch(r"\d+(,\d+)*", arguments.seeds):
        parser.error("--seeds: numbers with commas between them")
    results = {"seeds": check_seeds(directory, adapter, arguments.reference,
                                    [int(seed) for seed in arguments.seeds.split(",")]),
               "audit": check_audit(directory, adapter),
               "gate": check_gate(directory, adapter)}
    words = {None: "skipped", 0: "agrees"}
    print(", ".join(f"{name} {words.get(result, 'DIFFERS')}" for name, result in results.items()))
    ran = [result for result in results.values() if result is not None]
    sys.exit(3 if not ran else int(any(ran)))


if __name__ == "__main__":
    main()
