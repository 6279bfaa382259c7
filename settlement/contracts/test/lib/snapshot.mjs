// Snapshots: committed JSON that a test compares with what it measured; UPDATE_SNAPSHOTS=1 rewrites.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const kFolder = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "snapshots");

export function checkSnapshot(name, value) {
  const path = join(kFolder, name);
  const text = JSON.stringify(value, null, 1) + "\n";
  if (process.env.UPDATE_SNAPSHOTS === "1") writeFileSync(path, text);
  const committed = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
  assert.deepEqual(JSON.parse(text), committed, `${name} changed; UPDATE_SNAPSHOTS=1 npm test accepts it`);
}
