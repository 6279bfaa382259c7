// The theft game: an operator tries everything it can think of. Whatever reaches the chain is found
// by a watcher that only looks at batches and evidence, the vault halts, the thief's withdrawal is
// cancelled, and everybody leaves with what they had before, to the quantum.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeArguments, encodeCall } from "./lib/abi.mjs";
import { encodeEntries, headerTuple } from "./lib/batch.mjs";
import { SealedBatch } from "./lib/books.mjs";
import { Chain } from "./lib/chain.mjs";
import { kAccountOf, kSetSession, Watcher, World } from "./lib/game.mjs";
import { keccak, keccakText } from "./lib/keccak.mjs";
import { domainSeparatorOf, typedDigest } from "./lib/orders.mjs";
import { Key } from "./lib/secp256k1.mjs";
import { kFarAway, kUnits, kZeroHash, reverts } from "./lib/venue.mjs";

const { alice, bob, thief, fees } = kAccountOf;
const kTrade = 1;
const kCosign = 2;
const kDay = 86_400n;
let chain;
let world;

// Batch 1 is final, batch 2 is not: it will be lost with the theft, though nothing is wrong with it.
before(async () => {
  chain = await Chain.start();
  world = await World.deploy(chain, { config: { challengeWindow: 7200, responseTime: 1800 } });
  await world.honestBatch();
  await world.afterWindow();
  await world.honestBatch();
});
after(() => chain?.stop());

const isolated = (name, body) => test(name, () => world.rolledBack(body));

const against = (victim, numbers) => world.against(victim, numbers);
const settleAgainst = (victim, numbers, changes) => world.settle(against(victim, numbers), changes);

const setSession = (key, { scope = kTrade, venue = 0, from = 0, until = kFarAway } = {}) =>
  world.tell("alice", world.keysContract, kSetSession, [key.address, [from, until, venue, scope, 0, 0]]);

async function passPropagation() {
  await chain.passTime(world.venue.config.propagationDelay + 1);
}

const at = async (seconds) => BigInt((await chain.now()) + seconds);
const nanoseconds = (seconds) => seconds * 10n ** 9n;

// Alice sells 100 of asset 0 for at least 20,000 of asset 1 unless `changes` say otherwise.
const ask = (changes, options) => world.sign("alice", { side: 2n, quantity: 100n, notional: 20_000n, ...changes }, options);

