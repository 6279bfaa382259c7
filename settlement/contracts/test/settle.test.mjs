// settle(): what a batch does, and every way it is refused.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { kEntryBytes } from "./lib/batch.mjs";
import { Chain } from "./lib/chain.mjs";
import { artifact, entry, kNobody, kZeroHash, reverts, Venue } from "./lib/venue.mjs";
import { genesisOf } from "./lib/batch.mjs";
import { keccakText } from "./lib/keccak.mjs";

const kRingSize = 4;
const kWindow = 3600;
let chain;
let venue;

before(async () => {
  chain = await Chain.start();
  venue = await Venue.deploy(chain, { config: { ringSize: kRingSize, challengeWindow: kWindow }, assets: 3 });
  await venue.registerUsers(1000n);
});
after(() => chain?.stop());

const isolated = (name, body) => test(name, () => chain.rolledBack(body));
const trade = [entry(1, 0, 5, -101), entry(2, 0, -5, 99), entry(3, 0, 0, 2)];
const settleWith = (entries, changes) => venue.settle(entries, changes);

isolated("a batch moves both assets of each pair and emits one event", async () => {
  const { header, chain: hash, receipt } = await settleWith(trade, { execRoot: keccakText("executions") });
  assert.deepEqual(await Promise.all([1, 2, 3].map((a) => venue.balance(a, 0))), [1005n, 995n, 1000n]);
  assert.deepEqual(await Promise.all([1, 2, 3].map((a) => venue.balance(a, 1))), [899n, 1099n, 1002n]);
  const { id, firstEvent, lastEvent, engineTime, execRoot } = header;
  assert.deepEqual(venue.event(receipt, "Batch"), { id, firstEvent, lastEvent, engineTime, execRoot, chain: hash });
});

isolated("the chain hash starts at a genesis of chain id and address and follows each batch", async () => {
  assert.equal(await venue.view("chain()"), genesisOf(31337, venue.address));
  assert.equal(await venue.view("genesis()"), genesisOf(31337, venue.address));
  const first = await settleWith(trade);
  assert.equal(await venue.view("chain()"), first.chain);
  const second = await settleWith([]);
  assert.equal(second.header.parent, first.chain);
  assert.equal(await venue.view("chain()"), second.chain);
  assert.deepEqual(await venue.views(["uint64", "uint64", "uint64"], "head()"), [3n, 20n, 2n]);
});

isolated("an empty batch only moves the head", async () => {
  await settleWith([]);
  assert.equal(await venue.balance(1, 0), 1000n);
});

isolated("entries of one account in several pairs settle together", async () => {
  await settleWith([entry(1, 0, -1, 2), entry(1, 1, 3, 0), entry(2, 0, 1, -2), entry(2, 1, -3, 0)]);
  assert.deepEqual(await Promise.all([0, 1, 2].map((asset) => venue.balance(1, asset))), [999n, 1002n, 1003n]);
});

isolated("a balance can be emptied and filled again", async () => {
  await settleWith([entry(1, 0, -1000, 0), entry(2, 0, 1000, 0)]);
  assert.equal(await venue.balance(1, 0), 0n);
  await settleWith([entry(1, 0, 2000, 0), entry(2, 0, -2000, 0)]);
  assert.equal(await venue.balance(1, 0), 2000n);
});

isolated("the guard bits of a slot survive a batch", async () => {
  const slot = "0x" + ((1n << 200n) + (1n << 15n)).toString(16).padStart(64, "0");
  const old = BigInt(await chain.rpc("eth_getStorageAt", [venue.address, slot, "latest"]));
  const guarded = (old | (0xfedcba9800000010n << 192n)).toString(16).padStart(64, "0");
  await chain.rpc("anvil_setStorageAt", [venue.address, slot, "0x" + guarded]);
  await settleWith(trade);
  assert.deepEqual(await venue.views(["uint96", "uint96", "uint64"], "pairOf(uint32,uint16)", 1, 0),
    [1005n, 899n, 0xfedcba9800000110n]);  // The batch is stamped in between.
});

