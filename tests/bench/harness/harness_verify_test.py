#!/usr/bin/env python3
"""bench/harness/harness_verify.py against a stand-in for the public harness: agreement, each way of
differing, and what is absent have the exit status that its help promises."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "bench/harness/harness_verify.py"

# Answers as the harness does, after what is in the adapter's file: its hash, then its verdict.
HARNESS = """#!/bin/sh
test "$1" = --engine && read -r hash verdict rest < "$2"
echo "  Computed hash: $hash"
echo "  State audit: of the stand-in"
echo "Verdict: $verdict"
"""
GATE = "import sys; print('of the stand-in'); sys.exit('bad' in open(sys.argv[1]).read())\n"


class HarnessVerifyTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        self.write("harness", HARNESS).chmod(0o755)
        self.write("ours.so", "abc VALID good\n")

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="ascii")
        return path

    def write_all(self):
        self.write("cpptrader_adapter.so", "abc VALID\n")
        self.write("liquibook_adapter.so", "abc VALID\n")
        self.write("scripts/conformance_check.py", GATE)

    def verify(self, *arguments):
        """(exit status, last line)"""
        result = subprocess.run(
            [sys.executable, str(SCRIPT), str(self.directory), "--adapter",
             str(self.directory / "ours.so"), "--seeds", "1,2", *arguments],
            capture_output=True, text=True, check=False)
        lines = (result.stdout + result.stderr).splitlines()
        return result.returncode, lines[-1]

    def test_all_agree(self):
        self.write_all()
        self.assertEqual(self.verify(), (0, "seeds agrees, audit agrees, gate agrees"))

    def test_another_stream_differs(self):
        self.write_all()
        self.write("cpptrader_adapter.so", "abd VALID\n")
        self.assertEqual(self.verify(), (1, "seeds DIFFERS, audit agrees, gate agrees"))

    def test_two_engines_without_an_answer_do_not_agree(self):
        self.write_all()
        self.write("harness", "#!/bin/sh\n")
        self.assertEqual(self.verify(), (1, "seeds DIFFERS, audit DIFFERS, gate agrees"))

    def test_verdict_of_the_audit_counts(self):
        self.write_all()
        self.write("ours.so", "abc INVALID good\n")
        self.assertEqual(self.verify(), (1, "seeds agrees, audit DIFFERS, gate agrees"))

    def test_status_of_the_gate_counts(self):
        self.write_all()
        self.write("ours.so", "abc VALID bad\n")
        self.assertEqual(self.verify(), (1, "seeds agrees, audit agrees, gate DIFFERS"))

    def test_what_is_absent_is_skipped(self):
        self.assertEqual(self.verify(), (3, "seeds skipped, audit skipped, gate skipped"))
        self.write("cpptrader_adapter.so", "abc VALID\n")
        self.assertEqual(self.verify(), (0, "seeds agrees, audit skipped, gate skipped"))

    def test_bad_arguments(self):
        self.assertEqual(self.verify("--seeds", "1,x")[0], 2)
        self.assertEqual(self.verify("--adapter", "none.so")[0], 2)
        (self.directory / "harness").unlink()
        self.assertEqual(self.verify()[0], 2)


if __name__ == "__main__":
    unittest.main()
