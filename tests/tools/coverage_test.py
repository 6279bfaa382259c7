#!/usr/bin/env python3
"""docs/semantics/coverage.md names the test of each case: every one of them is in the tree, and every
name of the public gate is a row of gate_cases_test.cc."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
GATE_CASES = 33  # The 34th is a test of its own.


def main():
    page = (ROOT / "docs/semantics/coverage.md").read_text()
    named = set(re.findall(r"`([A-Z]\w+\.[A-Z]\w+)`", page))
    there = set()
    for source in (ROOT / "tests").rglob("*.cc"):
        for suite, name in re.findall(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", source.read_text(), re.M):
            there.add(f"{suite}.{name}")
    missing = sorted(named - there)
    for name in missing:
        print(f"coverage.md names {name}, which is no test")
    gate = (ROOT / "tests/engine/book/gate_cases_test.cc").read_text()
    rows = set(re.findall(r'\{"(\w+)", R"\(', gate))
    if len(rows) != GATE_CASES:
        print(f"gate_cases_test.cc has {len(rows)} rows, not {GATE_CASES}")
    return 0 if not missing and len(named) > 80 and len(rows) == GATE_CASES else 1


if __name__ == "__main__":
    sys.exit(main())
