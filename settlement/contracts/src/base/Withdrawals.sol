// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {BalanceSlots} from "../libraries/BalanceSlots.sol";
import {VaultHashes} from "../libraries/VaultHashes.sol";
import {Asset, SignedWithdrawal, Withdrawal, WithdrawalStatus} from "../types/VaultTypes.sol";
import {Finality} from "./Finality.sol";
import {OwnerSigned} from "./OwnerSigned.sol";
import {Registry} from "./Registry.sol";

/// @notice Money out. Every function that calls a token is nonReentrant, and debits before it pays.
///
/// A withdrawal leaves the balance when it is debited and the vault when it is paid: only after the
/// last batch that moved the balance slot before the debit is final. Halting.sol says why that is
/// enough to roll back every batch that is not.
abstract contract Withdrawals is Registry, Finality, OwnerSigned, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint64 internal constant FIRST_SIGNED = 1 << 63; // Signed withdrawals follow this index.

    function requestWithdraw(uint16 asset, uint96 quanta, address to)
        external
        override
        onlyLive
        returns (uint64 index)
    {
        uint32 account = _accountOfSender();
        index = ++_counters.withdrawals;
        _open(index, account, asset, quanta, to);
        emit WithdrawRequested(index, account, asset, quanta, to);
    }

    function finalizeWithdrawals(uint64[] calldata indices)
        external
        override
        onlySender
        onlyLive
        nonReentrant
    {
        for (uint256 i = 0; i < indices.length; ++i) {
            uint64 index = indices[i];
            Withdrawal storage withdrawal = _withdrawals[index];
            WithdrawalStatus status = withdrawal.status;
            if (
                status == WithdrawalStatus.Finalized || status == WithdrawalStatus.Claimable
                    || status == WithdrawalStatus.Pending
            ) continue;
            if (status != WithdrawalStatus.Requested && status != WithdrawalStatus.Appealed) {
                revert WrongWithdrawalStatus(index, status);
            }
            _debit(index, withdrawal);
        }
    }

    function withdrawSigned(
        SignedWithdrawal calldata withdrawal,
        uint96 fee,
        bytes calldata signature
    ) external override onlyOperator onlyLive nonReentrant returns (uint64 index) {
        (uint32 account, uint64 nonce) = (withdrawal.account, withdrawal.nonce);
        if (block.timestamp > withdrawal.deadline) revert DeadlineOver(withdrawal.deadline);
        if (fee > withdrawal.maxFee || fee >= withdrawal.quanta) revert BadFee(fee);
        if (fee != 0 && indexOf[msg.sender] == 0) revert BadFee(fee); // Nobody to receive it.
        _checkOwnerSigned(account, nonce, VaultHashes.withdraw(withdrawal), signature);
        index = FIRST_SIGNED + ++_counters.signedWithdrawals;
        _open(index, account, withdrawal.asset, withdrawal.quanta, withdrawal.to);
        _withdrawals[index].fee = fee;
        emit WithdrawSigned(index, account, nonce, fee);
        _debit(index, _withdrawals[index]);
    }

    function payWithdrawals(uint64[] calldata indices) external override nonReentrant {
        for (uint256 i = 0; i < indices.length; ++i) {
            uint64 index = indices[i];
            Withdrawal storage withdrawal = _withdrawals[index];
            WithdrawalStatus status = withdrawal.status;
            if (status == WithdrawalStatus.Finalized || status == WithdrawalStatus.Claimable) {
                continue;
            }
            if (status != WithdrawalStatus.Pending) revert WrongWithdrawalStatus(index, status);
            if (!isFinal(withdrawal.batch)) revert NotFinal(index, withdrawal.batch);
            _pay(index, withdrawal);
        }
    }

    function rejectWithdrawals(uint64[] calldata indices) external override onlySender {
        for (uint256 i = 0; i < indices.length; ++i) {
            uint64 index = indices[i];
            WithdrawalStatus status = _withdrawals[index].status;
            if (status == WithdrawalStatus.Rejected) continue;
            if (status != WithdrawalStatus.Requested) revert WrongWithdrawalStatus(index, status);
            _withdrawals[index].status = WithdrawalStatus.Rejected;
            emit WithdrawRejected(index, _withdrawals[index].account);
        }
    }

    function appealWithdrawal(uint64 index) external override onlyLive {
        Withdrawal storage withdrawal = _withdrawals[index];
        _checkOwn(index, withdrawal, WithdrawalStatus.Rejected);
        withdrawal.status = WithdrawalStatus.Appealed;
        withdrawal.requestedAt = uint40(block.timestamp);
        emit WithdrawAppealed(index, withdrawal.account);
    }

    function forceWithdraw(uint64 index) external override onlyLive nonReentrant {
        Withdrawal storage withdrawal = _withdrawals[index];
        if (withdrawal.status != WithdrawalStatus.Appealed) {
            _checkOwn(index, withdrawal, WithdrawalStatus.Requested);
        } else {
            _checkOwn(index, withdrawal, WithdrawalStatus.Appealed);
        }
        uint64 readyAt = uint64(withdrawal.requestedAt) + forceDelay;
        if (block.timestamp < readyAt) revert TooEarly(readyAt);
        // Not all or nothing: an operator could otherwise starve the owner by settling a small
        // debit before each attempt.
        uint96 balance = BalanceSlots.balanceOf(withdrawal.account, withdrawal.asset);
        if (balance == 0) {
            revert InsufficientBalance(index, withdrawal.account, withdrawal.asset, 0);
        }
        if (balance < withdrawal.quanta) withdrawal.quanta = balance;
        withdrawal.forced = true;
        _debit(index, withdrawal);
    }

    function claim(uint64 index, address to) external override nonReentrant {
        Withdrawal storage withdrawal = _withdrawals[index];
        _checkOwn(index, withdrawal, WithdrawalStatus.Claimable);
        _checkRecipient(to);
        withdrawal.status = WithdrawalStatus.Finalized;
        withdrawal.to = to;
        if (!_transfer(withdrawal.asset, withdrawal.quanta, to)) revert PaymentRefused();
        emit WithdrawClaimed(index, withdrawal.account, to);
    }

    function withdrawalAt(uint64 index) external view override returns (Withdrawal memory) {
        return _withdrawals[index];
    }

    function withdrawalCount() external view override returns (uint64) {
        return _counters.withdrawals;
    }

    function _open(uint64 index, uint32 account, uint16 asset, uint96 quanta, address to) private {
        _asset(asset);
        if (quanta == 0) revert BelowOneQuantum();
        _checkRecipient(to);
        Withdrawal storage withdrawal = _withdrawals[index];
        withdrawal.account = account;
        withdrawal.asset = asset;
        withdrawal.quanta = quanta;
        withdrawal.requestedAt = uint40(block.timestamp);
        withdrawal.status = WithdrawalStatus.Requested;
        withdrawal.to = to;
    }

    // Takes the quanta out of the balance, and pays them if nothing can undo that balance.
    function _debit(uint64 index, Withdrawal storage withdrawal) private {
        (uint32 account, uint16 asset) = (withdrawal.account, withdrawal.asset);
        uint96 quanta = withdrawal.quanta;
        if (!BalanceSlots.debit(account, asset, quanta)) {
            uint96 balance = BalanceSlots.balanceOf(account, asset);
            revert InsufficientBalance(index, account, asset, balance);
        }
        uint64 batch = BalanceSlots.lastBatch(account, asset >> 1, _head.nextBatch - 1);
        if (isFinal(batch)) {
            _pay(index, withdrawal);
            return;
        }
        withdrawal.status = WithdrawalStatus.Pending;
        withdrawal.batch = uint56(batch);
        emit WithdrawPending(
            index, account, asset, quanta, withdrawal.to, withdrawal.forced, batch
        );
    }

    function _pay(uint64 index, Withdrawal storage withdrawal) private {
        (uint32 account, uint16 asset) = (withdrawal.account, withdrawal.asset);
        (address to, uint96 fee) = (withdrawal.to, withdrawal.fee);
        bool forced = withdrawal.forced;
        uint96 quanta = withdrawal.quanta;
        withdrawal.status = WithdrawalStatus.Finalized;
        if (fee != 0) {
            quanta -= fee;
            withdrawal.quanta = quanta;
            _payFee(index, asset, fee);
        }
        if (_transfer(asset, quanta, to)) {
            emit WithdrawFinalized(index, account, asset, quanta, to, forced);
        } else {
            withdrawal.status = WithdrawalStatus.Claimable;
            emit WithdrawFailed(index, account, asset, quanta, to, forced);
        }
    }

    // Together with the payment, not with the debit: a debit may be taken back.
    function _payFee(uint64 index, uint16 asset, uint96 fee) private {
        uint32 account = indexOf[_control.operator];
        if (account == 0) account = _withdrawals[index].account; // It left: the owner keeps it.
        if (!BalanceSlots.credit(account, asset, fee)) revert BalanceOverflow(account, asset);
        emit WithdrawFeePaid(index, account, asset, fee);
    }

    // False if the token reverts or returns false: one refused recipient must not block the rest.
    function _transfer(uint16 asset, uint96 quanta, address to) internal returns (bool) {
        Asset memory found = _assets[asset];
        return IERC20(found.token).trySafeTransfer(to, uint256(quanta) * found.unitsPerQuantum);
    }

    function _checkOwn(uint64 index, Withdrawal storage withdrawal, WithdrawalStatus wanted)
        private
        view
    {
        if (withdrawal.status != wanted) revert WrongWithdrawalStatus(index, withdrawal.status);
        if (msg.sender != _owners[withdrawal.account]) revert NotOwner(withdrawal.account);
    }

    function _checkRecipient(address to) internal view {
        if (to == address(0) || to == address(this)) revert BadRecipient(to);
    }
}
