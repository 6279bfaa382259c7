// Owners with keys, for what is signed: EIP-712 messages of the vault's domain, sent by anybody.
import { encodeArguments } from "./abi.mjs";
import { hex } from "./chain.mjs";
import { keccak, keccakText } from "./keccak.mjs";
import { domainSeparatorOf, typedDigest } from "./orders.mjs";
import { Key } from "./secp256k1.mjs";

const kTypes = {
  Arm: "uint32 account,uint32 until,uint64 nonce",
  Session: "uint32 account,address key,uint40 validFrom,uint40 validUntil,uint32 venue,uint8 scope,uint64 nonce",
  RevokeSession: "uint32 account,address key,uint64 nonce",
  Withdraw: "uint32 account,uint16 asset,uint96 quanta,address to,uint96 maxFee,uint64 nonce,uint64 deadline",
  NetDelta: "uint64 batch,bytes32 parent,bytes32 execRoot,uint32 account,bytes entries",
};

// What a key signs for `name` with these values, in the order of the type's fields.
export function digestOf(vault, name, values) {
  const fields = kTypes[name].split(",").map((field) => field.split(" ")[0]);
  const typeHash = keccakText(`${name}(${kTypes[name]})`);
  const words = values.map((value, i) => (fields[i] === "bytes" ? keccak(value) : value));
  const types = fields.map((type) => (type === "bytes" ? "bytes32" : type));
  const structHash = keccak("0x" + encodeArguments(["bytes32", ...types], [typeHash, ...words]));
  return typedDigest(domainSeparatorOf(31337, vault), structHash);
}

export const signed = (venue, key, name, values) => key.signFull(digestOf(venue.address, name, values));
export const signedCompact = (venue, key, name, values) => key.signCompact(digestOf(venue.address, name, values));

// A key whose address has an account of the vault; the node sends for it when asked to.
export async function newOwner(venue, name) {
  const key = new Key(name);
  await venue.chain.rpc("anvil_setBalance", [key.address, hex(10n ** 20n)]);
  await venue.chain.rpc("anvil_impersonateAccount", [key.address]);
  await venue.send(key.address, "register()");
  return { key, address: key.address, account: Number(await venue.view("accountCount()")) };
}
