// The bookkeeping of the challenge game: who may challenge what, deadlines, bonds, finality, the halt and
// what follows it. A stub judges; the real verifier has its own tests.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeStatic, encodeCall } from "./lib/abi.mjs";
import { encodeEntries, headerTuple, kHeader } from "./lib/batch.mjs";
import { Chain, hex, kTxGasCap } from "./lib/chain.mjs";
import { keccak, keccakText } from "./lib/keccak.mjs";
import { artifact, entry, kNobody, kUnits, kZeroAddress, reverts, Venue } from "./lib/venue.mjs";

const [kWindow, kResponse, kForceDelay, kRing] = [3600, 1800, 86_400, 300];
const kBond = 10n ** 17n;
const [kOpen, kJustified, kExpired, kRefunded] = [1n, 2n, 3n, 4n];
const kExecution = "(bytes32,uint96,uint96,int96,uint96)";
const kLink = `(${kHeader},bytes32)`;
const kCommitted = `(uint32,${kExecution},bytes32[])`;
const kProof = `(${kLink},${kLink}[])`;
const kOverfill = `proveOverfill(${kProof},${kCommitted},${kProof},${kCommitted})`;
let chain;
let venue;
let watcher;
let alice;  // Owner of account 1.

before(async () => {
  chain = await Chain.start();
  const verifier = await chain.deploy(chain.accounts[0], artifact("StubVerifier").bytecode);
  chain.addErrors(artifact("StubVerifier").abi);
  venue = await Venue.deploy(chain, { assets: 4, config: {
    verifier, ringSize: kRing, challengeWindow: kWindow, responseTime: kResponse, forceDelay: kForceDelay,
    challengeBond: kBond, maxLag: 1000,
  } });
  await venue.registerUsers(1000n);
  [alice] = venue.users;
  watcher = venue.funder;
});
after(() => chain?.stop());

const isolated = (name, body) => test(name, () => chain.rolledBack(body));
const theft = [entry(1, 0, -100, 7), entry(2, 0, 100, -7), entry(3, 1, 0, 0)];
const court = (from, signature, args, value = 0n) => callCourt(from, encodeCall(signature, ...args), value);

async function callCourt(from, data, value) {
  const call = { from, to: venue.court, data, value: hex(value), gas: hex(kTxGasCap) };
  await chain.rpc("eth_call", [call, "latest"]);
  return (await chain.sendAll([call]))[0];
}

const courtViews = async (types, signature, ...args) =>
  decodeStatic(types, await chain.call(watcher, venue.court, encodeCall(signature, ...args)));
const statusOf = async (batch, account) =>
  (await courtViews(Array(7).fill("uint256"), "challengeOf(uint64,uint32)", batch, account))[2];
const creditOf = async (who) => (await courtViews(["uint256"], "creditOf(address)", who))[0];
const isFinal = async (id) => (await venue.view("isFinal(uint64)", id)) === 1n;

const challenge = (batch, account = 1, { position = 0, value = kBond, from = watcher } = {}) =>
  court(from, `challenge(${kHeader},bytes,uint32,uint256)`, [headerTuple(batch.header), batch.data, account, position], value);
const justify = (batch, account = 1, { evidence = "0x01", entries = [theft[0]], from = venue.operator, header = batch.header } = {}) =>
  court(from, `justify(${kHeader},bytes32,uint32,bytes,bytes)`,
    [headerTuple(header), keccak(batch.data), account, encodeEntries(entries), evidence]);
const expire = (batch, account = 1) =>
  court(venue.users[2], "expireChallenge(uint64,uint32)", [batch.header.id, account]);
