// Random honest batches are explained for every account; with any one field of a justification
// changed, or one thing left out, none is. SEED=n another run, FUZZ_BATCHES=n a longer one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chain } from "./lib/chain.mjs";
import { Flow } from "./lib/flow.mjs";
import { Random } from "./lib/model.mjs";
import { Key } from "./lib/secp256k1.mjs";
import { claimOf, Verifier } from "./lib/verifier.mjs";

const kSeed = Number(process.env.SEED ?? 4);
const kBatches = Number(process.env.FUZZ_BATCHES ?? 8);
const kAccounts = 5;
let chain;
let verifier;
let accounts;

before(async () => {
  chain = await Chain.start();
  verifier = await Verifier.deploy(chain);
  accounts = [];
  for (let account = 1; account <= kAccounts; account++) {
    const keys = [new Key(`owner ${account}`), new Key(`session ${account}`)];
    await verifier.setOwner(account, keys[0]);
    await verifier.setSession(account, keys[1], {});
    accounts.push({ account: BigInt(account), keys });
  }
});
after(() => chain?.stop());

const flipped = (text, random) => {
  const at = 2 + random.below(text.length - 2);
  const digit = (parseInt(text[at], 16) ^ (1 + random.below(15))).toString(16);
  return text.slice(0, at) + digit + text.slice(at + 1);
};

// Array.prototype.toSpliced(), which node has from 20 on.
const spliced = (list, from, count, ...items) => [...list.slice(0, from), ...items, ...list.slice(from + count)];

const kWidth = {
  account: 32, venue: 32, base: 16, quote: 16, side: 8, quantity: 96, notional: 96, nonce: 64, expiry: 64, maxFee: 32,
};

// A value of `bits` that differs: a neighbour, zero, or a random bit flipped.
function otherNumber(value, bits, random) {
  const candidates = [value + 1n, value - 1n, 0n, value ^ (1n << BigInt(random.below(bits)))]
    .filter((v) => v !== value && v >= 0n && v < 1n << BigInt(bits));
  return random.pick(candidates);
}

// Every way to change one thing in a claim: [what, changed copy].
function* mutations(claim, random) {
  const with_ = (changes) => ({ ...claim, ...changes });
  const { context, entries, justification } = claim;
  yield ["root", with_({ context: { ...context, execRoot: flipped(context.execRoot, random) } })];
  yield ["account", with_({ context: { ...context, account: 1n + (context.account % BigInt(kAccounts)) } })];
  for (const [i, entry] of entries.entries()) {
    yield [`entry ${i} left out`, with_({ entries: spliced(entries, i, 1) })];
    for (const member of ["even", "odd"]) {
      const changed = { ...entry, [member]: BigInt.asIntN(88, entry[member] ^ (1n << BigInt(random.below(87)))) };
      yield [`entry ${i} ${member}`, with_({ entries: spliced(entries, i, 1, changed) })];
    }
    yield [`entry ${i} pair`, with_({ entries: spliced(entries, i, 1, { ...entry, pair: entry.pair ^ 1 }) })];
  }
  for (const [i, one] of justification.entries()) {
    const replaced = (changes) => with_({ justification: spliced(justification, i, 1, { ...one, ...changes }) });
    yield [`execution ${i} left out`, with_({ justification: spliced(justification, i, 1) })];
    yield [`execution ${i} twice`, with_({ justification: spliced(justification, i, 0, one) })];
    for (const [member, bits] of Object.entries(kWidth)) {
      const value = otherNumber(one.order[member], bits, random);
      yield [`order ${i} ${member}`, replaced({ order: { ...one.order, [member]: value } })];
    }
    const orderHash = flipped(one.execution.orderHash, random);
    yield [`execution ${i} hash`, replaced({ execution: { ...one.execution, orderHash } })];
    for (const member of ["base", "quote", "cumBefore"]) {
      const value = otherNumber(one.execution[member], 96, random);
      yield [`execution ${i} ${member}`, replaced({ execution: { ...one.execution, [member]: value } })];
    }
    const fee = one.execution.fee + random.pick([1n, -1n]);
    yield [`execution ${i} fee`, replaced({ execution: { ...one.execution, fee } })];
    yield [`signature ${i}`, replaced({ signature: flipped(one.signature, random) })];
    // Two bytes: 65 less one may be the compact form of the same signature.
    yield [`signature ${i} cut`, replaced({ signature: one.signature.slice(0, -4) })];
    yield [`proof ${i} longer`, replaced({ proof: [...one.proof, one.execution.orderHash] })];
    if (one.proof.length === 0) continue;
    const at = random.below(one.proof.length);
    yield [`proof ${i} shorter`, replaced({ proof: spliced(one.proof, at, 1) })];
    yield [`proof ${i}`, replaced({ proof: spliced(one.proof, at, 1, flipped(one.proof[at], random)) })];
  }
}

// What may come of a change: nothing else is an answer to it.
const kAnswers = new Set(["NotAscending", "NotCommitted", "WrongAccount", "BadSide", "SameAsset", "OrderExpired", "Overfilled",
  "LimitViolated", "FeeAboveSigned", "NotSigned", "BadEntries", "Unexplained"]);

test(`one change anywhere makes a justification void (SEED=${kSeed})`, async (t) => {
  const random = new Random(kSeed);
  const flow = new Flow(random, verifier.domain, accounts);
  const seen = new Map();
  for (let i = 0; i < kBatches; i++) {
    const batch = flow.batch(1 + random.below(20));
    for (const { account } of accounts) {
      // The fee account's entries hold fees besides what its orders explain: it is never challenged.
      if (account === BigInt(kAccounts)) continue;
      const claim = claimOf(batch, account);
      assert.deepEqual(await verifier.outcomes([claim]), [""], `batch ${i}, account ${account}`);
      if (claim.justification.length === 0) continue;
      const cases = [...mutations(claim, random)];
      const answers = await verifier.outcomes(cases.map(([, changed]) => changed));
      for (const [j, answer] of answers.entries()) {
        assert.ok(kAnswers.has(answer), `batch ${i}, account ${account}, ${cases[j][0]}: "${answer}"`);
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
      }
    }
  }
  t.diagnostic(`${[...seen.values()].reduce((a, b) => a + b, 0)} changed justifications refused: ${[...seen].map((s) => s.join(" ")).join(", ")}`);
});
