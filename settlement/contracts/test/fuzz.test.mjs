// Random histories against the model: every balance, the money held and the outcome of every call
// agree after each step; at the end the whole ledger is rebuilt from the chain's logs and calldata.
// SEED=n chooses another run, FUZZ_STEPS=n a longer one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeCall } from "./lib/abi.mjs";
import { chainOf, encodeEntries } from "./lib/batch.mjs";
import { Chain, Revert } from "./lib/chain.mjs";
import { keccakText } from "./lib/keccak.mjs";
import { decodeEntries, Ledger, Random } from "./lib/model.mjs";
import { kUnits, Venue } from "./lib/venue.mjs";

const kSeed = Number(process.env.SEED ?? 20);
const kSteps = Number(process.env.FUZZ_STEPS ?? 300);
const kAccounts = 7;
const kWindow = 1000;
const kForceDelay = 5000;
const kRefusing = 4;  // Asset 4; asset 5 does not exist, so the last pair is half empty.
let chain;
let venue;

before(async () => {
  chain = await Chain.start();
  venue = await Venue.deploy(chain,
    { config: { ringSize: 5, challengeWindow: kWindow, forceDelay: kForceDelay }, assets: 4 });
  await venue.addToken("RefusingToken");
});
after(() => chain?.stop());

// One random history. Each step changes the model only if the vault accepted the call.
class History {
  constructor(random) {
    Object.assign(this, { random, withdrawals: [], deposits: 0n, batches: [], refused: false });
    this.ledger = new Ledger({ accounts: kAccounts, assets: venue.tokens.length });
    this.settledAt = [];
    this.moved = new Map();  // Last batch that moved (account, pair).
  }

  // Null if accepted, else [error, ...arguments].
  async attempt(from, data) {
    try {
      this.receipt = await chain.send(from, venue.address, data);
      return null;
    } catch (error) {
      if (!(error instanceof Revert)) throw error;
      return [error.reason, ...error.args.map(String)];
    }
  }

  async expect(from, data, expected) {
    const got = await this.attempt(from, data);
    assert.deepEqual(got, expected && [expected[0], ...expected.slice(1).map(String)]);
    return got === null;
  }

  async deposit() {
    const { random, ledger } = this;
    const [account, asset] = [1 + random.below(kAccounts), random.below(ledger.assets)];
    const units = random.amount(1n << BigInt(10 + random.below(80)));
    const quanta = units / kUnits;
    const data = encodeCall("depositFor(uint32,uint16,uint256)", account, asset, units);
    if (await this.expect(venue.funder, data, quanta === 0n ? ["BelowOneQuantum"] : null)) {
      ledger.add(account, asset, quanta);
      this.deposits++;
    }
  }

  async requestWithdraw() {
    const { random, ledger } = this;
    const account = 1 + random.below(3);  // The accounts that have a key.
    const asset = random.below(ledger.assets);
    const quanta = random.amount(ledger.of(account, asset)) + BigInt(random.below(3));
    const to = "0x" + (0xbeef0000n + BigInt(random.below(2))).toString(16).padStart(40, "0");
    const data = encodeCall("requestWithdraw(uint16,uint96,address)", asset, quanta, to);
    const expected = quanta === 0n ? ["BelowOneQuantum"] : null;
    if (await this.expect(venue.users[account - 1], data, expected)) {
      this.withdrawals.push({ account, asset, quanta, status: 1, at: await chain.now() });
    }
  }

  async answerWithdrawal() {
    const { random, ledger } = this;
    if (this.withdrawals.length === 0) return;
    const index = 1 + random.below(this.withdrawals.length);
    const w = this.withdrawals[index - 1];
    const balance = ledger.of(w.account, w.asset);
    const kind = random.pick(["finalize", "finalize", "reject", "appeal", "force", "claim", "pay", "pay"]);
    if (kind === "reject") {
      const expected = w.status === 1 || w.status === 3 ? null : ["WrongWithdrawalStatus", index, w.status];
      if (await this.expect(venue.operator, encodeCall("rejectWithdrawals(uint64[])", [index]), expected)) w.status = 3;
    } else if (kind === "finalize") {
      const skip = [2, 4, 5].includes(w.status);
      const expected = skip ? null : w.status === 3 ? ["WrongWithdrawalStatus", index, 3]
        : balance < w.quanta ? ["InsufficientBalance", index, w.account, w.asset, balance] : null;
      const ok = await this.expect(venue.operator, encodeCall("finalizeWithdrawals(uint64[])", [index]), expected);
      if (ok && !skip) await this.debited(w, w.quanta);
    } else if (kind === "appeal") {
      const expected = w.status === 3 ? null : ["WrongWithdrawalStatus", index, w.status];
      if (await this.expect(venue.users[w.account - 1], encodeCall("appealWithdrawal(uint64)", index), expected)) {
        Object.assign(w, { status: 7, at: await chain.now() });
      }
    } else if (kind === "pay") {
      const skip = w.status === 2 || w.status === 4;
      const expected = skip ? null : w.status !== 5 ? ["WrongWithdrawalStatus", index, w.status]
        : (await this.isFinal(w.batch)) ? null : ["NotFinal", index, w.batch];
      const ok = await this.expect(venue.funder, encodeCall("payWithdrawals(uint64[])", [index]), expected);
      if (ok && !skip) {
        this.ledger.pending[w.asset] -= w.quanta;
        this.paid(w);
      }
    } else if (kind === "force") {
      const ready = w.at + kForceDelay;
      const early = (await chain.now()) < ready;
      const expected = w.status !== 1 && w.status !== 7 ? ["WrongWithdrawalStatus", index, w.status] : early ? ["TooEarly", ready]
        : balance === 0n ? ["InsufficientBalance", index, w.account, w.asset, 0] : null;
      const ok = await this.expect(venue.users[w.account - 1], encodeCall("forceWithdraw(uint64)", index), expected);
      if (ok) await this.debited(w, w.quanta < balance ? w.quanta : balance);
    } else {
      const to = "0x00000000000000000000000000000000cafe0000";
      const expected = w.status === 4 ? null : ["WrongWithdrawalStatus", index, w.status];
      const ok = await this.expect(venue.users[w.account - 1], encodeCall("claim(uint64,address)", index, to), expected);
      if (ok) {
        w.status = 2;
        this.ledger.claimable[w.asset] -= w.quanta;
      }
    }
  }

