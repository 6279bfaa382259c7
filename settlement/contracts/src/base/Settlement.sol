// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IKeys} from "../interfaces/IKeys.sol";
import {CommitmentRing} from "../libraries/CommitmentRing.sol";
import {NettedEntries} from "../libraries/NettedEntries.sol";
import {VaultHashes} from "../libraries/VaultHashes.sol";
import {BatchHeader} from "../types/VaultTypes.sol";
import {Finality} from "./Finality.sol";

/// @notice Executes netted batches: each once, in order, on the state it was built for. Calls no
/// other contract than the vault's own.
/// An order may live longer than the ring: every 256th chain hash is kept for ever, so that two
/// executions of one order can always be compared (ICourt.proveOverfill).
abstract contract Settlement is Finality {
    address public immutable override keys;

    function settle(BatchHeader calldata header, bytes calldata data) external override {
        _settle(header, data, false);
    }

    function settleCosigned(
        BatchHeader calldata header,
        bytes calldata data,
        bytes calldata signatures
    ) external override {
        IKeys(keys).checkCosignatures(header, data, signatures);
        _settle(header, data, true);
    }

    function head() external view override returns (uint64, uint64, uint64) {
        return (_head.nextBatch, _head.lastEvent, _head.lastEngineTime);
    }

    function _settle(BatchHeader calldata header, bytes calldata data, bool cosigned) private {
        Control memory control = _control;
        if (!_maySend(control.operator)) revert NotOperator();
        bool challenged = _advanceHead(header, control.pausedUntil);
        bytes32 next = VaultHashes.chainAfter(header, keccak256(data));
        chain = next;
        CommitmentRing.push(
            header.id,
            next,
            ringSize,
            challengeWindow,
            challenged && _isHeld(header.id)
        );
        if (header.id % ANCHOR_BATCHES == 0) anchorOf[header.id] = next;
        NettedEntries.applyAll(
            data,
            NettedEntries.limits(control.accountCount, control.assetCount, header.id, cosigned),
            _guards
        );
        emit Batch(
            header.id,
            header.firstEvent,
            header.lastEvent,
            header.engineTime,
            header.execRoot,
            next
        );
    }

    // Returns whether any challenge is open.
    function _advanceHead(BatchHeader calldata header, uint40 pausedUntil) private returns (bool) {
        Head memory current = _head;
        if (current.haltedAt != 0) revert VaultHalted();
        if (block.timestamp < pausedUntil) revert SettlePaused(pausedUntil);
        if (header.id != current.nextBatch) revert WrongBatch(current.nextBatch, header.id);
        if (header.parent != chain) revert WrongParent(chain, header.parent);
        if (header.firstEvent != current.lastEvent + 1 || header.lastEvent < header.firstEvent) {
            revert WrongEventRange(current.lastEvent + 1, header.firstEvent, header.lastEvent);
        }
        if (header.previousEngineTime != current.lastEngineTime) {
            revert EngineTimeBackwards(current.lastEngineTime, header.previousEngineTime);
        }
        if (header.engineTime < current.lastEngineTime) {
            revert EngineTimeBackwards(current.lastEngineTime, header.engineTime);
        }
        current.nextBatch = header.id + 1;
        current.lastEvent = header.lastEvent;
        current.lastEngineTime = header.engineTime;
        _head = current;
        return current.openChallenges != 0;
    }
}