const rollback = ({ header, data }) => venue.send(watcher, `rollback(${kHeader},bytes)`, headerTuple(header), data);
const exit = (from, assets = [0, 1, 2, 3], to = kNobody) => venue.send(from, "emergencyExit(uint16[],address)", assets, to);
const finalize = (indices) => venue.send(venue.operator, "finalizeWithdrawals(uint64[])", indices);
const pay = (indices) => venue.send(watcher, "payWithdrawals(uint64[])", indices);
const cancelPending = (indices) => venue.send(watcher, "cancelPending(uint64[])", indices);
const request = (from, asset, quanta) => venue.send(from, "requestWithdraw(uint16,uint96,address)", asset, quanta, kNobody);

async function halt(batch) {
  await challenge(batch);
  await chain.passTime(kResponse + 1);
  return expire(batch);
}

// ---------------------------------------------------------------- challenges

isolated("anyone challenges a debit inside its window, with the bond", async () => {
  const batch = await venue.settle(theft);
  await reverts(challenge(batch, 1, { value: kBond - 1n }), "WrongBond", kBond, kBond - 1n);
  await challenge(batch);
  const [who, deadline, status, bond, account, id, hash] = await courtViews(
    ["address", "uint40", "uint8", "uint96", "uint32", "uint64", "bytes32"], "challengeOf(uint64,uint32)", 1, 1);
  assert.deepEqual([who, deadline, status, bond, account, id, hash], [watcher.toLowerCase(),
    BigInt((await chain.now()) + kResponse), kOpen, kBond, 1n, 1n, keccak(encodeEntries([theft[0]]))]);
  assert.equal(await venue.view("openChallenges(uint64)", 1), 1n);
  await reverts(challenge(batch), "AlreadyChallenged", 1, 1);
  await challenge(batch, 2, { position: 1 });
  assert.equal(await venue.view("openChallenges(uint64)", 1), 2n);
});

isolated("only a batch that was settled can be challenged, with its own data", async () => {
  const batch = await venue.settle(theft);
  await reverts(challenge({ ...batch, data: encodeEntries(theft.slice(0, 2)) }), "UnknownBatch", 1);
  await reverts(challenge({ ...batch, header: { ...batch.header, engineTime: 99n } }), "UnknownBatch", 1);
  await reverts(challenge({ ...batch, header: { ...batch.header, id: 2n } }), "UnknownBatch", 2);
  for (const [account, position] of [[1, 1], [2, 0], [1, 3], [9, 0]]) {
    await reverts(challenge(batch, account, { position }), "WrongEntry", position);
  }
});

isolated("all entries of the account are contested, not a part of them", async () => {
  const entries = [entry(1, 0, 5, 0), entry(1, 1, -5, 0), entry(2, 0, -5, 0), entry(2, 1, 5, 0)];
  const batch = await venue.settle(entries);
  await reverts(challenge(batch, 1, { position: 1 }), "WrongEntry", 1);
  await challenge(batch);
  await reverts(justify(batch, 1, { entries: entries.slice(1, 2) }), "WrongEntries");
  await justify(batch, 1, { entries: entries.slice(0, 2) });
});

isolated("a credit cannot be challenged", async () => {
  const batch = await venue.settle(theft);
  await reverts(challenge(batch, 3, { position: 2 }), "NoDebit", 1, 3);
});

isolated("a batch settled while the owner had waived cannot be challenged", async () => {
  const before = await venue.settle(theft);
  await venue.send(alice, "waive()");
  const during = await venue.settle(theft);
  await venue.send(alice, "disarm()");
  await chain.passTime(600);
  await venue.send(alice, "arm(uint32)", (await chain.now()) + 1000);
  const since = await venue.settle(theft);
  await reverts(challenge(during), "Waived", 2, 1);
  await challenge(before);
  await challenge(since);
});

isolated("the window ends to the second", async () => {
  const batch = await venue.settle(theft);
  const until = (await chain.now()) + kWindow;
  await chain.passTime(kWindow - 2);
  await chain.rolledBack(() => challenge(batch));
  await chain.rpc("evm_setNextBlockTimestamp", [until]);
  await chain.rpc("evm_mine");
  assert.equal(await isFinal(1), true);
  await reverts(challenge(batch), "WindowOver", 1, until);
});

