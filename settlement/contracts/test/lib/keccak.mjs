// Keccak-256 (the Ethereum variant, padding byte 0x01), on the implementation solc-js ships with.
import sha3 from "js-sha3";

// Bytes in any form toBytes() takes; "0x…" out.
export const keccak = (bytes) => "0x" + sha3.keccak256(toBytes(bytes));
export const keccakText = (text) => keccak(new TextEncoder().encode(text));

export function toBytes(value) {
  if (typeof value === "string") return Uint8Array.from(Buffer.from(value.replace(/^0x/, ""), "hex"));
  return Uint8Array.from(value);
}

export const toHex = (bytes) => "0x" + Buffer.from(bytes).toString("hex");
