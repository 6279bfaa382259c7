// Random honest trading in a World: orders that rest over several batches, signed by owners and
// session keys, filled within their limits.
import { largestFee } from "./books.mjs";
import { kAccountOf } from "./game.mjs";

const kTraders = ["alice", "bob", "carol", "maker"];
const kMarkets = [[0n, 1n], [2n, 3n], [0n, 3n]];

export class Trades {
  // sessions: {name: Key} that may sign beside the owners.
  constructor(world, random, sessions = {}) {
    Object.assign(this, { world, random, sessions, resting: [] });
  }

  order(side, [base, quote]) {
    const { random, world, sessions } = this;
    const name = random.pick(kTraders);
    const quantity = BigInt(1 + random.below(2000));
    // Bids at 200 or more for each base quantum, asks at 200 or less: they always cross.
    const slack = BigInt(random.below(30));
    const price = side === 1n ? 200n + slack : 200n - slack;
    const key = random.below(2) === 0 ? sessions[name] : undefined;
    const signed = world.sign(name, { base, quote, side, quantity, notional: price * quantity, maxFee: BigInt(random.below(3) * 700) },
      { ...(key && { key }), full: random.below(2) === 0 });
    return { ...signed, left: quantity };
  }

  pick(side, market) {
    const { random, resting } = this;
    const fitting = resting.filter(({ order, left }) =>
      left > 0n && order.side === side && order.base === market[0] && order.quote === market[1]);
    if (fitting.length > 0 && random.below(3) > 0) return random.pick(fitting);
    resting.push(this.order(side, market));
    return resting.at(-1);
  }

  trade() {
    const { random, world } = this;
    const market = random.pick(kMarkets);
    const [buy, sell] = [this.pick(1n, market), this.pick(2n, market)];
    const least = buy.left < sell.left ? buy.left : sell.left;
    const base = random.below(2) === 0 ? least : 1n + random.amount(least - 1n);
    const quote = base * 200n;
    const fee = ({ order }) => (random.below(4) === 0 ? -random.amount(quote / 1000n) : random.amount(largestFee(order, quote)));
    world.books.trade(buy, sell, { base, quote, buyFee: fee(buy), sellFee: fee(sell) });
    for (const order of [buy, sell]) order.left -= base;
  }

  seal(count) {
    for (let i = 0; i < count; i++) this.trade();
    return this.world.books.seal();
  }
}

// Accounts with a debit that can be challenged.
export const challengeable = (link) => [...new Set(link.entries
  .filter((e) => e.even < 0n || e.odd < 0n).map((e) => BigInt(e.account)))].filter((a) => a !== kAccountOf.fees);
