// Random histories that end in a halt: whatever was deposited, traded, withdrawn and challenged before,
// every batch that was not final rolls back, everybody gets what the rest of the history says, to the
// quantum, and the vault is empty afterwards. SEED=n chooses other histories, FUZZ_STEPS=n longer ones.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeCall } from "./lib/abi.mjs";
import { encodeEntries, headerTuple, kHeader } from "./lib/batch.mjs";
import { Chain, hex, kTxGasCap } from "./lib/chain.mjs";
import { keccak } from "./lib/keccak.mjs";
import { Ledger, Random } from "./lib/model.mjs";
import { artifact, kNobody, kUnits, Venue } from "./lib/venue.mjs";

const kSeed = Number(process.env.SEED ?? 1);
const kHistories = 4;
const kSteps = Number(process.env.FUZZ_STEPS ?? 60);
const [kWindow, kResponse, kForceDelay] = [400, 150, 2000];
const [kAccounts, kAssets] = [3, 4];
let chain;
let venue;

before(async () => {
  chain = await Chain.start();
  const verifier = await chain.deploy(chain.accounts[0], artifact("StubVerifier").bytecode);
  venue = await Venue.deploy(chain, { assets: kAssets, config: {
    verifier, ringSize: 64, challengeWindow: kWindow, responseTime: kResponse, forceDelay: kForceDelay, challengeBond: 1n,
  } });
  await venue.registerUsers(100_000n);
});
after(() => chain?.stop());

class History {
  constructor(random) {
    this.random = random;
    this.ledger = new Ledger({ accounts: kAccounts, assets: kAssets });
    for (let account = 1; account <= kAccounts; account++) {
      for (let asset = 0; asset < kAssets; asset++) this.ledger.add(account, asset, 100_000n);
    }
    this.deposits = [];  // {account, asset, quanta}
    this.batches = [];  // As settled, with entries and open challenges.
    this.withdrawals = [];  // {account, asset, quanta, state: asked | pending | paid, batch}
  }

  user(account) {
    return venue.users[account - 1];
  }

  account() {
    return 1 + this.random.below(kAccounts);
  }

  async deposit() {
    const [account, asset] = [this.account(), this.random.below(kAssets)];
    const quanta = 1n + BigInt(this.random.below(50_000));
    await venue.send(venue.funder, "depositFor(uint32,uint16,uint256)", account, asset, quanta * kUnits);
    this.deposits.push({ account, asset, quanta });
    this.ledger.add(account, asset, quanta);
  }

  async settle() {
    const entries = this.ledger.randomEntries(this.random, this.random.below(4));
    const batch = await venue.settle(entries);
    this.ledger.apply(entries);
    this.batches.push({ ...batch, entries, challenged: new Set() });
  }

  async ask() {
    const [account, asset] = [this.account(), this.random.below(kAssets)];
    const quanta = this.random.amount(this.ledger.of(account, asset)) || 1n;
    await venue.send(this.user(account), "requestWithdraw(uint16,uint96,address)", asset, quanta, kNobody);
    this.withdrawals.push({ account, asset, quanta, state: "asked", at: await chain.now() });
  }

  async answer() {
    const open = this.withdrawals.findIndex((w) => w.state === "asked");
    if (open < 0) return;
    const w = this.withdrawals[open];
    const balance = this.ledger.of(w.account, w.asset);
    const forced = this.random.below(3) === 0 && (await chain.now()) > w.at + kForceDelay && balance > 0n;
    if (!forced && balance < w.quanta) return;
    const receipt = await (forced ? venue.send(this.user(w.account), "forceWithdraw(uint64)", open + 1)
      : venue.send(venue.operator, "finalizeWithdrawals(uint64[])", [open + 1]));
    const { name, args } = venue.events(receipt)[0];
    w.quanta = args.quanta;
    w.state = name === "WithdrawPending" ? "pending" : "paid";
    w.batch = args.batch ?? 0n;
    this.ledger.add(w.account, w.asset, -w.quanta);
  }

  async pay() {
    const pending = this.withdrawals.flatMap((w, i) => (w.state === "pending" ? [i + 1] : []));
    if (pending.length === 0) return;
    const index = this.random.pick(pending);
    try {
      await venue.send(venue.funder, "payWithdrawals(uint64[])", [index]);
      this.withdrawals[index - 1].state = "paid";
    } catch (error) {
      assert.equal(error.reason, "NotFinal");
    }
  }

