// The order verifier: what it accepts, and each refusal by its own error.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeArguments, encodeCall, word } from "./lib/abi.mjs";
import { encodeEntries } from "./lib/batch.mjs";
import { Books, kExecutionTuple, SealedBatch, signOrder, worstQuote } from "./lib/books.mjs";
import { Chain, Revert } from "./lib/chain.mjs";
import { domainSeparatorOf, executionTuple, kBuy, kLeafTypes, kSell, leafOf } from "./lib/orders.mjs";
import { keccak } from "./lib/keccak.mjs";
import { Key, malleated } from "./lib/secp256k1.mjs";
import { artifact, entry, kZeroHash, reverts } from "./lib/venue.mjs";
import { claimOf, evidenceOf, kScopeCosign, kScopeTrade, Verifier } from "./lib/verifier.mjs";

const kAlice = 1n;
const kBob = 2n;
const kFees = 3n;
const alice = new Key("alice");
const bob = new Key("bob");
const thief = new Key("thief");
let chain;
let verifier;

before(async () => {
  chain = await Chain.start();
  verifier = await Verifier.deploy(chain);
  await verifier.setOwner(kAlice, alice);
  await verifier.setOwner(kBob, bob);
});
after(() => chain?.stop());

const isolated = (name, body) => test(name, () => chain.rolledBack(body));

// Alice buys up to 100 of asset 0 at 200 each, fee at most 0.1 %.
const kBid = {
  account: kAlice, venue: 0n, base: 0n, quote: 1n, side: kBuy, quantity: 100n, notional: 20_000n, nonce: 5n,
  expiry: 1_000_000n, maxFee: 1000n,
};
const kAsk = { ...kBid, account: kBob, side: kSell };
const signed = (order, key, options) => signOrder(verifier.domain, key, order, options);

// A batch with one trade between Alice's order and Bob's; `changes` alter Alice's order.
function trade({ changes = {}, key = alice, base = 10n, quote = 2000n, fee = 2n, full = false } = {}) {
  const books = new Books(kFees);
  books.trade(signed({ ...kBid, ...changes }, key, { full }), signed(kAsk, bob), { base, quote, buyFee: fee });
  return books.seal();
}

const explains = (batch, account = kAlice, context = {}) => verifier.verify(claimOf(batch, account, context));
const refused = (batch, context, ...error) => reverts(verifier.verify(claimOf(batch, kAlice, context)), ...error);

// A batch whose tree and entries hold an execution as given, whatever the order says.
function invented(signedOrder, { base, quote, fee = 0n, cumBefore = 0n }) {
  const { order: { account }, hash } = signedOrder;
  return new SealedBatch([{ signed: signedOrder, account, orderHash: hash, base, quote, fee, cumBefore }], kFees);
}

isolated("a trade is explained for the buyer and for the seller", async () => {
  const batch = trade();
  await explains(batch, kAlice);
  await explains(batch, kBob);
});

isolated("full and compact signatures count", async () => {
  await explains(trade({ full: true }));
  await explains(trade({ full: false }));
});

isolated("many fills of many orders are one execution each", async () => {
  const books = new Books(kFees);
  const orders = Array.from({ length: 7 }, (_, i) => signed({ ...kBid, nonce: BigInt(i + 5), base: BigInt(2 * (i % 3)) }, alice));
  const asks = [0n, 2n, 4n].map((base) => signed({ ...kAsk, base }, bob));
  for (let i = 0; i < 40; i++) {
    books.trade(orders[i % 7], asks[(i % 7) % 3], { base: BigInt(1 + i % 5), quote: BigInt(1 + i % 5) * 200n, buyFee: 0n });
  }
  const batch = books.seal();
  assert.equal(batch.justification(kAlice).length, 7);
  await explains(batch);
  await explains(batch, kBob);
});

isolated("an account that trades with itself needs no entry", async () => {
  const books = new Books(kFees);
  books.trade(signed(kBid, alice), signed({ ...kAsk, account: kAlice }, alice), { base: 10n, quote: 2000n });
  const batch = books.seal();
  assert.deepEqual(batch.entriesOf(kAlice), []);
  await explains(batch);
});

isolated("executions continue over batches up to the signed quantity", async () => {
  const books = new Books(kFees);
  const [bid, ask] = [signed(kBid, alice), signed(kAsk, bob)];
  for (const base of [60n, 40n]) {
    books.trade(bid, ask, { base, quote: base * 200n });
    await explains(books.seal());
  }
  books.trade(bid, ask, { base: 1n, quote: 200n });
  await refused(books.seal(), {}, "Overfilled", 0);
});

isolated("nothing is needed to explain nothing", async () => {
  await verifier.verify({ ...claimOf(trade(), kAlice), entries: [], justification: [] });
});

