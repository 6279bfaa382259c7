// Deposits and withdrawals, on well-behaved and on quirky tokens.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeArguments, encodeCall } from "./lib/abi.mjs";
import { Chain } from "./lib/chain.mjs";
import { keccak, keccakText } from "./lib/keccak.mjs";
import { kDomainType, typedDigest } from "./lib/orders.mjs";
import { newOwner, signed } from "./lib/owners.mjs";
import { Key } from "./lib/secp256k1.mjs";
import { entry, kFarAway, kNobody, kUnits, reverts, tokenArguments, Venue } from "./lib/venue.mjs";

const kForceDelay = 86_400;
const [kRequested, kFinalized, kRejected, kClaimable, kPending, kAppealed] = [1n, 2n, 3n, 4n, 5n, 7n];
const kRefusing = 2;  // Asset numbers of the quirky tokens.
const kNoReturn = 3;
const kFee = 4;
const kReentrant = 5;
const kRebasing = 6;
let chain;
let venue;
let user;  // Owner of account 1.

before(async () => {
  chain = await Chain.start();
  venue = await Venue.deploy(chain, { config: { forceDelay: kForceDelay } });
  await venue.registerUsers(1000n);
  user = venue.users[0];
  for (const token of ["RefusingToken", "NoReturnToken", "FeeToken", "ReentrantToken", "RebasingToken"]) await venue.addToken(token);
});
after(() => chain?.stop());

const isolated = (name, body) => test(name, () => chain.rolledBack(body));
const deposit = (asset, units, from = user) => venue.send(from, "deposit(uint16,uint256)", asset, units);
const request = (asset, quanta, to = kNobody, from = user) =>
  venue.send(from, "requestWithdraw(uint16,uint96,address)", asset, quanta, to);
const finalize = (indices, from = venue.operator) => venue.send(from, "finalizeWithdrawals(uint64[])", indices);
const pay = (indices, from = kPayer()) => venue.send(from, "payWithdrawals(uint64[])", indices);
const kPayer = () => venue.funder;  // Anyone.
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
  await reverts(deposit(7, kUnits), "UnknownAsset", 7);
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

isolated("what an unfinalized batch moved is debited at once and paid when it is final", async () => {
  await venue.settle([entry(1, 0, 100, -50), entry(2, 0, -100, 50)]);
  await request(0, 1100n);
  assert.deepEqual(venue.event(await finalize([1]), "WithdrawPending"),
    { index: 1n, account: 1n, asset: 0n, quanta: 1100n, to: kNobody, forced: false, batch: 1n });
  assert.equal(await venue.balance(1, 0), 0n);
  assert.equal(await statusOf(1), kPending);
  assert.deepEqual(venue.events(await finalize([1])), []);
  await reverts(pay([1]), "NotFinal", 1, 1);
  await venue.settle([entry(1, 0, 7, -50), entry(2, 0, -7, 50)]);  // Later batches do not delay it.
  await chain.passTime(3600);
  venue.event(await pay([1]), "WithdrawFinalized");
  assert.equal(await venue.tokenBalance(0, kNobody), 1100n * kUnits);
  assert.deepEqual(venue.events(await pay([1])), []);
  assert.equal(await venue.balance(1, 0), 7n);
});

isolated("a batch that moved only other accounts or pairs delays nobody", async () => {
  await deposit(2, kUnits);
  await venue.settle([entry(1, 0, 100, -50), entry(2, 0, -100, 50)]);
  await request(2, 1n);
  await venue.send(venue.users[2], "requestWithdraw(uint16,uint96,address)", 0, 1n, kNobody);
  assert.deepEqual(venue.events(await finalize([1, 2])).map((e) => e.name), ["WithdrawFinalized", "WithdrawFinalized"]);
});

isolated("a rejected request is closed for good", async () => {
  await request(0, 1n);
  assert.deepEqual(venue.event(await reject([1]), "WithdrawRejected"), { index: 1n, account: 1n });
  assert.deepEqual(venue.events(await reject([1])), []);
  await reverts(finalize([1]), "WrongWithdrawalStatus", 1, kRejected);
  await chain.passTime(kForceDelay);
  await reverts(force(1), "WrongWithdrawalStatus", 1, kRejected);
});