isolated("a challenge of the last second leaves the full time to answer", async () => {
  const batch = await venue.settle(theft);
  await chain.passTime(kWindow - 2);
  await challenge(batch);
  const deadline = (await chain.now()) + kResponse;
  await chain.passTime(kResponse - 1);
  assert.equal(await isFinal(1), false);
  await reverts(expire(batch), "DeadlineNotOver", deadline);
  await justify(batch);
  assert.equal(await isFinal(1), true);
});

// ---------------------------------------------------------------- answers

isolated("a justified challenge pays the operator and ends the matter", async () => {
  const batch = await venue.settle(theft);
  await challenge(batch);
  await reverts(justify(batch, 1, { evidence: "0x" }), "Refused");
  await justify(batch, 1, { from: venue.users[2] });  // Whoever sends it.
  assert.equal(await creditOf(venue.operator), kBond);
  assert.equal(await statusOf(1, 1), kJustified);
  assert.equal(await venue.view("openChallenges(uint64)", 1), 0n);
  await reverts(challenge(batch), "AlreadyChallenged", 1, 1);
  await reverts(justify(batch), "NotOpen", 1, 1);
  await reverts(expire(batch), "NotOpen", 1, 1);
});

isolated("the verifier is told when the batch began, bounded by the lag", async () => {
  const now = BigInt(await chain.now());
  const contextOf = async (batch) => {
    await challenge(batch);
    const data = encodeCall(`justify(${kHeader},bytes32,uint32,bytes,bytes)`,
      headerTuple(batch.header), keccak(batch.data), 1, encodeEntries([theft[0]]), "0x02");
    const error = await chain.call(venue.operator, venue.court, data).then(assert.fail, (e) => e);
    const words = decodeStatic(["address", "bytes32", "uint64", "uint32", "bytes32", "uint64", "uint64", "uint64"],
      "0x" + error.data.slice(10));
    return { begin: words[5], settledAt: words[6], batch: words[2], account: words[3], vault: words[0] };
  };
  const first = await contextOf(await venue.settle(theft, { engineTime: (now - 50n) * 1_000_000_000n }));
  assert.equal(first.begin, first.settledAt - 1000n);  // Nothing before: the lag.
  assert.deepEqual([first.batch, first.account, first.vault], [1n, 1n, venue.address]);
  const second = await contextOf(await venue.settle(theft, { engineTime: (now + 9999n) * 1_000_000_000n }));
  assert.equal(second.begin, now - 50n);
  const third = await contextOf(await venue.settle(theft, { engineTime: (now + 9999n) * 1_000_000_000n }));
  assert.equal(third.begin, third.settledAt);  // An engine clock ahead of the chain's.
});

isolated("an answer is too late after the deadline", async () => {
  const batch = await venue.settle(theft);
  await challenge(batch);
  const deadline = (await chain.now()) + kResponse;
  await chain.passTime(kResponse + 1);
  await reverts(justify(batch), "DeadlineOver", deadline);
});

// ---------------------------------------------------------------- finality

isolated("an open challenge holds its batch and later ones, not earlier ones", async () => {
  const [first, second, third] = [await venue.settle(theft), await venue.settle(theft), await venue.settle(theft)];
  assert.equal(await isFinal(0), true);
  await challenge(second);
  await chain.passTime(kWindow);
  assert.deepEqual(await Promise.all([1, 2, 3, 4].map(isFinal)), [true, false, false, false]);
  await reverts(challenge(first), "WindowOver");
  await reverts(challenge(third), "WindowOver");
});

isolated("a batch is final when the last of its challenges is answered", async () => {
  const batch = await venue.settle(theft);
  await chain.passTime(kWindow - 100);
  await challenge(batch, 1);
  await challenge(batch, 2, { position: 1 });
  await chain.passTime(100);
  await justify(batch, 1);
  assert.equal(await isFinal(1), false);
  await justify(batch, 2, { entries: [theft[1]] });
  assert.equal(await isFinal(1), true);
});

