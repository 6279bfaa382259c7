// Deposits and withdrawals, on well-behaved and on quirky tokens.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeCall } from "./lib/abi.mjs";
import { Chain } from "./lib/chain.mjs";
import { entry, kNobody, kUnits, reverts, Venue } from "./lib/venue.mjs";

const kForceDelay = 86_400;
const [kRequested, kFinalized, kRejected, kClaimable] = [1n, 2n, 3n, 4n];
const kRefusing = 2;  // Asset numbers of the quirky tokens.
const kNoReturn = 3;
const kFee = 4;
const kReentrant = 5;
let chain;
let venue;
let user;  // Owner of account 1.

before(async () => {
  chain = await Chain.start();
  venue = await Venue.deploy(chain, { config: { forceDelay: kForceDelay } });
  await venue.registerUsers(1000n);
  user = venue.users[0];
  for (const token of ["RefusingToken", "NoReturnToken", "FeeToken", "ReentrantToken"]) await venue.addToken(token);
});
after(() => chain?.stop());

const isolated = (name, body) => test(name, () => chain.rolledBack(body));
const deposit = (asset, units, from = user) => venue.send(from, "deposit(uint16,uint256)", asset, units);
const request = (asset, quanta, to = kNobody, from = user) =>
  venue.send(from, "requestWithdraw(uint16,uint96,address)", asset, quanta, to);
const finalize = (indices, from = venue.operator) => venue.send(from, "finalizeWithdrawals(uint64[])", indices);
const reject = (indices, from = venue.operator) => venue.send(from, "rejectWithdrawals(uint64[])", indices);
const force = (index, from = user) => venue.send(from, "forceWithdraw(uint64)", index);
const claim = (index, to, from = user) => venue.send(from, "claim(uint64,address)", index, to);
const statusOf = async (index) => (await venue.views(Array(5).fill("uint256"), "withdrawalAt(uint64)", index))[4];

isolated("a deposit takes whole quanta and leaves the dust in the wallet", async () => {
  const [wallet, vault] = [await venue.tokenBalance(0, user), await venue.tokenBalance(0, venue.address)];
  const receipt = await deposit(0, 7n * kUnits + 3n);
  assert.deepEqual(venue.event(receipt, "Deposited"),
    { index: 7n, account: 1n, asset: 0n, quanta: 7n, from: user.toLowerCase() });
  assert.equal(await venue.balance(1, 0), 1007n);
  assert.equal(await venue.tokenBalance(0, user), wallet - 7n * kUnits);
  assert.equal(await venue.tokenBalance(0, venue.address), vault + 7n * kUnits);
});

isolated("deposit indices are contiguous over accounts and assets", async () => {
  const start = await venue.view("depositCount()");
  for (const [i, from] of venue.users.slice(0, 3).entries()) {
    assert.equal(venue.event(await deposit(i % 2, kUnits, from), "Deposited").index, start + BigInt(i) + 1n);
  }
  assert.equal(await venue.view("depositCount()"), start + 3n);
});

isolated("the two assets of a pair do not touch each other", async () => {
  await deposit(1, 5n * kUnits);
  assert.deepEqual([await venue.balance(1, 0), await venue.balance(1, 1)], [1000n, 1005n]);
  await request(1, 1005n);
  await finalize([1]);
  assert.deepEqual([await venue.balance(1, 0), await venue.balance(1, 1)], [1000n, 0n]);
});

isolated("anyone deposits for any account", async () => {
  const receipt = await venue.send(venue.funder, "depositFor(uint32,uint16,uint256)", 2, 0, kUnits);
  assert.equal(venue.event(receipt, "Deposited").from, venue.funder.toLowerCase());
  assert.equal(await venue.balance(2, 0), 1001n);
});

isolated("deposits that cannot be credited are refused", async () => {
  await reverts(deposit(0, kUnits - 1n), "BelowOneQuantum");
  await reverts(deposit(0, 0), "BelowOneQuantum");
  await reverts(deposit(6, kUnits), "UnknownAsset", 6);
  await reverts(deposit(0, kUnits, venue.funder), "UnknownAccount", 0);
  const depositFor = (account) => venue.send(venue.funder, "depositFor(uint32,uint16,uint256)", account, 0, kUnits);
  await reverts(depositFor(0), "UnknownAccount", 0);
  await reverts(depositFor(4), "UnknownAccount", 4);
  const most = 1n << 62n;
  await reverts(deposit(0, (most + 1n) * kUnits), "DepositTooLarge", most + 1n);
  await deposit(0, most * kUnits);
});

