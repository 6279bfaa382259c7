// The part of the contract ABI the vault uses: static types, structs of static types (flattened by
// the ABI to their members), `bytes` and `uint64[]` as arguments.
import { keccakText } from "./keccak.mjs";

const kWord = 1n << 256n;
export const word = (value) => (((BigInt(value) % kWord) + kWord) % kWord).toString(16).padStart(64, "0");

// Canonical type of an ABI JSON parameter: structs become tuples.
export function typeOf(parameter) {
  if (!parameter.type.startsWith("tuple")) return parameter.type;
  return `(${parameter.components.map(typeOf).join(",")})${parameter.type.slice("tuple".length)}`;
}

export const signatureOf = (item) => `${item.name}(${item.inputs.map(typeOf).join(",")})`;
export const selectorOf = (signature) => keccakText(signature).slice(0, 10);
export const topicOf = (signature) => keccakText(signature);

function encodeDynamic(type, value) {
  if (type === "uint64[]") return word(value.length) + value.map(word).join("");
  const hex = value.replace(/^0x/, "");  // bytes
  return word(hex.length / 2) + hex.padEnd(Math.ceil(hex.length / 64) * 64, "0");
}

const isDynamic = (type) => type === "bytes" || type === "uint64[]";

function encodeStatic(type, value) {
  if (type === "bool") return word(value ? 1 : 0);
  return word(typeof value === "string" && !value.startsWith("-") ? BigInt(value) : value);
}

// Members of a static tuple "(a,b)" as a list of types.
const membersOf = (type) => type.slice(1, -1).split(",");

// Encodes arguments (arrays for structs) without a selector; no "0x".
export function encodeArguments(types, values) {
  const heads = types.map((type, i) => {
    if (isDynamic(type)) return null;
    if (type.startsWith("(")) return membersOf(type).map((t, j) => encodeStatic(t, values[i][j])).join("");
    return encodeStatic(type, values[i]);
  });
  const headBytes = heads.reduce((sum, h) => sum + (h === null ? 32 : h.length / 2), 0);
  let tail = "";
  const head = heads.map((h, i) => {
    if (h !== null) return h;
    const offset = word(headBytes + tail.length / 2);
    tail += encodeDynamic(types[i], values[i]);
    return offset;
  });
  return head.join("") + tail;
}

export function encodeCall(signature, ...values) {
  const inner = signature.slice(signature.indexOf("(") + 1, -1);
  return selectorOf(signature) + encodeArguments(splitTypes(inner), values);
}

// Splits "a,(b,c),d" at the outer commas.
export function splitTypes(text) {
  const types = [];
  let depth = 0;
  let current = "";
  for (const c of text) {
    if (c === "(") depth++;
    if (c === ")") depth--;
    if (c === "," && depth === 0) {
      types.push(current);
      current = "";
    } else {
      current += c;
    }
  }
  if (current) types.push(current);
  return types;
}

function decodeWord(type, hex) {
  const value = BigInt("0x" + hex);
  if (type === "address") return "0x" + hex.slice(24);
  if (type === "bool") return value === 1n;
  if (type === "bytes32") return "0x" + hex;
  if (type.startsWith("int")) return value >= kWord / 2n ? value - kWord : value;
  return value;
}

// Decodes static types (tuples flattened) from "0x…": a list of BigInt, boolean or hex string.
export function decodeStatic(types, data) {
  const hex = data.replace(/^0x/, "");
  const flat = types.flatMap((t) => (t.startsWith("(") ? membersOf(t) : [t]));
  return flat.map((type, i) => decodeWord(type, hex.slice(i * 64, i * 64 + 64)));
}
