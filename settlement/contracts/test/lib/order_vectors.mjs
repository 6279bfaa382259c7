// Signed orders and executions for vectors.json. Numbers are decimal texts.
import {
  domainSeparatorOf, effectOf, ExecutionTree, kBuy, kDomainType, kLeafTypes, kOrderType, kSell, leafOf, orderHash,
  orderStructHash,
} from "./orders.mjs";
import { keccakText } from "./keccak.mjs";
import { Key } from "./secp256k1.mjs";

const kMax = (bits) => (1n << BigInt(bits)) - 1n;

// `signer` is the text its key is made of.
const kOrders = [
  {  // Account 1 buys 5 of asset 0 for at most 1,000 of asset 1, fee at most 0.1 %.
    signer: "tallystick test owner 1",
    order: {
      account: 1n, venue: 0n, base: 0n, quote: 1n, side: kBuy, quantity: 5n, notional: 1000n, nonce: 1n,
      expiry: 1_800_000_000n, maxFee: 1000n,
    },
  },
  {
    signer: "tallystick test session key of 2",
    order: {
      account: 2n, venue: 0n, base: 0n, quote: 1n, side: kSell, quantity: 100_000_000n,
      notional: 3_412_345_000_000n, nonce: 12_345_678_901_234n, expiry: 1_800_000_001n, maxFee: 0n,
    },
  },
  {  // Base and quote in different pairs; another venue number.
    signer: "tallystick test owner 1",
    order: {
      account: 1n, venue: 7n, base: 14n, quote: 3n, side: kSell, quantity: 1n << 62n, notional: 1n, nonce: 0n,
      expiry: 0n, maxFee: 1_000_000n,
    },
  },
  {  // Every field at its largest.
    signer: "tallystick test owner 3",
    order: {
      account: kMax(32), venue: kMax(32), base: kMax(16), quote: kMax(16), side: kMax(8), quantity: kMax(96),
      notional: kMax(96), nonce: kMax(64), expiry: kMax(64), maxFee: kMax(32),
    },
  },
];

const text = (value) => (typeof value === "bigint" ? value.toString() : value);
const texts = (object) => Object.fromEntries(Object.entries(object).map(([k, v]) => [k, text(v)]));

// Executions of signed orders, of an unsigned one (hash = engine order id), with a rebate, at the limits.
function executionsOf(hashes) {
  return [
    { account: 1n, orderHash: hashes[0], base: 5n, quote: 1000n, fee: 1n, cumBefore: 0n },
    { account: 2n, orderHash: hashes[1], base: 99_999_999n, quote: 3_412_344_965_877n, fee: -341n, cumBefore: 1n },
    { account: 3n, orderHash: "0x" + (900_719n).toString(16).padStart(64, "0"), base: 7n, quote: 0n, fee: 0n, cumBefore: 0n },
    { account: 1n, orderHash: hashes[2], base: 1n, quote: 1n, fee: kMax(95), cumBefore: kMax(62) },
    { account: kMax(32), orderHash: hashes[3], base: kMax(96), quote: kMax(96), fee: -kMax(95) - 1n, cumBefore: kMax(96) },
    { account: 1n, orderHash: keccakText("another order of account 1"), base: 2n, quote: 3n, fee: 0n, cumBefore: 4n },
    { account: 16_777_215n, orderHash: keccakText("x"), base: 0n, quote: 0n, fee: 0n, cumBefore: 0n },
  ];
}

function tree(executions) {
  const built = new ExecutionTree(executions);
  return {
    root: built.root,
    leaves: built.executions.map((e, i) => ({ ...texts(e), leaf: leafOf(e), proof: built.proof(i) })),
  };
}

export function orderVectors(chainId, vault) {
  const domainSeparator = domainSeparatorOf(chainId, vault);
  const orders = kOrders.map(({ signer, order }) => {
    const key = new Key(signer);
    const hash = orderHash(domainSeparator, order);
    return {
      order: texts(order), structHash: orderStructHash(order), hash, signer: key.address, signerText: signer,
      compact: key.signCompact(hash), full: key.signFull(hash),
    };
  });
  const executions = executionsOf(orders.map((o) => o.hash));
  return {
    domain: { type: kDomainType, name: "Tallystick", version: "1", separator: domainSeparator },
    orderType: kOrderType,
    orderTypeHash: keccakText(kOrderType),
    signerKey: "Keccak-256 of signerText: for tests only",
    orders,
    leafTypes: kLeafTypes,
    effects: executions.slice(0, 2).map((e, i) => (
      { ...texts(e), side: text(kOrders[i].order.side), ...prefixed(effectOf(kOrders[i].order, e)) })),
    trees: [0, 1, 2, 3, 4, 5, 6, 7].map((count) => tree(executions.slice(0, count))),
  };
}

const prefixed = ({ base, quote }) => ({ deltaBase: text(base), deltaQuote: text(quote) });
