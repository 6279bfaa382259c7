// The slow, obvious ledger the vault is compared with: a map of balances and the documented checks.
import { kEntryBytes } from "./batch.mjs";

const kAmountMax = (1n << 96n) - 1n;

// Seeded generator (mulberry32): the same seed gives the same run.
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  below(limit) {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  // Up to `limit` inclusive, with small and extreme values as likely as the middle.
  amount(limit) {
    if (limit <= 0n) return 0n;
    if (this.below(4) === 0) return limit;
    return (BigInt(this.below(2 ** 32)) * BigInt(this.below(2 ** 32))) % (limit + 1n);
  }
}

export class Ledger {
  constructor({ accounts, assets }) {
    Object.assign(this, { accounts, assets, balances: new Map(), claimable: Array(assets).fill(0n), pending: Array(assets).fill(0n) });
  }

  of(account, asset) {
    return this.balances.get(account * 65536 + asset) ?? 0n;
  }

  add(account, asset, quanta) {
    this.balances.set(account * 65536 + asset, this.of(account, asset) + quanta);
  }

  total(asset) {
    let sum = 0n;
    for (let account = 1; account <= this.accounts; account++) sum += this.of(account, asset);
    return sum;
  }

  apply(entries) {
    for (const { account, pair, even, odd } of entries) {
      this.add(account, 2 * pair, even);
      this.add(account, 2 * pair + 1, odd);
    }
  }

  // The error settle() must give for these entries, with arguments; null if it must accept them.
  errorOf(entries) {
    const sums = new Map();
    let last = -1;
    for (const [i, { account, pair, even, odd }] of entries.entries()) {
      const key = account * 65536 + pair;
      if (key <= last) return ["EntryOrder", i];
      last = key;
      if (account === 0 || account > this.accounts) return ["UnknownAccount", account];
      if (2 * pair >= this.assets) return ["UnknownPair", account, pair];
      const after = [this.of(account, 2 * pair) + even, this.of(account, 2 * pair + 1) + odd];
      if (after.some((b) => b < 0n)) return ["Overdraft", account, pair];
      if (after.some((b) => b > kAmountMax)) return ["CreditOverflow", account, pair];
      sums.set(2 * pair, (sums.get(2 * pair) ?? 0n) + even);
      sums.set(2 * pair + 1, (sums.get(2 * pair + 1) ?? 0n) + odd);
    }
    const bad = [...sums.keys()].sort((a, b) => a - b).find((asset) => sums.get(asset) !== 0n);
    return bad === undefined ? null : ["NotConserved", bad, sums.get(bad)];
  }

  // Random fills among the accounts, fees to account 1, netted and sorted as the relayer does it.
  randomEntries(random, fills) {
    const after = new Map();
    const deltas = new Map();
    const move = (account, asset, quanta) => {
      const key = account * 65536 + (asset >> 1);
      const delta = deltas.get(key) ?? { account, pair: asset >> 1, even: 0n, odd: 0n };
      delta[asset & 1 ? "odd" : "even"] += quanta;
      deltas.set(key, delta);
      after.set(account * 65536 + asset, balance(account, asset) + quanta);
    };
    const balance = (account, asset) => after.get(account * 65536 + asset) ?? this.of(account, asset);
    for (let i = 0; i < fills; i++) {
      const [buyer, seller] = [1 + random.below(this.accounts), 1 + random.below(this.accounts)];
      const [base, quote] = [random.below(this.assets), random.below(this.assets)];
      const quantity = random.amount(balance(seller, base));
      move(seller, base, -quantity);
      move(buyer, base, quantity);
      const notional = random.amount(balance(buyer, quote));
      const fee = random.amount(notional / 100n);
      move(buyer, quote, -notional);
      move(seller, quote, notional - fee);
      move(1, quote, fee);
    }
    return [...deltas.values()]
      .filter((d) => d.even !== 0n || d.odd !== 0n)
      .sort((a, b) => a.account - b.account || a.pair - b.pair);
  }
}

// Entries out of the bytes of a batch: the inverse of encodeEntries().
export function decodeEntries(data) {
  const hex = data.replace(/^0x/, "");
  const signed = (text) => BigInt.asIntN(88, BigInt("0x" + text));
  const entries = [];
  for (let at = 0; at < hex.length; at += 2 * kEntryBytes) {
    const bytes = (from, to) => hex.slice(at + 2 * from, at + 2 * to);
    entries.push({
      account: parseInt(bytes(0, 4), 16), pair: parseInt(bytes(4, 6), 16),
      even: signed(bytes(6, 17)), odd: signed(bytes(17, 28)),
    });
  }
  return entries;
}