  // Contests a random debit; not twice the same, not too late.
  async challenge() {
    const batch = this.random.pick(this.batches.slice(-6));
    const position = batch?.entries.findIndex((e) => !batch.challenged.has(e.account) && (e.even < 0n || e.odd < 0n)) ?? -1;
    if (position < 0) return null;
    const { account } = batch.entries[position];
    const first = batch.entries.findIndex((e) => e.account === account);
    const data = encodeCall(`challenge(${kHeader},bytes,uint32,uint256)`, headerTuple(batch.header), batch.data, account, first);
    const call = { from: venue.funder, to: venue.court, data, value: "0x1", gas: hex(kTxGasCap) };
    try {
      await chain.rpc("eth_call", [call, "latest"]);
    } catch (error) {
      if (error.reason !== "WindowOver") throw error;
      return null;
    }
    await chain.sendAll([call]);
    batch.challenged.add(account);
    return { batch, account, deadline: (await chain.now()) + kResponse };
  }

  async justify({ batch, account }) {
    const own = encodeEntries(batch.entries.filter((e) => e.account === account));
    await chain.send(venue.operator, venue.court, encodeCall(`justify(${kHeader},bytes32,uint32,bytes,bytes)`,
      headerTuple(batch.header), keccak(batch.data), account, own, "0x01"));
  }

  async step() {
    const choice = this.random.below(100);
    if (choice < 15) await this.deposit();
    else if (choice < 50) await this.settle();
    else if (choice < 62) await this.ask();
    else if (choice < 75) await this.answer();
    else if (choice < 85) await this.pay();
    else if (choice < 90) await this.answerChallenge(await this.challenge());
    else await chain.passTime(this.random.below(choice === 99 ? kForceDelay : 250));
  }

  async answerChallenge(open) {
    if (open === null) return;
    for (let i = this.random.below(4); i > 0; i--) await this.settleOrPay();
    if ((await chain.now()) < open.deadline) return this.justify(open);
    this.unanswered = open;
  }

  async settleOrPay() {
    await (this.random.below(2) === 0 ? this.settle() : this.pay());
  }

  async halt() {
    while (this.unanswered === undefined) {
      await this.settle();
      this.unanswered = (await this.challenge()) ?? undefined;
    }
    for (let i = 0; i < 5; i++) await this.random.pick([() => this.settle(), () => this.answer(), () => this.deposit(), () => this.ask()])();
    const { batch, account, deadline } = this.unanswered;
    await chain.passTime(Math.max(1, deadline - (await chain.now())) + 1);
    await chain.send(venue.funder, venue.court, encodeCall("expireChallenge(uint64,uint32)", batch.header.id, account));
  }

  // Returns the batches that stayed.
  async undo() {
    const final = await Promise.all(this.batches.map((b) => venue.view("isFinal(uint64)", b.header.id)));
    const kept = this.batches.filter((_, i) => final[i] === 1n);
    assert.deepEqual(kept, this.batches.slice(0, kept.length), "final batches are a prefix");
    for (const [i, w] of this.withdrawals.entries()) {
      if (w.state !== "pending") continue;
      const paid = w.batch <= BigInt(kept.length);
      await venue.send(venue.funder, `${paid ? "payWithdrawals" : "cancelPending"}(uint64[])`, [i + 1]);
      w.state = paid ? "paid" : "cancelled";
    }
    for (const { header, data } of this.batches.slice(kept.length).reverse()) {
      await venue.send(venue.funder, `rollback(${kHeader},bytes)`, headerTuple(header), data);
    }
    return kept;
  }

  // What the prefix says: deposits, batches that stayed, withdrawals that were paid.
  expected(kept) {
    const ledger = new Ledger({ accounts: kAccounts, assets: kAssets });
    for (let a = 1; a <= kAccounts; a++) for (let s = 0; s < kAssets; s++) ledger.add(a, s, 100_000n);
    for (const { account, asset, quanta } of this.deposits) ledger.add(account, asset, quanta);
    for (const { entries } of kept) ledger.apply(entries);
    for (const w of this.withdrawals) if (w.state === "paid") ledger.add(w.account, w.asset, -w.quanta);
    return ledger;
  }
}

async function exitEverybody(ledger) {
  for (let account = 1; account <= kAccounts; account++) {
    for (let asset = 0; asset < kAssets; asset++) {
      assert.equal(await venue.balance(account, asset), ledger.of(account, asset), `account ${account}, asset ${asset}`);
    }
    await venue.send(venue.users[account - 1], "emergencyExit(uint16[],address)", [0, 1, 2, 3], kNobody);
  }
  for (let asset = 0; asset < kAssets; asset++) assert.equal(await venue.tokenBalance(asset, venue.address), 0n);
}

for (let i = 0; i < kHistories; i++) {
  const seed = kSeed + i;
  test(`after a halt everybody is restored to the quantum (SEED=${seed})`, () => chain.rolledBack(async () => {
    const history = new History(new Random(seed));
    for (let step = 0; step < kSteps && history.unanswered === undefined; step++) await history.step();
    await history.halt();
    const kept = await history.undo();
    await exitEverybody(history.expected(kept));
    assert.ok(kept.length < history.batches.length);
  }));
}
