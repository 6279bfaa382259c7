// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CommitmentRing} from "../libraries/CommitmentRing.sol";
import {NettedEntries} from "../libraries/NettedEntries.sol";
import {BatchHeader} from "../types/VaultTypes.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @notice Executes netted batches: each once, in order, on the state it was built for. Calls no
/// other contract.
abstract contract Settlement is VaultStorage {
    function settle(BatchHeader calldata header, bytes calldata data) external override {
        Control memory control = _control;
        if (msg.sender != control.operator) revert NotOperator();
        if (block.timestamp < control.pausedUntil) revert SettlePaused(control.pausedUntil);
        _advanceHead(header);
        bytes32 next = _chainAfter(header, data);
        chain = next;
        CommitmentRing.push(header.id, next, ringSize, challengeWindow);
        NettedEntries.applyAll(data, control.accountCount, control.assetCount);
        emit Batch(
            header.id,
            header.firstEvent,
            header.lastEvent,
            header.engineTime,
            header.execRoot,
            next
        );
    }

    function head() external view override returns (uint64, uint64, uint64) {
        return (_head.nextBatch, _head.lastEvent, _head.lastEngineTime);
    }

    function commitmentOf(uint64 id) external view override returns (bytes32, uint32) {
        uint64 nextBatch = _head.nextBatch;
        if (id == 0 || id >= nextBatch || nextBatch - id > ringSize) return (0, 0);
        return CommitmentRing.entryOf(id, ringSize);
    }

    function _advanceHead(BatchHeader calldata header) private {
        Head memory current = _head;
        if (header.id != current.nextBatch) revert WrongBatch(current.nextBatch, header.id);
        if (header.parent != chain) revert WrongParent(chain, header.parent);
        if (header.firstEvent != current.lastEvent + 1 || header.lastEvent < header.firstEvent) {
            revert WrongEventRange(current.lastEvent + 1, header.firstEvent, header.lastEvent);
        }
        if (header.engineTime < current.lastEngineTime) {
            revert EngineTimeBackwards(current.lastEngineTime, header.engineTime);
        }
        current.nextBatch = header.id + 1;
        current.lastEvent = header.lastEvent;
        current.lastEngineTime = header.engineTime;
        _head = current;
    }

    function _chainAfter(BatchHeader calldata header, bytes calldata data)
        private
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                header.parent,
                header.id,
                header.firstEvent,
                header.lastEvent,
                header.engineTime,
                header.execRoot,
                keccak256(data)
            )
        );
    }
}
