// docs/threat-model.md names a test for what it claims: each of them exists.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const kFolder = dirname(fileURLToPath(import.meta.url));
const kModel = readFileSync(join(kFolder, "../../../docs/threat-model.md"), "utf8");

test("every test that the threat model names exists", () => {
  const named = [...kModel.matchAll(/`([a-z_]+\.test\.mjs)(?:: ([^`]+))?`/g)];
  assert.ok(named.length > 40, `${named.length} tests named`);
  for (const [, file, name = ""] of named) {
    const source = readFileSync(join(kFolder, file), "utf8");
    assert.ok(source.includes(name.replace(/^caught: /, "")), `${file} has no test "${name}"`);
  }
});
