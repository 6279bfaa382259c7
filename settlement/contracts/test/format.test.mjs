// The formats others rely on: vectors.json is what the code produces and the vault accepts, and
// the storage layout is the committed one.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "../build.mjs";
import { word } from "./lib/abi.mjs";
import { balanceSlotOf } from "./lib/batch.mjs";
import { Chain } from "./lib/chain.mjs";
import { decodeEntries } from "./lib/model.mjs";
import { checkSnapshot } from "./lib/snapshot.mjs";
import { artifact, kFarAway, Venue } from "./lib/venue.mjs";
import { makeVectors } from "./lib/vectors.mjs";

const kVectors = JSON.parse(readFileSync(join(dirname(fileURLToPath(import.meta.url)), "vectors.json"), "utf8"));
let chain;

before(async () => {
  chain = await Chain.start();
});
after(() => chain?.stop());

test("vectors.json is current: npm run vectors rewrites it", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(makeVectors())), kVectors);
});

test("the vault executes the batches of vectors.json", async () => {
  const venue = await deployForVectors();
  for (const [i, batch] of kVectors.batches.entries()) {
    await chain.send(venue.operator, venue.address, batch.calldata);
    assert.equal(await venue.view("chain()"), batch.chain, `batch ${i + 1}`);
    const [commitment] = await venue.views(["bytes32", "uint32"], "commitmentOf(uint64)", i + 1);
    assert.equal(commitment, batch.commitment);
  }
});

// The vectors' vault is the first contract of the node's first account. Accounts, assets and
// balances are written to its storage: 16 million accounts cannot be registered here.
async function deployForVectors() {
  const venue = await Venue.deploy(chain, { assets: 0 });
  assert.equal(venue.address, kVectors.vault);
  assert.equal(await venue.view("genesis()"), kVectors.genesis);
  const set = (slot, value) => chain.rpc("anvil_setStorageAt",
    [venue.address, "0x" + word(slot), "0x" + word(value)]);
  const control = BigInt(await chain.rpc("eth_getStorageAt", [venue.address, "0x0", "latest"]));
  await set(0n, control | ((2n ** 24n - 1n) << 160n) | (16n << 192n));
  for (const { account, pair } of kVectors.batches.flatMap((batch) => batch.entries)) {
    await set(balanceSlotOf(account, pair), (1n << 64n) | (1n << 160n) | (BigInt(kFarAway) << 224n));
  }
  return venue;
}

test("entries decode to what was encoded", () => {
  for (const { entries, data } of kVectors.batches) {
    assert.deepEqual(decodeEntries(data),
      entries.map((e) => ({ ...e, even: BigInt(e.even), odd: BigInt(e.odd) })));
  }
});

test("the storage layout is the committed one", () => {
  const { storage, types } = artifact("Vault").storageLayout;
  const fields = (list) => list.map(({ label, slot, offset, type }) => ({ label, slot, offset, type: types[type].label }));
  const structs = Object.values(types).filter((t) => t.members)
    .sort((a, b) => (a.label < b.label ? -1 : 1))
    .map((t) => ({ struct: t.label, bytes: t.numberOfBytes, members: fields(t.members) }));
  checkSnapshot("storage.json", { variables: fields(storage), structs });
});

test("the build is deterministic and skips unchanged sources", () => {
  const out = mkdtempSync(join(tmpdir(), "tallystick-contracts-"));
  try {
    const options = { out, prefix: "src/test/TestToken.sol", log: () => {} };  // The rest takes long.
    assert.equal(build(options).built, true);
    assert.equal(build(options).built, false);
    const again = JSON.parse(readFileSync(join(out, "TestToken.json"), "utf8"));
    assert.equal(again.bytecode, artifact("TestToken").bytecode);
    assert.equal(build({ ...options, force: true }).built, true);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test("a build of the same sources takes its artifacts from the cache", () => {
  const folder = mkdtempSync(join(tmpdir(), "tallystick-contracts-"));
  try {
    const cache = join(folder, "cache");
    const into = (name, prefix) => build({ out: join(folder, name), cache, prefix, log: () => {} });
    const artifactIn = (name) => readFileSync(join(folder, name, "TestToken.json"), "utf8");
    into("first", "src/test/TestToken.sol");
    const [entry] = readdirSync(cache);
    const kept = readFileSync(join(cache, entry), "utf8");
    writeFileSync(join(cache, entry), kept.replace('"0x', '"0xfeed'));
    into("second", "src/test/TestToken.sol");
    assert.equal(artifactIn("second"), artifactIn("first").replace('"0x', '"0xfeed'));
    into("third", "src/libraries/BalanceSlots.sol");  // Other sources: another entry.
    assert.equal(readdirSync(cache).length, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
