// Static analysis of src/ on the compiler's syntax tree, for what the compiler does not warn of:
//  - tx.origin, selfdestruct, delegatecall, callcode, blockhash, prevrandao; low-level calls whose
//    success is not looked at;
//  - a state variable written, in a function without nonReentrant, after a call to a contract that
//    is not the vault's own and may re-enter;
//  - assembly that is not marked memory-safe; a pragma that is not exact; a missing licence line;
//  - imports, custom errors and events that nothing uses;
//  - functions above 70 lines, files above 400, lines above 100 columns.
// It sees one function at a time: no data flow between functions, no arithmetic.
// usage: node lint.mjs [FOLDER WITH src/]     exit status 0: clean, 1: findings, one per line
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const kPackages = join(dirname(fileURLToPath(import.meta.url)), "node_modules");
const kRoot = resolve(process.argv[2] ?? dirname(kPackages));
const kPragma = "pragma solidity 0.8.37;";
const kBannedMembers = new Set(["delegatecall", "callcode", "prevrandao", "difficulty"]);
const kBannedCalls = new Set(["selfdestruct", "suicide", "blockhash"]);
// Contracts that the vault creates or is created by: their code is known and calls nobody back.
const kOwn = /contract (IVault|ICourt|IKeys|Vault|Court|Keys|IOrderVerifier|IAuthority)\b/;
const kFunctionLinesMax = 70;
const kFileLinesMax = 400;
const kColumnsMax = 100;  // An EIP-712 type is one string and may be longer.

const kFiles = readdirSync(join(kRoot, "src"), { recursive: true })
  .filter((name) => name.endsWith(".sol") && !name.startsWith("test/")).map((name) => `src/${name}`).sort();
const kTexts = Object.fromEntries(kFiles.map((name) => [name, readFileSync(join(kRoot, name), "utf8")]));
const findings = [];

function report(file, offset, message) {
  const line = kTexts[file].slice(0, offset).split("\n").length;
  findings.push(`${file}:${line}: ${message}`);
}

const offsetOf = (node) => Number(node.src.split(":")[0]);
const textOf = (file, node) => {
  const [from, length] = node.src.split(":").map(Number);
  return Buffer.from(kTexts[file]).subarray(from, from + length).toString();
};