  async isFinal(batch) {
    return batch === 0 || (await chain.now()) >= this.settledAt[batch - 1] + kWindow;
  }

  async debited(w, quanta) {
    this.ledger.add(w.account, w.asset, -quanta);
    w.quanta = quanta;
    w.batch = this.moved.get(w.account * 65536 + (w.asset >> 1)) ?? 0;
    if (await this.isFinal(w.batch)) return this.paid(w);
    w.status = 5;
    this.ledger.pending[w.asset] += quanta;
  }

  paid(w) {
    const { quanta } = w;
    w.status = this.refused && w.asset === kRefusing ? 4 : 2;
    if (w.status === 4) this.ledger.claimable[w.asset] += quanta;
  }

  async toggleRefusal() {
    this.refused = !this.refused;
    await chain.sendAll([0n, 1n].map((i) => ({
      from: venue.admin, to: venue.tokens[kRefusing],
      data: encodeCall("refuse(address,bool,bool)", "0x" + (0xbeef0000n + i).toString(16).padStart(40, "0"),
        this.refused, this.random.below(2) === 0),
    })));
  }

  // A valid batch, or one with a random fault in its entries or its header.
  async settle() {
    const { random, ledger } = this;
    const entries = ledger.randomEntries(random, random.below(12));
    if (random.below(3) === 0) spoil(entries, random);
    const changes = random.below(5) === 0 ? this.badHeader() : {};
    const execRoot = keccakText(`executions ${this.batches.length}`);
    const batch = await venue.nextBatch(entries, { execRoot, ...changes });
    if (await this.expect(venue.operator, batch.calldata, await this.settleError(batch.header, entries))) {
      ledger.apply(entries);
      this.batches.push(batch);
      this.settledAt.push(await chain.now());
      for (const { account, pair } of entries) this.moved.set(account * 65536 + pair, this.batches.length);
    }
  }

  badHeader() {
    const last = this.batches.at(-1)?.header ?? { id: 0n, lastEvent: 0n, engineTime: 0n };
    return this.random.pick([
      { id: last.id }, { id: last.id + 2n }, { parent: keccakText("elsewhere") },
      { firstEvent: last.lastEvent }, { firstEvent: last.lastEvent + 2n }, { lastEvent: last.lastEvent },
      { engineTime: last.engineTime - (last.engineTime > 0n ? 1n : 0n) },
    ]);
  }

  async settleError(header, entries) {
    const last = this.batches.at(-1);
    const { id, lastEvent, engineTime } = last?.header ?? { id: 0n, lastEvent: 0n, engineTime: 0n };
    const parent = last?.chain ?? (await venue.view("genesis()"));
    if (header.id !== id + 1n) return ["WrongBatch", id + 1n, header.id];
    if (header.parent !== parent) return ["WrongParent", parent, header.parent];
    if (header.firstEvent !== lastEvent + 1n || header.lastEvent < header.firstEvent) {
      return ["WrongEventRange", lastEvent + 1n, header.firstEvent, header.lastEvent];
    }
    if (header.engineTime < engineTime) return ["EngineTimeBackwards", engineTime, header.engineTime];
    const overwritten = this.settledAt[this.settledAt.length - 5];
    if (overwritten !== undefined && (await chain.now()) < overwritten + kWindow) {
      return ["RingFull", header.id, overwritten + kWindow];
    }
    return this.ledger.errorOf(entries);
  }

  async replay() {
    if (this.batches.length === 0) return;
    const { calldata, header } = this.random.pick(this.batches);
    await this.expect(venue.operator, calldata, ["WrongBatch", this.batches.length + 1, header.id]);
  }

  // The chain forgets a batch; its transaction, sent again, does exactly the same.
  async reorganise() {
    const before = this.batches.length;
    const snapshot = await chain.rpc("evm_snapshot");
    await this.settle();
    if (this.batches.length === before) return;
    await chain.rpc("evm_revert", [snapshot]);
    await this.expect(venue.operator, this.batches.at(-1).calldata, null);
    this.settledAt[this.settledAt.length - 1] = await chain.now();
  }