// name: [reason the watcher finds, how the operator steals: returns the batch or {link, evidence}]
const kThefts = {
  "a fill of an order nobody signed": ["NotSigned",
    () => settleAgainst(ask({}, { key: world.keys.thief }), {})],
  "a debit without any order": ["Unexplained", async () => {
    const other = world.opposite("thief", { base: 0n, quote: 1n, side: 2n }, 100n);
    const sealed = new SealedBatch([{ signed: other, account: thief, orderHash: other.hash, base: 100n, quote: 0n, fee: 0n, cumBefore: 0n }], fees);
    return world.settle(sealed, { entries: [{ account: 1, pair: 0, even: -100n, odd: 0n }, ...sealed.entries] });
  }],
  "a debit with the evidence withheld": ["Unexplained",
    async () => ({ link: await settleAgainst(ask(), {}), evidence: () => [] })],
  "a worse price than the limit": ["LimitViolated",
    () => settleAgainst(ask(), { quote: 19_999n })],
  "a purchase above the limit": ["LimitViolated",
    () => settleAgainst(world.sign("alice", { quantity: 100n, notional: 20_000n }), { quote: 20_001n })],
  "more than the signed quantity": ["Overfilled",
    () => settleAgainst(ask(), { base: 101n, quote: 20_200n })],
  "a filled order filled again": ["Overfilled", async () => {
    const order = ask();
    await settleAgainst(order, {});
    return settleAgainst(order, { cumBefore: 100n });
  }],
  "a filled order filled again, counted from zero": ["overfill", async (watcher) => {
    const order = ask();
    assert.equal(await watcher.inspect(await settleAgainst(order, {})), null);
    return settleAgainst(order, { cumBefore: 0n });
  }],
  "a part of an order filled twice over many batches": ["overfill", async (watcher) => {
    const order = ask();
    for (const cumBefore of [0n, 30n, 60n]) {
      assert.equal(await watcher.inspect(await settleAgainst(order, { base: 30n, quote: 6000n, cumBefore })), null);
      await world.honestBatch();
    }
    return settleAgainst(order, { base: 10n, quote: 2000n, cumBefore: 89n });
  }],
  "one order twice in a batch": ["NotAscending", async () => {
    const [order, other] = [ask(), world.opposite("thief", ask().order, 100n)];
    const half = (cumBefore) => ({ signed: order, account: alice, orderHash: order.hash, base: 100n, quote: 20_000n, fee: 0n, cumBefore });
    return world.settle(new SealedBatch([half(0n), half(1n),
      { signed: other, account: thief, orderHash: other.hash, base: 200n, quote: 40_000n, fee: 0n, cumBefore: 0n }], fees));
  }],
  "an expired order": ["OrderExpired", async () => {
    const order = ask({ expiry: await at(-1) });
    await world.honestBatch();  // The engine's time of this batch is the next one's beginning.
    return settleAgainst(order, {});
  }],
  "an expired order under a clock that stands still": ["OrderExpired", async () => {
    const order = ask({ expiry: await at(5) });
    const { header } = await world.honestBatch();
    await chain.passTime(Number(kDay) + 10);
    return settleAgainst(order, {}, { header: { engineTime: header.engineTime } });
  }],
  "a cancelled order": ["OrderCancelled", async () => {
    const order = ask();
    await world.tell("alice", world.keysContract, "cancelBelow(uint64)", [order.order.nonce + 1n]);
    await passPropagation();
    await world.honestBatch();
    return settleAgainst(order, {});
  }],
  "a fee above the signed bound": ["FeeAboveSigned",
    () => settleAgainst(ask({ maxFee: 1000n }), { fee: 21n })],
  "a withheld credit": ["Unexplained", async () => {
    const sealed = against(ask(), {});  // Alice's quote goes to the thief, who pays nothing.
    return world.settle(sealed, { entries: [{ account: 1, pair: 0, even: -100n, odd: 0n }, { account: 5, pair: 0, even: 100n, odd: 0n }] });
  }],
  "a credit in another asset than the one sold for": ["Unexplained", async () => {
    const entries = [
      { account: 1, pair: 0, even: -100n, odd: 0n }, { account: 1, pair: 1, even: 20_000n, odd: 0n },
      { account: 5, pair: 0, even: 100n, odd: 0n }, { account: 5, pair: 1, even: -20_000n, odd: 0n }];
    return world.settle(against(ask(), {}), { entries });
  }],
  "one quantum too little": ["Unexplained", async () => {
    const sealed = against(ask(), {});
    const [own, other] = sealed.entries;
    return world.settle(sealed, { entries: [{ ...own, odd: own.odd - 1n }, { ...other, odd: other.odd + 1n }] });
  }],
  "a second pair beside an honest trade": ["Unexplained", async () => {
    const sealed = against(ask(), {});
    const entries = [sealed.entries[0], { account: 1, pair: 1, even: -1n, odd: 0n },
      sealed.entries[1], { account: 5, pair: 1, even: 1n, odd: 0n }];
    return world.settle(sealed, { entries });
  }],
  "executions that the batch did not commit to": ["NotCommitted",
    () => settleAgainst(ask(), {}, { header: { execRoot: kZeroHash } })],
  "executions of another batch": ["NotCommitted",
    () => settleAgainst(ask(), {}, { header: { execRoot: world.batches[0].header.execRoot } })],
  "an order for the other side": ["Unexplained", async () => {
    const [sealed, bid] = [against(ask(), {}), world.sign("alice", { quantity: 100n, notional: 20_000n })];
    const bought = new SealedBatch([{ signed: bid, account: alice, orderHash: bid.hash, base: 100n, quote: 20_000n, fee: 0n, cumBefore: 0n }], fees);
    const link = await world.settle(bought, { entries: sealed.entries });
    return link;
  }],
  "the order of another account": ["WrongAccount", async () => {
    const order = world.sign("bob", { side: 2n, quantity: 100n, notional: 20_000n });
    return settleAgainst(order, {});
  }],
  "an order signed by a revoked session key": ["KeyNotValid", async () => {
    const key = new Key("a session of alice");
    await setSession(key);
    const order = ask({}, { key });
    await world.tell("alice", world.keysContract, "revokeSession(uint32,address)", [alice, key.address]);
    await passPropagation();
    await world.honestBatch();
    return settleAgainst(order, {});
  }],
  "an order signed by a session key before its time": ["KeyNotValid", async () => {
    const key = new Key("a later session of alice");
    await setSession(key, { from: await at(10_000) });
    return settleAgainst(ask({}, { key }), {});
  }],
  "an order signed by a key that may only co-sign": ["KeyOutOfScope", async () => {
    const key = new Key("a co-signer of alice");
    await setSession(key, { scope: kCosign });
    return settleAgainst(ask({}, { key }), {});
  }],
  "an order signed by a key of another venue": ["KeyOutOfScope", async () => {
    const key = new Key("a key for venue 7");
    await setSession(key, { venue: 7 });
    return settleAgainst(ask({}, { key }), {});
  }],
  "an order signed by the session key of another account": ["NotSigned", async () => {
    const key = new Key("a session of the thief");
    await world.tell("thief", world.keysContract, kSetSession, [key.address, [0, kFarAway, 0, kTrade, 0, 0]]);
    return settleAgainst(ask({}, { key }), {});
  }],
  "an order signed for another chain": ["NotSigned",
    () => settleAgainst(ask({}, { domain: domainSeparatorOf(1, world.venue.address) }), {})],
  "an order signed for another vault": ["NotSigned",
    () => settleAgainst(ask({}, { domain: domainSeparatorOf(31337, world.court) }), {})],
};

