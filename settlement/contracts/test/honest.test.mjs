// An honest operator against everybody else: whatever is challenged, whenever, and whatever users do
// to make their own fills unprovable, it answers, is paid for it, and settlement becomes final.
// SEED=n another run, HONEST_BATCHES=n a longer one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { headerTuple } from "./lib/batch.mjs";
import { Chain } from "./lib/chain.mjs";
import { kAccountOf, kJustify, kSetSession, Watcher, World } from "./lib/game.mjs";
import { Random } from "./lib/model.mjs";
import { Key } from "./lib/secp256k1.mjs";
import { challengeable, Trades } from "./lib/trades.mjs";
import { kFarAway, reverts } from "./lib/venue.mjs";

const kSeed = Number(process.env.SEED ?? 3);
const kBatches = Number(process.env.HONEST_BATCHES ?? 6);
const { alice, bob, thief, fees } = kAccountOf;
const kWindow = 7200;
const kResponse = 1800;
let chain;
let world;
let sessions;

before(async () => {
  chain = await Chain.start();
  world = await World.deploy(chain, { config: { challengeWindow: kWindow, responseTime: kResponse } });
  sessions = { alice: new Key("alice's session"), maker: new Key("maker's session") };
  for (const [name, key] of Object.entries(sessions)) {
    await world.tell(name, world.keysContract, kSetSession, [key.address, [0, kFarAway, 0, 1, 0, 0]]);
  }
});
after(() => chain?.stop());

const isolated = (name, body) => test(name, () => world.rolledBack(body));
const bond = () => BigInt(world.venue.config.challengeBond);
const answer = (link, account) => world.justify(world.operator, link, account, link.sealed.justification(account));

// The next transaction is mined in this second.
async function at(second) {
  const wait = Number(second) - 1 - (await chain.now());
  if (wait > 0) await chain.passTime(wait);
}

test(`every false challenge is answered and paid for (SEED=${kSeed})`, () => world.rolledBack(async () => {
  const random = new Random(kSeed);
  const trades = new Trades(world, random, sessions);
  const watcher = new Watcher(world, "carol");
  let answered = 0n;
  for (let i = 0; i < kBatches; i++) {
    const link = await world.settle(trades.seal(2 + random.below(12)));
    const end = link.settledAt + BigInt(kWindow);
    // Some at once, some at a random time, some in the last second of the window.
    const open = [];
    for (const account of challengeable(link)) {
      if (random.below(3) === 0) continue;
      if (i + 1 === kBatches) await at(end - 1n - BigInt(open.length === 0 ? 8 : 0));
      else await chain.passTime(1 + random.below(200));
      if (BigInt(await chain.now()) + 1n >= end) break;
      await world.challenge(random.pick(["thief", "bob", "carol"]), link, account);
      open.push({ account, deadline: BigInt(await chain.now()) + BigInt(kResponse) });
    }
    assert.equal(await watcher.inspect(link), null, "a watcher has nothing to say");
    for (const { account, deadline } of open) {
      if (random.below(2) === 0 && deadline > BigInt(await chain.now())) await at(deadline);
      await answer(link, account);
      answered++;
    }
  }
  assert.ok(answered > 0n);
  assert.equal(await world.creditOf(world.operator), answered * bond());
  assert.equal(await world.isHalted(), false);
  await world.afterWindow();
  assert.ok(await world.isFinal(world.batches.at(-1).header.id));
  await world.checkBalances(await world.replay(new Set()));
  const before = BigInt(await chain.rpc("eth_getBalance", ["0x00000000000000000000000000000000000000aa", "latest"]));
  await world.tell(world.operator, world.court, "withdrawCredit(address)", ["0x00000000000000000000000000000000000000aa"]);
  const now = BigInt(await chain.rpc("eth_getBalance", ["0x00000000000000000000000000000000000000aa", "latest"]));
  assert.equal(now - before, answered * bond());
}));

isolated("a challenge in the last second leaves the whole time to answer", async () => {
  const link = await world.honestBatch();
  await at(link.settledAt + BigInt(kWindow) - 1n);
  await world.challenge("thief", link, alice);
  const deadline = BigInt(await chain.now()) + BigInt(kResponse);
  await at(deadline);
  await answer(link, alice);
  assert.equal(BigInt(await chain.now()), deadline);
  assert.ok(await world.isFinal(link.header.id));
});

isolated("challenges that are none are refused", async () => {
  const link = await world.honestBatch();
  const nobodyElse = (account, options) => world.challenge("thief", link, account, options);
  await reverts(nobodyElse(alice, { value: bond() - 1n }), "WrongBond");
  await reverts(nobodyElse(alice, { firstEntry: 1 }), "WrongEntry", 1);
  await reverts(nobodyElse(alice, { firstEntry: 99 }), "WrongEntry", 99);
  const spoiled = { ...link, header: { ...link.header, lastEvent: link.header.lastEvent + 1n } };
  await reverts(world.challenge("thief", spoiled, alice), "UnknownBatch");
  await nobodyElse(alice);
  await reverts(nobodyElse(alice), "AlreadyChallenged");
  await answer(link, alice);
  await reverts(nobodyElse(alice), "AlreadyChallenged");
  await reverts(answer(link, alice), "NotOpen");
  await world.afterWindow();
  await reverts(nobodyElse(bob), "WindowOver");
});

