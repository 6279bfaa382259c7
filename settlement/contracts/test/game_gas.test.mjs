// What the game costs, against the committed snapshots/game_gas.json: who must be able to afford what.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SealedBatch } from "./lib/books.mjs";
import { Chain } from "./lib/chain.mjs";
import { kAccountOf, kRollback, World } from "./lib/game.mjs";
import { headerTuple } from "./lib/batch.mjs";
import { checkSnapshot } from "./lib/snapshot.mjs";
import { artifact } from "./lib/venue.mjs";

const { alice, fees } = kAccountOf;
const kTxGasCap = 16_777_216;  // EIP-7825
let chain;
let world;

before(async () => {
  chain = await Chain.start();
  world = await World.deploy(chain, { config: { challengeWindow: 7200, responseTime: 1800 } });
});
after(() => chain?.stop());

const gasOf = (receipt) => Number(receipt.gasUsed);

// A batch with `orders` executed orders of Alice against as many of Bob.
async function batchOf(orders) {
  for (let i = 0; i < orders; i++) {
    world.books.trade(world.sign("alice"), world.sign("bob", { side: 2n }), { base: 5n, quote: 1000n, buyFee: 1n, sellFee: 1n });
  }
  return world.settle(world.books.seal());
}

async function answerGas(orders) {
  const link = await batchOf(orders);
  const challenged = gasOf(await world.challenge("thief", link, alice));
  return { challenged, justified: gasOf(await world.justify(world.operator, link, alice, link.sealed.justification(alice))) };
}

async function haltGas(gas) {
  const order = world.sign("alice", { side: 2n, quantity: 100n, notional: 20_000n });
  const first = await world.settle(world.against(order, {}));
  const second = await world.settle(world.against(order, {}));
  const pending = await world.withdraw("thief", 0, 10n);
  const leaf = (link) => {
    const i = link.sealed.tree.executions.findIndex((e) => e.orderHash === order.hash);
    return { link, account: alice, execution: link.sealed.tree.executions[i], proof: link.sealed.tree.proof(i) };
  };
  await world.rolledBack(async () => {
    gas["proveOverfill"] = gasOf(await world.proveOverfill("carol", leaf(first), leaf(second)));
  });
  await world.challenge("carol", second, alice);
  await chain.passTime(world.venue.config.responseTime + 1);
  gas["expireChallenge"] = gasOf(await world.expire("carol", second, alice));
  gas["cancelPending, 1"] = gasOf(await world.as("bob", "cancelPending(uint64[])", [pending]));
  for (const link of [...world.batches].reverse()) {
    const receipt = await world.as("bob", kRollback, headerTuple(link.header), link.data);
    gas[`rollback, ${link.entries.length} entries`] ??= gasOf(receipt);
  }
  gas["emergencyExit, 2 assets"] = gasOf(await world.as("alice", "emergencyExit(uint16[],address)", [0, 1], world.addressOf("alice")));
  gas["withdrawCredit"] = gasOf(await world.tell("carol", world.court, "withdrawCredit(address)", [world.addressOf("carol")]));
}

test("what the game costs is what was committed", async (t) => {
  const gas = {};
  await world.rolledBack(async () => {
    await batchOf(1);  // Slots that hold something.
    for (const orders of [1, 2, 20, 100]) {
      const { challenged, justified } = await answerGas(orders);
      gas["challenge"] = challenged;
      gas[`justify, ${orders} orders`] = justified;
      t.diagnostic(`${orders} orders: ${justified} gas to justify`);
    }
    await haltGas(gas);
  });
  checkSnapshot("game_gas.json", gas);
  const each = (gas["justify, 100 orders"] - gas["justify, 20 orders"]) / 80;
  t.diagnostic(`${Math.round(each)} gas an order; ${Math.floor((kTxGasCap - gas["justify, 1 orders"]) / each)} orders of one account fit in a transaction`);
  // A relayer seals a batch before an account has more executed orders in it than this.
  assert.ok(each * 512 < kTxGasCap, `${each} gas an order`);
});

test("an empty batch can neither be challenged nor gain from it", async () => world.rolledBack(async () => {
  const link = await world.settle(new SealedBatch([], fees));
  await assert.rejects(world.challenge("thief", link, alice, { firstEntry: 0 }), /WrongEntry/);
}));

test("every contract fits the limit of EIP-170", () => {
  for (const name of ["Vault", "Court", "Keys", "OrderVerifier"]) {
    assert.ok(artifact(name).deployedBytecode.length / 2 - 1 <= 24_576, name);
  }
});

test("the storage of court and keys is the committed one, the verifier has none", () => {
  const layout = (name) => {
    const { storage, types } = artifact(name).storageLayout;
    return storage.map(({ label, slot, offset, type }) => ({ label, slot, offset, type: types[type].label }));
  };
  assert.deepEqual(layout("OrderVerifier"), []);
  checkSnapshot("game_storage.json", { Court: layout("Court"), Keys: layout("Keys") });
});
