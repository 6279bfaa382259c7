// A deployed vault with assets and funded accounts, and verbs for tests.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../build.mjs";
import { decodeStatic, encodeArguments, encodeCall, signatureOf, topicOf, typeOf, word } from "./abi.mjs";
import { chainOf, encodeEntries, kSettle, settleCalldata } from "./batch.mjs";
import { keccak } from "./keccak.mjs";
import { Revert } from "./chain.mjs";
import { kConfigFields, kConfigTypes } from "./config.mjs";

// CONTRACTS_OUT: artifacts that a build system made already.
const { out } = build({ out: process.env.CONTRACTS_OUT, log: () => {} });
export const artifact = (name) => JSON.parse(readFileSync(join(out, `${name}.json`), "utf8"));

export const kZeroHash = "0x" + "00".repeat(32);
export const kZeroAddress = "0x" + "00".repeat(20);
export const kNobody = "0x00000000000000000000000000000000000000ff";
export const kUnits = 10n ** 10n;  // Token units in a quantum: 18 decimals to 8.
export const kFarAway = 4_000_000_000;  // A time in 2096.
const kMax = (1n << 256n) - 1n;

// "name" plus a constructor (string, string, uint8) of TestToken.
export function tokenArguments(name, decimals) {
  const text = (s) => word(s.length) + Buffer.from(s).toString("hex").padEnd(64, "0");
  return word(0x60) + word(0xa0) + word(decimals) + text(name) + text(name);
}

// A short game: an hour to challenge, as long to answer.
const kDefaults = {
  verifier: kZeroAddress, ringSize: 64, challengeWindow: 3600, responseTime: 3600, propagationDelay: 600,
  forceDelay: 86400, maxLag: 86400, orderLife: 0, challengeBond: 10n ** 17n,
};

export class Venue {
  // Roles are the node's first accounts; `users` own vault accounts 1, 2, 3.
  static async deploy(chain, { config = {}, assets = 2 } = {}) {
    const venue = new Venue();
    const [admin, operator, guardian, funder, ...users] = chain.accounts;
    Object.assign(venue, { chain, admin, operator, guardian, funder, users, tokens: [] });
    const vault = artifact("Vault");
    chain.addErrors(vault.abi);
    venue.abi = vault.abi;
    venue.config = { ...kDefaults, admin, operator, guardian, ...config };
    venue.address = await chain.deploy(admin, vault.bytecode,
      encodeArguments(kConfigTypes, kConfigFields.map((name) => venue.config[name])));
    [venue.court, venue.keys] = await Promise.all(["court()", "keys()"].map((call) => venue.viewAddress(call)));
    for (const name of ["Court", "Keys"]) chain.addErrors(artifact(name).abi);
    for (let i = 0; i < assets; i++) await venue.addToken("TestToken", tokenArguments(`T${i}`, 18));
    return venue;
  }

  // Deploys a token, lists it as the next asset and gives the funder and users plenty. Returns its address.
  async addToken(contract, constructorArguments = "", units = kUnits) {
    const token = await this.chain.deploy(this.admin, artifact(contract).bytecode, constructorArguments);
    await this.send(this.admin, "addAsset(address,uint64)", token, units);
    this.tokens.push(token);
    const holders = [this.funder, ...this.users.slice(0, 3)];
    await this.chain.sendAll(holders.flatMap((from) => [
      { from, to: token, data: encodeCall("mint(address,uint256)", from, 1n << 200n) },
      { from, to: token, data: encodeCall("approve(address,uint256)", this.address, kMax) },
    ]));
    return token;
  }

  // Registers accounts first..first+count-1 for addresses made of their number, each with `quanta` of every asset.
  async fundAccounts(count, quanta) {
    const first = Number(await this.view("accountCount()")) + 1;
    const transactions = [];
    for (let account = first; account < first + count; account++) {
      const owner = "0x" + (0xacc0_0000_0000n + BigInt(account)).toString(16).padStart(40, "0");
      transactions.push({ data: encodeCall("registerFor(address)", owner) });
      for (let asset = 0; quanta > 0n && asset < this.tokens.length; asset++) {
        transactions.push({ data: encodeCall("depositFor(uint32,uint16,uint256)", account, asset, quanta * kUnits) });
      }
    }
    await this.chain.sendAll(transactions.map((t) => ({ from: this.funder, to: this.address, ...t })));
  }