isolated("the ring does not overwrite a challenged batch", async () => {
  const small = await Venue.deploy(chain, { assets: 2,
    config: { ...venue.config, ringSize: 2, verifier: venue.config.verifier } });
  await small.registerUsers(1000n);
  const batch = await small.settle([entry(1, 0, -1, 0), entry(2, 0, 1, 0)]);
  await small.settle([]);
  await chain.passTime(kWindow - 100);
  const data = encodeCall(`challenge(${kHeader},bytes,uint32,uint256)`, headerTuple(batch.header), batch.data, 1, 0);
  await chain.sendAll([{ from: watcher, to: small.court, data, value: hex(kBond), gas: hex(kTxGasCap) }]);
  await chain.passTime(200);
  await reverts(small.settle([]), "RingFull");
  await chain.send(venue.operator, small.court, encodeCall(`justify(${kHeader},bytes32,uint32,bytes,bytes)`,
    headerTuple(batch.header), keccak(batch.data), 1, batch.data.slice(0, 2 + 56), "0x01"));
  await small.settle([]);
  assert.equal(await small.view("isFinal(uint64)", 1), 1n);  // Overwritten.
});

// ---------------------------------------------------------------- the halt

isolated("an unanswered challenge halts the vault and pays the challenger", async () => {
  await court(venue.operator, "fundBond()", [], 3n * kBond);
  const batch = await venue.settle(theft);
  await challenge(batch, 2, { position: 1, from: venue.users[1] });
  await halt(batch);
  assert.equal(await venue.view("haltedAt()"), BigInt(await chain.now()));
  assert.equal(await creditOf(watcher), 2n * kBond);
  assert.deepEqual(await courtViews(["uint256"], "operatorBond()"), [2n * kBond]);
  assert.equal(await statusOf(1, 1), kExpired);
  await reverts(venue.settle(theft), "VaultHalted");
  await reverts(venue.send(alice, "deposit(uint16,uint256)", 0, kUnits), "VaultHalted");
  await reverts(request(alice, 0, 1n), "VaultHalted");
  await reverts(finalize([]), "VaultHalted");
  await reverts(challenge(batch, 2, { position: 1 }), "AlreadyChallenged", 1, 2);
  await reverts(expire(batch, 2), "VaultHalted");
  await reverts(justify(batch, 2, { entries: [theft[1]] }), "DeadlineOver");
  await court(watcher, "refund(uint64,uint32)", [1, 2]);
  assert.equal(await statusOf(1, 2), kRefunded);
  assert.equal(await creditOf(venue.users[1]), kBond);
  await reverts(court(watcher, "refund(uint64,uint32)", [1, 2]), "NotOpen", 1, 2);
});

