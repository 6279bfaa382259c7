// lint.mjs finds what it says it finds.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const kLint = join(dirname(fileURLToPath(import.meta.url)), "..", "lint.mjs");
const kFaulty = `pragma solidity ^0.8.0;
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20 as Other} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
contract Faulty {
    error Never();
    mapping(address => uint256) public credit;
    uint256 total;
    function a(IERC20 token, address payable to) external {
        token.transfer(to, credit[to]);
        credit[to] = 0;
    }
    function b(address payable to) external {
        (bool ok,) = to.call{value: 1}("");
        if (!ok) revert();
        total -= 1;
    }
    function c(address to) external {
        to.call("");
        require(tx.origin == to);
        to.delegatecall("");
    }
    function d() external view returns (bytes32 x) { assembly { x := sload(0) } }
}
`;

function lint(source) {
  const folder = mkdtempSync(join(tmpdir(), "tallystick-lint-"));
  try {
    mkdirSync(join(folder, "src"));
    writeFileSync(join(folder, "src", "Faulty.sol"), source);
    const { status, stdout } = spawnSync(process.execPath, [kLint, folder], { encoding: "utf8" });
    return { status, lines: stdout.split("\n").filter(Boolean) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("planted faults are found where they are", () => {
  const { status, lines } = lint(kFaulty);
  assert.equal(status, 1);
  const expected = ["1: no licence line", "1: not pragma solidity 0.8.37;", "3: Other is imported for nothing", "5: Never is not used",
    "10: state is written after a call to a foreign contract", "15: state is written after a call to a foreign contract",
    "18: result of a low-level call is not looked at", "19: tx.origin", "20: delegatecall",
    "20: result of a low-level call is not looked at", "22: assembly is not marked memory-safe"];
  assert.deepEqual(lines.map((line) => line.replace("src/Faulty.sol:", "")).sort(), expected.sort());
});

test("a contract without faults is clean", () => {
  const source = "// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.37;\n\ncontract Clean {}\n";
  assert.deepEqual(lint(source), { status: 0, lines: [] });
});
