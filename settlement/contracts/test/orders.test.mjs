// The reference of signed orders against implementations that are not ours: the node's EIP-712
// signer and the ecrecover precompile.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { word } from "./lib/abi.mjs";
import { Chain } from "./lib/chain.mjs";
import { effectOf, kBuy, kOrderFields, kSell } from "./lib/orders.mjs";
import { Key, malleated } from "./lib/secp256k1.mjs";

const kPath = join(dirname(fileURLToPath(import.meta.url)), "vectors.json");
const kVectors = JSON.parse(readFileSync(kPath, "utf8"));
const { orders } = kVectors.signedOrders;
const kEcrecover = "0x0000000000000000000000000000000000000001";
let chain;

before(async () => {
  chain = await Chain.start();
});
after(() => chain?.stop());

async function recovered(digest, full) {
  const [r, s, v] = [full.slice(2, 66), full.slice(66, 130), full.slice(130)];
  const answer = await chain.call(chain.accounts[0], kEcrecover, `${digest}${word("0x" + v)}${r}${s}`);
  return "0x" + answer.slice(26);
}

const typedData = (message) => ({
  types: {
    EIP712Domain: [
      { name: "name", type: "string" }, { name: "version", type: "string" },
      { name: "chainId", type: "uint256" }, { name: "verifyingContract", type: "address" },
    ],
    Order: kOrderFields.map(([type, name]) => ({ name, type })),
  },
  domain: { name: "Tallystick", version: "1", chainId: kVectors.chainId, verifyingContract: kVectors.vault },
  primaryType: "Order",
  message,
});

test("the node's own EIP-712 signer signs the hashes of vectors.json", async () => {
  const [signer] = chain.accounts;
  for (const { order, hash } of orders) {
    const signature = await chain.rpc("eth_signTypedData_v4", [signer, typedData(order)]);
    assert.equal(await recovered(hash, signature), signer.toLowerCase());
  }
});

test("the signatures of vectors.json recover to their signers", async () => {
  for (const { hash, signer, compact, full } of orders) {
    assert.equal(await recovered(hash, full), signer);
    assert.equal(compact.slice(0, 66), full.slice(0, 66));
    const s = BigInt("0x" + compact.slice(66));
    assert.equal(word(s & ((1n << 255n) - 1n)), full.slice(66, 130));
    assert.equal(27n + (s >> 255n), BigInt("0x" + full.slice(130)));
  }
});

test("a malleated signature recovers to the same signer, so it is the high s that must be refused", async () => {
  const [{ hash, signer, full }] = orders;
  assert.notEqual(malleated(full), full);
  assert.equal(await recovered(hash, malleated(full)), signer);
});

test("keys of different texts differ", () => {
  assert.notEqual(new Key("a").address, new Key("b").address);
});

test("an execution pays quote and fee, or receives quote less the fee", () => {
  const execution = { base: 10n, quote: 100n, fee: 3n };
  assert.deepEqual(effectOf({ side: kBuy }, execution), { base: 10n, quote: -103n });
  assert.deepEqual(effectOf({ side: kSell }, execution), { base: -10n, quote: 97n });
  assert.deepEqual(effectOf({ side: kSell }, { ...execution, fee: -3n }), { base: -10n, quote: 103n });
});