  async step() {
    const { random } = this;
    const choice = random.below(100);
    if (choice < 25) await this.deposit();
    else if (choice < 35) await this.requestWithdraw();
    else if (choice < 50) await this.answerWithdrawal();
    else if (choice < 53) await this.toggleRefusal();
    else if (choice < 85) await this.settle();
    else if (choice < 90) await this.replay();
    else if (choice < 95) await this.reorganise();
    else await chain.passTime(random.below(2000));
  }

  async check() {
    const { ledger } = this;
    const calls = [];
    for (let account = 1; account <= kAccounts; account++) {
      for (let asset = 0; asset < ledger.assets; asset++) {
        calls.push([venue.address, encodeCall("balanceOf(uint32,uint16)", account, asset), ledger.of(account, asset)]);
      }
    }
    venue.tokens.forEach((token, asset) => calls.push([token, encodeCall("balanceOf(address)", venue.address),
      (ledger.total(asset) + ledger.claimable[asset] + ledger.pending[asset]) * kUnits]));
    calls.push([venue.address, encodeCall("depositCount()"), this.deposits]);
    calls.push([venue.address, encodeCall("withdrawalCount()"), BigInt(this.withdrawals.length)]);
    const got = await chain.rpcAll(calls.map(([to, data]) => ["eth_call", [{ to, data }, "latest"]]));
    assert.deepEqual(got.map(BigInt), calls.map((c) => c[2]));
  }
}

function spoil(entries, random) {
  const i = random.below(entries.length + 1);
  const victim = entries[i];
  const fault = random.below(7);
  if (!victim || fault === 0) {
    entries.splice(i, 0, { account: random.below(kAccounts + 3), pair: random.below(4), even: 1n, odd: 0n });
  } else if (fault === 1) entries.splice(i, 1);
  else if (fault === 2) entries.splice(i, 0, victim);
  else if (fault === 3) entries.reverse();
  else if (fault === 4) victim.even -= 1n;
  else if (fault === 5) victim.odd = random.pick([-(2n ** 87n), 2n ** 87n - 1n]);
  else [victim.even, victim.odd] = [victim.odd, victim.even];
}

// What an indexer does: logs for deposits, payments and batches, calldata for the entries.
async function rebuildFromChain() {
  const ledger = new Ledger({ accounts: kAccounts, assets: venue.tokens.length });
  const logs = await chain.rpc("eth_getLogs", [{ address: venue.address, fromBlock: "0x0", toBlock: "latest" }]);
  let parent = await venue.view("genesis()");
  let [nextId, nextEvent, previousEngineTime] = [1n, 1n, 0n];
  const pending = new Set();
  for (const log of logs) {
    const [event] = venue.events({ logs: [log] });
    const { name, args } = event;
    if (name === "Deposited") ledger.add(Number(args.account), Number(args.asset), args.quanta);
    const wasPending = pending.has(args.index);
    if (name === "WithdrawPending") pending.add(args.index);
    if (name === "WithdrawPending" || (!wasPending && ["WithdrawFinalized", "WithdrawFailed"].includes(name))) {
      ledger.add(Number(args.account), Number(args.asset), -args.quanta);
    }
    if (name !== "Batch") continue;
    const { input } = await chain.rpc("eth_getTransactionByHash", [log.transactionHash]);
    const length = Number(BigInt("0x" + input.slice(2 + 260 * 2, 2 + 292 * 2)));
    const data = "0x" + input.slice(2 + 292 * 2, 2 + (292 + length) * 2);
    assert.deepEqual([args.id, args.firstEvent], [nextId, nextEvent]);
    parent = chainOf({ parent, previousEngineTime, ...args }, data);
    assert.equal(args.chain, parent);
    assert.equal(encodeEntries(decodeEntries(data)), data);
    ledger.apply(decodeEntries(data));
    [nextId, nextEvent, previousEngineTime] = [args.id + 1n, args.lastEvent + 1n, args.engineTime];
  }
  return { ledger, batches: nextId - 1n };
}

test(`random histories agree with the model (SEED=${kSeed})`, async () => {
  await registerEverybody();
  const history = new History(new Random(kSeed));
  for (let step = 0; step < kSteps; step++) {
    await history.step();
    await history.check();
  }
  const rebuilt = await rebuildFromChain();
  assert.equal(rebuilt.batches, BigInt(history.batches.length));
  const nonZero = (ledger) => [...ledger.balances].filter(([, v]) => v !== 0n).sort(([a], [b]) => a - b);
  assert.deepEqual(nonZero(rebuilt.ledger), nonZero(history.ledger));
  assert.ok(history.batches.length > kSteps / 20, `only ${history.batches.length} batches`);
});

async function registerEverybody() {
  for (const user of venue.users.slice(0, 3)) await venue.send(user, "register()");
  await venue.fundAccounts(kAccounts - 3, 0n);
  await venue.armAccounts(kAccounts);
}