isolated("only the operator settles", async () => {
  for (const from of [venue.admin, venue.guardian, venue.users[0]]) {
    await reverts(settleWith(trade, { from }), "NotOperator");
  }
});

isolated("a replay, also of the last batch, reverts", async () => {
  const first = await settleWith(trade);
  await reverts(chain.send(venue.operator, venue.address, first.calldata), "WrongBatch", 2, 1);
  assert.equal(await venue.balance(1, 0), 1005n);
});

isolated("a gap in the batch ids reverts", () => reverts(settleWith(trade, { id: 2n }), "WrongBatch", 1, 2));

isolated("a batch built on another state reverts", async () => {
  const other = keccakText("another state");
  const genesis = await venue.view("genesis()");
  await reverts(settleWith(trade, { parent: other }), "WrongParent", genesis, other);
});

isolated("a batch of another vault reverts", async () => {
  const other = await Venue.deploy(chain, { assets: 2 });
  const { calldata } = await other.nextBatch([]);
  await reverts(chain.send(venue.operator, venue.address, calldata), "WrongParent");
});

isolated("event ranges are contiguous", async () => {
  await settleWith([]);  // 1..10
  await reverts(settleWith([], { firstEvent: 12n, lastEvent: 20n }), "WrongEventRange", 11, 12, 20);
  await reverts(settleWith([], { firstEvent: 10n, lastEvent: 20n }), "WrongEventRange", 11, 10, 20);
  await reverts(settleWith([], { firstEvent: 11n, lastEvent: 10n }), "WrongEventRange", 11, 11, 10);
  await settleWith([], { firstEvent: 11n, lastEvent: 11n });
});

isolated("engine time does not run backwards but may stand still", async () => {
  await settleWith([], { engineTime: 100n });
  await reverts(settleWith([], { engineTime: 99n }), "EngineTimeBackwards", 100, 99);
  await reverts(settleWith([], { previousEngineTime: 99n }), "EngineTimeBackwards", 100, 99);
  await settleWith([], { engineTime: 100n });
});

isolated("an overdraft names the account and the pair", async () => {
  await reverts(settleWith([entry(1, 0, 1001, 0), entry(2, 0, -1001, 0)]), "Overdraft", 2, 0);
  await reverts(settleWith([entry(1, 1, 1, 0), entry(3, 1, -1001, 0)]), "Overdraft", 3, 1);
  await reverts(settleWith([entry(2, 0, 0, -1001), entry(3, 0, 0, 1001)]), "Overdraft", 2, 0);
  assert.equal(await venue.balance(1, 0), 1000n);
});

isolated("the largest negative delta is an overdraft, not a wrap", async () => {
  const huge = 2n ** 87n;
  await reverts(settleWith([entry(1, 0, -huge, 0), entry(2, 0, huge - 1n, 0), entry(3, 0, 1, 0)]), "Overdraft", 1, 0);
});

isolated("a credit above 96 bits reverts", async () => {
  const slot = "0x" + ((1n << 200n) + (1n << 15n)).toString(16).padStart(64, "0");
  await chain.rpc("anvil_setStorageAt", [venue.address, slot, "0x" + "0".repeat(40) + "f".repeat(24)]);
  await reverts(settleWith([entry(1, 0, 1, 0), entry(2, 0, -1, 0)]), "CreditOverflow", 1, 0);
});

isolated("every asset is conserved on its own", async () => {
  await reverts(settleWith([entry(1, 0, 1, 0)]), "NotConserved", 0, 1);
  await reverts(settleWith([entry(1, 0, -7, 0)]), "NotConserved", 0, -7);
  await reverts(settleWith([entry(1, 0, 1, -1)]), "NotConserved", 0, 1);
  await reverts(settleWith([entry(1, 0, 5, 9), entry(2, 0, -5, -10)]), "NotConserved", 1, -1);
  await reverts(settleWith([entry(1, 0, 5, 0), entry(2, 1, -5, 0)]), "NotConserved", 0, 5);
});