isolated("an execution that is not in the root is refused", async () => {
  await refused(trade(), { execRoot: kZeroHash }, "NotCommitted", 0);
  await refused(trade(), { execRoot: trade({ base: 9n }).execRoot }, "NotCommitted", 0);
  const claim = claimOf(trade(), kAlice);
  claim.justification[0].proof = [];
  await reverts(verifier.verify(claim), "NotCommitted", 0);
});

isolated("a leaf is hashed twice: what is hashed once may be an inner node", async () => {
  const [execution] = claimOf(invented(signed(kBid, alice), { base: 10n, quote: 2000n }), kAlice).justification;
  const { account, orderHash, base, quote, fee, cumBefore } = execution.execution;
  const once = keccak("0x" + encodeArguments(kLeafTypes, [account, orderHash, base, quote, fee, cumBefore]));
  await refused(invented(signed(kBid, alice), { base: 10n, quote: 2000n }), { execRoot: once }, "NotCommitted", 0);
});

isolated("an execution counts once", async () => {
  const claim = claimOf(trade(), kAlice);
  claim.justification.push(claim.justification[0]);
  await reverts(verifier.verify(claim), "NotAscending", 1);
});

isolated("order hashes ascend", async () => {
  const books = new Books(kFees);
  for (const nonce of [5n, 6n]) books.fill(signed({ ...kBid, nonce }, alice), { base: 1n, quote: 200n, fee: 0n });
  const claim = claimOf(books.seal(), kAlice);
  claim.justification.reverse();
  await reverts(verifier.verify(claim), "NotAscending", 1);
});

isolated("the order of another account does not explain", async () => {
  const order = signed({ ...kBid, account: kBob }, bob);
  const execution = { signed: order, account: kAlice, orderHash: order.hash, base: 10n, quote: 2000n, fee: 0n, cumBefore: 0n };
  await refused(new SealedBatch([execution], kFees), {}, "WrongAccount", 0);
});

isolated("a side other than buy and sell is refused", async () => {
  await refused(trade({ changes: { side: 0n } }), {}, "BadSide", 0);
  await refused(trade({ changes: { side: 3n } }), {}, "BadSide", 0);
});

isolated("base and quote differ", async () => {
  await refused(trade({ changes: { quote: 0n } }), {}, "SameAsset", 0);
});

isolated("an order that expired before the batch began is refused", async () => {
  await explains(trade(), kAlice, { begin: kBid.expiry });
  await refused(trade(), { begin: kBid.expiry + 1n }, "OrderExpired", 0);
  await refused(trade({ changes: { expiry: 0n } }), { begin: 1n }, "OrderExpired", 0);
});

isolated("an order that outlives what the vault remembers is refused", async () => {
  await explains(trade(), kAlice, { begin: kBid.expiry - 500n, orderLife: 500n });
  await refused(trade(), { begin: kBid.expiry - 501n, orderLife: 500n }, "OrderTooLong", 0);
});

isolated("an order that never expires does not overflow the clock", async () => {
  const batch = trade({ changes: { expiry: 2n ** 64n - 1n } });
  await explains(batch, kAlice, { begin: 2n ** 64n - 1n, settledAt: 2n ** 64n - 1n });
  await explains(batch, kAlice, { begin: 2n ** 64n - 1n, orderLife: 2n ** 64n - 1n });
});

isolated("a nonce cancelled when the batch began is refused", async () => {
  await verifier.send("cancelBelow(uint32,uint64,uint64)", kAlice, 5n, 1000n);
  await explains(trade(), kAlice, { begin: 1000n });
  await verifier.send("cancelBelow(uint32,uint64,uint64)", kAlice, 6n, 1000n);
  await explains(trade(), kAlice, { begin: 999n });
  await refused(trade(), { begin: 1000n }, "OrderCancelled", 0);
});

isolated("more than the signed quantity is refused", async () => {
  const order = signed(kBid, alice);
  await explains(invented(order, { base: 100n, quote: 20_000n }));
  await refused(invented(order, { base: 101n, quote: 20_000n }), {}, "Overfilled", 0);
  await refused(invented(order, { base: 1n, quote: 200n, cumBefore: 100n }), {}, "Overfilled", 0);
  await refused(invented(order, { base: 2n ** 96n - 1n, quote: 0n, cumBefore: 2n ** 96n - 1n }), {}, "Overfilled", 0);
});