isolated("what was not final rolls back, newest first, and then everybody exits", async () => {
  const final = await venue.settle([entry(1, 0, -10, 0), entry(2, 0, 10, 0)], { engineTime: 5n });
  await chain.passTime(kWindow);
  const [first, second] = [await venue.settle(theft, { engineTime: 6n }), await venue.settle(theft, { engineTime: 7n })];
  await reverts(rollback(second), "VaultNotHalted");
  await reverts(exit(alice), "VaultNotHalted");
  await halt(second);
  await reverts(rollback(first), "NotNewest", 3, 2);
  await reverts(rollback({ ...second, data: first.data, header: first.header }), "NotNewest", 3, 2);
  await reverts(rollback({ header: { ...second.header, engineTime: 8n }, data: second.data }), "NotNewest", 3, 3);
  await reverts(exit(alice), "RollbackIncomplete", 3);
  assert.deepEqual(venue.event(await rollback(second), "RolledBack"), { id: 3n, chain: second.header.parent });
  await reverts(exit(alice), "RollbackIncomplete", 2);
  await rollback(first);
  assert.equal(await venue.view("chain()"), final.chain);
  assert.deepEqual(await venue.views(["uint64", "uint64", "uint64"], "head()"), [2n, 10n, 5n]);
  await reverts(rollback(final), "NothingToRollBack");
  assert.deepEqual([await venue.balance(1, 0), await venue.balance(1, 1)], [990n, 1000n]);
  const events = venue.events(await exit(alice));
  assert.deepEqual(events.map((e) => [e.name, e.args.asset, e.args.quanta]),
    [["Exited", 0n, 990n], ["Exited", 1n, 1000n], ["Exited", 2n, 1000n], ["Exited", 3n, 1000n]]);
  assert.equal(await venue.tokenBalance(0, kNobody), 990n * kUnits);
  assert.deepEqual(venue.events(await exit(alice)), []);
  for (const user of venue.users.slice(1, 3)) await exit(user);
  for (const asset of [0, 1, 2, 3]) assert.equal(await venue.tokenBalance(asset, venue.address), 0n);
});

isolated("stolen money that waits to be paid is taken back", async () => {
  await venue.settle(theft);
  await request(venue.users[1], 0, 1100n);
  venue.event(await finalize([1]), "WithdrawPending");
  const batch = await venue.settle([]);
  await reverts(cancelPending([1]), "VaultNotHalted");
  const stolen = { header: (await lastTwo())[0].header, data: (await lastTwo())[0].data };
  await halt(stolen);
  await rollback(batch);
  await reverts(rollback(stolen), "Overdraft", 2, 0);
  assert.deepEqual(venue.event(await cancelPending([1]), "WithdrawCancelled"),
    { index: 1n, account: 2n, asset: 0n, quanta: 1100n });
  assert.deepEqual(venue.events(await cancelPending([1])), []);
  await rollback(stolen);
  assert.deepEqual(await Promise.all([1, 2].map((account) => venue.balance(account, 0))), [1000n, 1000n]);
  await reverts(pay([1]), "WrongWithdrawalStatus", 1, 6);

  // The batches as they were settled, from the chain.
  async function lastTwo() {
    const first = await rebuilt(1);
    return [first, batch];
  }
});

// Batch 1 of `theft`, as settle() encoded it.
async function rebuilt() {
  const header = { parent: await venue.view("genesis()"), id: 1n, firstEvent: 1n, lastEvent: 10n,
    previousEngineTime: 0n, engineTime: 1n, execRoot: "0x" + "00".repeat(32) };
  return { header, data: encodeEntries(theft) };
}

isolated("a withdrawal of final money is paid also after a halt", async () => {
  await venue.settle([entry(1, 0, 10, 0), entry(2, 0, -10, 0)]);
  await request(alice, 0, 500n);
  await finalize([1]);
  await chain.passTime(kWindow);
  const batch = await venue.settle(theft);
  await halt(batch);
  await reverts(cancelPending([1]), "WillBePaid", 1);
  venue.event(await pay([1]), "WithdrawFinalized");
  await rollback(batch);
  assert.equal(await venue.balance(1, 0), 510n);
});

isolated("money that no open batch moved leaves at once, and the rollback still works", async () => {
  const batch = await venue.settle(theft);  // Moves pair 0 of accounts 1 and 2.
  await request(alice, 2, 1000n);  // Pair 1.
  venue.event(await finalize([1]), "WithdrawFinalized");
  await request(venue.users[2], 0, 1000n);
  await finalize([2]);
  await venue.settle([entry(1, 1, 0, -3), entry(2, 1, 0, 3)]);
  await halt(batch);
  const second = { header: { parent: batch.chain, id: 2n, firstEvent: 11n, lastEvent: 20n, previousEngineTime: 1n,
    engineTime: 2n, execRoot: "0x" + "00".repeat(32) }, data: encodeEntries([entry(1, 1, 0, -3), entry(2, 1, 0, 3)]) };
  await rollback(second);
  await rollback(batch);
  assert.deepEqual(await Promise.all([0, 1, 2, 3].map((asset) => venue.balance(1, asset))), [1000n, 1000n, 0n, 1000n]);
});

