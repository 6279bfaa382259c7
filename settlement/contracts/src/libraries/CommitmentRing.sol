// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVaultErrors} from "../interfaces/IVaultErrors.sol";

/// @notice The chain hashes of the last `size` batches, for challenges: entry id % size holds the
/// first 28 bytes of the hash and the block time as u32 (good until 2106). Overwriting a used slot
/// costs 5k gas where a new one would cost 22.1k for every batch, for ever.
library CommitmentRing {
    uint256 internal constant BASE = 1 << 201;
    uint256 private constant TIME_MASK = type(uint32).max;

    /// @dev Refuses to overwrite an entry that was settled less than `keep` seconds ago, or is
    /// challenged (`held`).
    function push(uint64 id, bytes32 hash, uint32 size, uint256 keep, bool held) internal {
        uint256 slot = BASE + (id % size);
        uint256 entry;
        assembly ("memory-safe") {
            entry := sload(slot)
        }
        if (entry != 0) {
            uint256 freeAt = (entry & TIME_MASK) + keep;
            if (held || block.timestamp < freeAt) revert IVaultErrors.RingFull(id, uint64(freeAt));
        }
        entry = (uint256(hash) & ~TIME_MASK) | uint32(block.timestamp);
        assembly ("memory-safe") {
            sstore(slot, entry)
        }
    }

    /// @dev The caller has checked that batch `id` is among the last `size`.
    function entryOf(uint64 id, uint32 size) internal view returns (bytes32, uint32) {
        uint256 slot = BASE + (id % size);
        uint256 entry;
        assembly ("memory-safe") {
            entry := sload(slot)
        }
        return (bytes32(entry & ~TIME_MASK), uint32(entry));
    }
}