isolated("a rejected request can be appealed, and then only be paid", async () => {
  const appeal = (from = user) => venue.send(from, "appealWithdrawal(uint64)", 1);
  await request(0, 400n);
  await reverts(appeal(), "WrongWithdrawalStatus", 1, kRequested);
  await reject([1]);
  await reverts(appeal(venue.users[1]), "NotOwner", 1);
  assert.deepEqual(venue.event(await appeal(), "WithdrawAppealed"), { index: 1n, account: 1n });
  const readyAt = (await chain.now()) + kForceDelay;
  await reverts(reject([1]), "WrongWithdrawalStatus", 1, kAppealed);
  await reverts(force(1), "TooEarly", readyAt);
  await chain.passTime(kForceDelay);
  venue.event(await force(1), "WithdrawFinalized");
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

isolated("a sender answers requests, and signs no withdrawal for a fee", async () => {
  const sender = venue.users[3];
  await venue.send(venue.operator, "setSender(address,bool)", sender, true);
  await request(0, 1n);
  await request(0, 1n);
  await finalize([1], sender);
  await reject([2], sender);
  const owner = await signedOwner();
  await reverts(owner.send({}, { from: sender }), "NotOperator");
});

isolated("requests that make no sense are refused", async () => {
  await reverts(request(0, 0n), "BelowOneQuantum");
  await reverts(request(7, 1n), "UnknownAsset", 7);
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

isolated("a rebasing token harms nobody but its own holders", async () => {
  const token = venue.tokens[kRebasing];
  const rebase = (percent) => chain.send(venue.admin, token, encodeCall("rebase(uint256)", percent));
  await deposit(kRebasing, 10n * kUnits);
  await deposit(kRebasing, 10n * kUnits, venue.users[1]);
  await rebase(50);
  await request(kRebasing, 10n);
  await request(kRebasing, 10n, kNobody, venue.users[1]);
  await request(0, 10n);
  const names = venue.events(await finalize([1, 2, 3])).map((e) => e.name);
  assert.deepEqual(names, ["WithdrawFinalized", "WithdrawFailed", "WithdrawFinalized"]);
  await rebase(100);  // What the second one is owed waits for the token.
  await chain.send(venue.funder, token, encodeCall("transfer(address,uint256)", venue.address, 10n * kUnits));
  await claim(2, kNobody, venue.users[1]);
});

for (const [decimals, units] of [[0, 1n], [6, 1n], [36, 10n ** 18n]]) {
  isolated(`a token of ${decimals} decimals, ${units} units in a quantum`, async () => {
    await venue.addToken("PermitToken", tokenArguments("P", decimals), units);
    const asset = venue.tokens.length - 1;
    await deposit(asset, 7n * units + units - 1n);
    assert.equal(await venue.balance(1, asset), 7n);
    await request(asset, 7n);
    await finalize([1]);
    assert.equal(await venue.tokenBalance(asset, kNobody), 7n * units);
    venue.tokens.pop();
  });
}

isolated("a permit is deposit and allowance in one, and may be used by others before", async () => {
  await venue.addToken("PermitToken", tokenArguments("P", 18));
  const [asset, token] = [venue.tokens.length - 1, venue.tokens.at(-1)];
  const owner = await newOwner(venue, "permit owner");
  await chain.send(owner.address, token, encodeCall("mint(address,uint256)", owner.address, 10n * kUnits));
  const permit = (nonce, amount) => {
    const values = [owner.address, venue.address, amount, nonce, kFarAway];
    const hash = keccak("0x" + encodeArguments(["bytes32", "address", "address", "uint256", "uint256", "uint256"],
      [keccakText("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"), ...values]));
    const domain = keccak("0x" + encodeArguments(["bytes32", "bytes32", "bytes32", "uint256", "address"],
      [keccakText(kDomainType), keccakText("Permit"), keccakText("1"), 31337, token]));
    const full = owner.key.signFull(typedDigest(domain, hash));
    return [kFarAway, BigInt("0x" + full.slice(130)), full.slice(0, 66), "0x" + full.slice(66, 130)];
  };
  const send = (amount, p) => venue.send(owner.address,
    "depositWithPermit(uint16,uint256,uint256,uint8,bytes32,bytes32)", asset, amount, ...p);
  venue.event(await send(4n * kUnits, permit(0, 4n * kUnits)), "Deposited");
  assert.equal(await venue.balance(owner.account, asset), 4n);
  const second = permit(1, 6n * kUnits);
  await chain.send(venue.funder, token, encodeCall("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    owner.address, venue.address, 6n * kUnits, ...second));
  venue.event(await send(6n * kUnits, second), "Deposited");
  await assert.rejects(send(kUnits, second));
  await venue.send(user, "depositWithPermit(uint16,uint256,uint256,uint8,bytes32,bytes32)", 0, kUnits, 0, 0,
    "0x" + "00".repeat(32), "0x" + "00".repeat(32));  // A token without permits, but an allowance.
  venue.tokens.pop();
});

// ---------------------------------------------------------------- signed withdrawals

const kWithdrawSigned = "withdrawSigned((uint32,uint16,uint96,address,uint96,uint64,uint64),uint96,bytes)";

async function signedOwner() {
  const owner = await newOwner(venue, "withdrawing owner");
  await venue.send(venue.funder, "depositFor(uint32,uint16,uint256)", owner.account, 0, 1000n * kUnits);
  const send = (changes = {}, { fee = 0n, key = owner.key, from = venue.operator, says = changes } = {}) => {
    const tuple = (c) => Object.values({ account: owner.account, asset: 0, quanta: 400n, to: kNobody, maxFee: 5n,
      nonce: 1n, deadline: kFarAway, ...c });
    return venue.send(from, kWithdrawSigned, tuple(changes), fee, signed(venue, key, "Withdraw", tuple(says)));
  };
  return { ...owner, send };
}

isolated("the operator includes a signed withdrawal, paid at once", async () => {
  const owner = await signedOwner();
  const events = venue.events(await owner.send());
  const index = (1n << 63n) + 1n;
  assert.deepEqual(events.map((e) => e.name), ["WithdrawSigned", "WithdrawFinalized"]);
  assert.deepEqual(events[0].args, { index, account: 4n, nonce: 1n, fee: 0n });
  assert.equal(events[1].args.index, index);
  assert.equal(await venue.tokenBalance(0, kNobody), 400n * kUnits);
  assert.equal(await venue.balance(4, 0), 600n);
  assert.equal(await venue.view("withdrawalCount()"), 0n);
  await reverts(owner.send(), "NonceUsed", 4, 1);
});

isolated("the fee is bounded by the signature and goes to the operator's account", async () => {
  const owner = await signedOwner();
  await reverts(owner.send({}, { fee: 5n }), "BadFee", 5);  // The operator has no account yet.
  await venue.send(venue.operator, "register()");
  await reverts(owner.send({}, { fee: 6n }), "BadFee", 6);
  await reverts(owner.send({ quanta: 3n, maxFee: 9n }, { fee: 3n }), "BadFee", 3);
  const names = venue.events(await owner.send({}, { fee: 5n })).map((e) => e.name);
  assert.deepEqual(names, ["WithdrawSigned", "WithdrawFeePaid", "WithdrawFinalized"]);
  assert.equal(await venue.tokenBalance(0, kNobody), 395n * kUnits);
  assert.deepEqual([await venue.balance(4, 0), await venue.balance(5, 0)], [600n, 5n]);
});

isolated("a signed withdrawal is what the owner signed, in time, from the operator", async () => {
  const owner = await signedOwner();
  for (const changes of [{ account: 1 }, { asset: 1 }, { quanta: 401n }, { to: user }, { maxFee: 6n }, { nonce: 2n }, { deadline: kFarAway - 1 }]) {
    await reverts(owner.send(changes, { says: {} }), "BadSignature", changes.account ?? 4);
  }
  await reverts(owner.send({}, { key: new Key("thief") }), "BadSignature", 4);
  await reverts(owner.send({}, { from: owner.address }), "NotOperator");
  const now = await chain.now();
  await reverts(owner.send({ deadline: now - 1 }), "DeadlineOver", now - 1);
  await reverts(owner.send({ quanta: 1001n }), "InsufficientBalance");
  await reverts(owner.send({ to: venue.address }), "BadRecipient");
});

isolated("a signed withdrawal waits too, and its fee with it", async () => {
  const owner = await signedOwner();
  await venue.send(venue.operator, "register()");
  await venue.settle([entry(1, 0, -1, 0), entry(4, 0, 1, 0)]);
  assert.deepEqual(venue.events(await owner.send({}, { fee: 5n })).map((e) => e.name), ["WithdrawSigned", "WithdrawPending"]);
  assert.equal(await venue.balance(5, 0), 0n);
  await chain.passTime(3600);
  assert.deepEqual(venue.events(await pay([(1n << 63n) + 1n])).map((e) => e.name), ["WithdrawFeePaid", "WithdrawFinalized"]);
  assert.equal(await venue.balance(5, 0), 5n);
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
