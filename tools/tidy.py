#!/usr/bin/env python3
"""Checks the rules of the tree that no compiler checks.

Who may include whom (docs/ARCHITECTURE.md, "Layers"), line length, words that have no place in the
tree, paths of a build machine, and that every folder of sources explains itself in a README.

usage: tools/tidy.py [ROOT]     exit status 0: clean, 1: findings (one per line), 2: bad usage
"""
import pathlib
import re
import subprocess
import sys

LINE_COLUMNS_MAX = 100
README_LINES_MAX = 40

# Headers of engine/ that other top-level folders may include. Everything else below engine/ is
# private to it.
ENGINE_PLAIN_DATA = {"engine/command.h", "engine/event.h", "engine/limits.h",
                     "engine/reject_reason.h"}
ENGINE_PUBLIC = ENGINE_PLAIN_DATA | {"engine/core/core.h", "engine/pipeline/engine.h",
                                     "engine/pipeline/replay.h", "engine/journal/event_log.h",
                                     "engine/journal/report_store.h"}

# Third-party headers by the first component of the include path.
ABSEIL = "absl"
LIBRARIES = {
    "base": {ABSEIL, "openssl"},
    "schemas": {"flatbuffers"},
    "evm": {ABSEIL, "crypto++", "nlohmann", "openssl", "secp256k1.h", "secp256k1_recovery.h"},
    "engine": {ABSEIL, "rocksdb"},
    "gateway": {ABSEIL, "boost", "flatbuffers", "openssl", "sodium", "sodium.h", "toml++", "spdlog", "fmt"},
    "settlement": {ABSEIL, "boost", "rocksdb", "nlohmann", "crypto++", "cryptopp", "openssl",
                   "secp256k1.h", "secp256k1_recovery.h", "spdlog", "fmt"},
    "sdk": {ABSEIL, "boost", "flatbuffers", "sodium", "sodium.h"},
}

# Confined to .cc files and private headers: they are slow to compile.
SLOW_LIBRARIES = {"boost", "rocksdb", "flatbuffers"}

BANNED_WORDS = re.compile(r"\b(FIXME|XXX|HACK)\b|\bTODO\b(?!\(#\d+\))")
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.])/(work|farm|root|home)/")
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]')
SOURCE_SUFFIXES = {".h", ".cc"}
TEXT_SUFFIXES = SOURCE_SUFFIXES | {".py", ".mjs", ".sol", ".fbs", ".cmake", ".toml", ".md", ".sh"}


def tracked_files(root):
    """Files of the tree: what git tracks or would track; everything where there is no git."""
    try:
        listing = subprocess.run(
            ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True, text=True).stdout.split("\n")
        return [pathlib.Path(name) for name in listing if name and (root / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        return [path.relative_to(root) for path in root.rglob("*") if path.is_file()]


def may_include(source, target):
    """Whether the file `source` may include our header `target` (both relative to the root)."""
    top, target_top = source.parts[0], target.split("/")[0]
    if top in ("bench", "tests") or target_top == top != "engine":
        return True
    if target_top == "base":
        return True
    if target_top == "evm":
        return top in ("gateway", "settlement", "sdk", "tools")
    if top == "engine":
        return engine_may_include(source, target)
    if target_top == "schemas":
        return top in ("gateway", "settlement", "sdk", "tools")
    if target_top == "engine":
        return target in ENGINE_PUBLIC and top in ("gateway", "settlement", "tools")
    if target_top in ("gateway", "settlement", "sdk"):
        return top == "tools"
    return False


def engine_may_include(source, target):
    part = source.parts[1] if len(source.parts) > 2 else ""
    if target in ENGINE_PLAIN_DATA or target.startswith(f"engine/{part}/"):
        return part != "ring" or target.startswith("engine/ring/")
    if part == "core":
        return target.startswith(("engine/book/", "engine/risk/"))
    if part == "pipeline":
        return target.startswith("engine/")
    return part == "journal" and target.startswith("schemas/")


def is_ours(include):
    return include.split("/")[0] in ("base", "evm", "schemas", "engine", "gateway", "settlement", "sdk",
                                     "tools", "bench", "tests") and "/" in include


def check_includes(path, number, line):
    match = INCLUDE.match(line)
    if not match:
        return
    include = match.group(1)
    if is_ours(include):
        if not may_include(path, include):
            yield f"{path}:{number}: may not include {include} (docs/ARCHITECTURE.md, Layers)"
        return
    top, library = path.parts[0], include.split("/")[0]
    known = set().union(*LIBRARIES.values())
    if top in LIBRARIES and library in known and library not in LIBRARIES[top]:
        yield f"{path}:{number}: {top}/ may not use {library}"
    public = path.suffix == ".h" and (len(path.parts) == 2 or str(path) in ENGINE_PUBLIC)
    if public and library in SLOW_LIBRARIES:
        yield f"{path}:{number}: public headers keep {library} out (slow to compile)"


def check_file(root, path):
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    source = path.suffix in SOURCE_SUFFIXES
    for number, line in enumerate(text.split("\n"), start=1):
        if source:
            yield from check_includes(path, number, line)
            if len(line) > LINE_COLUMNS_MAX:
                yield f"{path}:{number}: {len(line)} columns, at most {LINE_COLUMNS_MAX}"
        if path.name != "tidy.py":
            banned = BANNED_WORDS.search(line)
            if source and banned:
                yield f"{path}:{number}: '{banned.group(0)}' without an issue; do it or file it"
            if MACHINE_PATH.search(line):
                yield f"{path}:{number}: path of a machine"
    if path.suffix == ".h" and "#pragma once" not in text:
        yield f"{path}:1: header without #pragma once"


def check_readmes(root, files):
    folders = {path.parent for path in files if path.suffix in SOURCE_SUFFIXES}
    for folder in sorted(folders):
        if folder.parts[0] == "tests":
            continue
        if not any((root / parent / "README.md").is_file() for parent in [folder, *folder.parents]
                   if parent.parts):
            yield f"{folder}: no README.md"
    for path in files:
        if path.name == "README.md" and len(path.parts) > 1 and path.parts[0] not in ("tests",):
            lines = (root / path).read_text(encoding="utf-8").count("\n")
            if lines > README_LINES_MAX and path.parts[0] in LIBRARIES:
                yield f"{path}: {lines} lines, at most {README_LINES_MAX}"


def main(arguments):
    if len(arguments) > 2 or "--help" in arguments:
        print(__doc__.strip())
        return 0 if "--help" in arguments else 2
    root = pathlib.Path(arguments[1] if len(arguments) == 2 else ".").resolve()
    files = tracked_files(root)
    findings = []
    for path in files:
        if path.suffix in TEXT_SUFFIXES and "node_modules" not in path.parts:
            findings += check_file(root, path)
    findings += check_readmes(root, files)
    for finding in findings:
        print(finding)
    print(f"tidy: {len(files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
