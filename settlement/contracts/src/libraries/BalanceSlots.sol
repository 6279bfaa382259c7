// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The balances: one slot for each (account, pair), addressed directly (no hash: about 100
/// gas less for each access, and slots of one account are neighbours).
///
/// @dev 255      224       200         192             96               0
///      | until u32 | batch u24 | rest u8 | odd asset u96 | even asset u96 |
/// until: a copy of the account's guard, debits are possible before it. batch: the last one that
/// moved the slot, modulo 2^24. rest: for loss caps, zero today.
/// 47 bits of address space from 2^200 on: the compiler's own slots are small numbers or Keccak
/// hashes, and a hash falls into this range with probability 2^-209.
library BalanceSlots {
    uint256 internal constant BASE = 1 << 200;
    uint256 internal constant AMOUNT_MASK = (1 << 96) - 1;
    uint256 internal constant RESERVED_MASK = 0xff << 192;
    uint256 private constant STAMP_MASK = 0xffffff;

    function slotOf(uint32 account, uint16 pair) internal pure returns (uint256) {
        return BASE + ((uint256(account) << 15) | pair);
    }

    function load(uint32 account, uint16 pair) internal view returns (uint256 packed) {
        uint256 slot = slotOf(account, pair);
        assembly ("memory-safe") {
            packed := sload(slot)
        }
    }

    function balanceOf(uint32 account, uint16 asset) internal view returns (uint96) {
        return uint96(load(account, asset >> 1) >> shiftOf(asset));
    }

    /// @return false, and no change, if the balance would exceed 96 bits.
    function credit(uint32 account, uint16 asset, uint96 quanta) internal returns (bool) {
        uint256 packed = load(account, asset >> 1);
        uint256 balance = (packed >> shiftOf(asset)) & AMOUNT_MASK;
        if (balance + quanta > AMOUNT_MASK) return false;
        store(account, asset >> 1, packed + (uint256(quanta) << shiftOf(asset)));
        return true;
    }

    /// @return false, and no change, if the balance is smaller.
    function debit(uint32 account, uint16 asset, uint96 quanta) internal returns (bool) {
        uint256 packed = load(account, asset >> 1);
        uint256 balance = (packed >> shiftOf(asset)) & AMOUNT_MASK;
        if (balance < quanta) return false;
        store(account, asset >> 1, packed - (uint256(quanta) << shiftOf(asset)));
        return true;
    }

    /// @notice The bits of a slot that say which batch moved it last.
    function stampOf(uint64 batch) internal pure returns (uint256) {
        return (batch & STAMP_MASK) << 200;
    }

    /// @notice The last batch that moved the slot, 0 if none; `newest` is the last one settled. A
    /// slot untouched for 2^24 batches seems to have been moved later than it was: that only makes
    /// wait.
    function lastBatch(uint32 account, uint16 pair, uint64 newest) internal view returns (uint64) {
        uint256 age;
        unchecked {
            age = (uint256(newest) - (load(account, pair) >> 200)) & STAMP_MASK;
        }
        return age > newest ? 0 : uint64(newest - age);
    }

    /// @notice Lowers the copy of the guard, never raises it.
    function lowerUntil(uint32 account, uint16 pair, uint256 until) internal {
        uint256 packed = load(account, pair);
        if (packed >> 224 <= until) return;
        store(account, pair, (packed & (type(uint256).max >> 32)) | (until << 224));
    }

    function store(uint32 account, uint16 pair, uint256 packed) private {
        uint256 slot = slotOf(account, pair);
        assembly ("memory-safe") {
            sstore(slot, packed)
        }
    }

    // The even asset of a pair lies in bits 0..95 of its slot, the odd one in bits 96..191.
    function shiftOf(uint16 asset) private pure returns (uint256) {
        return (asset & 1) == 0 ? 0 : 96;
    }
}
