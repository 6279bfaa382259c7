// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VerifierErrors} from "./VerifierErrors.sol";

/// @notice What of an account's entries is not explained yet, by asset.
/// @dev A list searched from its start: an account touches few assets in one batch.
library Remainders {
    uint256 private constant ENTRY_BYTES = 28;

    struct Table {
        uint256 count;
        uint16[] assets;
        int256[] remaining;
    }

    /// @param more Assets that may come beside those of the entries.
    function fromEntries(uint32 account, bytes calldata entries, uint256 more)
        internal
        pure
        returns (Table memory table)
    {
        uint256 entryCount = entries.length / ENTRY_BYTES;
        if (entryCount * ENTRY_BYTES != entries.length) revert VerifierErrors.BadEntries();
        table.assets = new uint16[](2 * entryCount + more);
        table.remaining = new int256[](2 * entryCount + more);
        for (uint256 from = 0; from < entries.length; from += ENTRY_BYTES) {
            bytes28 entry = bytes28(entries[from:from + ENTRY_BYTES]);
            // account u32 | pair u16 | even i88 | odd i88, see NettedEntries.
            uint224 bits = uint224(entry);
            if (uint32(bits >> 192) != account) revert VerifierErrors.BadEntries();
            uint16 even = uint16(bits >> 176) << 1;
            subtract(table, even, -int256(int88(uint88(bits >> 88))));
            subtract(table, even | 1, -int256(int88(uint88(bits))));
        }
    }

    function subtract(Table memory table, uint16 asset, int256 quanta) internal pure {
        uint256 i = 0;
        while (i < table.count && table.assets[i] != asset) ++i;
        if (i == table.count) {
            table.assets[i] = asset;
            ++table.count;
        }
        table.remaining[i] -= quanta;
    }

    function requireZero(Table memory table) internal pure {
        for (uint256 i = 0; i < table.count; ++i) {
            if (table.remaining[i] != 0) {
                revert VerifierErrors.Unexplained(table.assets[i], table.remaining[i]);
            }
        }
    }
}
