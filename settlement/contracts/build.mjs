// Compiles src/ with solc-js into <out>/<Contract>.json: {contract, source, abi, bytecode,
// deployedBytecode, storageLayout, methodIdentifiers}. Deterministic: no metadata hash, no absolute
// paths.
// Does nothing if the sources, the settings and the package lock are those of the last build. With
// --cache, takes what a build with another output folder made of the same three.
//
// usage: node build.mjs [--out DIR] [--cache DIR] [--force]     (out/ beside this file by default)
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const kRoot = dirname(fileURLToPath(import.meta.url));
const kRuntimeBytesMax = 24576;  // EIP-170
// Few runs: inlined for a million, the vault would not fit into a contract.
const kSettings = {
  viaIR: true,
  optimizer: { enabled: true, runs: 200 },
  evmVersion: "osaka",
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  outputSelection: {
    "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.methodIdentifiers", "storageLayout"] },
  },
};

// `prefix` limits the build to the sources whose path starts with it (for tests of the build).
export function build({ out = join(kRoot, "out"), cache, prefix = "src/", force = false, log = console.log } = {}) {
  const sources = readSources(prefix);
  const stamp = stampOf(sources);
  const stampPath = join(out, ".stamp");
  if (!force && isCurrent(stampPath, stamp)) {
    utimesSync(stampPath, new Date(), new Date());  // For build systems that compare times.
    return { built: false, out };
  }
  const cached = cache && join(cache, `${stamp}.json`);
  const isCached = !force && cached && existsSync(cached);
  const artifacts = isCached ? JSON.parse(readFileSync(cached, "utf8")) : compile(sources);
  if (cached && !isCached) {
    mkdirSync(cache, { recursive: true });
    writeAtomically(cached, artifacts);
  }
  mkdirSync(out, { recursive: true });
  for (const artifact of artifacts) writeAtomically(join(out, `${artifact.contract}.json`), artifact);
  writeAtomically(stampPath, { stamp, contracts: artifacts.map((a) => a.contract) });
  printSizes(artifacts, log);
  return { built: true, out };
}

function readSources(prefix) {
  const files = readdirSync(join(kRoot, "src"), { recursive: true })
    .filter((name) => name.endsWith(".sol"))
    .map((name) => `src/${name}`)
    .filter((name) => name.startsWith(prefix))
    .sort();
  return Object.fromEntries(files.map((name) => [name, { content: readFileSync(join(kRoot, name), "utf8") }]));
}

// OpenZeppelin and the compiler are pinned by the lock file, so its text stands for theirs.
function stampOf(sources) {
  const hash = createHash("sha256").update(JSON.stringify([sources, kSettings]));
  for (const name of ["package-lock.json", "build.mjs"]) hash.update(readFileSync(join(kRoot, name)));
  return hash.digest("hex");
}

function isCurrent(stampPath, stamp) {
  if (!existsSync(stampPath)) return false;
  const last = JSON.parse(readFileSync(stampPath, "utf8"));
  return last.stamp === stamp &&
    last.contracts.every((name) => existsSync(join(dirname(stampPath), `${name}.json`)));
}

function compile(sources) {
  const solc = createRequire(import.meta.url)("solc");
  const input = { language: "Solidity", sources, settings: kSettings };
  const findImport = (path) => {
    const file = join(kRoot, "node_modules", path);
    return existsSync(file) ? { contents: readFileSync(file, "utf8") } : { error: `${path} not found` };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  report(output.errors ?? []);
  return collect(output);
}

// Every warning in our own sources is an error; those in packages are not ours to fix.
function report(messages) {
  const ours = messages.filter(
    (m) => m.severity === "error" ||
      (m.severity === "warning" && (m.sourceLocation?.file ?? "src/").startsWith("src/")));
  if (ours.length === 0) return;
  throw new Error("compilation failed\n" + ours.map((m) => m.formattedMessage).join("\n"));
}

function collect(output) {
  const artifacts = [];
  for (const [source, contracts] of Object.entries(output.contracts)) {
    if (!source.startsWith("src/")) continue;
    for (const [contract, c] of Object.entries(contracts)) {
      artifacts.push({
        contract,
        source,
        abi: c.abi,
        bytecode: "0x" + c.evm.bytecode.object,
        deployedBytecode: "0x" + c.evm.deployedBytecode.object,
        storageLayout: c.storageLayout,
        methodIdentifiers: c.evm.methodIdentifiers,
      });
    }
  }
  return artifacts.sort((a, b) => (a.contract < b.contract ? -1 : 1));
}

// A reader that runs at the same time sees the old file or the new one, never half of one.
function writeAtomically(path, value) {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify(value, null, 1) + "\n");
  renameSync(temporary, path);
}

function printSizes(artifacts, log) {
  for (const { contract, source, deployedBytecode } of artifacts) {
    const size = deployedBytecode.length / 2 - 1;
    if (size === 0 || source.startsWith("src/test/")) continue;
    if (size > kRuntimeBytesMax) throw new Error(`${contract}: ${size} bytes, limit ${kRuntimeBytesMax}`);
    if (size > 100) log(`${contract}: ${size} bytes of ${kRuntimeBytesMax}`);
  }
}

function main() {
  const argv = process.argv.slice(2);
  const options = {};
  while (argv.length > 0) {
    const flag = argv.shift();
    if (flag === "--force") options.force = true;
    else if (flag === "--out" && argv.length > 0) options.out = resolve(argv.shift());
    else if (flag === "--cache" && argv.length > 0) options.cache = resolve(argv.shift());
    else {
      console.error("usage: node build.mjs [--out DIR] [--cache DIR] [--force]");
      process.exit(2);
    }
  }
  try {
    build(options);
  } catch (error) {
    console.error(`build.mjs: ${error.message}`);
    process.exit(1);
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main();
