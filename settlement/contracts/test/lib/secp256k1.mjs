// Deterministic ECDSA over secp256k1 (RFC 6979, low s) on the curve of node's OpenSSL, for signed
// orders in tests: the same key and digest give the bytes libsecp256k1 gives. Not constant time.
import { createECDH, createHmac } from "node:crypto";
import { keccak, keccakText } from "./keccak.mjs";

const kOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const bytesOf = (value) => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
const numberOf = (bytes) => BigInt("0x" + Buffer.from(bytes).toString("hex"));
const digestBytes = (digest) => Buffer.from(digest.slice(2), "hex");

function publicPoint(secret) {
  const curve = createECDH("secp256k1");
  curve.setPrivateKey(bytesOf(secret));
  const point = curve.getPublicKey();  // 0x04, x, y
  return { bytes: point.subarray(1), x: numberOf(point.subarray(1, 33)), odd: point[64] & 1 };
}

function inverse(a, modulus) {
  let [low, high] = [((a % modulus) + modulus) % modulus, modulus];
  let [x, y] = [1n, 0n];
  while (low > 1n) {
    const ratio = high / low;
    [low, high] = [high - ratio * low, low];
    [x, y] = [y - ratio * x, x];
  }
  return ((x % modulus) + modulus) % modulus;
}

function* nonces(secret, digest) {  // RFC 6979, section 3.2
  const hmac = (key, ...parts) => createHmac("sha256", key).update(Buffer.concat(parts)).digest();
  const seed = Buffer.concat([bytesOf(secret), bytesOf(numberOf(digest) % kOrder)]);
  let [k, v] = [Buffer.alloc(32), Buffer.alloc(32, 1)];
  for (const tag of [0, 1]) {
    k = hmac(k, v, Buffer.of(tag), seed);
    v = hmac(k, v);
  }
  for (;;) {
    v = hmac(k, v);
    yield numberOf(v);
    k = hmac(k, v, Buffer.of(0));
    v = hmac(k, v);
  }
}

// A key made of a text: for tests only.
export class Key {
  constructor(text) {
    this.text = text;
    this.secret = BigInt(keccakText(text));
    this.address = "0x" + keccak(publicPoint(this.secret).bytes).slice(26);
  }

  // {r, s, yParity} as numbers.
  sign(digest) {
    for (const k of nonces(this.secret, digestBytes(digest))) {
      if (k === 0n || k >= kOrder) continue;
      const point = publicPoint(k);
      const r = point.x % kOrder;
      const s = (inverse(k, kOrder) * (BigInt(digest) + r * this.secret)) % kOrder;
      if (r === 0n || s === 0n || point.x >= kOrder) continue;
      return s > kOrder / 2n ? { r, s: kOrder - s, yParity: 1 - point.odd } : { r, s, yParity: point.odd };
    }
  }

  // 64 bytes: r, then s with the parity in its top bit (EIP-2098).
  signCompact(digest) {
    const { r, s, yParity } = this.sign(digest);
    return "0x" + bytesOf(r).toString("hex") + bytesOf(s | (BigInt(yParity) << 255n)).toString("hex");
  }

  // 65 bytes: r, s, v (27 or 28).
  signFull(digest) {
    const { r, s, yParity } = this.sign(digest);
    return "0x" + bytesOf(r).toString("hex") + bytesOf(s).toString("hex") + (27 + yParity).toString(16);
  }
}

// The same point with the other s: valid for ECDSA, refused by everybody who asks for low s (EIP-2).
export function malleated(full) {
  const s = kOrder - BigInt("0x" + full.slice(66, 130));
  const v = full.endsWith("1b") ? "1c" : "1b";
  return full.slice(0, 66) + bytesOf(s).toString("hex") + v;
}
