// The whole game on one chain: owners with keys, a venue that settles what it likes, a watcher that
// believes nothing, and a model that knows what everybody must get back.
import assert from "node:assert/strict";
import { encodeCall } from "./abi.mjs";
import { encodeEntries, headerTuple, kHeader } from "./batch.mjs";
import { Books, kExecutionTuple, SealedBatch, signOrder } from "./books.mjs";
import { hex, kTxGasCap, Revert } from "./chain.mjs";
import { keccak } from "./keccak.mjs";
import { Ledger } from "./model.mjs";
import { domainSeparatorOf, executionTuple } from "./orders.mjs";
import { Key } from "./secp256k1.mjs";
import { artifact, kFarAway, kUnits, Venue } from "./venue.mjs";
import { evidenceOf } from "./verifier.mjs";

export const kNames = ["alice", "bob", "carol", "maker", "thief", "fees"];
export const kAccountOf = Object.fromEntries(kNames.map((name, i) => [name, BigInt(i + 1)]));
const kFunds = 1_000_000_000n;  // Quanta of each asset that everybody starts with.
const kEther = 10n ** 18n;

const kLink = `(${kHeader},bytes32)`;
const kBatchProof = `(${kLink},${kLink}[])`;
const kCommitted = `(uint32,${kExecutionTuple},bytes32[])`;
export const kChallenge = `challenge(${kHeader},bytes,uint32,uint256)`;
export const kJustify = `justify(${kHeader},bytes32,uint32,bytes,bytes)`;
export const kProveOverfill = `proveOverfill(${kBatchProof},${kCommitted},${kBatchProof},${kCommitted})`;
export const kRollback = `rollback(${kHeader},bytes)`;
export const kSetSession = "setSession(address,(uint40,uint40,uint32,uint8,uint8,uint128))";

const isDebit = ({ even, odd }) => even < 0n || odd < 0n;

export class World {
  static async deploy(chain, { config = {}, assets = 6 } = {}) {
    const world = new World();
    await chain.rpc("anvil_autoImpersonateAccount", [true]);
    const verifier = await chain.deploy(chain.accounts[0], artifact("OrderVerifier").bytecode);
    chain.addErrors(artifact("OrderVerifier").abi);
    const venue = await Venue.deploy(chain, { config: { verifier, ...config }, assets });
    const { bond = 10n * kEther } = config;
    Object.assign(world, {
      chain, venue, verifier, court: venue.court, keysContract: venue.keys, assets,
      domain: domainSeparatorOf(31337, venue.address), operator: venue.operator,
      keys: Object.fromEntries(kNames.map((name) => [name, new Key(name)])),
      batches: [], operations: [], withdrawals: [], nonce: 0n,
    });
    world.books = new Books(kAccountOf.fees);
    await world.fundOwners();
    await world.tell(world.operator, world.court, "fundBond()", [], bond);
    world.funded = await Promise.all(venue.tokens.map((_, asset) => venue.tokenBalance(asset, venue.address)));
    return world;
  }

  async fundOwners() {
    const { chain, venue } = this;
    for (const name of kNames) {
      const { address } = this.keys[name];
      await chain.rpc("anvil_setBalance", [address, hex(1000n * kEther)]);
      await this.as(name, "register()");
      for (let asset = 0; asset < this.assets; asset++) await this.deposit(name, asset, kFunds);
      if (name === "fees") await this.as(name, "waive()");
      else await this.as(name, "arm(uint32)", kFarAway);
    }
    assert.equal(await venue.view("accountCount()"), BigInt(kNames.length));
  }

  // Undoes `body`, on the chain and here.
  async rolledBack(body) {
    const { batches, operations, withdrawals, nonce, books } = this;
    Object.assign(this, {
      batches: [...batches], operations: [...operations], withdrawals: withdrawals.map((w) => ({ ...w })),
      books: Object.assign(new Books(books.feeAccount), { executed: new Map(books.executed) }),
    });
    try {
      return await this.chain.rolledBack(body);
    } finally {
      Object.assign(this, { batches, operations, withdrawals, nonce, books });
    }
  }