isolated("entries ascend strictly by account, then pair", async () => {
  await reverts(settleWith([entry(2, 0, 1, 0), entry(1, 0, -1, 0)]), "EntryOrder", 1);
  await reverts(settleWith([entry(1, 1, 1, 0), entry(1, 0, -1, 0)]), "EntryOrder", 1);
  await reverts(settleWith([entry(1, 0, 1, 0), entry(1, 0, -1, 0)]), "EntryOrder", 1);
});

isolated("unknown accounts and pairs are refused", async () => {
  await reverts(settleWith([entry(0, 0, 0, 0)]), "UnknownAccount", 0);
  await reverts(settleWith([entry(4, 0, 0, 0)]), "UnknownAccount", 4);
  await reverts(settleWith([entry(1, 2, 0, 0)]), "UnknownPair", 1, 2);
  await reverts(settleWith([entry(1, 0xffff, 0, 0)]), "UnknownPair", 1, 0xffff);
});

isolated("the missing odd asset of the last pair cannot be created", async () => {
  await reverts(settleWith([entry(1, 1, 0, 1), entry(2, 1, 0, -1)]), "Overdraft", 2, 1);
});

isolated("data is a whole number of entries, at most 4,096", async () => {
  const { header } = await venue.nextBatch([]);
  for (const bytes of [1, kEntryBytes - 1, kEntryBytes + 1]) {
    await reverts(venue.settleRaw(header, "0x" + "01".repeat(bytes)), "BadDataLength", bytes);
  }
  await reverts(venue.settleRaw(header, "0x" + "01".repeat(4097 * kEntryBytes)), "TooManyEntries", 4097);
});

isolated("a commitment inside its window is not overwritten", async () => {
  for (let i = 0; i < kRingSize; i++) await settleWith([]);
  const [, settledAt] = await venue.views(["bytes32", "uint32"], "commitmentOf(uint64)", 1);
  const freeAt = Number(settledAt) + kWindow;
  await reverts(settleWith(trade), "RingFull", kRingSize + 1, freeAt);
  await chain.passTime(freeAt - 1 - (await chain.now()));
  await reverts(settleWith(trade), "RingFull");
  await chain.passTime(1);
  await settleWith(trade);
  assert.deepEqual(await venue.views(["bytes32", "uint32"], "commitmentOf(uint64)", 1), [kZeroHash, 0n]);
});

isolated("commitments of the last batches can be read", async () => {
  const { chain: hash } = await settleWith(trade);
  const commitment = hash.slice(0, 58) + "0".repeat(8);
  assert.deepEqual(await venue.views(["bytes32", "uint32"], "commitmentOf(uint64)", 1),
    [commitment, BigInt(await chain.now())]);
  for (const id of [0, 2, 100]) {
    assert.deepEqual(await venue.views(["bytes32", "uint32"], "commitmentOf(uint64)", id), [kZeroHash, 0n]);
  }
});

isolated("a reorganised chain takes the same transaction again", async () => {
  const { calldata, chain: hash } = await venue.nextBatch(trade);
  await chain.rolledBack(() => chain.send(venue.operator, venue.address, calldata));
  await chain.send(venue.operator, venue.address, calldata);
  assert.equal(await venue.view("chain()"), hash);
});

isolated("a pause stops settlement and nothing else, and expires", async () => {
  await venue.send(venue.guardian, "pause()");
  const until = Number(await venue.view("pausedUntil()"));
  assert.equal(until, (await chain.now()) + 72 * 3600);
  await reverts(settleWith(trade), "SettlePaused", until);
  await venue.send(venue.users[0], "deposit(uint16,uint256)", 0, 10n ** 10n);
  await venue.send(venue.users[0], "requestWithdraw(uint16,uint96,address)", 0, 1, kNobody);
  await venue.send(venue.operator, "finalizeWithdrawals(uint64[])", [1]);
  await chain.passTime(72 * 3600);
  await settleWith(trade);
});

