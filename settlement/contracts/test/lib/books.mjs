// The honest venue in small: fills of signed orders become executions, a tree, netted entries and,
// for any account, the justification that explains them. Dishonest venues of tests start from here.
import { ExecutionTree, effectOf, executionTuple, kBuy, kExecutionTypes, kOrderFields, orderHash, orderTuple } from "./orders.mjs";

export const kOrderTuple = `(${kOrderFields.map(([type]) => type).join(",")})`;
export const kExecutionTuple = `(${kExecutionTypes.join(",")})`;
export const kSignedExecutions = `(${kExecutionTuple},${kOrderTuple},bytes,bytes32[])[]`;

const divideUp = (a, b) => (a + b - 1n) / b;

// {order, hash, signature}; compact unless `full`.
export function signOrder(domainSeparator, key, order, { full = false } = {}) {
  const hash = orderHash(domainSeparator, order);
  return { order, hash, signature: full ? key.signFull(hash) : key.signCompact(hash) };
}

// The dearest quote amount the limit allows for `base`: the most for a buyer, the least for a seller.
export function worstQuote({ side, quantity, notional }, base) {
  return side === kBuy ? (notional * base) / quantity : divideUp(notional * base, quantity);
}

export const largestFee = ({ maxFee }, quote) => (maxFee * quote) / 1_000_000n;

// Deltas {account: bigint or number, asset, quanta} to entries, ascending, without zeros.
export function netted(deltas) {
  const entries = new Map();
  for (const { account, asset, quanta } of deltas) {
    const key = `${account}/${asset >> 1n}`;
    if (!entries.has(key)) entries.set(key, { account: Number(account), pair: Number(asset >> 1n), even: 0n, odd: 0n });
    entries.get(key)[asset & 1n ? "odd" : "even"] += quanta;
  }
  return [...entries.values()]
    .filter((e) => e.even !== 0n || e.odd !== 0n)
    .sort((a, b) => a.account - b.account || a.pair - b.pair);
}

export class Books {
  // feeAccount receives what buyer and seller pay.
  constructor(feeAccount) {
    Object.assign(this, { feeAccount, executed: new Map(), open: new Map() });
  }

  // Adds a fill to the execution of its order in this batch. Nothing is checked.
  fill(signed, { base, quote, fee }) {
    const found = this.open.get(signed.hash) ?? {
      signed, account: signed.order.account, orderHash: signed.hash, base: 0n, quote: 0n, fee: 0n,
      cumBefore: this.executed.get(signed.hash) ?? 0n,
    };
    Object.assign(found, { base: found.base + base, quote: found.quote + quote, fee: found.fee + fee });
    this.open.set(signed.hash, found);
  }

  trade(buy, sell, { base, quote, buyFee = 0n, sellFee = 0n }) {
    this.fill(buy, { base, quote, fee: buyFee });
    this.fill(sell, { base, quote, fee: sellFee });
  }

  // Ends the batch.
  seal() {
    const executions = [...this.open.values()];
    for (const e of executions) this.executed.set(e.orderHash, e.cumBefore + e.base);
    this.open = new Map();
    return new SealedBatch(executions, this.feeAccount);
  }
}

export class SealedBatch {
  constructor(executions, feeAccount) {
    this.tree = new ExecutionTree(executions);
    const deltas = executions.flatMap((execution) => {
      const { account, signed: { order }, fee } = execution;
      const effect = effectOf(order, execution);
      return [
        { account, asset: order.base, quanta: effect.base },
        { account, asset: order.quote, quanta: effect.quote },
        { account: feeAccount, asset: order.quote, quanta: fee },
      ];
    });
    this.entries = netted(deltas);
  }

  get execRoot() {
    return this.tree.root;
  }

  entriesOf(account) {
    return this.entries.filter((e) => BigInt(e.account) === BigInt(account));
  }

  // [{order, execution, signature, proof}] of an account, ascending by order hash.
  justification(account) {
    return this.tree.executions.flatMap((execution, i) => (execution.account !== BigInt(account) ? [] : [{
      order: execution.signed.order, execution, signature: execution.signed.signature, proof: this.tree.proof(i),
    }]));
  }
}

// As the ABI wants it.
export const signedTuples = (justification) => justification.map(({ order, execution, signature, proof }) => (
  [executionTuple(execution), orderTuple(order), signature, proof]));