  // ---------------------------------------------------------------- calls

  addressOf(who) {
    return this.keys[who]?.address ?? who;
  }

  // A call with ether; a revert is thrown with its reason before anything is mined.
  async tell(from, to, signature, args, value = 0n) {
    const call = { from: this.addressOf(from), to, data: encodeCall(signature, ...args), value: hex(value) };
    await this.chain.rpc("eth_call", [{ ...call, gas: hex(kTxGasCap) }, "latest"]);
    return (await this.chain.sendAll([call]))[0];
  }

  as(who, signature, ...args) {
    return this.tell(who, this.venue.address, signature, args);
  }

  async deposit(name, asset, quanta) {
    await this.chain.sendAll([{
      from: this.venue.funder, to: this.venue.address,
      data: encodeCall("depositFor(uint32,uint16,uint256)", kAccountOf[name], asset, quanta * kUnits),
    }]);
    this.operations.push({ account: kAccountOf[name], asset, quanta });
  }

  // Asks for a withdrawal and lets the operator debit it; paid at once or pending, as the vault says.
  async withdraw(name, asset, quanta) {
    await this.as(name, "requestWithdraw(uint16,uint96,address)", asset, quanta, this.addressOf(name));
    const index = await this.venue.view("withdrawalCount()");
    await this.tell(this.operator, this.venue.address, "finalizeWithdrawals(uint64[])", [[index]]);
    const withdrawal = { index, account: kAccountOf[name], asset, quanta };
    this.withdrawals.push(withdrawal);
    return index;
  }

  async withdrawalStatus(index) {
    return Number((await this.venue.views(Array(5).fill("uint256"), "withdrawalAt(uint64)", index))[4]);
  }

  // ---------------------------------------------------------------- orders and batches

  // A signed order of `name`, good for long; `key` signs instead of the owner.
  sign(name, changes = {}, { key = this.keys[name], domain = this.domain, full = false } = {}) {
    const order = {
      account: kAccountOf[name], venue: 0n, base: 0n, quote: 1n, side: 1n, quantity: 1000n, notional: 200_000n,
      nonce: ++this.nonce + 1000n, expiry: BigInt(kFarAway), maxFee: 1000n, ...changes,
    };
    return signOrder(domain, key, order, { full });
  }

  // An order that takes the other side of `order` at any price.
  opposite(name, { base, quote, side }, quantity) {
    return side === 1n
      ? this.sign(name, { base, quote, side: 2n, quantity, notional: 0n })
      : this.sign(name, { base, quote, side: 1n, quantity, notional: 2n ** 90n });
  }

  // A batch in which the order trades with the thief's, which takes any price. Nothing is checked.
  against(victim, { base = 100n, quote = 20_000n, fee = 0n, cumBefore = 0n }) {
    const other = this.opposite("thief", victim.order, base);
    return new SealedBatch([
      { signed: victim, account: kAccountOf.alice, orderHash: victim.hash, base, quote, fee, cumBefore },
      { signed: other, account: kAccountOf.thief, orderHash: other.hash, base, quote, fee: 0n, cumBefore: 0n },
    ], kAccountOf.fees);
  }

  // Settles a sealed batch, or what the changes make of it: {entries, header}. The engine's clock is
  // the chain's unless the header says otherwise.
  async settle(sealed, { entries = sealed.entries, header = {} } = {}) {
    const now = BigInt(await this.chain.now()) * 10n ** 9n;
    const batch = await this.venue.nextBatch(entries, { execRoot: sealed.execRoot, engineTime: now, ...header });
    await this.chain.send(this.operator, this.venue.address, batch.calldata);
    const settledAt = BigInt(await this.chain.now());
    const link = { ...batch, dataHash: keccak(batch.data), entries, sealed, settledAt };
    this.batches.push(link);
    this.operations.push({ batch: link });
    return link;
  }

  // An honest trade of two accounts, settled. Returns the batch.
  async honestBatch(trades = [["alice", "bob"], ["carol", "maker"]]) {
    for (const [buyer, seller] of trades) {
      this.books.trade(this.sign(buyer), this.sign(seller, { side: 2n }),
        { base: 10n, quote: 2000n, buyFee: 2n, sellFee: -1n });
    }
    return this.settle(this.books.seal());
  }

