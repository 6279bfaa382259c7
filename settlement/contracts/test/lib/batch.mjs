// Reference encoder of settlement batches; docs/formats/settlement.md describes the bytes.
import { encodeArguments, encodeCall } from "./abi.mjs";
import { keccak, keccakText } from "./keccak.mjs";

export const kEntryBytes = 28;
export const kHeader = "(bytes32,uint64,uint64,uint64,uint64,uint64,bytes32)";
export const kSettle = `settle(${kHeader},bytes)`;
const kInt88 = 1n << 88n;
const hexOf = (value, bytes) => BigInt(value).toString(16).padStart(bytes * 2, "0");
const int88 = (value) => hexOf(((BigInt(value) % kInt88) + kInt88) % kInt88, 11);

// entries: [{account, pair, even, odd}], in the order given (the vault wants it ascending).
export function encodeEntries(entries) {
  return "0x" + entries
    .map((e) => hexOf(e.account, 4) + hexOf(e.pair, 2) + int88(e.even) + int88(e.odd))
    .join("");
}

export function genesisOf(chainId, vault) {
  const tag = keccakText("tallystick.vault.v1");
  return keccak("0x" + encodeArguments(["bytes32", "uint256", "address"], [tag, chainId, vault]));
}

// header: {parent, id, firstEvent, lastEvent, previousEngineTime, engineTime, execRoot}.
export function chainOf(header, data) {
  const types = ["bytes32", "uint64", "uint64", "uint64", "uint64", "uint64", "bytes32", "bytes32"];
  return keccak("0x" + encodeArguments(types, [...headerTuple(header), keccak(data)]));
}

export const headerTuple = (h) =>
  [h.parent, h.id, h.firstEvent, h.lastEvent, h.previousEngineTime, h.engineTime, h.execRoot];

export const settleCalldata = (header, data) => encodeCall(kSettle, headerTuple(header), data);

// Storage slot of (account, pair): 2^200 + (account << 15 | pair).
export const balanceSlotOf = (account, pair) =>
  (1n << 200n) + ((BigInt(account) << 15n) | BigInt(pair));
