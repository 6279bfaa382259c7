// The contract ABI: any type as an argument (structs and lists are arrays here), static types and
// structs of them as results.
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

const isArray = (type) => type.endsWith("[]");
const isTuple = (type) => type.startsWith("(") && !isArray(type);
const isDynamic = (type) =>
  isArray(type) || type === "bytes" || (isTuple(type) && membersOf(type).some(isDynamic));

// Members of a tuple "(a,b)" as a list of types.
const membersOf = (type) => splitTypes(type.slice(1, -1));

function encodeStatic(type, value) {
  if (type === "bool") return word(value ? 1 : 0);
  return word(typeof value === "string" && !value.startsWith("-") ? BigInt(value) : value);
}

function encodeValue(type, value) {
  if (isArray(type)) {
    const element = type.slice(0, -2);
    return word(value.length) + encodeArguments(value.map(() => element), value);
  }
  if (isTuple(type)) return encodeArguments(membersOf(type), value);
  if (type !== "bytes") return encodeStatic(type, value);
  const hex = value.replace(/^0x/, "");
  return word(hex.length / 2) + hex.padEnd(Math.ceil(hex.length / 64) * 64, "0");
}

// Encodes arguments (arrays for structs) without a selector; no "0x".
export function encodeArguments(types, values) {
  const parts = types.map((type, i) => ({ dynamic: isDynamic(type), text: encodeValue(type, values[i]) }));
  let offset = parts.reduce((sum, { dynamic, text }) => sum + (dynamic ? 32 : text.length / 2), 0);
  const head = parts.map(({ dynamic, text }) => {
    if (!dynamic) return text;
    offset += text.length / 2;
    return word(offset - text.length / 2);
  });
  return head.join("") + parts.filter((part) => part.dynamic).map((part) => part.text).join("");
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
