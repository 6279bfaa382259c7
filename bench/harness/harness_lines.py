#!/usr/bin/env python3
"""Runs one adapter in the public matching-engine benchmark, prints JSON lines as a peer does.

usage: harness_lines.py HARNESS ADAPTER.so SUBJECT [--json] [--smoke]

HARNESS is the harness built from its own sources, in its own folder, beside its workload generator
and reference hashes; it writes its workloads and results there. A scenario counts only if the
verdict is VALID; one that takes too long is left out. Exit status 1: a report stream was wrong.
"""
import json
import pathlib
import re
import subprocess
import sys

SCENARIOS = ["static", "normal", "swing-25", "swing-40", "flash-crash"]
SECONDS_MAX = 30  # Two million messages: a fast engine needs a tenth of a second.


def run(harness, adapter, scenario):
    """(messages per second, verdict), or None if it took too long."""
    command = [str(harness), "--engine", str(adapter), "--scenario", scenario,
               "--matcher-core", "0", "--drainer-core", "1"]
    try:
        output = subprocess.run(command, cwd=harness.parent, capture_output=True, text=True,
                                timeout=SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return None
    throughput = re.search(r"Throughput:\s+([\d.]+) M msgs/s", output.stdout)
    verdict = re.search(r"Verdict: (\w+)", output.stdout)
    if not throughput or not verdict:
        sys.exit(f"{' '.join(command)} failed:\n{output.stdout}{output.stderr}")
    return float(throughput[1]) * 1e6, verdict[1]


def main():
    flags = {argument for argument in sys.argv[1:] if argument.startswith("--")}
    paths = [argument for argument in sys.argv[1:] if argument not in flags]
    if len(paths) != 3 or flags - {"--json", "--smoke"}:
        sys.exit(__doc__)
    harness, adapter, subject = pathlib.Path(paths[0]), pathlib.Path(paths[1]), paths[2]
    wrong = False
    for scenario in SCENARIOS[1:2] if "--smoke" in flags else SCENARIOS:
        result = run(harness.resolve(), adapter.resolve(), scenario)
        if result is None:
            print(f"{subject} {scenario}: more than {SECONDS_MAX} s, left out", file=sys.stderr)
            continue
        throughput, verdict = result
        if verdict != "VALID":
            print(f"{subject} {scenario}: {verdict}", file=sys.stderr)
            wrong = True
            continue
        print(json.dumps({"bench": "book", "case": f"harness/{scenario}", "metric": "throughput",
                          "value": throughput, "unit": "messages/s", "subject": subject}))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
