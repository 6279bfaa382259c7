// Who may be debited by a batch: cold, armed, waived and co-signed accounts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeCall } from "./lib/abi.mjs";
import { encodeEntries, headerTuple, kHeader } from "./lib/batch.mjs";
import { Chain } from "./lib/chain.mjs";
import { keccakText } from "./lib/keccak.mjs";
import { newOwner, signed, signedCompact } from "./lib/owners.mjs";
import { Key, malleated } from "./lib/secp256k1.mjs";
import { artifact, entry, kFarAway, kUnits, reverts, Venue } from "./lib/venue.mjs";

const kDelay = 600;  // propagationDelay
const kCosigned = 0x8000;
const kSetSession = "setSession(address,(uint40,uint40,uint32,uint8,uint8,uint128))";
const kMax32 = 2n ** 32n - 1n;
const kMax40 = 2n ** 40n - 1n;
let chain;
let venue;
let owner;  // Of account 4: cold, with 1,000 quanta of assets 0 and 1, and a key.

before(async () => {
  chain = await Chain.start();
  venue = await Venue.deploy(chain, { config: { propagationDelay: kDelay }, assets: 4 });
  await venue.registerUsers(1000n);
  owner = await newOwner(venue, "owner");
  for (const asset of [0, 1]) {
    await venue.send(venue.funder, "depositFor(uint32,uint16,uint256)", owner.account, asset, 1000n * kUnits);
  }
});
after(() => chain?.stop());

const isolated = (name, body) => test(name, () => chain.rolledBack(body));
const buys = [entry(1, 0, -5, 100), entry(4, 0, 5, -100)];
const by = (signature, ...args) => venue.send(owner.address, signature, ...args);
const arm = (until) => by("arm(uint32)", until);
const guard = async () => (await venue.views(Array(4).fill("uint256"), "guardOf(uint32)", owner.account)).slice(0, 3);
const inSlot = async (pair = 0) =>
  (await venue.views(["uint96", "uint96", "uint64"], "pairOf(uint32,uint16)", owner.account, pair))[2];
const at = async (seconds) => (await chain.now()) + seconds;

isolated("a cold account is credited but not debited", async () => {
  await reverts(venue.settle(buys), "NotArmed", 4, 0);
  await venue.settle([entry(1, 0, -5, 0), entry(4, 0, 5, 0)]);
  assert.equal(await venue.balance(4, 0), 1005n);
  await reverts(venue.settle([entry(1, 0, 0, 1), entry(4, 0, 0, -1)]), "NotArmed", 4, 0);
});

isolated("an armed account is debited until its time, in every pair", async () => {
  const until = await at(1000);
  assert.deepEqual(venue.event(await arm(until), "Armed"), { account: 4n, until: BigInt(until) });
  assert.deepEqual(await guard(), [BigInt(until), 0n, 0n]);
  await venue.settle(buys);
  assert.equal(await inSlot() >> 32n, BigInt(until));
  await chain.passTime(until - (await chain.now()) - 3);
  await venue.settle(buys);
  await chain.passTime(5);
  await reverts(venue.settle(buys), "NotArmed", 4, 0);
});

isolated("arming again extends, and the copy in the slot follows", async () => {
  const [first, second] = [await at(1000), await at(5000)];
  await arm(first);
  await venue.settle(buys);
  await arm(second);
  await chain.passTime(2000);
  await venue.settle(buys);
  assert.equal(await inSlot() >> 32n, BigInt(second));
  await reverts(arm(second - 1), "BadTime", second - 1);
  await reverts(arm(await chain.now()), "BadTime");
  await reverts(arm(kMax32), "BadTime");
  await reverts(venue.send(venue.funder, "arm(uint32)", kFarAway), "UnknownAccount", 0);
});

