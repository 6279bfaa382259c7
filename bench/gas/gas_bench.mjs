// What a settled fill costs on chain: gas and calldata of settle() by fills and accounts in a batch,
// in the steady state (every slot holds something), all guards on: armed accounts, commitment,
// a verifier and a window, conservation. The result of every batch is checked against a ledger.
// usage: gas_bench.mjs [--json] [--smoke]
import assert from "node:assert/strict";
import { balanceSlotOf } from "../../settlement/contracts/test/lib/batch.mjs";
import { word } from "../../settlement/contracts/test/lib/abi.mjs";
import { Chain } from "../../settlement/contracts/test/lib/chain.mjs";
import { keccak, keccakText } from "../../settlement/contracts/test/lib/keccak.mjs";
import { Random } from "../../settlement/contracts/test/lib/model.mjs";
import { artifact, kFarAway, Venue } from "../../settlement/contracts/test/lib/venue.mjs";

const kSmoke = process.argv.includes("--smoke");
const kFills = kSmoke ? [1, 1000] : [1, 10, 100, 1000];
const kAccounts = kSmoke ? [10] : [2, 10, 100];
const kBatches = 3;  // The last one is measured.
const kBalance = 1n << 80n;

// Others on the same kind of node and compiler, gas per fill, two fresh signed orders for each fill;
// measured once with their own contracts, which are not part of this project. [fills]: gas.
const kPeers = {
  "IDEX v2": { 1: 217_818 },
  "0x v3": { 1: 193_355, 10: 160_872, 100: 149_807 },
  "Seaport": { 1: 170_277, 10: 142_544, 100: 130_730 },
  "CoW": { 1: 164_812, 10: 119_638, 100: 103_917 },
};
// Their batches do not net, so the number of accounts hardly matters: measured with 100.
const kPeerAccounts = 100;

const records = [];
const record = (name, metric, value, unit, subject = "ours") =>
  records.push({ bench: "gas", case: name, metric, value, unit, subject });

// Deltas by account and asset, and the entries they net to.
class Netting {
  constructor() {
    this.deltas = new Map();
  }

  move(account, asset, quanta) {
    const key = account * 65536 + (asset >> 1);
    const delta = this.deltas.get(key) ?? { account, pair: asset >> 1, even: 0n, odd: 0n };
    delta[asset & 1 ? "odd" : "even"] += quanta;
    this.deltas.set(key, delta);
  }

  fill(random, { buyer, seller, base, quote, fees }) {
    const quantity = 1n + BigInt(random.below(1_000_000_000));
    const notional = quantity * BigInt(20_000 + random.below(20_000));
    const fee = notional / 1000n;
    this.move(buyer, base, quantity);
    this.move(buyer, quote, -notional - fee);
    this.move(seller, base, -quantity);
    this.move(seller, quote, notional - fee);
    this.move(fees, quote, 2n * fee);
  }

  entries() {
    return [...this.deltas.values()].sort((a, b) => a.account - b.account || a.pair - b.pair);
  }
}

// `fills` among `accounts`, the first of which also takes the fees; one market.
function gridFills(random, fills, accounts) {
  const netting = new Netting();
  for (let i = 0; i < fills; i++) {
    const buyer = random.below(accounts);
    const seller = (buyer + 1 + random.below(accounts - 1)) % accounts;
    netting.fill(random, { buyer: buyer + 1, seller: seller + 1, base: 0, quote: 1, fees: 1 });
  }
  return netting.entries();
}

// A number below `count`, number k with weight 1 / (k + 1).
function zipf(random, cumulated) {
  const target = (random.below(2 ** 32) / 2 ** 32) * cumulated.at(-1);
  let [low, high] = [0, cumulated.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulated[middle] > target) high = middle;
    else low = middle + 1;
  }
  return low;
}

const cumulatedZipf = (count) => {
  let sum = 0;
  return Array.from({ length: count }, (_, k) => (sum += 1 / (k + 1)));
};

const kRetail = { accounts: 20_000, makers: 8, markets: 20, makerShare: 0.85 };
const kRetailCumulated = cumulatedZipf(kRetail.accounts);
const kMarketCumulated = cumulatedZipf(kRetail.markets);