for (const [name, [reason, steal]] of Object.entries(kThefts)) {
  isolated(`caught: ${name}`, async () => {
    const watcher = new Watcher(world, "carol");
    for (const link of world.batches) assert.equal(await watcher.inspect(link), null);
    const stolen = await steal(watcher);
    const { link, evidence = (account) => link.sealed.justification(account) } = stolen.link ? stolen : { link: stolen };
    // The thief runs off with what it got, and with some of its own.
    const loot = link.entries.find((e) => BigInt(e.account) === thief)?.even > 0n ? 0 : 1;
    const pending = await world.withdraw("thief", loot, 1000n);
    const final = await world.withdraw("thief", 4, 500n);  // Nothing moved asset 4: no reason to wait.
    assert.deepEqual([await world.withdrawalStatus(pending), await world.withdrawalStatus(final)], [5, 2]);

    const found = await watcher.inspect(link, evidence);
    assert.ok(found, "not caught");
    if (reason === "overfill") assert.equal(found.kind, "overfill");
    else await convict(link, found, reason, evidence);

    assert.ok(await world.isHalted());
    await reverts(world.honestBatch(), "VaultHalted");
    await reverts(world.tell("bob", world.venue.address, "payWithdrawals(uint64[])", [[pending]]), "NotFinal");
    await falls(link);
    assert.equal(await world.withdrawalStatus(pending), 6);
    assert.ok((await world.creditOf("carol")) > 0n);
  });
}

// What was inside its window at the halt, and the theft and all after it, is undone: no more, no less.
async function falls(link) {
  const openSince = (await world.venue.view("haltedAt()")) - BigInt(world.venue.config.challengeWindow);
  const open = world.batches.filter((b) => b.settledAt > openSince || b.header.id >= link.header.id);
  assert.deepEqual((await world.recover()).reverse(), open.map((b) => b.header.id));
}

// The operator tries the evidence it has, runs out of time, and the vault halts.
async function convict(link, found, reason, evidence) {
  assert.deepEqual([found.kind, found.account, found.reason], ["challenge", alice, reason]);
  await reverts(world.justify(world.operator, link, alice, evidence(alice)), reason);
  await reverts(world.expire("carol", link, alice), "DeadlineNotOver");
  await chain.passTime(world.venue.config.responseTime + 1);
  await reverts(world.justify(world.operator, link, alice, evidence(alice)), "DeadlineOver");
  await world.expire("bob", link, alice);
  const bond = BigInt(world.venue.config.challengeBond);
  assert.equal(await world.creditOf("carol"), 2n * bond, "the bond comes back with a reward");
}

