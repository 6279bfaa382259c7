// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The balances: one slot for each (account, pair), addressed directly (no hash: about 100
/// gas less for each access, and slots of one account are neighbours).
///
/// @dev 255        192              96               0
///      | guard u64 | odd asset u96 | even asset u96 |
/// 47 bits of address space from 2^200 on: the compiler's own slots are small numbers or Keccak
/// hashes, and a hash falls into this range with probability 2^-209.
library BalanceSlots {
    uint256 internal constant BASE = 1 << 200;
    uint256 internal constant AMOUNT_MASK = (1 << 96) - 1;

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
