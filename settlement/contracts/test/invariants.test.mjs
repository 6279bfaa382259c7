// Random histories of everything that can be called, honest and dishonest. After each step: every
// balance is what a replay of the operations gives, the vault holds exactly what it owes, nobody who
// is not armed was debited, and batches are contiguous. A theft ends a history: what is left after
// the rollback is a replay of the prefix, and everybody carries it away.
// SEED=n other histories, INVARIANT_HISTORIES=n more of them, INVARIANT_STEPS=n longer ones.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Books, SealedBatch } from "./lib/books.mjs";
import { Chain, Revert } from "./lib/chain.mjs";
import { kAccountOf, kNames, kSetSession, Watcher, World } from "./lib/game.mjs";
import { Random } from "./lib/model.mjs";
import { Key } from "./lib/secp256k1.mjs";
import { challengeable, Trades } from "./lib/trades.mjs";
import { kFarAway, kUnits, reverts } from "./lib/venue.mjs";

const kSeed = Number(process.env.SEED ?? 11);
const kHistories = Number(process.env.INVARIANT_HISTORIES ?? 6);
const kSteps = Number(process.env.INVARIANT_STEPS ?? 60);
const kWindow = 3000;
const kResponse = 4000;
const kTraders = ["alice", "bob", "carol", "maker"];
const [kRequested, kPending, kFinalized] = [1, 5, 2];
let chain;
let world;
let sessions;

before(async () => {
  chain = await Chain.start();
  world = await World.deploy(chain, { config: { challengeWindow: kWindow, responseTime: kResponse, ringSize: 256 } });
  sessions = Object.fromEntries(kTraders.map((name) => [name, new Key(`session of ${name}`)]));
  for (const [name, key] of Object.entries(sessions)) {
    await world.tell(name, world.keysContract, kSetSession, [key.address, [0, kFarAway, 0, 1, 0, 0]]);
  }
});
after(() => chain?.stop());

class History {
  constructor(random) {
    Object.assign(this, { random, trades: new Trades(world, random, sessions), watcher: new Watcher(world, "carol"), open: [], theft: null, counts: {} });
  }

  async step() {
    const { random } = this;
    await this.answerDue();
    const choice = random.below(100);
    const name = choice < 40 ? "settle" : choice < 48 ? "deposit" : choice < 60 ? "withdraw" : choice < 70 ? "pay"
      : choice < 74 ? "disarm" : choice < 80 ? "arm" : choice < 88 ? "challenge" : choice < 92 ? "steal" : "passTime";
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    await this[name]();
  }

  // Honest, but refused if it debits an account that is not armed.
  async settle() {
    const { random } = this;
    const executed = new Map(world.books.executed);
    const sealed = this.trades.seal(1 + random.below(8));
    const cold = await this.firstCold(sealed);
    if (cold === null) await this.settled(await world.settle(sealed));
    else {
      await reverts(world.settle(sealed), "NotArmed", cold.account, cold.pair);
      world.books = Object.assign(new Books(kAccountOf.fees), { executed });
      this.trades.resting = [];
    }
  }

  async settled(link) {
    if (this.theft === null) assert.equal(await this.watcher.inspect(link), null);
  }

  // The first entry in the batch that debits an account which is not armed in the next block.
  async firstCold(sealed) {
    const next = BigInt(await chain.now()) + 1n;
    for (const entry of sealed.entries) {
      if (entry.even >= 0n && entry.odd >= 0n) continue;
      const [until] = await world.venue.views(["uint32"], "guardOf(uint32)", entry.account);
      if (until <= next) return entry;
    }
    return null;
  }

  async deposit() {
    const { random } = this;
    await world.deposit(random.pick(kNames), random.below(world.assets), 1n + random.amount(10_000n));
  }

  async withdraw() {
    const { random } = this;
    const name = random.pick(kNames);
    const asset = random.below(world.assets);
    const balance = await world.venue.balance(kAccountOf[name], asset);
    const quanta = 1n + random.amount(random.below(4) === 0 ? balance : 100_000n);
    if (quanta > balance) {
      await reverts(world.withdraw(name, asset, quanta), "InsufficientBalance");
      return;
    }
    const index = await world.withdraw(name, asset, quanta);
    assert.ok([kPending, kFinalized].includes(await world.withdrawalStatus(index)));
  }

