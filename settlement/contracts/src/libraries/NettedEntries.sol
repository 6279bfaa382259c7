// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVault} from "../interfaces/IVault.sol";
import {BalanceSlots} from "./BalanceSlots.sol";

/// @notice Applies the packed entries of a batch to the balance slots.
///
/// @dev 0           4       6                17              28
///      | account u32 | pair u16 | even delta i88 | odd delta i88 |
/// About 5.8k gas an entry on a slot that holds something: 5,000 for the slot, 450 for the
/// calldata, 300 for the work.
library NettedEntries {
    uint256 internal constant ENTRY_BYTES = 28;
    uint256 internal constant MAX_ENTRIES = 4096;

    // Applies every entry, or reverts naming the first bad one.
    function applyAll(bytes calldata data, uint256 accountCount, uint256 assetCount) internal {
        uint256 count = data.length / ENTRY_BYTES;
        if (count * ENTRY_BYTES != data.length) revert IVault.BadDataLength(data.length);
        if (count > MAX_ENTRIES) revert IVault.TooManyEntries(count);
        // One word for each pair: even sum + odd sum * 2^128. A sum stays below
        // 4096 * 2^87 < 2^127, so the word is zero if and only if both sums are.
        uint256[] memory sums = new uint256[]((assetCount + 1) >> 1);
        uint256 keyMin = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint256 entry;
            assembly ("memory-safe") {
                entry := calldataload(add(data.offset, mul(i, 28)))
            }
            uint256 key = entry >> 208; // account << 16 | pair
            if (key < keyMin) revert IVault.EntryOrder(i);
            checkKey(key, accountCount, sums.length);
            applyOne(entry, key, sums);
            keyMin = key + 1;
        }
        checkConserved(sums);
    }

    function checkKey(uint256 key, uint256 accountCount, uint256 pairCount) private pure {
        uint256 account = key >> 16;
        if (account == 0 || account > accountCount) revert IVault.UnknownAccount(uint32(account));
        uint256 pair = key & 0xffff;
        if (pair >= pairCount) revert IVault.UnknownPair(uint32(account), uint16(pair));
    }

    function applyOne(uint256 entry, uint256 key, uint256[] memory sums) private {
        uint256 even; // Deltas, sign-extended to 256 bits.
        uint256 odd;
        uint256 slot = BalanceSlots.BASE + (((key >> 16) << 15) | (key & 0xffff));
        uint256 packed;
        assembly ("memory-safe") {
            even := sar(168, shl(48, entry))
            odd := sar(168, shl(136, entry))
            packed := sload(slot)
            let sum := add(add(sums, 32), shl(5, and(key, 0xffff))) // Below pairCount: checkKey.
            mstore(sum, add(mload(sum), add(even, shl(128, odd))))
        }
        unchecked {
            even += packed & BalanceSlots.AMOUNT_MASK;
            odd += (packed >> 96) & BalanceSlots.AMOUNT_MASK;
        }
        // A negative balance wraps to a number above 2^255, so one test finds both ends.
        if ((even | odd) >> 96 != 0) fail(key, even, odd);
        packed = ((packed >> 192) << 192) | (odd << 96) | even;
        assembly ("memory-safe") {
            sstore(slot, packed)
        }
    }

    function fail(uint256 key, uint256 even, uint256 odd) private pure {
        if (int256(even) < 0 || int256(odd) < 0) {
            revert IVault.Overdraft(uint32(key >> 16), uint16(key));
        }
        revert IVault.CreditOverflow(uint32(key >> 16), uint16(key));
    }

    function checkConserved(uint256[] memory sums) private pure {
        for (uint256 pair = 0; pair < sums.length; ++pair) {
            uint256 sum = sums[pair];
            if (sum == 0) continue;
            int256 even = int256(int128(uint128(sum)));
            if (even != 0) revert IVault.NotConserved(uint16(pair << 1), even);
            revert IVault.NotConserved(uint16((pair << 1) | 1), int256(sum) >> 128);
        }
    }
}
