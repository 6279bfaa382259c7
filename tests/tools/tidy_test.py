"""tools/tidy.py finds planted violations and passes the tree itself."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tidy(root):
    result = subprocess.run([sys.executable, str(ROOT / "tools/tidy.py"), str(root)],
                            capture_output=True, text=True, check=False)
    return result.returncode, result.stdout


class TidyTest(unittest.TestCase):
    def findings_of(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                pathlib.Path(path.parent, "README.md").write_text("x\n", encoding="utf-8")
            return tidy(folder)

    def assert_finds(self, name, text, expected):
        code, output = self.findings_of({name: text})
        self.assertEqual(code, 1, output)
        self.assertIn(expected, output)

    def test_tree_is_clean(self):
        code, output = tidy(ROOT)
        self.assertEqual(code, 0, output)

    def test_book_may_not_include_risk(self):
        self.assert_finds("engine/book/a.cc", '#include "engine/risk/ledger.h"\n', "may not include")

    def test_ring_knows_only_base(self):
        self.assert_finds("engine/ring/a.cc", '#include "engine/command.h"\n', "may not include")

    def test_gateway_may_not_include_settlement(self):
        self.assert_finds("gateway/a.cc", '#include "settlement/x.h"\n', "may not include")

    def test_sdk_sees_nothing_of_the_server(self):
        self.assert_finds("sdk/a.cc", '#include "engine/event.h"\n', "may not include")

    def test_private_engine_headers_stay_inside(self):
        self.assert_finds("gateway/a.cc", '#include "engine/journal/journal_writer.h"\n',
                          "may not include")

    def test_rocksdb_stays_out_of_public_headers(self):
        self.assert_finds("settlement/a.h", "#pragma once\n#include <rocksdb/db.h>\n",
                          "public headers keep rocksdb out")

    def test_sdk_may_not_use_rocksdb(self):
        self.assert_finds("sdk/a.cc", "#include <rocksdb/db.h>\n", "may not use rocksdb")

    def test_long_lines_banned_words_and_machine_paths(self):
        self.assert_finds("base/a.cc", "// " + "x" * 100 + "\n", "columns")
        self.assert_finds("base/a.cc", "// FIX" + "ME later\n", "without an issue")
        self.assert_finds("base/a.md", "see /ro" + "ot/x\n", "path of a machine")

    def test_header_needs_pragma_once(self):
        self.assert_finds("base/a.h", "int x;\n", "pragma once")

    def test_allowed_includes_pass(self):
        code, output = self.findings_of({
            "engine/core/a.cc": '#include "engine/book/order_book.h"\n',
            "gateway/a.cc": '#include "engine/pipeline/engine.h"\n#include <boost/asio.hpp>\n',
            "tools/a.cc": '#include "sdk/client.h"\n#include "settlement/relayer.h"\n',
        })
        self.assertEqual(code, 0, output)


if __name__ == "__main__":
    unittest.main()