  // Arms accounts 1..count until far away, as their owners would: written to storage, for owners without a key.
  async armAccounts(count) {
    const slot = BigInt(this.storageSlot("_guards"));
    await this.chain.rpcAll(Array.from({ length: count }, (_, i) => ["anvil_setStorageAt", [this.address,
      keccak("0x" + word(i + 1) + word(slot)), "0x" + word(kFarAway)]]));
  }

  storageSlot(label) {
    return artifact("Vault").storageLayout.storage.find((variable) => variable.label === label).slot;
  }

  // Gives users 0, 1, 2 the accounts 1, 2, 3, each with `quanta` of every asset.
  async registerUsers(quanta) {
    for (const user of this.users.slice(0, 3)) {
      await this.send(user, "register()");
      for (let asset = 0; asset < this.tokens.length; asset++) {
        await this.send(user, "deposit(uint16,uint256)", asset, quanta * kUnits);
      }
      await this.send(user, "arm(uint32)", kFarAway);
    }
  }

  send(from, signature, ...args) {
    return this.chain.send(from, this.address, encodeCall(signature, ...args));
  }

  // All returned words as BigInt (hex strings for bytes32 or address when `types` says so).
  async views(types, signature, ...args) {
    return decodeStatic(types, await this.chain.call(this.funder, this.address, encodeCall(signature, ...args)));
  }

  async view(signature, ...args) {
    const type = { "chain()": "bytes32", "genesis()": "bytes32" }[signature] ?? "uint256";
    return (await this.views([type], signature, ...args))[0];
  }

  async viewAddress(signature, ...args) {
    return (await this.views(["address"], signature, ...args))[0];
  }

  balance(account, asset) {
    return this.view("balanceOf(uint32,uint16)", account, asset);
  }

  async tokenBalance(asset, holder) {
    const data = encodeCall("balanceOf(address)", holder);
    return BigInt(await this.chain.call(this.funder, this.tokens[asset], data));
  }

  // The next batch on the vault's present state; `changes` overrides header fields.
  async nextBatch(entries, changes = {}) {
    const [id, lastEvent, engineTime] = await this.views(["uint64", "uint64", "uint64"], "head()");
    const parent = await this.view("chain()");
    const header = {
      parent, id, firstEvent: lastEvent + 1n, lastEvent: lastEvent + 10n,
      previousEngineTime: engineTime, engineTime: engineTime + 1n,
      execRoot: kZeroHash, ...changes,
    };
    const data = encodeEntries(entries);
    return { header, data, chain: chainOf(header, data), calldata: settleCalldata(header, data) };
  }

  async settle(entries, changes = {}) {
    const batch = await this.nextBatch(entries, changes);
    const receipt = await this.chain.send(changes.from ?? this.operator, this.address, batch.calldata);
    return { ...batch, receipt };
  }

  settleRaw(header, data) {
    return this.chain.send(this.operator, this.address, encodeCall(kSettle, Object.values(header), data));
  }

  // Events of the vault in a receipt: [{name, args: {name: value}}].
  events(receipt) {
    const byTopic = new Map(this.abi.filter((i) => i.type === "event").map((i) => [topicOf(signatureOf(i)), i]));
    return receipt.logs.filter((log) => log.address.toLowerCase() === this.address.toLowerCase()).map((log) => {
      const item = byTopic.get(log.topics[0]);
      const indexed = item.inputs.filter((p) => p.indexed);
      const plain = item.inputs.filter((p) => !p.indexed);
      const values = decodeStatic(plain.map(typeOf), log.data);
      const args = Object.fromEntries([
        ...indexed.map((p, i) => [p.name, decodeStatic([p.type], log.topics[i + 1])[0]]),
        ...plain.map((p, i) => [p.name, values[i]]),
      ]);
      return { name: item.name, args };
    });
  }

  // The single event of a receipt, which must have this name.
  event(receipt, name) {
    const found = this.events(receipt);
    assert.deepEqual(found.map((e) => e.name), [name]);
    return found[0].args;
  }
}

// `promise` must revert with the named error and, where given, these arguments.
export async function reverts(promise, name, ...args) {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof Revert)) throw error;
    assert.equal(error.reason, name, error.message);
    const text = (v) => (typeof v === "string" ? v.toLowerCase() : String(v));
    if (args.length > 0) assert.deepEqual(error.args.map(text), args.map(text));
    return;
  }
  assert.fail(`expected ${name}, but the call succeeded`);
}

export const entry = (account, pair, even, odd) => ({ account, pair, even: BigInt(even), odd: BigInt(odd) });