isolated("a buyer pays at most the limit, a seller gets at least it", async () => {
  const [bid, ask] = [signed(kBid, alice), signed({ ...kBid, side: kSell }, alice)];
  await explains(invented(bid, { base: 10n, quote: 1n }));
  await refused(invented(bid, { base: 10n, quote: 2001n }), {}, "LimitViolated", 0);
  await explains(invented(ask, { base: 10n, quote: 9999n }));
  await refused(invented(ask, { base: 10n, quote: 1999n }), {}, "LimitViolated", 0);
});

isolated("a limit that is no whole number is met to the quantum", async () => {
  for (const side of [kBuy, kSell]) {
    const order = signed({ ...kBid, side, quantity: 7n, notional: 10n }, alice);
    for (const base of [1n, 3n, 6n, 7n]) {
      const quote = worstQuote(order.order, base);
      await explains(invented(order, { base, quote }));
      await refused(invented(order, { base, quote: side === kBuy ? quote + 1n : quote - 1n }), {}, "LimitViolated", 0);
    }
  }
});

isolated("limits of the largest amounts do not overflow", async () => {
  const most = 2n ** 87n - 1n;  // What an entry holds.
  const order = signed({ ...kBid, quantity: 2n ** 96n - 1n, notional: 2n ** 96n - 1n, maxFee: 2n ** 32n - 1n }, alice);
  await explains(invented(order, { base: most, quote: most - 1n, fee: 1n }));
  await refused(invented(order, { base: most - 1n, quote: most }), {}, "LimitViolated", 0);
});

isolated("nothing for something is beyond any limit", async () => {
  await refused(invented(signed(kBid, alice), { base: 0n, quote: 1n }), {}, "LimitViolated", 0);
  await refused(invented(signed({ ...kBid, quantity: 0n }, alice), { base: 1n, quote: 0n }), {}, "Overfilled", 0);
});

isolated("a fee is at most what was signed, a rebate is welcome", async () => {
  const order = signed(kBid, alice);  // 0.1 % of 2,000 is 2.
  await explains(invented(order, { base: 10n, quote: 2000n, fee: 2n }));
  await refused(invented(order, { base: 10n, quote: 2000n, fee: 3n }), {}, "FeeAboveSigned", 0);
  await explains(invented(order, { base: 10n, quote: 2000n, fee: -500n }));
  const free = signed({ ...kBid, maxFee: 0n }, alice);
  await explains(invented(free, { base: 10n, quote: 2000n, fee: 0n }));
  await refused(invented(free, { base: 10n, quote: 2000n, fee: 1n }), {}, "FeeAboveSigned", 0);
  await refused(invented(order, { base: 0n, quote: 0n, fee: 1n }), {}, "FeeAboveSigned", 0);
});

isolated("an order nobody signed is refused", async () => {
  await refused(trade({ key: thief }), {}, "NotSigned", 0);
  await refused(trade({ key: bob }), {}, "NotSigned", 0);
});

isolated("signatures of other lengths and high s are refused", async () => {
  const batch = trade({ full: true });
  const good = batch.justification(kAlice)[0].signature;
  for (const signature of ["0x", good + "00", good.slice(0, -4), good.slice(0, -2) + "00", malleated(good),
    "0x" + "00".repeat(65), "0x" + "00".repeat(64), "0x" + "ff".repeat(64)]) {
    const claim = claimOf(batch, kAlice);
    claim.justification[0].signature = signature;
    await reverts(verifier.verify(claim), "NotSigned", 0);
  }
});

isolated("an account without owner is signed for by nobody", async () => {
  await verifier.send("setOwner(uint32,address)", kAlice, "0x" + "00".repeat(20));
  const claim = claimOf(trade(), kAlice);
  claim.justification[0].signature = "0x" + "00".repeat(65);
  await reverts(verifier.verify(claim), "NotSigned", 0);
});

isolated("a signature for another vault or another chain is refused", async () => {
  for (const separator of [domainSeparatorOf(31337, verifier.address), domainSeparatorOf(1, verifier.vault)]) {
    const books = new Books(kFees);
    books.fill(signOrder(separator, alice, kBid), { base: 10n, quote: 2000n, fee: 0n });
    await refused(books.seal(), {}, "NotSigned", 0);
  }
});

isolated("a session key with the scope to trade signs for its account only", async () => {
  const key = new Key("session");
  await refused(trade({ key }), {}, "NotSigned", 0);
  await verifier.setSession(kBob, key, {});
  await refused(trade({ key }), {}, "NotSigned", 0);
  await verifier.setSession(kAlice, key, {});
  await explains(trade({ key }));
  await verifier.setSession(kAlice, key, { scope: kScopeTrade | kScopeCosign });
  await explains(trade({ key }));
  await verifier.setSession(kAlice, key, { scope: kScopeCosign });
  await refused(trade({ key }), {}, "KeyOutOfScope", 0);
});

