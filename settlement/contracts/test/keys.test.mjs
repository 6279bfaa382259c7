// Session keys and cancelled nonces.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeCall } from "./lib/abi.mjs";
import { Chain } from "./lib/chain.mjs";
import { newOwner, signed } from "./lib/owners.mjs";
import { Key } from "./lib/secp256k1.mjs";
import { kZeroAddress, reverts, Venue } from "./lib/venue.mjs";

const kDelay = 600;  // propagationDelay
const [kTrade, kBoth] = [1n, 3n];
const kSession = "(uint40,uint40,uint32,uint8,uint8,uint128)";
const key = new Key("session").address;
let chain;
let venue;
let owner;  // Of account 1.
let now;

before(async () => {
  chain = await Chain.start();
  venue = await Venue.deploy(chain, { config: { propagationDelay: kDelay } });
  owner = await newOwner(venue, "owner");
  now = BigInt(await chain.now());
});
after(() => chain?.stop());

const isolated = (name, body) => test(name, () => chain.rolledBack(body));
const call = (from, signature, ...args) => chain.send(from, venue.keys, encodeCall(signature, ...args));
const session = (changes = {}) => {
  const s = { from: now, until: now + 5000n, venue: 0n, scope: kTrade, scheme: 0n, reserved: 0n, ...changes };
  return [s.from, s.until, s.venue, s.scope, s.scheme, s.reserved];
};
const set = (changes, { from = owner.address, of = key } = {}) => call(from, `setSession(address,${kSession})`, of, session(changes));
const sessionOf = (account, of = key) => venue.views(Array(6).fill("uint256"), "sessionOf(uint32,address)", account, of);
const minNonceAt = (time) => venue.view("minNonceAt(uint32,uint64)", 1, time);

isolated("an owner registers a key, which the vault knows too", async () => {
  await set({ venue: 7n, scope: kBoth });
  assert.deepEqual(await sessionOf(1), session({ venue: 7n, scope: kBoth }));
  assert.deepEqual(await sessionOf(2), Array(6).fill(0n));
});

isolated("a session without sense is refused", async () => {
  const bad = [{ scope: 0n }, { scope: 4n }, { scheme: 1n }, { reserved: 1n }, { until: now - 1n }, { from: now + 5000n }];
  for (const changes of bad) await reverts(set(changes), "BadSession", key);
  await reverts(set({}, { of: kZeroAddress }), "BadSession", kZeroAddress);
  await reverts(set({}, { from: venue.funder }), "UnknownAccount", 0);
});

isolated("a known key only gains, so that what it signed keeps counting", async () => {
  await set({ venue: 7n, scope: kBoth });
  const shrinks = [{ from: now + 1n }, { until: now + 4999n }, { scope: kTrade }, { venue: 0n }];
  for (const changes of shrinks) await reverts(set({ venue: 7n, scope: kBoth, ...changes }), "SessionShrinks", key);
  await set({ venue: 7n, scope: kBoth, from: now - 1n, until: now + 6000n });
  assert.deepEqual(await sessionOf(1), session({ venue: 7n, scope: kBoth, from: now - 1n, until: now + 6000n }));
});

isolated("a revocation acts after the propagation delay", async () => {
  await set();
  const revoke = (from) => call(from, "revokeSession(uint32,address)", 1, key);
  await reverts(revoke(venue.funder), "NotOwner", 1);
  await revoke(owner.address);
  const until = BigInt((await chain.now()) + kDelay);
  assert.deepEqual(await sessionOf(1), session({ until }));
  await chain.passTime(10);
  await revoke(owner.address);  // Not later by asking again.
  assert.deepEqual(await sessionOf(1), session({ until }));
  await reverts(call(owner.address, "revokeSession(uint32,address)", 1, venue.funder), "BadSession");
});

isolated("a key revokes itself", async () => {
  await set();
  await chain.rpc("anvil_impersonateAccount", [key]);
  await chain.rpc("anvil_setBalance", [key, "0x8ac7230489e80000"]);
  await call(key, "revokeSession(uint32,address)", 1, key);
  assert.deepEqual(await sessionOf(1), session({ until: BigInt((await chain.now()) + kDelay) }));
});

isolated("anyone registers and revokes with the owner's signature", async () => {
  const fields = (nonce) => [1, key, now, now + 5000n, 0, kTrade, nonce];
  const setSigned = (nonce, signature) => call(venue.funder,
    `setSessionSigned(uint32,address,${kSession},uint64,bytes)`, 1, key, session(), nonce, signature);
  const signature = signed(venue, owner.key, "Session", fields(1));
  await reverts(setSigned(2, signature), "BadSignature", 1);
  await setSigned(1, signature);
  assert.deepEqual(await sessionOf(1), session());
  await reverts(setSigned(1, signature), "NonceUsed", 1, 1);
  const revokeSigned = (nonce, by) => call(venue.funder, "revokeSessionSigned(uint32,address,uint64,bytes)",
    1, key, nonce, signed(venue, by, "RevokeSession", [1, key, nonce]));
  await reverts(revokeSigned(2, new Key("session")), "BadSignature", 1);
  await revokeSigned(2, owner.key);
  assert.deepEqual(await sessionOf(1), session({ until: BigInt((await chain.now()) + kDelay) }));
});

isolated("cancelled nonces are looked up by time", async () => {
  const cancel = (nonce) => call(owner.address, "cancelBelow(uint64)", nonce);
  assert.equal(await minNonceAt(now), 0n);
  await reverts(cancel(0), "NonceNotAbove", 0);
  const from = [];
  for (const nonce of [5n, 6n, 100n]) {
    await cancel(nonce);
    from.push(BigInt((await chain.now()) + kDelay));
    await chain.passTime(100);
  }
  await reverts(cancel(100), "NonceNotAbove", 100);
  assert.deepEqual(await Promise.all(from.map((t) => minNonceAt(t - 1n))), [0n, 5n, 6n]);
  assert.deepEqual(await Promise.all(from.map((t) => minNonceAt(t))), [5n, 6n, 100n]);
  assert.equal(await minNonceAt(2n ** 64n - 1n), 100n);
  await reverts(call(venue.funder, "cancelBelow(uint64)", 1), "UnknownAccount", 0);
});
