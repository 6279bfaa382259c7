// Accounts, assets, roles and the configuration of a vault.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeArguments, word } from "./lib/abi.mjs";
import { kConfigFields, kConfigTypes } from "./lib/config.mjs";
import { Chain } from "./lib/chain.mjs";
import { artifact, kNobody, reverts, Venue } from "./lib/venue.mjs";

const kZeroAddress = "0x" + "00".repeat(20);
let chain;
let venue;

before(async () => {
  chain = await Chain.start();
  venue = await Venue.deploy(chain);
});
after(() => chain?.stop());

const isolated = (name, body) => test(name, () => chain.rolledBack(body));
const setStorage = (slot, value) => chain.rpc("anvil_setStorageAt", [venue.address, "0x" + word(slot), "0x" + word(value)]);

isolated("accounts are numbered from 1 without gaps", async () => {
  const [first, second] = venue.users;
  const receipt = await venue.send(first, "register()");
  assert.deepEqual(venue.event(receipt, "Registered"), { account: 1n, owner: first.toLowerCase() });
  await venue.send(first, "registerFor(address)", second);
  assert.equal(await venue.view("indexOf(address)", second), 2n);
  assert.deepEqual(await venue.views(["address"], "ownerOf(uint32)", 2), [second.toLowerCase()]);
  assert.equal(await venue.view("accountCount()"), 2n);
  assert.equal(await venue.view("indexOf(address)", kNobody), 0n);
});

isolated("an address has one account", async () => {
  await venue.send(venue.users[0], "register()");
  await reverts(venue.send(venue.users[0], "register()"), "AlreadyRegistered", 1);
  await reverts(venue.send(venue.users[1], "registerFor(address)", venue.users[0]), "AlreadyRegistered", 1);
});

isolated("address zero has none", () => reverts(venue.send(venue.users[0], "registerFor(address)", kZeroAddress), "ZeroAddress"));

isolated("accounts end where the engine's do", async () => {
  const slot = 0n;  // Control: operator | accountCount << 160 | assetCount << 192.
  const control = BigInt(await chain.rpc("eth_getStorageAt", [venue.address, "0x" + word(slot), "latest"]));
  await setStorage(slot, control | ((2n ** 24n - 1n) << 160n));
  assert.equal(await venue.view("accountCount()"), 2n ** 24n - 1n);
  await reverts(venue.send(venue.users[0], "register()"), "TooManyAccounts");
  await setStorage(slot, (control & ~(0xffffn << 192n)) | (4096n << 192n));
  const token = await chain.deploy(venue.admin, artifact("NoReturnToken").bytecode);
  await reverts(venue.send(venue.admin, "addAsset(address,uint64)", token, 1), "TooManyAssets");
});

isolated("assets are numbered from 0 and found by token", async () => {
  assert.equal(await venue.view("assetCount()"), 2n);
  const token = await chain.deploy(venue.admin, artifact("NoReturnToken").bytecode);
  const receipt = await venue.send(venue.admin, "addAsset(address,uint64)", token, 100);
  assert.deepEqual(venue.event(receipt, "AssetAdded"), { asset: 2n, token, unitsPerQuantum: 100n });
  assert.deepEqual(await venue.views(["address", "uint64"], "assetAt(uint16)", 2), [token, 100n]);
  assert.equal(await venue.view("assetOf(address)", token), 2n);
  await reverts(venue.view("assetAt(uint16)", 3), "UnknownAsset", 3);
  await reverts(venue.view("assetOf(address)", kNobody), "UnknownAsset", 0xffff);
});

isolated("an asset is a contract, listed once, with a scale, by the admin", async () => {
  const add = (from, token, units) => venue.send(from, "addAsset(address,uint64)", token, units);
  await reverts(add(venue.admin, kNobody, 1), "NotAContract", kNobody);
  await reverts(add(venue.admin, venue.address, 0), "ZeroUnits");
  await reverts(add(venue.admin, venue.tokens[1], 1), "AssetExists", 1);
  await reverts(add(venue.operator, venue.address, 1), "NotAdmin");
});

isolated("only the admin changes roles", async () => {
  for (const call of ["setOperator(address)", "setGuardian(address)", "proposeAdmin(address)"]) {
    await reverts(venue.send(venue.operator, call, kNobody), "NotAdmin");
    await reverts(venue.send(venue.guardian, call, kNobody), "NotAdmin");
  }
});

isolated("a new admin must accept", async () => {
  const next = venue.users[0];
  venue.event(await venue.send(venue.admin, "proposeAdmin(address)", next), "AdminProposed");
  assert.deepEqual(await venue.views(["address"], "pendingAdmin()"), [next.toLowerCase()]);
  await reverts(venue.send(venue.users[1], "acceptAdmin()"), "NotAdmin");
  venue.event(await venue.send(next, "acceptAdmin()"), "AdminChanged");
  assert.deepEqual(await venue.views(["address"], "admin()"), [next.toLowerCase()]);
  await reverts(venue.send(venue.admin, "setOperator(address)", kNobody), "NotAdmin");
  await reverts(venue.send(next, "acceptAdmin()"), "NotAdmin");
});

isolated("the guardian can be replaced and only pauses", async () => {
  const next = venue.users[0];
  venue.event(await venue.send(venue.admin, "setGuardian(address)", next), "GuardianChanged");
  await reverts(venue.send(venue.guardian, "pause()"), "NotGuardian");
  await reverts(venue.send(venue.operator, "pause()"), "NotGuardian");
  await venue.send(next, "pause()");
});

isolated("a vault without sense in its configuration is not deployed", async () => {
  const month = 30 * 24 * 3600;
  const deploy = (changes) => chain.deploy(venue.admin, artifact("Vault").bytecode,
    encodeArguments(kConfigTypes, kConfigFields.map((name) => ({ ...venue.config, ...changes })[name])));
  await reverts(deploy({ admin: kZeroAddress }), "ZeroAddress");
  await reverts(deploy({ ringSize: 0 }), "BadConfig");
  await reverts(deploy({ forceDelay: 0 }), "BadConfig");
  const times = ["challengeWindow", "responseTime", "propagationDelay", "forceDelay", "maxLag"];
  for (const name of times) await reverts(deploy({ [name]: month + 1 }), "BadConfig");
  await deploy(Object.fromEntries(times.map((name) => [name, month])));
});

isolated("the configuration can be read back", async () => {
  const { admin, operator, guardian } = venue.config;
  const addresses = ["admin()", "operator()", "guardian()"].map((call) => venue.views(["address"], call));
  assert.deepEqual((await Promise.all(addresses)).flat(), [admin, operator, guardian].map((a) => a.toLowerCase()));
  for (const name of ["ringSize", "challengeWindow", "propagationDelay", "forceDelay", "maxLag", "orderLife"]) {
    assert.equal(Number(await venue.view(`${name}()`)), venue.config[name], name);
  }
  assert.equal(await venue.view("pausedUntil()"), 0n);
});