isolated("who gave up challenges, or only gained, is not challenged", async () => {
  const rebate = [world.sign("alice"), world.sign("bob", { side: 2n })];
  world.books.trade(...rebate, { base: 10n, quote: 2000n, buyFee: -5n });
  const link = await world.settle(world.books.seal());
  assert.ok(link.entries.find((e) => BigInt(e.account) === fees).odd < 0n, "the fee account pays the rebate");
  await reverts(world.challenge("thief", link, fees), "Waived", link.header.id, fees);
  const [buy, sell] = [world.sign("alice", { base: 2n, quote: 3n, notional: 0n }), world.sign("bob", { base: 2n, quote: 3n, side: 2n, notional: 0n })];
  world.books.trade(buy, sell, { base: 1n, quote: 0n });
  const gift = await world.settle(world.books.seal());
  await reverts(world.challenge("thief", gift, alice), "NoDebit", gift.header.id, alice);
});

isolated("two honest executions never contradict each other", async () => {
  const trades = new Trades(world, new Random(kSeed + 1), sessions);
  for (let i = 0; i < 4; i++) await world.settle(trades.seal(8));
  const leaves = world.batches.flatMap((link) => link.sealed.tree.executions.map((execution, i) => (
    { link, account: execution.account, execution, proof: link.sealed.tree.proof(i) })));
  const random = new Random(kSeed);
  for (let i = 0; i < 30; i++) {
    const a = random.pick(leaves);
    const twins = leaves.filter((leaf) => leaf.execution.orderHash === a.execution.orderHash);
    const b = random.below(2) === 0 ? random.pick(twins) : random.pick(leaves);
    await reverts(world.proveOverfill("thief", a, b), "NoContradiction");
  }
});

isolated("a leaf that was not committed proves nothing", async () => {
  const link = await world.honestBatch();
  const [execution] = link.sealed.tree.executions;
  const leaf = { link, account: execution.account, execution, proof: link.sealed.tree.proof(0) };
  const forged = { ...leaf, execution: { ...execution, cumBefore: 1n } };
  await reverts(world.proveOverfill("thief", leaf, forged), "NotCommitted");
});

isolated("a user cannot take back what a fill rests on", async () => {
  const key = sessions.alice;
  const orders = [world.sign("alice", {}, { key }), world.sign("alice")];
  for (const order of orders) world.books.trade(order, world.sign("bob", { side: 2n, quantity: 500n, notional: 100_000n }), { base: 500n, quote: 100_000n });
  // The fills are made, not settled: Alice now does all she can.
  const keys = world.keysContract;
  await reverts(world.tell("alice", keys, kSetSession, [key.address, [(await chain.now()) + 9, kFarAway, 0, 1, 0, 0]]), "SessionShrinks");
  await reverts(world.tell("alice", keys, kSetSession, [key.address, [0, kFarAway, 0, 2, 0, 0]]), "SessionShrinks");
  await world.tell("alice", keys, "revokeSession(uint32,address)", [alice, key.address]);
  await world.tell("alice", keys, "cancelBelow(uint64)", [2n ** 63n]);
  await world.as("alice", "disarm()");
  const link = await world.settle(world.books.seal());
  await chain.passTime(world.venue.config.propagationDelay + 1);
  await world.challenge("alice", link, alice);
  await answer(link, alice);
  assert.equal(await world.isHalted(), false);
});

isolated("a copied answer pays the operator, a wrong one nobody", async () => {
  const link = await world.honestBatch();
  await world.challenge("thief", link, alice);
  await reverts(world.justify("thief", link, alice, link.sealed.justification(bob)), "NotCommitted");
  await reverts(world.tell("thief", world.court, kJustify,
    [headerTuple(link.header), link.dataHash, alice, "0x" + "00".repeat(28), "0x"]), "WrongEntries");
  await world.justify("thief", link, alice, link.sealed.justification(alice));
  assert.deepEqual([await world.creditOf("thief"), await world.creditOf(world.operator)], [0n, bond()]);
});

isolated("a flood of challenges delays a batch by the answering time at most, and costs a bond each", async () => {
  const names = [["alice", "bob"], ["carol", "maker"], ["bob", "carol"]];
  const links = [];
  for (let i = 0; i < 3; i++) links.push(await world.honestBatch(names));
  let count = 0n;
  for (const link of links) {
    for (const account of challengeable(link)) {
      await world.challenge("thief", link, account);
      count++;
    }
  }
  await world.honestBatch();  // Trading and settlement go on.
  const pending = await world.withdraw("alice", 0, 10n);
  for (const link of links) for (const account of challengeable(link)) await answer(link, account);
  assert.equal(await world.creditOf(world.operator), count * bond());
  await world.afterWindow();
  await world.tell("alice", world.venue.address, "payWithdrawals(uint64[])", [[pending]]);
  assert.equal(await world.withdrawalStatus(pending), 2);
});