// ------------------------------------------------------------------ what the vault refuses at once

const move = (account, quanta) => [
  { account: Number(account), pair: 0, even: -quanta, odd: 0n }, { account: 5, pair: 0, even: quanta, odd: 0n }];
const nothing = () => new SealedBatch([], fees);

isolated("refused: the debit of an account that is not armed", async () => {
  await world.as("alice", "disarm()");
  await passPropagation();
  await reverts(world.settle(nothing(), { entries: move(alice, 1n) }), "NotArmed", alice, 0);
  await reverts(settleAgainst(ask(), {}), "NotArmed", alice, 0);
  const newcomer = new Key("newcomer");
  await world.as("maker", "registerFor(address)", newcomer.address);
  await chain.sendAll([{ from: world.venue.funder, to: world.venue.address, data: encodeCall("depositFor(uint32,uint16,uint256)", 7, 0, 1000n * kUnits) }]);
  const entries = [{ account: 5, pair: 0, even: 1n, odd: 0n }, { account: 7, pair: 0, even: -1n, odd: 0n }];
  await reverts(world.settle(nothing(), { entries }), "NotArmed", 7, 0);
});

isolated("refused: an old batch again, on the same or another state", async () => {
  const { calldata } = world.batches[0];
  await reverts(chain.send(world.operator, world.venue.address, calldata), "WrongBatch");
  await reverts(world.settle(nothing(), { header: { parent: world.batches[0].header.parent } }), "WrongParent");
});

isolated("refused: quanta out of nothing", async () => {
  await reverts(world.settle(nothing(), { entries: [{ account: 5, pair: 0, even: 1n, odd: 0n }] }), "NotConserved", 0, 1);
});

isolated("refused: an engine time that goes back or lies about the batch before", async () => {
  const [{ engineTime }] = world.batches.slice(-1).map((link) => link.header);
  await reverts(world.settle(nothing(), { header: { engineTime: engineTime - 1n } }), "EngineTimeBackwards");
  await reverts(world.settle(nothing(), { header: { previousEngineTime: 0n } }), "EngineTimeBackwards");
});

// Alice's entries with the co-signed bit, signed by `key`.
async function cosigned(key, { domain = world.domain } = {}) {
  const sealed = against(ask(), {});
  const entries = sealed.entries.map((e) => (e.account === 1 ? { ...e, pair: e.pair | 0x8000 } : e));
  const { header, data } = await world.venue.nextBatch(entries, { execRoot: sealed.execRoot });
  const own = encodeEntries(entries.filter((e) => e.account === 1));
  const signature = key.signCompact(netDeltaDigest(domain, header, alice, own));
  return chain.send(world.operator, world.venue.address,
    encodeCall("settleCosigned((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32),bytes,bytes)", headerTuple(header), data, signature));
}

isolated("refused: a co-signature of a stranger, of a key without scope, of another chain", async () => {
  await reverts(cosigned(world.keys.thief), "BadCosignature", alice);
  const key = new Key("a trader of alice");
  await setSession(key, { scope: kTrade });
  await reverts(cosigned(key), "BadCosignature", alice);
  await reverts(cosigned(world.keys.alice, { domain: domainSeparatorOf(1, world.venue.address) }), "BadCosignature", alice);
  await cosigned(world.keys.alice);
});

isolated("refused: a withdrawal nobody signed, a second one with the same signature, a fee above the bound", async () => {
  const { order: { nonce } } = ask();
  const to = world.addressOf("thief");
  const value = { account: alice, asset: 3n, quanta: 100n, to, maxFee: 0n, nonce, deadline: BigInt(kFarAway) };
  const pay = (key, { fee = 0n, ...changes } = {}) => {
    const fields = { ...value, ...changes };
    return world.tell(world.operator, world.venue.address,
      "withdrawSigned((uint32,uint16,uint96,address,uint96,uint64,uint64),uint96,bytes)",
      [Object.values(fields), fee, key.signFull(withdrawDigest(world.domain, value))]);
  };
  await reverts(pay(world.keys.thief), "BadSignature", alice);
  await reverts(pay(world.keys.alice, { quanta: 101n }), "BadSignature", alice);
  await reverts(pay(world.keys.alice, { fee: 1n }), "BadFee", 1);
  await pay(world.keys.alice);
  await reverts(pay(world.keys.alice), "NonceUsed", alice, nonce);
});