// Retail flow: accounts and markets by Zipf's law, market makers on one side of 85 % of the fills;
// one quote asset (1) for all markets, beside the base most traded (0). Account 1 takes the fees.
function retailFills(random, fills) {
  const netting = new Netting();
  const retail = () => 2 + kRetail.makers + zipf(random, kRetailCumulated);
  for (let i = 0; i < fills; i++) {
    const maker = random.below(1000) < kRetail.makerShare * 1000;
    const sides = [retail(), maker ? 2 + random.below(kRetail.makers) : retail()];
    if (random.below(2) === 0) sides.reverse();
    const market = zipf(random, kMarketCumulated);
    netting.fill(random, { buyer: sides[0], seller: sides[1], base: market === 0 ? 0 : market + 1, quote: 1, fees: 1 });
  }
  return netting.entries();
}

// Registered, armed, funded accounts, written to storage: owners are not what is measured.
async function prepare(venue, accounts, entries) {
  const { chain, address } = venue;
  const control = BigInt(await chain.rpc("eth_getStorageAt", [address, "0x0", "latest"]));
  const cleared = control & ~(((1n << 32n) - 1n) << 160n);
  const guards = BigInt(venue.storageSlot("_guards"));
  const slots = new Map([[0n, cleared | (BigInt(accounts) << 160n)]]);
  for (const { account, pair } of entries) {
    slots.set(balanceSlotOf(account, pair), (BigInt(kFarAway) << 224n) | (kBalance << 96n) | kBalance);
    slots.set(BigInt(keccak("0x" + word(account) + word(guards))), BigInt(kFarAway));
  }
  const writes = [...slots].map(([slot, value]) => ["anvil_setStorageAt", [address, "0x" + word(slot), "0x" + word(value)]]);
  for (let from = 0; from < writes.length; from += 1000) await chain.rpcAll(writes.slice(from, from + 1000));
}

// Settles batches made by `make`, checks the ledger, returns the last one's gas and calldata.
async function measure(chain, verifier, { accounts, assets, make }) {
  const venue = await Venue.deploy(chain, { config: { verifier, ringSize: 2, challengeWindow: 60 }, assets });
  const batches = Array.from({ length: kBatches }, make);
  await prepare(venue, accounts, batches.flat());
  let last;
  for (const entries of batches) {
    await chain.passTime(121);
    last = await venue.settle(entries, { execRoot: keccakText("executions") });
  }
  await checkBalances(venue, batches);
  return { gas: Number(last.receipt.gasUsed), calldata: (last.calldata.length - 2) / 2, entries: batches.at(-1).length };
}

async function checkBalances(venue, batches) {
  const expected = new Map();
  for (const { account, pair, even, odd } of batches.flat()) {
    const slot = balanceSlotOf(account, pair);
    const sums = expected.get(slot) ?? [kBalance, kBalance];
    expected.set(slot, [sums[0] + even, sums[1] + odd]);
  }
  const words = await venue.chain.rpcAll([...expected.keys()].map((slot) => (
    ["eth_getStorageAt", [venue.address, "0x" + word(slot), "latest"]])));
  const amounts = words.map(BigInt).map((w) => [w & ((1n << 96n) - 1n), (w >> 96n) & ((1n << 96n) - 1n)]);
  assert.deepEqual(amounts, [...expected.values()]);
}

function report(name, fills, { gas, calldata, entries }) {
  record(name, "gas_per_fill", gas / fills, "gas");
  record(name, "gas", gas, "gas");
  record(name, "calldata_bytes", calldata, "B");
  record(name, "entries", entries, "");
}

async function main() {
  const chain = await Chain.start();
  try {
    const verifier = await chain.deploy(chain.accounts[0], artifact("OrderVerifier").bytecode);
    for (const fills of kFills) {
      for (const accounts of kAccounts) {
        const random = new Random(fills * 1000 + accounts);
        const name = `${fills} fills x ${accounts} accounts`;
        report(name, fills, await measure(chain, verifier, { accounts, assets: 2, make: () => gridFills(random, fills, accounts) }));
        if (accounts !== kPeerAccounts) continue;
        for (const [peer, gas] of Object.entries(kPeers)) {
          if (gas[fills]) record(name, "gas_per_fill", gas[fills], "gas", peer);
        }
      }
    }
    const random = new Random(20_000);
    const accounts = kRetail.accounts + kRetail.makers + 1;
    const fills = kSmoke ? 100 : 1000;
    report(`${fills} fills, retail mix`, fills,
      await measure(chain, verifier, { accounts, assets: kRetail.markets + 1, make: () => retailFills(random, fills) }));
  } finally {
    chain.stop();
  }
  for (const one of records) {
    console.log(process.argv.includes("--json") ? JSON.stringify(one)
      : `${one.case}  ${one.metric}  ${Math.round(one.value * 10) / 10} ${one.unit}  ${one.subject}`);
  }
}

await main();
