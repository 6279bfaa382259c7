// Prints vectors.json: the bytes other implementations (the relayer) must produce and understand.
// usage: node build.mjs && node test/lib/vectors.mjs > test/vectors.json
import { build } from "../../build.mjs";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeArguments, encodeCall, selectorOf, signatureOf, topicOf, typeOf, word } from "./abi.mjs";
import { kConfigFields, kConfigTypes } from "./config.mjs";
import { balanceSlotOf, chainOf, encodeEntries, genesisOf, settleCalldata } from "./batch.mjs";
import { keccak, keccakText, toHex } from "./keccak.mjs";
import { orderVectors } from "./order_vectors.mjs";

const kChainId = 31337;
const kVault = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
const kAlice = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const kToken = "0xe7f1725e7734ce288f8367e1bb143e90bb3f0512";

const kConfig = {
  admin: kAlice, operator: kVault, guardian: kToken, verifier: "0xcf7ed3acca5a467e9e704c703e8d87f634fb0fc9",
  ringSize: 4096, challengeWindow: 86400, responseTime: 43200, propagationDelay: 600, forceDelay: 259200,
  maxLag: 345600, orderLife: 0, challengeBond: 100_000_000_000_000_000n,
};

const kBatches = [
  {  // One trade: account 1 buys 5 base (asset 0) for 1,000 quote (asset 1) from 2; 3 takes the fee.
    range: [1n, 40n],
    engineTime: 1_700_000_000_000_000_000n,
    execRoot: "0x" + "00".repeat(32),
    entries: [
      { account: 1, pair: 0, even: 5n, odd: -1001n },
      { account: 2, pair: 0, even: -5n, odd: 999n },
      { account: 3, pair: 0, even: 0n, odd: 2n },
    ],
  },
  {  // Two pairs, largest and smallest engine amounts, a rebate paid by the fee account.
    range: [41n, 41n],
    engineTime: 1_700_000_000_000_000_001n,
    execRoot: keccakText("executions"),
    entries: [
      { account: 1, pair: 0, even: 0n, odd: -(2n ** 62n) },
      { account: 1, pair: 7, even: 2n ** 62n, odd: 0n },
      { account: 3, pair: 0, even: 0n, odd: -7n },
      { account: 16777215, pair: 0, even: 0n, odd: 2n ** 62n + 7n },
      { account: 16777215, pair: 7, even: -(2n ** 62n), odd: 0n },
    ],
  },
  {  // No fills in the range: an empty batch only moves the head.
    range: [42n, 1000n],
    engineTime: 1_700_000_000_000_000_001n,
    execRoot: "0x" + "00".repeat(32),
    entries: [],
  },
];

const text = (value) => (typeof value === "bigint" ? value.toString() : value);
const texts = (object) => Object.fromEntries(Object.entries(object).map(([k, v]) => [k, text(v)]));

function batches() {
  let parent = genesisOf(kChainId, kVault);
  let previousEngineTime = 0n;
  return kBatches.map(({ range, engineTime, execRoot, entries }, i) => {
    const header = { parent, id: BigInt(i + 1), firstEvent: range[0], lastEvent: range[1], previousEngineTime, engineTime, execRoot };
    previousEngineTime = engineTime;
    const data = encodeEntries(entries);
    parent = chainOf(header, data);
    return {
      header: texts(header),
      entries: entries.map(texts),
      data,
      dataHash: keccak(data),
      chain: parent,
      commitment: parent.slice(0, 58) + "00000000",
      calldata: settleCalldata(header, data),
    };
  });
}

function calls() {
  const call = (signature, ...args) => ({ signature, arguments: args.map((a) => (Array.isArray(a) ? a.map(text) : text(a))), calldata: encodeCall(signature, ...args) });
  return [
    call("register()"),
    call("registerFor(address)", kAlice),
    call("addAsset(address,uint64)", kToken, 10n ** 10n),
    call("deposit(uint16,uint256)", 1n, 10n ** 24n + 1n),
    call("depositFor(uint32,uint16,uint256)", 2n, 1n, 10n ** 24n),
    call("requestWithdraw(uint16,uint96,address)", 1n, 123456789n, kAlice),
    call("finalizeWithdrawals(uint64[])", [1n, 2n, 7n]),
    call("rejectWithdrawals(uint64[])", [3n]),
    call("forceWithdraw(uint64)", 4n),
    call("head()"),
    call("chain()"),
    call("commitmentOf(uint64)", 9n),
    call("balanceOf(uint32,uint16)", 2n, 1n),
    call("withdrawalAt(uint64)", 7n),
  ];
}

function logs(abi) {
  const log = (name, args) => {
    const event = abi.find((item) => item.type === "event" && item.name === name);
    const indexed = event.inputs.filter((p) => p.indexed);
    const plain = event.inputs.filter((p) => !p.indexed);
    return {
      name,
      arguments: texts(args),
      topics: [topicOf(signatureOf(event)), ...indexed.map((p) => "0x" + word(BigInt(args[p.name])))],
      data: "0x" + encodeArguments(plain.map(typeOf), plain.map((p) => args[p.name])),
    };
  };
  return [
    log("Registered", { account: 2n, owner: kAlice }),
    log("AssetAdded", { asset: 1n, token: kToken, unitsPerQuantum: 10n ** 10n }),
    log("Deposited", { index: 1n, account: 2n, asset: 1n, quanta: 10n ** 14n, from: kAlice }),
    log("WithdrawRequested", { index: 7n, account: 2n, asset: 1n, quanta: 123456789n, to: kAlice }),
    log("WithdrawFinalized", { index: 7n, account: 2n, asset: 1n, quanta: 123456789n, to: kAlice, forced: false }),
    log("WithdrawRejected", { index: 3n, account: 2n }),
    log("Batch", {
      id: 1n, firstEvent: 1n, lastEvent: 40n, engineTime: 1_700_000_000_000_000_000n,
      execRoot: "0x" + "00".repeat(32), chain: keccakText("chain"),
    }),
  ];
}

function errors(abi) {
  const named = Object.fromEntries(abi.filter((item) => item.type === "error")
    .map((item) => [signatureOf(item), selectorOf(signatureOf(item))]).sort());
  const overdraft = "Overdraft(uint32,uint16)";
  return { selectors: named, overdraftOfAccount9Pair2: encodeCall(overdraft, 9n, 2n) };
}

export function makeVectors() {
  const { out } = build({ out: process.env.CONTRACTS_OUT, log: () => {} });
  const { abi } = JSON.parse(readFileSync(join(out, "IVault.json"), "utf8"));
  const functions = abi.filter((item) => item.type === "function").map(signatureOf).sort();
  const events = abi.filter((item) => item.type === "event").map(signatureOf).sort();
  return {
    chainId: kChainId,
    vault: kVault,
    genesis: genesisOf(kChainId, kVault),
    keccakOfEmpty: keccak(toHex([])),
    selectors: Object.fromEntries(functions.map((s) => [s, selectorOf(s)])),
    topics: Object.fromEntries(events.map((s) => [s, topicOf(s)])),
    errors: errors(abi),
    batches: batches(),
    calls: calls(),
    logs: logs(abi),
    signedOrders: orderVectors(kChainId, kVault),
    balanceSlots: [[1, 0], [2, 3], [16777215, 32767]].map(([account, pair]) => (
      { account, pair, slot: "0x" + word(balanceSlotOf(account, pair)) })),
    constructorArguments: {
      config: texts(kConfig),
      encoded: "0x" + encodeArguments(kConfigTypes, kConfigFields.map((name) => kConfig[name])),
    },
  };
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(makeVectors(), null, 1));
}