isolated("refused: a withdrawal paid twice or of a stranger", async () => {
  const before = await world.venue.tokenBalance(3, world.addressOf("bob"));
  const index = await world.withdraw("bob", 3, 100n);
  await world.tell(world.operator, world.venue.address, "finalizeWithdrawals(uint64[])", [[index, index]]);
  await world.tell("thief", world.venue.address, "payWithdrawals(uint64[])", [[index, index]]);
  assert.equal((await world.venue.tokenBalance(3, world.addressOf("bob"))) - before, 100n * kUnits);
  await reverts(world.tell("thief", world.venue.address, "forceWithdraw(uint64)", [index]), "WrongWithdrawalStatus");
  await reverts(world.tell("thief", world.venue.address, "claim(uint64,address)", [index, world.addressOf("thief")]), "WrongWithdrawalStatus");
});

// ------------------------------------------------------------------ silence

isolated("a deposit cannot be hidden: its owner takes it out without the venue", async () => {
  await world.deposit("bob", 2, 777n);
  await world.as("bob", "requestWithdraw(uint16,uint96,address)", 2, 777n, world.addressOf("bob"));
  const index = await world.venue.view("withdrawalCount()");
  await reverts(world.as("bob", "forceWithdraw(uint64)", index), "TooEarly");
  await chain.passTime(world.venue.config.forceDelay);
  const before = await world.venue.tokenBalance(2, world.addressOf("bob"));
  await world.as("bob", "forceWithdraw(uint64)", index);
  assert.equal((await world.venue.tokenBalance(2, world.addressOf("bob"))) - before, 777n * kUnits);
});

isolated("a refused withdrawal is forced after an appeal", async () => {
  await world.as("bob", "requestWithdraw(uint16,uint96,address)", 2, 5n, world.addressOf("bob"));
  const index = await world.venue.view("withdrawalCount()");
  const reject = () => world.tell(world.operator, world.venue.address, "rejectWithdrawals(uint64[])", [[index]]);
  await reject();
  await world.as("bob", "appealWithdrawal(uint64)", index);
  await reverts(reject(), "WrongWithdrawalStatus");
  await chain.passTime(world.venue.config.forceDelay);
  await world.as("bob", "forceWithdraw(uint64)", index);
  assert.equal(await world.withdrawalStatus(index), 2);
});

isolated("a paused venue or one without operator keeps nobody's money", async () => {
  await world.as(world.venue.guardian, "pause()");
  await world.as(world.venue.admin, "setOperator(address)", "0x" + "00".repeat(20));
  await world.as("alice", "requestWithdraw(uint16,uint96,address)", 0, 10n, world.addressOf("alice"));
  const index = await world.venue.view("withdrawalCount()");
  await chain.passTime(world.venue.config.forceDelay);
  await world.as("alice", "forceWithdraw(uint64)", index);
  assert.equal(await world.withdrawalStatus(index), 2);
});

// ------------------------------------------------------------------ around the court

isolated("a verifier that says yes to everything does not come in time", async () => {
  const link = await settleAgainst(ask(), { quote: 1n });
  const [admin] = [world.venue.admin];
  await world.tell(admin, world.court, "proposeVerifier(address)", [world.venue.tokens[0]]);
  await reverts(world.tell(admin, world.court, "applyVerifier()", []), "TooEarly");
  await world.challenge("carol", link, alice);
  await chain.passTime(world.venue.config.responseTime + 1);
  await reverts(world.tell(admin, world.court, "applyVerifier()", []), "TooEarly");
  await world.expire("carol", link, alice);
});