function syntaxTrees() {
  const solc = createRequire(import.meta.url)("solc");
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(kFiles.map((name) => [name, { content: kTexts[name] }])),
    settings: { evmVersion: "osaka", outputSelection: { "*": { "": ["ast"] } } },
  };
  const findImport = (path) => ({ contents: readFileSync(join(kPackages, path), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const failed = (output.errors ?? []).find((e) => e.severity === "error");
  if (failed) throw new Error(failed.formattedMessage);
  return kFiles.map((file) => [file, output.sources[file].ast]);
}

// Every node below one, in the order of the source.
function* walk(node) {
  if (node === null || typeof node !== "object") return;
  if (Array.isArray(node)) {
    for (const child of node) yield* walk(child);
    return;
  }
  if (node.nodeType) yield node;
  for (const [key, child] of Object.entries(node)) {
    if (key !== "typeDescriptions" && child && typeof child === "object") yield* walk(child);
  }
}

function checkText(file) {
  const text = kTexts[file];
  const lines = text.split("\n");
  if (!lines[0].startsWith("// SPDX-License-Identifier: ")) report(file, 0, "no licence line");
  if (!text.includes(kPragma)) report(file, 0, `not ${kPragma}`);
  if (lines.length > kFileLinesMax) report(file, 0, `${lines.length} lines`);
  let offset = 0;
  for (const line of lines) {
    if (line.length > kColumnsMax && !line.trim().startsWith('"')) report(file, offset, `${line.length} columns`);
    offset += line.length + 1;
  }
}

function checkNode(file, node) {
  const at = offsetOf(node);
  if (node.nodeType === "InlineAssembly" && !(node.flags ?? []).includes("memory-safe")) {
    report(file, at, "assembly is not marked memory-safe");
  }
  if (node.nodeType === "MemberAccess") {
    const base = node.expression.typeDescriptions?.typeString ?? "";
    if (node.memberName === "origin" && base === "tx") report(file, at, "tx.origin");
    if (kBannedMembers.has(node.memberName) && /^(address|block)/.test(base)) report(file, at, node.memberName);
  }
  if (node.nodeType === "FunctionCall" && kBannedCalls.has(node.expression.name)) report(file, at, node.expression.name);
  if (node.nodeType === "ExpressionStatement" && isLowLevel(node.expression)) report(file, at, "result of a low-level call is not looked at");
  if (node.nodeType === "FunctionDefinition") checkFunction(file, node);
}

const isLowLevel = (node) => node?.nodeType === "FunctionCall" &&
  /^function \(bytes memory\) (payable )?returns \(bool,bytes memory\)/.test(node.expression.typeDescriptions?.typeString ?? "");

// A call that can run code which is not the vault's: of a token, or one with ether.
function isForeignCall(node) {
  if (node.nodeType !== "FunctionCall") return false;
  if (isLowLevel(node)) return true;
  const type = node.expression.typeDescriptions?.typeIdentifier ?? "";
  const text = node.expression.typeDescriptions?.typeString ?? "";
  if (/SafeERC20|safeTransfer|trySafeTransfer/.test(node.expression.memberName ?? "")) return true;
  if (!type.startsWith("t_function_external") || /\b(view|pure)\b/.test(text)) return false;
  return !kOwn.test(node.expression.expression?.typeDescriptions?.typeString ?? "");
}

function checkFunction(file, node) {
  const lines = textOf(file, node).split("\n").length;
  if (lines > kFunctionLinesMax) report(file, offsetOf(node), `function of ${lines} lines`);
  const guarded = node.modifiers.some((m) => m.modifierName.name === "nonReentrant");
  if (guarded || node.visibility === "private" || node.visibility === "internal" || !node.body) return;
  let called = null;
  for (const inner of walk(node.body)) {
    if (isForeignCall(inner)) called ??= inner;
    const target = inner.nodeType === "Assignment" ? inner.leftHandSide
      : inner.nodeType === "UnaryOperation" && /\+\+|--|delete/.test(inner.operator) ? inner.subExpression : null;
    const stored = target && (target.typeDescriptions?.typeString ?? "").includes("storage") ? true : isState(target);
    if (called && stored && offsetOf(inner) > offsetOf(called)) {
      report(file, offsetOf(inner), "state is written after a call to a foreign contract");
    }
  }
}

const states = new Set();
function isState(node) {
  while (node && (node.nodeType === "IndexAccess" || node.nodeType === "MemberAccess")) node = node.baseExpression ?? node.expression;
  return node?.nodeType === "Identifier" && states.has(node.referencedDeclaration);
}

// Names that are declared or imported, and nothing refers to.
function checkUnused(trees) {
  const all = trees.flatMap(([, ast]) => [...walk(ast)]);
  // By name: an interface also declares what the contracts it calls revert with.
  const byId = new Map(all.filter((n) => n.name).map((n) => [n.id, n.name]));
  const referred = new Set(all.map((n) => byId.get(n.referencedDeclaration)));
  for (const [file, ast] of trees) {
    for (const node of walk(ast)) {
      if ((node.nodeType === "ErrorDefinition" || node.nodeType === "EventDefinition") && !referred.has(node.name)) {
        report(file, offsetOf(node), `${node.name} is not used`);
      }
      if (node.nodeType !== "ImportDirective") continue;
      const rest = kTexts[file].replace(/^import [\s\S]*?;$/gm, "");
      for (const { foreign, local } of node.symbolAliases) {
        const name = local ?? foreign.name;
        if (!new RegExp(`\\b${name}\\b`).test(rest)) report(file, offsetOf(node), `${name} is imported for nothing`);
      }
    }
  }
}

const trees = syntaxTrees();
for (const [, ast] of trees) {
  for (const node of walk(ast)) if (node.nodeType === "VariableDeclaration" && node.stateVariable) states.add(node.id);
}
for (const [file, ast] of trees) {
  checkText(file);
  for (const node of walk(ast)) checkNode(file, node);
}
checkUnused(trees);
for (const finding of findings) console.log(finding);
process.exit(findings.length === 0 ? 0 : 1);