isolated("pauses need a rest between them", async () => {
  await venue.send(venue.guardian, "pause()");
  const until = Number(await venue.view("pausedUntil()"));
  await reverts(venue.send(venue.guardian, "pause()"), "PauseNotAllowed", until + 24 * 3600);
  await chain.passTime(73 * 3600);
  await reverts(venue.send(venue.admin, "pause()"), "PauseNotAllowed", until + 24 * 3600);
  await chain.passTime(24 * 3600);
  await venue.send(venue.admin, "pause()");
});

isolated("the admin ends a pause early", async () => {
  await venue.send(venue.guardian, "pause()");
  await reverts(venue.send(venue.guardian, "unpause()"), "NotAdmin");
  const receipt = await venue.send(venue.admin, "unpause()");
  venue.event(receipt, "Unpaused");
  await settleWith(trade);
  assert.deepEqual(venue.events(await venue.send(venue.admin, "unpause()")), []);
  await reverts(venue.send(venue.guardian, "pause()"), "PauseNotAllowed");
});

isolated("a replaced operator can no longer settle, its successor can", async () => {
  const successor = venue.users[2];
  const receipt = await venue.send(venue.admin, "setOperator(address)", successor);
  assert.equal(venue.event(receipt, "OperatorChanged").operator, successor.toLowerCase());
  await reverts(settleWith(trade), "NotOperator");
  await settleWith(trade, { from: successor });
});

isolated("a sender of the operator settles too, until the operator or the admin takes it away", async () => {
  const [sender, other] = venue.users.slice(2);
  const set = (from, allowed, key = sender) => venue.send(from, "setSender(address,bool)", key, allowed);
  const may = async (key) => (await venue.views(["uint256"], "isSender(address)", key))[0];
  for (const from of [venue.guardian, sender]) await reverts(set(from, true), "NotOperator");
  const { sender: named, allowed } = venue.event(await set(venue.operator, true), "SenderChanged");
  assert.deepEqual([named, Boolean(allowed)], [sender.toLowerCase(), true]);
  assert.deepEqual([await may(sender), await may(venue.operator), await may(other), await may(kNobody)].map(Boolean),
    [true, true, false, false]);
  await settleWith(trade, { from: sender });
  await reverts(set(sender, true, other), "NotOperator");  // It hands nothing on.
  await set(venue.admin, false);
  await reverts(settleWith(trade, { from: sender }), "NotOperator");
  await settleWith(trade);
});

isolated("a batch that two senders race for executes once", async () => {
  const sender = venue.users[2];
  await venue.send(venue.operator, "setSender(address,bool)", sender, true);
  const { calldata } = await settleWith(trade, { from: sender });
  await reverts(chain.send(venue.operator, venue.address, calldata), "WrongBatch", 2, 1);
});

isolated("the senders of an operator fall with it, and nobody has any", async () => {
  const sender = venue.users[2];
  await venue.send(venue.operator, "setSender(address,bool)", sender, true);
  await venue.send(venue.admin, "setOperator(address)", venue.users[3]);
  await reverts(settleWith(trade, { from: sender }), "NotOperator");
  await venue.send(venue.admin, "setOperator(address)", "0x" + "00".repeat(20));
  await reverts(venue.send(venue.admin, "setSender(address,bool)", sender, true), "ZeroAddress");
  await reverts(settleWith(trade, { from: sender }), "NotOperator");
});

test("the runtime code fits the limit of EIP-170", () => {
  assert.ok(artifact("Vault").deployedBytecode.length / 2 - 1 < 24_576);
});
