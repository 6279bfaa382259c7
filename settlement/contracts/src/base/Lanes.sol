// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BalanceSlots} from "../libraries/BalanceSlots.sol";
import {VaultHashes} from "../libraries/VaultHashes.sol";
import {Guard} from "../types/VaultTypes.sol";
import {OwnerSigned} from "./OwnerSigned.sol";

/// @notice Who may be debited by a batch: an account is cold until its owner arms or waives it.
/// The balance slots cache the guard, so that settle() reads no other slot; a copy is never later
/// than the guard was, and disarm() lowers all of them.
abstract contract Lanes is OwnerSigned {
    function arm(uint32 until) external override {
        _arm(_accountOfSender(), until);
    }

    function armSigned(uint32 account, uint32 until, uint64 nonce, bytes calldata signature)
        external
        override
    {
        _checkOwnerSigned(account, nonce, VaultHashes.arm(account, until, nonce), signature);
        _arm(account, until);
    }

    function disarm() external override {
        uint32 account = _accountOfSender();
        Guard storage guard = _guards[account];
        uint40 until = uint40(block.timestamp) + propagationDelay;
        if (guard.waivedUntil > until) guard.waivedUntil = until;
        if (guard.until > until) guard.until = uint32(until);
        uint16 pairCount = _pairCount();
        for (uint16 pair = 0; pair < pairCount; ++pair) {
            BalanceSlots.lowerUntil(account, pair, until);
        }
        emit Disarmed(account, guard.until);
    }

    function waive() external override {
        uint32 account = _accountOfSender();
        Guard storage guard = _guards[account];
        // A second waiver covers the time between the two as well: only the owner loses by it.
        if (guard.waivedSince == 0) guard.waivedSince = uint40(block.timestamp);
        guard.waivedUntil = type(uint40).max;
        guard.until = type(uint32).max;
        emit LaneWaived(account);
    }

    function guardOf(uint32 account) external view override returns (Guard memory) {
        return _guards[account];
    }

    function _arm(uint32 account, uint32 until) private {
        Guard storage guard = _guards[account];
        if (guard.until == type(uint32).max) revert AlreadyWaived(account);
        if (until <= block.timestamp || until < guard.until || until == type(uint32).max) {
            revert BadTime(until);
        }
        guard.until = until;
        emit Armed(account, until);
    }
}