isolated("a balance does not exceed 96 bits", async () => {
  const slot = "0x" + ((1n << 200n) + (1n << 15n)).toString(16).padStart(64, "0");
  await chain.rpc("anvil_setStorageAt", [venue.address, slot, "0x" + "0".repeat(16) + "0".repeat(24) + "f".repeat(24)]);
  await reverts(deposit(0, kUnits), "BalanceOverflow", 1, 0);
  await deposit(1, kUnits);
});

isolated("a deposit needs an allowance", async () => {
  await chain.send(user, venue.tokens[0], encodeCall("approve(address,uint256)", venue.address, 0));
  await assert.rejects(deposit(0, kUnits));
});

isolated("a request debits nothing; finalising pays once", async () => {
  const receipt = await request(0, 400n);
  assert.deepEqual(venue.event(receipt, "WithdrawRequested"),
    { index: 1n, account: 1n, asset: 0n, quanta: 400n, to: kNobody });
  assert.equal(await venue.balance(1, 0), 1000n);
  assert.deepEqual(venue.event(await finalize([1]), "WithdrawFinalized"),
    { index: 1n, account: 1n, asset: 0n, quanta: 400n, to: kNobody, forced: false });
  assert.deepEqual(venue.events(await finalize([1])), []);
  assert.equal(await venue.balance(1, 0), 600n);
  assert.equal(await venue.tokenBalance(0, kNobody), 400n * kUnits);
  assert.equal(await statusOf(1), kFinalized);
});

isolated("withdrawal indices are contiguous and a batch of them is paid in one call", async () => {
  for (const [i, from] of venue.users.slice(0, 3).entries()) {
    assert.equal(venue.event(await request(0, 10n, kNobody, from), "WithdrawRequested").index, BigInt(i) + 1n);
  }
  const events = venue.events(await finalize([3, 1, 2]));
  assert.deepEqual(events.map((e) => e.args.account), [3n, 1n, 2n]);
  assert.equal(await venue.view("withdrawalCount()"), 3n);
});

isolated("finalising more than the settled balance reverts until the batch arrives", async () => {
  await request(0, 1100n);
  await reverts(finalize([1]), "InsufficientBalance", 1, 1, 0, 1000);
  await venue.settle([entry(1, 0, 100, -50), entry(2, 0, -100, 50)]);
  await finalize([1]);
  assert.equal(await venue.balance(1, 0), 0n);
});

isolated("a rejected request is closed for good", async () => {
  await request(0, 1n);
  assert.deepEqual(venue.event(await reject([1]), "WithdrawRejected"), { index: 1n, account: 1n });
  assert.deepEqual(venue.events(await reject([1])), []);
  await reverts(finalize([1]), "WrongWithdrawalStatus", 1, kRejected);
  await chain.passTime(kForceDelay);
  await reverts(force(1), "WrongWithdrawalStatus", 1, kRejected);
});

isolated("a paid request cannot be rejected or forced, an unknown one neither", async () => {
  await request(0, 1n);
  await finalize([1]);
  await reverts(reject([1]), "WrongWithdrawalStatus", 1, kFinalized);
  await reverts(force(1), "WrongWithdrawalStatus", 1, kFinalized);
  for (const call of [() => finalize([2]), () => reject([2]), () => force(2), () => claim(2, kNobody)]) {
    await reverts(call(), "WrongWithdrawalStatus", 2, 0);
  }
});

isolated("only the operator answers requests", async () => {
  await request(0, 1n);
  for (const from of [user, venue.admin, venue.guardian]) {
    await reverts(finalize([1], from), "NotOperator");
    await reverts(reject([1], from), "NotOperator");
  }
});

isolated("requests that make no sense are refused", async () => {
  await reverts(request(0, 0n), "BelowOneQuantum");
  await reverts(request(6, 1n), "UnknownAsset", 6);
  await reverts(request(0, 1n, venue.address), "BadRecipient");
  await reverts(request(0, 1n, "0x" + "00".repeat(20)), "BadRecipient");
  await reverts(request(0, 1n, kNobody, venue.funder), "UnknownAccount", 0);
});

isolated("an unanswered request is forced by its owner after the delay", async () => {
  await request(0, 400n);
  const readyAt = (await chain.now()) + kForceDelay;
  await reverts(force(1), "TooEarly", readyAt);
  await chain.passTime(kForceDelay);
  await reverts(force(1, venue.users[1]), "NotOwner", 1);
  assert.deepEqual(venue.event(await force(1), "WithdrawFinalized"),
    { index: 1n, account: 1n, asset: 0n, quanta: 400n, to: kNobody, forced: true });
  assert.deepEqual(venue.events(await finalize([1])), []);
  assert.equal(await venue.balance(1, 0), 600n);
});

