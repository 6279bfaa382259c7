// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVaultErrors} from "../interfaces/IVaultErrors.sol";
import {Guard} from "../types/VaultTypes.sol";
import {BalanceSlots} from "./BalanceSlots.sol";

/// @notice Applies the packed entries of a batch to the balance slots, and takes them back.
///
/// @dev 0           4       6                17              28
///      | account u32 | pair u16 | even delta i88 | odd delta i88 |
/// The top bit of the pair says that the account co-signed its entries. About 5.9k gas an entry on
/// a slot that holds something: 5,000 for the slot, 450 for the calldata, 400 for the work.
library NettedEntries {
    uint256 internal constant ENTRY_BYTES = 28;
    uint256 internal constant MAX_ENTRIES = 4096;
    uint256 internal constant COSIGNED = 0x8000; // In the pair.

    // BalanceSlots' constants again: assembly takes literals only.
    uint256 private constant BALANCES = 0x100000000000000000000000000000000000000000000000000;
    uint256 private constant AMOUNT = 0xffffffffffffffffffffffff;
    uint256 private constant RESERVED = 0xff000000000000000000000000000000000000000000000000;

    // What the entries are checked against.
    struct Limits {
        uint256 accountCount;
        uint256 pairCount;
        uint256 stamp; // The batch, as BalanceSlots keeps it.
        uint256 pairMask; // Bits of the pair field that are the pair.
    }

    function limits(uint256 accountCount, uint256 assetCount, uint64 batch, bool cosigned)
        internal
        pure
        returns (Limits memory)
    {
        return Limits({
            accountCount: accountCount,
            pairCount: (assetCount + 1) >> 1,
            stamp: BalanceSlots.stampOf(batch),
            pairMask: cosigned ? 0xffff ^ COSIGNED : 0xffff
        });
    }

    /// @notice The 28 bytes of an entry, at the top of a word. The caller checks the position.
    function entryAt(bytes calldata data, uint256 position) internal pure returns (uint256 entry) {
        assembly ("memory-safe") {
            entry := calldataload(add(data.offset, mul(position, 28)))
        }
    }

    function accountOf(uint256 entry) internal pure returns (uint32) {
        return uint32(entry >> 224);
    }

    function isCosigned(uint256 entry) internal pure returns (bool) {
        return (entry >> 208) & COSIGNED != 0;
    }

    /// @notice Position of the first co-signed entry from `first` on; `count` if there is none.
    function nextCosigned(bytes calldata data, uint256 first, uint256 count)
        internal
        pure
        returns (uint256 position)
    {
        position = first;
        assembly ("memory-safe") {
            for {} lt(position, count) { position := add(position, 1) } {
                // The top bit of the pair is the top bit of byte 4.
                if and(shl(32, calldataload(add(data.offset, mul(position, 28)))), shl(255, 1)) {
                    break
                }
            }
        }
    }

    function isDebit(uint256 entry) internal pure returns (bool) {
        (uint256 even, uint256 odd) = deltasOf(entry);
        return (even | odd) >> 255 != 0;
    }

    function countOf(bytes calldata data) internal pure returns (uint256 count) {
        count = data.length / ENTRY_BYTES;
        if (count * ENTRY_BYTES != data.length) revert IVaultErrors.BadDataLength(data.length);
        if (count > MAX_ENTRIES) revert IVaultErrors.TooManyEntries(count);
    }

    // Applies every entry, or reverts naming the first bad one.
    function applyAll(
        bytes calldata data,
        Limits memory limits_,
        mapping(uint32 account => Guard) storage guards
    ) internal {
        uint256 count = countOf(data);
        // One word for each pair: even sum + odd sum * 2^128. A sum stays below
        // 4096 * 2^87 < 2^127, so the word is zero if and only if both sums are.
        uint256[] memory sums = new uint256[](limits_.pairCount);
        (uint256 applied, uint256 keyMin) = applyGood(data, count, limits_, guards, sums);
        if (applied != count) explain(entryAt(data, applied), applied, keyMin, limits_, guards);
        checkConserved(sums);
    }

    // The loop of every settlement, by hand: 200 gas an entry less than the compiler's. Stops at
    // the first bad entry, of which it has changed nothing but the sums.
    // @return applied Entries before the first bad one. keyMin Lowest key that may follow them.
    function applyGood(
        bytes calldata data,
        uint256 count,
        Limits memory limits_,
        mapping(uint32 account => Guard) storage guards,
        uint256[] memory sums
    ) private returns (uint256 applied, uint256 keyMin) {
        assembly ("memory-safe") {
            // Few variables: what does not fit on the stack costs more than to read it again.
            let at := data.offset
            let end := add(at, mul(count, 28))
            keyMin := 0x10000 // Account 1, pair 0.
            for {} lt(at, end) { at := add(at, 28) } {
                let entry := calldataload(at)
                let pair := and(shr(208, entry), mload(add(limits_, 96)))
                let key := or(shl(16, shr(224, entry)), pair)
                if or(
                    lt(key, keyMin),
                    or(gt(shr(224, entry), mload(limits_)), iszero(lt(pair, mload(sums))))
                ) { break }
                let even := sar(168, shl(48, entry)) // Sign-extended.
                let odd := sar(168, shl(136, entry))
                let slot := add(BALANCES, or(shl(15, shr(224, entry)), pair))
                let packed := sload(slot)
                pair := add(add(sums, 32), shl(5, pair)) // From here on where its sum is.
                mstore(pair, add(mload(pair), add(even, shl(128, odd))))
                let until := shr(224, packed)
                if slt(or(even, odd), 0) {
                    if iszero(or(gt(until, timestamp()), and(shr(208, entry), COSIGNED))) {
                        // The slot's copy is out of date: the account's guard decides, and is
                        // copied.
                        mstore(0, shr(224, entry))
                        mstore(32, guards.slot)
                        until := and(sload(keccak256(0, 64)), 0xffffffff)
                        if iszero(gt(until, timestamp())) { break }
                    }
                }
                even := add(even, and(packed, AMOUNT))
                odd := add(odd, and(shr(96, packed), AMOUNT))
                // A negative balance wraps to a number above 2^255: one test finds both ends.
                if shr(96, or(even, odd)) { break }
                packed := or(and(packed, RESERVED), mload(add(limits_, 64)))
                sstore(slot, or(or(shl(224, until), packed), or(shl(96, odd), even)))
                keyMin := add(key, 1)
            }
            applied := div(sub(at, data.offset), 28)
        }
    }

    // Reverts with what is wrong about the entry.
    function explain(
        uint256 entry,
        uint256 position,
        uint256 keyMin,
        Limits memory limits_,
        mapping(uint32 account => Guard) storage guards
    ) private view {
        uint32 account = accountOf(entry);
        uint256 pair = (entry >> 208) & limits_.pairMask;
        uint256 key = uint256(account) << 16 | pair;
        if (position != 0 && key < keyMin) revert IVaultErrors.EntryOrder(position);
        if (account == 0 || account > limits_.accountCount) {
            revert IVaultErrors.UnknownAccount(account);
        }
        if (pair >= limits_.pairCount) revert IVaultErrors.UnknownPair(account, uint16(pair));
        uint256 packed = BalanceSlots.load(account, uint16(pair));
        if (
            isDebit(entry) && !isCosigned(entry) && packed >> 224 <= block.timestamp
                && guards[account].until <= block.timestamp
        ) revert IVaultErrors.NotArmed(account, uint16(pair));
        (uint256 even, uint256 odd) = deltasOf(entry);
        unchecked {
            even += packed & BalanceSlots.AMOUNT_MASK;
            odd += (packed >> 96) & BalanceSlots.AMOUNT_MASK;
        }
        fail(account, pair, even, odd);
    }

    // Takes back what applyAll() did with the same entries, which it found in order.
    function revertAll(bytes calldata data) internal {
        uint256 count = countOf(data);
        for (uint256 i = 0; i < count; ++i) {
            uint256 entry = entryAt(data, i);
            uint256 pair = (entry >> 208) & (0xffff ^ COSIGNED);
            uint256 slot = BalanceSlots.slotOf(accountOf(entry), uint16(pair));
            (uint256 even, uint256 odd) = deltasOf(entry);
            uint256 packed;
            assembly ("memory-safe") {
                packed := sload(slot)
            }
            unchecked {
                even = (packed & BalanceSlots.AMOUNT_MASK) - even;
                odd = ((packed >> 96) & BalanceSlots.AMOUNT_MASK) - odd;
            }
            if ((even | odd) >> 96 != 0) fail(accountOf(entry), pair, even, odd);
            packed = ((packed >> 192) << 192) | (odd << 96) | even;
            assembly ("memory-safe") {
                sstore(slot, packed)
            }
        }
    }

    // Sign-extended to 256 bits.
    function deltasOf(uint256 entry) private pure returns (uint256 even, uint256 odd) {
        assembly ("memory-safe") {
            even := sar(168, shl(48, entry))
            odd := sar(168, shl(136, entry))
        }
    }

    function fail(uint256 account, uint256 pair, uint256 even, uint256 odd) private pure {
        if (int256(even) < 0 || int256(odd) < 0) {
            revert IVaultErrors.Overdraft(uint32(account), uint16(pair));
        }
        revert IVaultErrors.CreditOverflow(uint32(account), uint16(pair));
    }

    function checkConserved(uint256[] memory sums) private pure {
        for (uint256 pair = 0; pair < sums.length; ++pair) {
            uint256 sum = sums[pair];
            if (sum == 0) continue;
            int256 even = int256(int128(uint128(sum)));
            if (even != 0) revert IVaultErrors.NotConserved(uint16(pair << 1), even);
            revert IVaultErrors.NotConserved(uint16((pair << 1) | 1), int256(sum) >> 128);
        }
    }
}