  async afterWindow() {
    await this.chain.passTime(this.venue.config.challengeWindow + 1);
  }

  // ---------------------------------------------------------------- the court

  contextOf(link, account) {
    const { header, settledAt } = link;
    const maxLag = BigInt(this.venue.config.maxLag);
    const clamped = [header.previousEngineTime / 10n ** 9n, settledAt].reduce((a, b) => (a < b ? a : b));
    const begin = clamped < settledAt - maxLag ? settledAt - maxLag : clamped;
    return [this.venue.address, this.domain, header.id, account, header.execRoot, begin, settledAt,
      this.venue.config.orderLife ?? 0];
  }

  entriesOf(link, account) {
    return link.entries.filter((e) => BigInt(e.account) === account);
  }

  // "" if the evidence explains what the batch did to the account, else why not.
  async verdict(link, account, justification) {
    const data = encodeCall("verify((address,bytes32,uint64,uint32,bytes32,uint64,uint64,uint64),bytes,bytes)",
      this.contextOf(link, account), encodeEntries(this.entriesOf(link, account)), evidenceOf(justification));
    const [answer] = await this.chain.tryAll([["eth_call", [{ from: this.operator, to: this.verifier, data }, "latest"]]]);
    if (answer instanceof Error && !(answer instanceof Revert)) throw answer;
    return answer instanceof Revert ? answer.reason || "?" : "";
  }

  challenge(who, link, account, { value = this.venue.config.challengeBond, firstEntry } = {}) {
    const first = firstEntry ?? link.entries.findIndex((e) => BigInt(e.account) === account);
    return this.tell(who, this.court, kChallenge, [headerTuple(link.header), link.data, account, first], value);
  }

  justify(who, link, account, justification) {
    return this.tell(who, this.court, kJustify, [headerTuple(link.header), link.dataHash, account,
      encodeEntries(this.entriesOf(link, account)), evidenceOf(justification)]);
  }

  expire(who, link, account) {
    return this.tell(who, this.court, "expireChallenge(uint64,uint32)", [link.header.id, account]);
  }

  proveOverfill(who, a, b) {
    const proof = ({ link }) => [[headerTuple(link.header), link.dataHash], []];
    const leaf = ({ account, execution, proof: path }) => [account, executionTuple(execution), path];
    return this.tell(who, this.court, kProveOverfill, [proof(a), leaf(a), proof(b), leaf(b)]);
  }

  async creditOf(who) {
    return BigInt(await this.chain.call(this.operator, this.court, encodeCall("creditOf(address)", this.addressOf(who))));
  }

  isFinal(id) {
    return this.venue.view("isFinal(uint64)", id).then((word) => word === 1n);
  }

  async isHalted() {
    return (await this.venue.view("haltedAt()")) !== 0n;
  }

  // ---------------------------------------------------------------- after a halt

  // Rolls back, checks every balance against a replay of what remains, lets everybody exit and
  // checks what they carry away. Returns the ids of the batches undone.
  async recover() {
    const undone = [];
    for (const { index } of this.withdrawals) {
      if ((await this.withdrawalStatus(index)) !== 5) continue;
      const { batch } = await this.pendingBatch(index);
      if (await this.isFinal(batch)) await this.tell("bob", this.venue.address, "payWithdrawals(uint64[])", [[index]]);
      else await this.tell("bob", this.venue.address, "cancelPending(uint64[])", [[index]]);
    }
    for (const link of [...this.batches].reverse()) {
      if (await this.isFinal(link.header.id)) break;
      await this.as("bob", kRollback, headerTuple(link.header), link.data);
      undone.push(link.header.id);
    }
    const expected = await this.replay(new Set(undone));
    await this.checkBalances(expected);
    await this.everybodyExits(expected);
    return undone;
  }

  async pendingBatch(index) {
    const words = await this.venue.views(Array(8).fill("uint256"), "withdrawalAt(uint64)", index);
    return { batch: words[5] };
  }