isolated("a session key of one venue signs for no other", async () => {
  const key = new Key("session");
  await verifier.setSession(kAlice, key, { venue: 7 });
  await explains(trade({ key, changes: { venue: 7n } }));
  await refused(trade({ key }), {}, "KeyOutOfScope", 0);
});

isolated("a session key counts for batches within its life", async () => {
  const key = new Key("session");
  await verifier.setSession(kAlice, key, { from: 1000n, until: 2000n });
  await explains(trade({ key }), kAlice, { begin: 0n, settledAt: 1000n });
  await explains(trade({ key }), kAlice, { begin: 1999n, settledAt: 3000n });
  await refused(trade({ key }), { settledAt: 999n }, "KeyNotValid", 0);
  await refused(trade({ key }), { begin: 2000n, settledAt: 3000n }, "KeyNotValid", 0);
});

isolated("an owner that is a contract accepts any signature it likes, or signs by a session key", async () => {
  const wallet = await chain.deploy(verifier.from, artifact("ContractWallet").bytecode);
  await verifier.setOwner(kAlice, { address: wallet });
  for (const signature of ["0x", "0x1234", "0x" + "ab".repeat(64), "0x" + "cd".repeat(300)]) {
    const claim = claimOf(trade({ key: thief }), kAlice);
    claim.justification[0].signature = signature;
    await reverts(verifier.verify(claim), "NotSigned", 0);
    await chain.send(verifier.from, wallet, encodeCall("accept(bytes)", signature));
    await verifier.verify(claim);
  }
  const key = new Key("session");
  await verifier.setSession(kAlice, key, {});
  await explains(trade({ key }));
});

isolated("an owner's key counts even if its address has code that says no", async () => {
  await chain.rpc("anvil_setCode", [alice.address, artifact("ContractWallet").deployedBytecode]);
  await explains(trade());
});

isolated("sums that differ from the entries by one quantum are unexplained", async () => {
  const batch = trade();  // Alice: +10, -2,002.
  const [own] = batch.entriesOf(kAlice);
  const withEntries = (entries) => verifier.verify({ ...claimOf(batch, kAlice), entries });
  await reverts(withEntries([{ ...own, odd: own.odd - 1n }]), "Unexplained", 1, -1);
  await reverts(withEntries([{ ...own, even: own.even - 1n }]), "Unexplained", 0, -1);
  await reverts(withEntries([{ ...own, even: own.even + 1n }]), "Unexplained", 0, 1);
  await reverts(withEntries([own, entry(1, 4, 0, -7)]), "Unexplained", 9, -7);
  await reverts(withEntries([]), "Unexplained", 0, -10);
});

isolated("a missing execution leaves its debit unexplained", async () => {
  const claim = claimOf(trade(), kAlice);
  claim.justification = [];
  await reverts(verifier.verify(claim), "Unexplained", 0, 10);
});

isolated("entries are whole and of the account", async () => {
  const claim = claimOf(trade(), kAlice);
  const data = encodeEntries(claim.entries);
  await reverts(verifier.verify({ ...claim, entries: data.slice(0, -2) }), "BadEntries");
  await reverts(verifier.verify({ ...claim, entries: data + "00" }), "BadEntries");
  await reverts(verifier.verify({ ...claim, entries: [{ ...claim.entries[0], account: 2 }] }), "BadEntries");
});

test("a committed execution is one of a leaf in the root", async () => {
  const batch = trade();
  const { tree, execRoot } = batch;
  const check = (root, account, execution, proof) => chain.call(verifier.from, verifier.address, encodeCall(
    `checkExecution(bytes32,(uint32,${kExecutionTuple},bytes32[]))`, root, [account, executionTuple(execution), proof]));
  for (const [i, e] of tree.executions.entries()) {
    await check(execRoot, e.account, e, tree.proof(i));
    await check(leafOf(e), e.account, e, []);
    await reverts(check(execRoot, e.account + 1n, e, tree.proof(i)), "NotCommitted", 0);
    await reverts(check(execRoot, e.account, { ...e, base: e.base + 1n }, tree.proof(i)), "NotCommitted", 0);
    await reverts(check(execRoot, e.account, e, []), "NotCommitted", 0);
  }
});

isolated("evidence that is no list of executions is refused", async () => {
  const claim = claimOf(trade(), kAlice);
  const good = evidenceOf(claim.justification);
  const bad = ["0x", "0x" + word(32), "0x" + word(32) + word(1), "0x" + "ff".repeat(64), good.slice(0, -64 * 3),
    good.slice(0, 2 + 64) + word(2) + good.slice(2 + 128)];
  for (const justification of bad) {
    await assert.rejects(verifier.verify({ ...claim, justification }), Revert);
  }
});
