// A private anvil on a free loopback port, and just enough JSON-RPC to drive it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeStatic, selectorOf, signatureOf, typeOf } from "./abi.mjs";

const kRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const kTxGasCap = 16_777_216;  // EIP-7825; anvil enforces it with the flag below.

// The binary itself, not its launcher: ending the launcher would leave the node running.
function anvilPath() {
  const cpu = { x64: "amd64", arm64: "arm64" }[arch()];
  const path = join(kRoot, `node_modules/@foundry-rs/anvil-${platform()}-${cpu}/bin/anvil`);
  if (!existsSync(path)) throw new Error(`${path} is missing: run tools/setup`);
  return path;
}

export class Revert extends Error {
  // name and args of the decoded custom error; "" if the data is of no known error.
  constructor(message, data, name, args) {
    super(name ? `${name}(${args.join(", ")})` : `${message} ${data}`);
    Object.assign(this, { data, reason: name, args });
  }
}

export class Chain {
  #process;
  #url;
  #id = 0;
  #errors = new Map();

  static async start() {
    const chain = new Chain();
    const flags = ["--host", "127.0.0.1", "--port", "0", "--hardfork", "osaka", "--enable-tx-gas-limit",
      "--gas-limit", "60000000", "--no-request-size-limit", "--chain-id", "31337",
      "--timestamp", "1700000000", "--no-mining"];
    chain.#process = spawn(anvilPath(), flags, { stdio: ["ignore", "pipe", "inherit"] });
    chain.#url = await listening(chain.#process);
    chain.accounts = await chain.rpc("eth_accounts");
    // No real clock: every block is one second after its parent.
    await chain.rpc("anvil_setBlockTimestampInterval", [1]);
    await chain.passTime(1);
    return chain;
  }

  stop() {
    this.#process.kill();
  }

  addErrors(abi) {
    for (const item of abi.filter((i) => i.type === "error")) {
      this.#errors.set(selectorOf(signatureOf(item)), item);
    }
  }

  async rpc(method, params = []) {
    return (await this.rpcAll([[method, params]]))[0];
  }

  // One request for many calls, answers in order.
  async rpcAll(calls) {
    const answers = await this.tryAll(calls);
    const failed = answers.find((answer) => answer instanceof Error);
    if (failed) throw failed;
    return answers;
  }

  // Same, with an Error (a Revert) in the place of each answer that failed.
  async tryAll(calls) {
    const body = calls.map(([method, params]) => ({ jsonrpc: "2.0", id: ++this.#id, method, params }));
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const byId = new Map((await response.json()).map((answer) => [answer.id, answer]));
    return body.map(({ id, method }) => {
      const { result, error } = byId.get(id);
      return error ? this.#toError(method, error) : result;
    });
  }

  // The returned bytes; throws Revert.
  call(from, to, data) {
    return this.rpc("eth_call", [{ from, to, data, gas: hex(kTxGasCap) }, "latest"]);
  }

  // Simulates first, so that a revert is thrown with its reason; then mines and returns the receipt.
  async send(from, to, data) {
    await this.call(from, to, data);
    return (await this.sendAll([{ from, to, data }]))[0];
  }

  // Mines transactions of any senders, each sender's in order, without simulating them; throws if
  // one fails. The node mines only when told: its automine races with the next transaction's nonce.
  async sendAll(transactions) {
    const gas = hex(transactions.length > 1 ? 300_000 : kTxGasCap);
    const nonces = await this.#nonces([...new Set(transactions.map((t) => t.from))]);
    const take = (from) => hex(nonces.set(from, nonces.get(from) + 1).get(from) - 1);
    const hashes = await this.rpcAll(transactions.map((t) => (
      ["eth_sendTransaction", [{ gas, ...t, nonce: take(t.from) }]])));
    for (let block = 0; block < transactions.length; block++) {
      await this.rpc("evm_mine");
      const receipts = await this.rpcAll(hashes.map((hash) => ["eth_getTransactionReceipt", [hash]]));
      if (receipts.includes(null)) continue;  // The block was full.
      const failed = receipts.find((r) => r.status !== "0x1");
      if (failed) throw new Error(`transaction ${failed.transactionHash} failed`);
      return receipts;
    }
    throw new Error(`not mined: ${JSON.stringify(await this.rpc("txpool_inspect"))}`);
  }

  async deploy(from, bytecode, constructorArguments = "") {
    const data = bytecode + constructorArguments;
    await this.rpc("eth_call", [{ from, data, gas: hex(kTxGasCap) }, "latest"]);
    const [receipt] = await this.sendAll([{ from, data }]);
    return receipt.contractAddress;
  }

  async passTime(seconds) {
    await this.rpc("evm_setNextBlockTimestamp", [(await this.now()) + seconds]);
    await this.rpc("evm_mine");
  }

  async now() {
    return Number((await this.rpc("eth_getBlockByNumber", ["latest", false])).timestamp);
  }

  // Runs `body` and takes back everything it did to the chain.
  async rolledBack(body) {
    const snapshot = await this.rpc("evm_snapshot");
    try {
      return await body();
    } finally {
      await this.rpc("evm_revert", [snapshot]);
    }
  }

  async #nonces(senders) {
    const counts = await this.rpcAll(senders.map((s) => ["eth_getTransactionCount", [s, "latest"]]));
    return new Map(senders.map((s, i) => [s, Number(counts[i])]));
  }

  #toError(method, { message, data }) {
    if (typeof data !== "string" || !data.startsWith("0x")) return new Error(`${method}: ${message}`);
    const item = this.#errors.get(data.slice(0, 10));
    if (!item) return new Revert(`${method}: ${message}`, data, "", []);
    return new Revert(message, data, item.name, decodeStatic(item.inputs.map(typeOf), data.slice(10)));
  }
}

export const hex = (value) => "0x" + BigInt(value).toString(16);

function listening(child) {
  return new Promise((resolve, reject) => {
    let output = "";
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`anvil ended with ${code}: ${output}`)));
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const found = /Listening on (127\.0\.0\.1:\d+)/.exec(output);
      if (found) resolve(`http://${found[1]}`);
    });
  });
}
