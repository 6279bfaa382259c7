// Random honest flow: signed orders of some accounts traded against each other within their limits.
import { Books, largestFee, signOrder, worstQuote } from "./books.mjs";
import { kBuy, kSell } from "./orders.mjs";

// accounts: [{account, keys}], each signing with one of its keys; the last is the fee account.
export class Flow {
  constructor(random, domain, accounts, { assets = 6, expiry = 2n ** 40n } = {}) {
    const feeAccount = accounts.at(-1).account;
    Object.assign(this, { random, domain, accounts, assets, expiry, nonce: 0n, resting: [] });
    this.books = new Books(feeAccount);
  }

  randomBits(bits) {
    return (BigInt(this.random.below(2 ** 32)) * 2n ** 32n + BigInt(this.random.below(2 ** 32))) % 2n ** BigInt(bits) + 1n;
  }

  order({ account, keys }, side, market) {
    const { random } = this;
    const quantity = this.randomBits(1 + random.below(40));
    // Bids at and above 1,000 for each base quantum, asks at and below it: they always cross.
    const slack = this.randomBits(8);
    const notional = quantity * 1000n + (side === kBuy ? slack : -(slack % (quantity * 1000n)));
    const order = {
      account, venue: 0n, ...market, side, quantity, notional, nonce: ++this.nonce, expiry: this.expiry,
      maxFee: BigInt(random.below(3) * 500),
    };
    const full = random.below(2) === 0;
    return { ...signOrder(this.domain, random.pick(keys), order, { full }), left: quantity };
  }

  // A fill between two orders of any two accounts, new or resting ones.
  trade() {
    const { random, assets } = this;
    const base = random.below(assets);
    const market = { base: BigInt(base), quote: BigInt((base + 1 + random.below(assets - 1)) % assets) };
    const [buy, sell] = [kBuy, kSell].map((side) => this.pick(market, side));
    const quantity = [buy.left, sell.left].reduce((a, b) => (a < b ? a : b)) / BigInt(1 + random.below(3));
    if (quantity === 0n) return;
    const [most, least] = [worstQuote(buy.order, quantity), worstQuote(sell.order, quantity)];
    const quote = least + random.amount(most - least);
    const fee = (order) => (random.below(4) === 0 ? -random.amount(quote / 1000n) : random.amount(largestFee(order, quote)));
    this.books.trade(buy, sell, { base: quantity, quote, buyFee: fee(buy.order), sellFee: fee(sell.order) });
    for (const order of [buy, sell]) order.left -= quantity;
  }

  pick(market, side) {
    const { random, resting } = this;
    const fitting = resting.filter(({ order, left }) =>
      order.side === side && order.base === market.base && order.quote === market.quote && left > 0n);
    if (fitting.length > 0 && random.below(2) === 0) return random.pick(fitting);
    const order = this.order(random.pick(this.accounts), side, market);
    resting.push(order);
    return order;
  }

  batch(trades) {
    for (let i = 0; i < trades; i++) this.trade();
    return this.books.seal();
  }
}
