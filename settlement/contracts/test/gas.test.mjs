// What everything costs, against the committed snapshots/gas.json, and the two figures the design
// promises: gas per fill of 1,000 fills netted over 100 and over 10 accounts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeCall } from "./lib/abi.mjs";
import { encodeEntries, headerTuple, kHeader } from "./lib/batch.mjs";
import { keccak } from "./lib/keccak.mjs";
import { Chain } from "./lib/chain.mjs";
import { Ledger, Random } from "./lib/model.mjs";
import { checkSnapshot } from "./lib/snapshot.mjs";
import { newOwner, signed, signedCompact } from "./lib/owners.mjs";
import { artifact, entry, kFarAway, kNobody, kUnits, reverts, Venue } from "./lib/venue.mjs";

const kFills = 1000;
const kGasPerFillMax = { 100: 650, 10: 120, 2: 70 };
let chain;

before(async () => {
  chain = await Chain.start();
});
after(() => chain?.stop());

const gasOf = (receipt) => Number(receipt.gasUsed);

// Each fill moves a base and a quote between two accounts and a fee to account 1, all non-zero.
function fillsOf(random, accounts) {
  const deltas = Array.from({ length: accounts }, (_, i) => ({ account: i + 1, pair: 0, even: 0n, odd: 0n }));
  for (let i = 0; i < kFills; i++) {
    const buyer = random.below(accounts);
    const seller = (buyer + 1 + random.below(accounts - 1)) % accounts;
    const quantity = 1n + BigInt(random.below(1_000_000_000));
    const notional = quantity * BigInt(20_000 + random.below(20_000));
    const fee = notional / 1000n;
    deltas[buyer].even += quantity;
    deltas[buyer].odd -= notional + fee;
    deltas[seller].even -= quantity;
    deltas[seller].odd += notional - fee;
    deltas[0].odd += 2n * fee;
  }
  return deltas;
}

// Gas of the third batch over the same accounts: every slot touched already holds something.
async function settleGas(accounts) {
  const venue = await Venue.deploy(chain, { config: { ringSize: 2, challengeWindow: 0 } });
  await venue.fundAccounts(accounts, 1n << 60n);
  await venue.armAccounts(accounts);
  const random = new Random(accounts);
  const ledger = new Ledger({ accounts, assets: 2 });
  for (let a = 1; a <= accounts; a++) ledger.balances.set(a * 65536, 1n << 60n).set(a * 65536 + 1, 1n << 60n);
  let receipt;
  for (let i = 0; i < 3; i++) {
    const entries = fillsOf(random, accounts);
    ledger.apply(entries);
    ({ receipt } = await venue.settle(entries));
  }
  for (let a = 1; a <= accounts; a++) assert.equal(await venue.balance(a, 1), ledger.of(a, 1));
  return gasOf(receipt);
}

async function callGas() {
  const venue = await Venue.deploy(chain, { config: { forceDelay: 60 } });
  const [user, other] = venue.users;
  const gas = {};
  const measure = async (name, from, ...call) => {
    gas[name] = gasOf(await venue.send(from, ...call));
  };
  await venue.send(other, "register()");
  await measure("register", user, "register()");
  await measure("deposit, empty slot", user, "deposit(uint16,uint256)", 0, 1000n * kUnits);
  await measure("deposit, other asset of the pair", user, "deposit(uint16,uint256)", 1, 1000n * kUnits);
  await measure("deposit, again", user, "deposit(uint16,uint256)", 0, 1000n * kUnits);
  const request = ["requestWithdraw(uint16,uint96,address)", 0, 10n, kNobody];
  await measure("requestWithdraw, first", user, ...request);
  await measure("requestWithdraw", user, ...request);
  for (let i = 0; i < 20; i++) await venue.send(user, ...request);
  const range = (from, count) => Array.from({ length: count }, (_, i) => from + i);
  await measure("finalizeWithdrawals, 1, new holder", venue.operator, "finalizeWithdrawals(uint64[])", [1]);
  await measure("finalizeWithdrawals, 1", venue.operator, "finalizeWithdrawals(uint64[])", [2]);
  await measure("finalizeWithdrawals, 10", venue.operator, "finalizeWithdrawals(uint64[])", range(3, 10));
  await measure("finalizeWithdrawals, same 10 again", venue.operator, "finalizeWithdrawals(uint64[])", range(3, 10));
  await measure("rejectWithdrawals, 1", venue.operator, "rejectWithdrawals(uint64[])", [13]);
  await chain.passTime(60);
  await measure("forceWithdraw", user, "forceWithdraw(uint64)", 14);
  await venue.settle([]);
  const empty = await venue.settle([]);
  gas["settle, no entries, new ring slot"] = gasOf(empty.receipt);
  return gas;
}

