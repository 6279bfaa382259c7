// Reference of signed orders and executions: EIP-712 hashes, leaves, the tree and its proofs;
// docs/formats/settlement.md describes the bytes.
import { encodeArguments } from "./abi.mjs";
import { keccak, keccakText } from "./keccak.mjs";

export const kBuy = 1n;
export const kSell = 2n;
export const kZeroHash = "0x" + "00".repeat(32);

export const kDomainType = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
export const kOrderFields = [
  ["uint32", "account"], ["uint32", "venue"], ["uint16", "base"], ["uint16", "quote"], ["uint8", "side"],
  ["uint96", "quantity"], ["uint96", "notional"], ["uint64", "nonce"], ["uint64", "expiry"], ["uint32", "maxFee"],
];
export const kOrderType = `Order(${kOrderFields.map((field) => field.join(" ")).join(",")})`;
export const kExecutionTypes = ["bytes32", "uint96", "uint96", "int96", "uint96"];
export const kLeafTypes = ["uint32", ...kExecutionTypes];

const encoded = (types, values) => "0x" + encodeArguments(types, values);

export function domainSeparatorOf(chainId, vault) {
  return keccak(encoded(["bytes32", "bytes32", "bytes32", "uint256", "address"],
    [keccakText(kDomainType), keccakText("Tallystick"), keccakText("1"), chainId, vault]));
}

// The members of an Order in the order of its type.
export const orderTuple = (order) => kOrderFields.map(([, name]) => order[name]);

export function orderStructHash(order) {
  return keccak(encoded(["bytes32", ...kOrderFields.map(([type]) => type)],
    [keccakText(kOrderType), ...orderTuple(order)]));
}

export const typedDigest = (domainSeparator, structHash) =>
  keccak("0x1901" + domainSeparator.slice(2) + structHash.slice(2));

// What is signed, and what executions name the order by.
export const orderHash = (domainSeparator, order) => typedDigest(domainSeparator, orderStructHash(order));

// execution: {account, orderHash, base, quote, fee, cumBefore}
export function leafOf(e) {
  return keccak(keccak(encoded(kLeafTypes, [e.account, e.orderHash, e.base, e.quote, e.fee, e.cumBefore])));
}

export const executionTuple = (e) => [e.orderHash, e.base, e.quote, e.fee, e.cumBefore];

const hashPair = (a, b) => keccak("0x" + (a < b ? [a, b] : [b, a]).map((h) => h.slice(2)).join(""));

// Pairs of neighbours level by level; an odd last node moves up as it is.
function levelsOf(leaves) {
  const levels = [leaves];
  while (levels.at(-1).length > 1) {
    const last = levels.at(-1);
    levels.push(last.filter((_, i) => i % 2 === 0)
      .map((node, i) => (2 * i + 1 < last.length ? hashPair(node, last[2 * i + 1]) : node)));
  }
  return levels;
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// The executions of a batch in the tree's order, with root() and proof of each.
export class ExecutionTree {
  constructor(executions) {
    this.executions = [...executions]
      .sort((a, b) => Number(a.account) - Number(b.account) || compare(a.orderHash, b.orderHash));
    this.levels = levelsOf(this.executions.map(leafOf));
  }

  get root() {
    return this.executions.length === 0 ? kZeroHash : this.levels.at(-1)[0];
  }

  // Of the execution at this place of `executions`.
  proof(index) {
    const proof = [];
    for (const level of this.levels.slice(0, -1)) {
      const sibling = level[index ^ 1];
      if (sibling !== undefined) proof.push(sibling);
      index >>= 1;
    }
    return proof;
  }
}

// What one execution does to its account: {base, quote} deltas in quanta.
export function effectOf(order, { base, quote, fee }) {
  return order.side === kBuy
    ? { base, quote: -(quote + fee) }
    : { base: -base, quote: quote - fee };
}