isolated("anyone arms with the owner's signature, once for each nonce", async () => {
  const until = await at(1000);
  const signature = signed(venue, owner.key, "Arm", [4, until, 7]);
  const armSigned = (...args) => venue.send(venue.funder, "armSigned(uint32,uint32,uint64,bytes)", ...args);
  await reverts(armSigned(4, until + 1, 7, signature), "BadSignature", 4);
  await reverts(armSigned(3, until, 7, signature), "BadSignature", 3);
  await reverts(armSigned(4, until, 7, malleated(signature)), "BadSignature", 4);
  await reverts(armSigned(4, until, 7, signature.slice(0, -2)), "BadSignature", 4);
  venue.event(await armSigned(4, until, 7, signature), "Armed");
  assert.equal(await venue.view("nonceUsed(uint32,uint64)", 4, 7), 1n);
  assert.equal(await venue.view("nonceUsed(uint32,uint64)", 4, 6), 0n);
  await reverts(armSigned(4, until, 7, signature), "NonceUsed", 4, 7);
  venue.event(await armSigned(4, until + 1, 300, signedCompact(venue, owner.key, "Arm", [4, until + 1, 300])), "Armed");
});

isolated("an owner that is a contract signs by ERC-1271", async () => {
  const contract = await chain.deploy(venue.admin, artifact("ContractOwner").bytecode);
  await venue.send(venue.funder, "registerFor(address)", contract);
  const armSigned = (signature) =>
    venue.send(venue.funder, "armSigned(uint32,uint32,uint64,bytes)", 5, kFarAway, 1, signature);
  await reverts(armSigned("0xc0ffee"), "BadSignature", 5);
  await chain.send(venue.funder, contract, encodeCall("accept(bytes)", "0xc0ffee"));
  venue.event(await armSigned("0xc0ffee"), "Armed");
});

isolated("disarm acts after the propagation delay, in every slot", async () => {
  await by("deposit(uint16,uint256)", 2, 0).catch(() => {});
  await arm(kFarAway);
  await venue.settle(buys);
  const receipt = await by("disarm()");
  const until = (await chain.now()) + kDelay;
  assert.deepEqual(venue.event(receipt, "Disarmed"), { account: 4n, until: BigInt(until) });
  assert.deepEqual(await guard(), [BigInt(until), 0n, 0n]);
  assert.equal(await inSlot() >> 32n, BigInt(until));
  await venue.settle(buys);  // A fill of before is still settled.
  await chain.passTime(kDelay);
  await reverts(venue.settle(buys), "NotArmed", 4, 0);
});

isolated("disarm never extends", async () => {
  const until = await at(100);
  await arm(until);
  await venue.settle(buys);
  await by("disarm()");
  assert.deepEqual(await guard(), [BigInt(until), 0n, 0n]);
  assert.equal(await inSlot() >> 32n, BigInt(until));
});

isolated("a waived account is debited without end, until it disarms", async () => {
  assert.deepEqual(venue.event(await by("waive()"), "LaneWaived"), { account: 4n });
  const since = BigInt(await chain.now());
  assert.deepEqual(await guard(), [kMax32, since, kMax40]);
  await reverts(arm(kFarAway), "AlreadyWaived", 4);
  await venue.settle(buys);
  await by("disarm()");
  const until = BigInt((await chain.now()) + kDelay);
  assert.deepEqual(await guard(), [until, since, until]);
  await venue.settle(buys);
  await chain.passTime(kDelay);
  await reverts(venue.settle(buys), "NotArmed", 4, 0);
  await by("waive()");
  assert.deepEqual(await guard(), [kMax32, since, kMax40]);
  await venue.settle(buys);
});

// ---------------------------------------------------------------- co-signed

async function cosigned(entries, signers, changes = {}) {
  const batch = await venue.nextBatch(entries, { execRoot: keccakText("executions"), ...changes });
  const { id, parent, execRoot } = batch.header;
  const signatures = signers.map(({ key, account, of = account }) => {
    const own = encodeEntries(entries.filter((e) => e.account === of));
    return signedCompact(venue, key, "NetDelta", [id, parent, execRoot, account, own]).slice(2);
  });
  return venue.send(changes.from ?? venue.operator, `settleCosigned(${kHeader},bytes,bytes)`,
    headerTuple(batch.header), batch.data, "0x" + signatures.join(""));
}

const signedBuys = [entry(1, 0, -5, 100), entry(4, kCosigned, 5, -100)];

