// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CommitmentRing} from "../libraries/CommitmentRing.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @notice When nothing can undo a batch any more. The court holds a batch for each open challenge;
/// a bit for each ring position keeps this off the path of settle().
abstract contract Finality is VaultStorage {
    address public immutable override court;

    modifier onlyCourt() {
        if (msg.sender != court) revert NotCourt();
        _;
    }

    function hold(uint64 batch) external override onlyCourt onlyLive {
        ++_head.openChallenges;
        if (++openChallenges[batch] == 1) _flip(batch);
    }

    function release(uint64 batch) external override onlyCourt onlyLive {
        --_head.openChallenges;
        if (--openChallenges[batch] == 0) _flip(batch);
    }

    function halt(uint64 batch) external override onlyCourt onlyLive {
        _head.haltedAt = uint32(block.timestamp);
        _counters.nextBatchAtHalt = _head.nextBatch;
        emit Halted(batch);
    }

    function commitmentOf(uint64 id) external view override returns (bytes32, uint32) {
        uint64 nextBatch = _head.nextBatch;
        if (id == 0 || id >= nextBatch || nextBatch - id > ringSize) return (0, 0);
        return CommitmentRing.entryOf(id, ringSize);
    }

    /// @dev After a halt as it was at the halt: rolling back does not change what was final.
    function isFinal(uint64 id) public view override returns (bool) {
        Head memory head = _head;
        uint64 next = head.haltedAt == 0 ? head.nextBatch : _counters.nextBatchAtHalt;
        uint256 time = head.haltedAt == 0 ? block.timestamp : head.haltedAt;
        if (id >= next) return false;
        if (id == 0 || next - id > ringSize) return true; // settle() overwrites final ones only.
        (, uint32 settledAt) = CommitmentRing.entryOf(id, ringSize);
        if (time < uint256(settledAt) + challengeWindow) return false;
        return head.openChallenges == 0 || !_anyHeld(next > ringSize ? next - ringSize : 1, id);
    }

    function _isHeld(uint64 id) internal view returns (bool) {
        uint256 position = id % ringSize;
        return _held[position >> 8] & (1 << (position & 0xff)) != 0;
    }

    // Whether any batch of first..last, all in the ring, has open challenges. Reads a word for each
    // 256 batches.
    function _anyHeld(uint256 first, uint256 last) private view returns (bool) {
        while (first <= last) {
            uint256 position = first % ringSize;
            uint256 bit = position & 0xff;
            uint256 length = 256 - bit;
            if (length > last - first + 1) length = last - first + 1;
            if (length > ringSize - position) length = ringSize - position;
            uint256 mask = (type(uint256).max >> (256 - length)) << bit;
            if (_held[position >> 8] & mask != 0) return true;
            first += length;
        }
        return false;
    }

    function _flip(uint64 id) private {
        uint256 position = id % ringSize;
        _held[position >> 8] ^= 1 << (position & 0xff);
    }
}