// Lanes, keys and the game, on a batch of 100 entries.
async function gameGas() {
  const verifier = await chain.deploy(chain.accounts[0], artifact("StubVerifier").bytecode);
  const venue = await Venue.deploy(chain, { config: { verifier, challengeBond: 0n } });
  const gas = {};
  const owner = await newOwner(venue, "gas owner");
  const measure = async (name, from, ...call) => {
    gas[name] = gasOf(await venue.send(from, ...call));
  };
  const toCourt = async (name, ...call) => {
    gas[name] = gasOf(await chain.send(venue.funder, venue.court, encodeCall(...call)));
  };
  await venue.fundAccounts(99, 1n << 40n);
  for (const asset of [0, 1]) await venue.send(venue.funder, "depositFor(uint32,uint16,uint256)", 1, asset, kUnits << 40n);
  await venue.armAccounts(100);
  await measure("arm", owner.address, "arm(uint32)", kFarAway + 1);
  await measure("armSigned", venue.funder, "armSigned(uint32,uint32,uint64,bytes)", 1, kFarAway + 2, 1,
    signed(venue, owner.key, "Arm", [1, kFarAway + 2, 1]));
  const session = [1, kFarAway, 0, 3, 0, 0];
  gas.setSession = gasOf(await chain.send(owner.address, venue.keys,
    encodeCall("setSession(address,(uint40,uint40,uint32,uint8,uint8,uint128))", kNobody, session)));
  gas.cancelBelow = gasOf(await chain.send(owner.address, venue.keys, encodeCall("cancelBelow(uint64)", 5)));
  const entries = Array.from({ length: 100 }, (_, i) => entry(i + 1, 0, i % 2 ? 1000n : -1000n, i % 2 ? -77n : 77n));
  await venue.settle(entries);
  gas["settle, 100 entries"] = gasOf((await venue.settle(entries)).receipt);
  const cosigned = entries.map((e, i) => (i === 0 ? { ...e, pair: 0x8000 } : e));
  const next = await venue.nextBatch(cosigned);
  const values = [next.header.id, next.header.parent, next.header.execRoot, 1, encodeEntries(cosigned.slice(0, 1))];
  await measure("settleCosigned, 1 of 100 entries", venue.operator, `settleCosigned(${kHeader},bytes,bytes)`,
    headerTuple(next.header), next.data, signedCompact(venue, owner.key, "NetDelta", values));
  const { header, data } = await venue.settle(entries);
  const challenge = (account) => [`challenge(${kHeader},bytes,uint32,uint256)`, headerTuple(header), data, account, account - 1];
  await toCourt("challenge, 100 entries, first", ...challenge(1));
  await toCourt("challenge, 100 entries", ...challenge(2));
  await toCourt("justify, without the verifier", `justify(${kHeader},bytes32,uint32,bytes,bytes)`,
    headerTuple(header), keccak(data), 2, encodeEntries(entries.slice(1, 2)), "0x01");
  await venue.send(owner.address, "requestWithdraw(uint16,uint96,address)", 0, 10n, kNobody);
  await measure("finalizeWithdrawals, 1, pending", venue.operator, "finalizeWithdrawals(uint64[])", [1]);
  await measure("disarm", owner.address, "disarm()");
  await chain.passTime(3601);
  await toCourt("expireChallenge", "expireChallenge(uint64,uint32)", header.id, 1);
  await measure("cancelPending, 1", venue.funder, "cancelPending(uint64[])", [1]);
  await measure("rollback, 100 entries", venue.funder, `rollback(${kHeader},bytes)`, headerTuple(header), data);
  return gas;
}

test("netted settlement costs what the design promises", async (t) => {
  const gas = { ...(await callGas()), ...(await gameGas()) };
  for (const accounts of [100, 10, 2]) {
    const used = await settleGas(accounts);
    gas[`settle, ${kFills} fills, ${accounts} accounts`] = used;
    t.diagnostic(`${kFills} fills x ${accounts} accounts: ${used} gas, ${(used / kFills).toFixed(1)} per fill`);
    assert.ok(used / kFills <= kGasPerFillMax[accounts], `${used / kFills} gas per fill`);
  }
  checkSnapshot("gas.json", gas);
});

test("a batch of 600 new slots fits in one transaction", async (t) => {
  const accounts = 600;  // New slots are the dearest case: 23k each.
  const venue = await Venue.deploy(chain);
  await venue.fundAccounts(1, 1n << 60n);
  await venue.armAccounts(1);
  await venue.fundAccounts(accounts, 0n);
  const credits = Array.from({ length: accounts }, (_, i) => ({ account: i + 2, pair: 0, even: 1n, odd: 1n }));
  const debit = { account: 1, pair: 0, even: -BigInt(accounts), odd: -BigInt(accounts) };
  const used = gasOf((await venue.settle([debit, ...credits])).receipt);
  t.diagnostic(`${accounts} new slots: ${used} gas, ${Math.round(used / accounts)} an entry`);
  await reverts(venue.settle([debit]), "NotConserved", 0, -accounts);
});