isolated("the operator's bond stays while a batch of it can be challenged", async () => {
  await world.tell(world.operator, world.court, "requestBondRelease(uint256)", [10n ** 19n]);
  const link = await settleAgainst(ask(), { quote: 1n });
  await world.challenge("carol", link, alice);
  await chain.passTime(world.venue.config.responseTime + 1);
  await reverts(world.tell(world.operator, world.court, "releaseBond()", []), "NotFinal");
  await world.expire("carol", link, alice);
  await chain.passTime(Number(kDay));
  await reverts(world.tell(world.operator, world.court, "releaseBond()", []), "VaultHalted");
});

isolated("a theft is contested by many, and one conviction is enough", async () => {
  const sealed = against(ask(), { quote: 1n });
  const other = world.opposite("thief", { base: 2n, quote: 3n, side: 2n }, 5n);
  const bobs = world.sign("bob", { base: 2n, quote: 3n, side: 2n, quantity: 5n, notional: 0n }, { key: world.keys.thief });
  const both = new SealedBatch([...sealed.tree.executions,
    { signed: bobs, account: bob, orderHash: bobs.hash, base: 5n, quote: 0n, fee: 0n, cumBefore: 0n },
    { signed: other, account: thief, orderHash: other.hash, base: 5n, quote: 0n, fee: 0n, cumBefore: 0n }], fees);
  const link = await world.settle(both);
  await world.challenge("carol", link, alice);
  await world.challenge("maker", link, bob);
  await reverts(world.challenge("maker", link, alice), "AlreadyChallenged", 3, alice);
  await chain.passTime(world.venue.config.responseTime + 10);
  await world.expire("carol", link, alice);
  await reverts(world.expire("maker", link, bob), "VaultHalted");
  await world.tell("maker", world.court, "refund(uint64,uint32)", [link.header.id, bob]);
  assert.equal(await world.creditOf("maker"), BigInt(world.venue.config.challengeBond));
  await world.recover();
});

isolated("a thief who waits out the window keeps nothing if one watcher looked in its last second", async () => {
  const link = await settleAgainst(ask(), { quote: 1n });
  const pending = await world.withdraw("thief", 0, 1000n);
  const end = Number(link.settledAt) + world.venue.config.challengeWindow;
  await chain.passTime(end - 2 - (await chain.now()));
  await reverts(world.tell("thief", world.venue.address, "payWithdrawals(uint64[])", [[pending]]), "NotFinal");
  await world.challenge("carol", link, alice);  // Mined in second end - 1.
  await chain.passTime(10);
  await reverts(world.tell("thief", world.venue.address, "payWithdrawals(uint64[])", [[pending]]), "NotFinal");
  await chain.passTime(world.venue.config.responseTime);
  await world.expire("carol", link, alice);
  await world.recover();
});

isolated("settlement goes on while a challenge is open, and later batches fall with the theft", async () => {
  const link = await settleAgainst(ask(), { quote: 1n });
  await world.challenge("carol", link, alice);
  for (let i = 0; i < 3; i++) await world.honestBatch();
  await world.afterWindow();
  assert.equal(await world.isFinal(link.header.id - 1n), true);
  assert.equal(await world.isFinal(world.batches.at(-1).header.id), false);
  await world.expire("carol", link, alice);
  await falls(link);
});

function netDeltaDigest(domain, header, account, entries) {
  const type = keccakText("NetDelta(uint64 batch,bytes32 parent,bytes32 execRoot,uint32 account,bytes entries)");
  return typed(domain, ["bytes32", "uint64", "bytes32", "bytes32", "uint32", "bytes32"],
    [type, header.id, header.parent, header.execRoot, account, keccak(entries)]);
}

function withdrawDigest(domain, value) {
  const type = keccakText("Withdraw(uint32 account,uint16 asset,uint96 quanta,address to,uint96 maxFee,uint64 nonce,uint64 deadline)");
  return typed(domain, ["bytes32", "uint32", "uint16", "uint96", "address", "uint96", "uint64", "uint64"], [type, ...Object.values(value)]);
}

function typed(domain, types, values) {
  return typedDigest(domain, keccak("0x" + encodeArguments(types, values)));
}