isolated("a cold account is debited by what it co-signed", async () => {
  const receipt = await cosigned(signedBuys, [owner]);
  venue.event(receipt, "Batch");
  assert.deepEqual([await venue.balance(4, 0), await venue.balance(4, 1)], [1005n, 900n]);
  assert.equal(await inSlot(), 1n << 8n);  // Not armed by it.
});

isolated("a session key with the scope co-signs, while it is valid", async () => {
  const key = new Key("session");
  const session = (scope, from, until) =>
    chain.send(owner.address, venue.keys, encodeCall(kSetSession, key.address, [from, until, 0, scope, 0, 0]));
  const now = await chain.now();
  await reverts(cosigned(signedBuys, [{ key, account: 4 }]), "BadCosignature", 4);
  await session(1, now + 100, now + 5000);
  await chain.passTime(200);
  await reverts(cosigned(signedBuys, [{ key, account: 4 }]), "BadCosignature", 4);
  await session(3, now + 100, now + 5000);
  await cosigned(signedBuys, [{ key, account: 4 }]);
  await chain.passTime(5000);
  await reverts(cosigned(signedBuys, [{ key, account: 4 }]), "BadCosignature", 4);
});

isolated("a co-signature covers this batch and all entries of the account", async () => {
  const two = [entry(1, 0, -5, 100), entry(1, 1, 0, 0), entry(4, kCosigned, 5, -100), entry(4, kCosigned + 1, 0, 0)];
  await cosigned(two, [owner]);
  const batch = await venue.nextBatch(signedBuys);
  const { id, parent, execRoot } = batch.header;
  const entries = encodeEntries([signedBuys[1]]);
  const send = (...values) => venue.send(venue.operator, `settleCosigned(${kHeader},bytes,bytes)`,
    headerTuple(batch.header), batch.data, signedCompact(venue, owner.key, "NetDelta", values));
  await reverts(send(id + 1n, parent, execRoot, 4, entries), "BadCosignature", 4);
  await reverts(send(id, keccakText("elsewhere"), execRoot, 4, entries), "BadCosignature", 4);
  await reverts(send(id, parent, keccakText("other"), 4, entries), "BadCosignature", 4);
  await reverts(send(id, parent, execRoot, 5, entries), "BadCosignature", 4);
  await reverts(send(id, parent, execRoot, 4, encodeEntries([buys[1]])), "BadCosignature", 4);
  await send(id, parent, execRoot, 4, entries);
});

isolated("every co-signed account needs its signature, in order", async () => {
  const other = await newOwner(venue, "other");
  await venue.send(venue.funder, "depositFor(uint32,uint16,uint256)", 5, 1, 1000n * kUnits);
  const both = [entry(1, 0, -10, 200), entry(4, kCosigned, 5, -100), entry(5, kCosigned, 5, -100)];
  await reverts(cosigned(both, []), "BadCosignature", 4);
  await reverts(cosigned(both, [owner]), "BadCosignature", 5);
  await reverts(cosigned(both, [other, owner]), "BadCosignature", 4);
  await cosigned(both, [owner, other]);
  assert.equal(await venue.balance(5, 0), 5n);
});

isolated("an account is co-signed in all its entries or in none, and in one order", async () => {
  const mixed = [entry(1, 0, -5, 100), entry(4, 0, 5, 0), entry(4, kCosigned + 1, 0, 0)];
  await reverts(cosigned(mixed, [owner]), "BadCosignature", 4);
  const twice = [entry(1, 0, -5, 100), entry(4, kCosigned, 5, -100), entry(4, kCosigned, 0, 0)];
  await reverts(cosigned(twice, [owner]), "EntryOrder", 2);
  await reverts(venue.settle(signedBuys), "UnknownPair", 4, kCosigned);
  await reverts(cosigned(signedBuys, [owner], { from: venue.admin }), "NotOperator");
});

isolated("accounts that did not co-sign need arming there too", async () => {
  await reverts(cosigned([entry(1, kCosigned, -5, 100), entry(4, 0, 5, -100)], []), "BadCosignature", 1);
  await reverts(cosigned(buys, []), "NotArmed", 4, 0);
  await arm(kFarAway);
  await cosigned(buys, []);
});