  // The ledger without the batches in `undone` and without cancelled withdrawals.
  async replay(undone) {
    const ledger = new Ledger({ accounts: kNames.length, assets: this.assets });
    for (const { batch, account, asset, quanta } of this.operations) {
      if (batch === undefined) ledger.add(Number(account), asset, quanta);
      else if (!undone.has(batch.header.id)) ledger.apply(batch.entries);
    }
    for (const { index, account, asset, quanta } of this.withdrawals) {
      const paidOrPending = [2, 4, 5].includes(await this.withdrawalStatus(index));
      if (paidOrPending) ledger.add(Number(account), asset, -quanta);
    }
    return ledger;
  }

  async checkBalances(ledger) {
    const places = this.everywhere().map(([account, asset]) => [account, asset, ledger.of(account, asset)]);
    const got = await this.words(places.map(([account, asset]) =>
      [this.venue.address, "balanceOf(uint32,uint16)", account, asset]));
    assert.deepEqual(places.map(([account, asset], i) => [account, asset, got[i]]), places);
  }

  async everybodyExits(ledger) {
    const all = Array.from({ length: this.assets }, (_, asset) => asset);
    const before = await this.wallets();
    for (const name of kNames) {
      await this.as(name, "emergencyExit(uint16[],address)", all, this.addressOf(name));
    }
    const expected = this.everywhere().map(([account, asset], i) => before[i] + ledger.of(account, asset) * kUnits);
    assert.deepEqual(await this.wallets(), expected, "what everybody carries away");
    for (const asset of all) assert.equal(await this.venue.tokenBalance(asset, this.venue.address), 0n);
  }

  // Every (account, asset).
  everywhere() {
    return kNames.flatMap((_, i) => Array.from({ length: this.assets }, (__, asset) => [i + 1, asset]));
  }

  wallets() {
    return this.words(this.everywhere().map(([account, asset]) =>
      [this.venue.tokens[asset], "balanceOf(address)", this.addressOf(kNames[account - 1])]));
  }

  // One word from each of many views [to, signature, ...arguments], in one request.
  async words(views) {
    const calls = views.map(([to, signature, ...args]) => ["eth_call", [{ to, data: encodeCall(signature, ...args) }, "latest"]]);
    return (await this.chain.rpcAll(calls)).map(BigInt);
  }
}

// Follows the batches and asks the operator for the evidence of every debit; challenges what is not
// explained, and remembers all executions it was shown.
export class Watcher {
  constructor(world, who) {
    Object.assign(this, { world, who, shown: new Map() });
  }

  // evidence(account): what the operator answers. Returns {kind, account, reason} of the first thing found
  // wrong, acted upon, or null.
  async inspect(link, evidence = (account) => link.sealed.justification(account)) {
    const { world } = this;
    const debited = [...new Set(link.entries.filter(isDebit).map((e) => BigInt(e.account)))];
    for (const account of debited) {
      if (account === kAccountOf.fees) continue;  // Waived.
      const justification = evidence(account);
      const reason = await world.verdict(link, account, justification);
      if (reason !== "") {
        await world.challenge(this.who, link, account);
        return { kind: "challenge", account, reason };
      }
      const overfill = this.remember(link, account, justification);
      if (overfill) {
        await world.proveOverfill(this.who, ...overfill);
        return { kind: "overfill", account, reason: "Overfilled" };
      }
    }
    return null;
  }

  // The two leaves that contradict each other, if any.
  remember(link, account, justification) {
    for (const { execution, proof } of justification) {
      const leaf = { link, account, execution, proof };
      const known = this.shown.get(execution.orderHash) ?? [];
      const other = known.find((k) => overlaps(k.execution, execution));
      if (other) return [other, leaf];
      this.shown.set(execution.orderHash, [...known, leaf]);
    }
    return null;
  }
}

const overlaps = (a, b) => a.base > 0n && b.base > 0n &&
  a.cumBefore < b.cumBefore + b.base && b.cumBefore < a.cumBefore + a.base;
