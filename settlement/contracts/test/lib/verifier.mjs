// The order verifier, a harness that plays the vault, and verbs for their tests.
import { encodeArguments, encodeCall } from "./abi.mjs";
import { encodeEntries } from "./batch.mjs";
import { kSignedExecutions, signedTuples } from "./books.mjs";
import { Revert } from "./chain.mjs";
import { domainSeparatorOf } from "./orders.mjs";
import { artifact } from "./venue.mjs";

export const kScopeTrade = 1;
export const kScopeCosign = 2;
const kVerify = "verify((address,bytes32,uint64,uint32,bytes32,uint64,uint64,uint64),bytes,bytes)";
const kSetSession = "setSession(uint32,address,(uint40,uint40,uint32,uint8,uint8,uint128))";

export const evidenceOf = (justification) =>
  "0x" + encodeArguments([kSignedExecutions], [signedTuples(justification)]);

export class Verifier {
  static async deploy(chain) {
    const [from] = chain.accounts;
    const { abi, bytecode } = artifact("OrderVerifier");
    chain.addErrors(abi);
    const address = await chain.deploy(from, bytecode);
    const vault = await chain.deploy(from, artifact("VerifierHarness").bytecode);
    return Object.assign(new Verifier(), { chain, from, address, vault, domain: domainSeparatorOf(31337, vault) });
  }

  send(signature, ...args) {
    return this.chain.send(this.from, this.vault, encodeCall(signature, ...args));
  }

  setOwner(account, { address }) {
    return this.send("setOwner(uint32,address)", account, address);
  }

  setSession(account, { address }, { scope = kScopeTrade, venue = 0, from = 0n, until = 2n ** 40n - 1n }) {
    return this.send(kSetSession, account, address, [from, until, venue, scope, 0, 0]);
  }

  // claim: {context: {account, execRoot, begin, settledAt, orderLife}, entries, justification}
  calldata({ context, entries, justification }) {
    const { account, execRoot, begin, settledAt, orderLife } = context;
    return encodeCall(kVerify, [this.vault, this.domain, 1n, account, execRoot, begin, settledAt, orderLife],
      typeof entries === "string" ? entries : encodeEntries(entries),
      typeof justification === "string" ? justification : evidenceOf(justification));
  }

  // Throws Revert if refused.
  async verify(claim) {
    await this.chain.call(this.from, this.address, this.calldata(claim));
  }

  // Of each claim "" if accepted, else the name of the error ("?" if it has none); one request.
  async outcomes(claims) {
    const answers = await this.chain.tryAll(claims.map((claim) => (
      ["eth_call", [{ from: this.from, to: this.address, data: this.calldata(claim) }, "latest"]])));
    return answers.map((answer) => {
      if (answer instanceof Error && !(answer instanceof Revert)) throw answer;
      return answer instanceof Revert ? answer.reason || "?" : "";
    });
  }
}

// What a sealed batch did to an account, with times that refuse nothing.
export function claimOf(batch, account, context = {}) {
  return {
    context: { account, execRoot: batch.execRoot, begin: 0n, settledAt: 1n, orderLife: 0n, ...context },
    entries: batch.entriesOf(account),
    justification: batch.justification(account),
  };
}