  async pay() {
    const { random } = this;
    if (world.withdrawals.length === 0) return;
    const { index } = random.pick(world.withdrawals);
    const status = await world.withdrawalStatus(index);
    const pay = () => world.tell(random.pick(kNames), world.venue.address, "payWithdrawals(uint64[])", [[index]]);
    if (status === kRequested) await reverts(pay(), "WrongWithdrawalStatus");
    else if (status === kPending && !(await world.isFinal((await world.pendingBatch(index)).batch))) await reverts(pay(), "NotFinal");
    else await pay();
  }

  disarm() {
    return world.as(this.random.pick(kTraders), "disarm()");
  }

  arm() {
    return world.as(this.random.pick(kTraders), "arm(uint32)", kFarAway);
  }

  async challenge() {
    const { random } = this;
    const link = random.pick(world.batches.slice(-5));
    if (link === undefined || BigInt(await chain.now()) + 1n >= link.settledAt + BigInt(kWindow)) return;
    const account = random.pick(challengeable(link));
    if (account === undefined || this.open.some((o) => o.link === link && o.account === account)) return;
    try {
      await world.challenge(random.pick(kNames), link, account);
    } catch (error) {
      if (!(error instanceof Revert) || error.reason !== "AlreadyChallenged") throw error;
      return;
    }
    this.open.push({ link, account, deadline: (await chain.now()) + kResponse });
  }

  isTheft({ link, account }) {
    return link === this.theft && account === kAccountOf.alice;
  }

  // The operator is in time, except for what it stole.
  async answerDue() {
    const { random } = this;
    const now = await chain.now();
    for (const challenge of [...this.open]) {
      const { link, account, deadline } = challenge;
      const mine = this.isTheft(challenge);
      if (mine || (deadline - now > 1500 && random.below(4) > 0)) continue;
      await world.justify(world.operator, link, account, link.sealed.justification(account));
      this.open.splice(this.open.indexOf(challenge), 1);
    }
  }

  async steal() {
    if (this.theft !== null) return;
    const order = world.sign("alice", { side: 2n, quantity: 100n, notional: 20_000n });
    const [forged] = [world.sign("alice", { side: 2n }, { key: world.keys.thief })];
    const sealed = this.random.pick([
      () => world.against(order, { quote: 1n }), () => world.against(order, { base: 500n, quote: 100_000n }),
      () => world.against(forged, {}),
      () => new SealedBatch(world.against(order, { fee: 5000n }).tree.executions, kAccountOf.fees),
    ])();
    if ((await this.firstCold(sealed)) !== null) return;
    this.theft = await world.settle(sealed);
    await world.withdraw("thief", 0, 50n);
  }

  passTime() {
    return chain.passTime(1 + this.random.below(900));
  }

  async check() {
    const ledger = await world.replay(new Set());
    await world.checkBalances(ledger);
    const owed = await this.pendingQuanta();
    const held = await world.words(world.venue.tokens.map((token) => [token, "balanceOf(address)", world.venue.address]));
    assert.deepEqual(held, held.map((_, asset) => (ledger.total(asset) + owed[asset]) * kUnits), "the vault holds what it owes");
    const [next] = await world.venue.views(["uint64"], "head()");
    assert.equal(next, BigInt(world.batches.length + 1));
  }

  async pendingQuanta() {
    const owed = Array(world.assets).fill(0n);
    for (const { index, asset, quanta } of world.withdrawals) {
      if ((await world.withdrawalStatus(index)) === kPending) owed[asset] += quanta;
    }
    return owed;
  }

  async convict() {
    if (!this.open.some((o) => this.isTheft(o))) {
      const found = await this.watcher.inspect(this.theft);
      assert.ok(found, "the theft is found");
    }
    for (const challenge of this.open) {
      const { link, account } = challenge;
      if (!this.isTheft(challenge)) await world.justify(world.operator, link, account, link.sealed.justification(account));
    }
    await chain.passTime(kResponse + 1);
    await world.expire("bob", this.theft, kAccountOf.alice);
    await world.recover();
  }
}

for (let i = 0; i < kHistories; i++) {
  test(`history ${i} keeps the invariants (SEED=${kSeed})`, (t) => world.rolledBack(async () => {
    const history = new History(new Random(kSeed + 1000 * i));
    for (let step = 0; step < kSteps; step++) {
      await history.step();
      await history.check();
      // A watcher looks at least once in a window.
      if (history.theft && (await chain.now()) > Number(history.theft.settledAt) + kWindow / 2) break;
    }
    if (history.theft) await history.convict();
    t.diagnostic(`${world.batches.length} batches, ${world.withdrawals.length} withdrawals, theft: ${history.theft !== null}, ${JSON.stringify(history.counts)}`);
  }));
}
