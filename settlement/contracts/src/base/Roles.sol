// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VaultStorage} from "./VaultStorage.sol";

/// @notice Who runs the venue, and the brake. No role can touch a balance from here.
abstract contract Roles is VaultStorage {
    uint40 public constant PAUSE_SECONDS = 72 hours;
    // Between two pauses settlement runs at least this long, or a guardian could stop it for good.
    uint40 public constant PAUSE_REST_SECONDS = 24 hours;

    function setOperator(address newOperator) external override onlyAdmin {
        _control.operator = newOperator;
        emit OperatorChanged(newOperator);
    }

    function setSender(address sender, bool allowed) external override {
        address current = _control.operator;
        if (msg.sender != current && msg.sender != admin) revert NotOperator();
        if (current == address(0)) revert ZeroAddress(); // Nobody's keys.
        _senders[current][sender] = allowed;
        emit SenderChanged(current, sender, allowed);
    }

    function setGuardian(address newGuardian) external override onlyAdmin {
        guardian = newGuardian;
        emit GuardianChanged(newGuardian);
    }

    function proposeAdmin(address newAdmin) external override onlyAdmin {
        pendingAdmin = newAdmin;
        emit AdminProposed(newAdmin);
    }

    function acceptAdmin() external override {
        if (msg.sender != pendingAdmin) revert NotAdmin();
        admin = msg.sender;
        delete pendingAdmin;
        emit AdminChanged(msg.sender);
    }

    function pause() external override {
        if (msg.sender != guardian && msg.sender != admin) revert NotGuardian();
        uint40 allowedAt = _control.pausedUntil + PAUSE_REST_SECONDS;
        if (block.timestamp < allowedAt) revert PauseNotAllowed(allowedAt);
        uint40 until = uint40(block.timestamp) + PAUSE_SECONDS;
        _control.pausedUntil = until;
        emit Paused(until);
    }

    function unpause() external override onlyAdmin {
        if (block.timestamp >= _control.pausedUntil) return;
        _control.pausedUntil = uint40(block.timestamp); // The rest counts from now.
        emit Unpaused();
    }

    function operator() external view override returns (address) {
        return _control.operator;
    }

    function isSender(address sender) external view override returns (bool) {
        address current = _control.operator;
        return current != address(0) && (sender == current || _senders[current][sender]);
    }

    function pausedUntil() external view override returns (uint64) {
        return _control.pausedUntil;
    }
}