isolated("a ring longer than a word of bits finds the oldest open challenge", async () => {
  const batches = [];
  for (let i = 0; i < 270; i++) batches.push(await venue.settle(i === 3 || i === 262 ? theft : []));
  const anchor = batches[255];
  assert.deepEqual(await venue.views(["bytes32"], "anchorOf(uint64)", 256), [anchor.chain]);
  assert.deepEqual(await venue.views(["bytes32"], "anchorOf(uint64)", 255), ["0x" + "00".repeat(32)]);
  await chain.passTime(kWindow - 300);
  await challenge(batches[262]);
  await chain.passTime(300);
  assert.deepEqual(await Promise.all([1, 4, 262, 263, 264, 270].map(isFinal)), [true, true, true, false, false, false]);
  await justify(batches[262]);
  assert.equal(await isFinal(270), true);
  await overfillsFromAnchor(batches);
});

// ---------------------------------------------------------------- over-fill

const kOrder = keccakText("order");
const committed = (cumBefore, base, changes = {}) => {
  const e = { account: 1, orderHash: kOrder, quote: 1, fee: 0, proof: [], ...changes };
  return [e.account, [e.orderHash, base, e.quote, e.fee, cumBefore], e.proof];
};
const linkOf = (batch) => [headerTuple(batch.header), keccak(batch.data)];
const overfill = (a, x, b, y) => court(watcher, kOverfill, [[linkOf(a), []], x, [linkOf(b), []], y]);

isolated("executions of one order that overlap halt the vault", async () => {
  await court(venue.operator, "fundBond()", [], kBond / 2n);
  const [a, b] = [await venue.settle(theft), await venue.settle(theft)];
  await reverts(overfill(a, committed(0, 10), b, committed(10, 10)), "NoContradiction");
  await reverts(overfill(a, committed(0, 10), b, committed(9, 0)), "NoContradiction");
  await reverts(overfill(a, committed(0, 10), b, committed(9, 5, { orderHash: keccakText("other") })), "NoContradiction");
  await reverts(overfill(a, committed(0, 10), a, committed(0, 10)), "NoContradiction");
  await reverts(overfill(a, committed(0, 10), b, committed(9, 5, { proof: [kOrder] })), "Refused");
  await chain.rolledBack(() => overfill(a, committed(0, 10), a, committed(0, 10, { quote: 2 })));
  await chain.rolledBack(() => overfill(a, committed(0, 10), b, committed(10, 10, { account: 2 })));
  await overfill(a, committed(0, 10), b, committed(9, 5));
  assert.ok(await venue.view("haltedAt()") > 0n);
  assert.equal(await creditOf(watcher), kBond / 2n);
});

isolated("two final batches are history", async () => {
  const [a, b] = [await venue.settle(theft), await venue.settle(theft)];
  await chain.passTime(kWindow);
  await reverts(overfill(a, committed(0, 10), b, committed(0, 10)), "WindowOver", 2, 0);
  const c = await venue.settle(theft);
  await overfill(a, committed(0, 10), c, committed(0, 10));
});

// Batch 4 is proved from the anchor of batch 256 on; it could have left the ring.
async function overfillsFromAnchor(batches) {
  const last = await venue.settle(theft);
  const later = batches.slice(4, 256).map(linkOf);
  const prove = (path) => court(watcher, kOverfill,
    [[linkOf(batches[3]), path], committed(0, 10), [linkOf(last), []], committed(5, 10)]);
  await reverts(prove(later.slice(0, -1)), "UnknownBatch", 255);
  await reverts(prove(later.slice(1)), "UnknownBatch", 6);
  await prove(later);
  assert.ok(await venue.view("haltedAt()") > 0n);
}