isolated("a forced withdrawal works under a pause and without an operator", async () => {
  await request(0, 400n);
  await venue.send(venue.admin, "setOperator(address)", "0x" + "00".repeat(20));
  await chain.passTime(kForceDelay);
  await venue.send(venue.guardian, "pause()");
  await force(1);
  assert.equal(await venue.tokenBalance(0, kNobody), 400n * kUnits);
});

isolated("a forced withdrawal pays at most the balance", async () => {
  await request(0, 1500n);
  await chain.passTime(kForceDelay);
  assert.equal(venue.event(await force(1), "WithdrawFinalized").quanta, 1000n);
  await request(0, 1n);
  await chain.passTime(kForceDelay);
  await reverts(force(2), "InsufficientBalance", 2, 1, 0, 0);
});

for (const byReturn of [false, true]) {
  isolated(`a token that refuses by ${byReturn ? "returning false" : "reverting"} leaves a claim`, async () => {
    const refuse = (to, on) => chain.send(venue.admin, venue.tokens[kRefusing],
      encodeCall("refuse(address,bool,bool)", to, on, byReturn));
    const other = "0x00000000000000000000000000000000000000fe";
    await deposit(kRefusing, 10n * kUnits);
    await refuse(kNobody, true);
    await request(kRefusing, 10n);
    await request(0, 1n);
    const events = venue.events(await finalize([1, 2]));
    assert.deepEqual(events.map((e) => e.name), ["WithdrawFailed", "WithdrawFinalized"]);
    assert.deepEqual(venue.events(await finalize([1])), []);
    assert.equal(await statusOf(1), kClaimable);
    assert.equal(await venue.balance(1, kRefusing), 0n);
    await reverts(claim(1, other, venue.users[1]), "NotOwner", 1);
    await reverts(claim(1, venue.address), "BadRecipient");
    await reverts(claim(1, kNobody), "PaymentRefused");
    assert.deepEqual(venue.event(await claim(1, other), "WithdrawClaimed"), { index: 1n, account: 1n, to: other });
    assert.equal(await venue.tokenBalance(kRefusing, other), 10n * kUnits);
    await reverts(claim(1, other), "WrongWithdrawalStatus", 1, kFinalized);
  });
}

isolated("a forced withdrawal a token refuses leaves a claim too", async () => {
  await deposit(kRefusing, kUnits);
  await chain.send(venue.admin, venue.tokens[kRefusing], encodeCall("refuse(address,bool,bool)", kNobody, true, false));
  await request(kRefusing, 5n);
  await chain.passTime(kForceDelay);
  const { quanta, forced } = venue.event(await force(1), "WithdrawFailed");
  assert.deepEqual([quanta, forced], [1n, true]);
  await claim(1, user);
});

isolated("tokens that return nothing work both ways", async () => {
  await deposit(kNoReturn, 3n * kUnits);
  await request(kNoReturn, 3n);
  venue.event(await finalize([1]), "WithdrawFinalized");
  assert.equal(await venue.tokenBalance(kNoReturn, kNobody), 3n * kUnits);
});

isolated("fee-on-transfer tokens are refused", () =>
  reverts(deposit(kFee, 100n * kUnits), "TransferMismatch", 100n * kUnits, 99n * kUnits));

isolated("a token cannot re-enter a deposit or a payment", async () => {
  const token = venue.tokens[kReentrant];
  const arm = (call) => {
    const body = call.slice(2);
    const data = encodeCall("arm(address,bytes)", venue.address, "0x" + body);
    return chain.send(venue.admin, token, data);
  };
  await deposit(kReentrant, 10n * kUnits);
  await request(kReentrant, 5n);
  for (const call of [
    encodeCall("depositFor(uint32,uint16,uint256)", 1, 0, kUnits),
    encodeCall("forceWithdraw(uint64)", 1),
    encodeCall("claim(uint64,address)", 1, kNobody),
  ]) {
    await arm(call);
    await reverts(deposit(kReentrant, kUnits), "ReentrancyGuardReentrantCall");
    await chain.rolledBack(async () => {
      venue.event(await finalize([1]), "WithdrawFailed");
    });
  }
  assert.equal(await statusOf(1), kRequested);
});