// ---------------------------------------------------------------- bonds, roles, verifier

isolated("the operator's bond stays at stake until today's batches are decided", async () => {
  await court(venue.users[2], "fundBond()", [], 3n * kBond);
  await reverts(court(watcher, "requestBondRelease(uint256)", [kBond]), "NotOperator");
  const batch = await venue.settle(theft);
  await court(venue.operator, "requestBondRelease(uint256)", [2n * kBond]);
  await venue.settle(theft);  // Not at stake for this one.
  await reverts(court(venue.operator, "releaseBond()", []), "NotFinal", 1);
  await chain.passTime(kWindow - 10);
  await challenge(batch);
  await chain.passTime(10);
  await reverts(court(venue.operator, "releaseBond()", []), "NotFinal", 1);
  await justify(batch);
  await court(venue.operator, "releaseBond()", []);
  await reverts(court(venue.operator, "releaseBond()", []), "NothingToWithdraw");
  assert.equal(await creditOf(venue.operator), 3n * kBond);  // And the false challenge's.
  await court(venue.operator, "withdrawCredit(address)", [kNobody]);
  assert.equal(BigInt(await chain.rpc("eth_getBalance", [kNobody, "latest"])), 3n * kBond);
  await reverts(court(venue.operator, "withdrawCredit(address)", [kNobody]), "NothingToWithdraw");
});

isolated("a halted venue gets its bond not back", async () => {
  await court(venue.operator, "fundBond()", [], 3n * kBond);
  await court(venue.operator, "requestBondRelease(uint256)", [kBond]);
  const batch = await venue.settle(theft);
  await halt(batch);
  await chain.passTime(kWindow + kResponse);
  await reverts(court(venue.operator, "releaseBond()", []), "VaultHalted");
});

isolated("only the court holds, releases and halts", async () => {
  for (const call of ["hold(uint64)", "release(uint64)", "halt(uint64)"]) {
    for (const from of [venue.admin, venue.operator, venue.guardian]) await reverts(venue.send(from, call, 1), "NotCourt");
  }
});

isolated("a new verifier waits longer than a window, an answer and a forced exit", async () => {
  const next = await chain.deploy(venue.admin, artifact("StubVerifier").bytecode);
  const delay = kWindow + kResponse + kForceDelay + 7 * 86_400;
  await reverts(court(venue.operator, "proposeVerifier(address)", [next]), "NotAdmin");
  await reverts(court(venue.admin, "proposeVerifier(address)", [kNobody]), "NoVerifier");
  await reverts(court(watcher, "applyVerifier()", []), "NoVerifier");
  await court(venue.admin, "proposeVerifier(address)", [next]);
  const readyAt = (await chain.now()) + delay;
  assert.deepEqual(await courtViews(["address", "uint64"], "pendingVerifier()"), [next, BigInt(readyAt)]);
  await chain.passTime(delay - 2);
  await reverts(court(watcher, "applyVerifier()", []), "TooEarly", readyAt);
  await chain.passTime(2);
  await court(watcher, "applyVerifier()", []);
  assert.deepEqual(await courtViews(["address"], "verifier()"), [next]);
  await reverts(court(watcher, "applyVerifier()", []), "NoVerifier");
});

isolated("a vault without a verifier cannot be challenged", async () => {
  const other = await Venue.deploy(chain, { assets: 2, config: { verifier: kZeroAddress } });
  await other.registerUsers(1000n);
  const batch = await other.settle([entry(1, 0, -1, 0), entry(2, 0, 1, 0)]);
  await reverts(chain.send(watcher, other.court, encodeCall(`challenge(${kHeader},bytes,uint32,uint256)`,
    headerTuple(batch.header), batch.data, 1, 0)), "NoVerifier");
});
