// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {BalanceSlots} from "../libraries/BalanceSlots.sol";
import {Asset, Withdrawal, WithdrawalStatus} from "../types/VaultTypes.sol";
import {Registry} from "./Registry.sol";

/// @notice Money in and out. Every function that calls a token is nonReentrant, and debits before
/// it pays.
abstract contract Funds is Registry, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    function deposit(uint16 asset, uint256 amount) external override nonReentrant returns (uint64) {
        return _deposit(_accountOfSender(), asset, amount);
    }

    function depositFor(uint32 account, uint16 asset, uint256 amount)
        external
        override
        nonReentrant
        returns (uint64)
    {
        if (account == 0 || account > _control.accountCount) revert UnknownAccount(account);
        return _deposit(account, asset, amount);
    }

    function requestWithdraw(uint16 asset, uint96 quanta, address to)
        external
        override
        returns (uint64 index)
    {
        uint32 account = _accountOfSender();
        _asset(asset);
        if (quanta == 0) revert BelowOneQuantum();
        _checkRecipient(to);
        index = ++_counters.withdrawals;
        _withdrawals[index] = Withdrawal({
            account: account,
            asset: asset,
            quanta: quanta,
            requestedAt: uint40(block.timestamp),
            status: WithdrawalStatus.Requested,
            to: to
        });
        emit WithdrawRequested(index, account, asset, quanta, to);
    }

    function finalizeWithdrawals(uint64[] calldata indices)
        external
        override
        onlyOperator
        nonReentrant
    {
        for (uint256 i = 0; i < indices.length; ++i) {
            uint64 index = indices[i];
            Withdrawal storage withdrawal = _withdrawals[index];
            WithdrawalStatus status = withdrawal.status;
            if (status == WithdrawalStatus.Finalized || status == WithdrawalStatus.Claimable) {
                continue;
            }
            if (status != WithdrawalStatus.Requested) revert WrongWithdrawalStatus(index, status);
            _pay(index, withdrawal, withdrawal.quanta, false);
        }
    }

    function rejectWithdrawals(uint64[] calldata indices) external override onlyOperator {
        for (uint256 i = 0; i < indices.length; ++i) {
            uint64 index = indices[i];
            WithdrawalStatus status = _withdrawals[index].status;
            if (status == WithdrawalStatus.Rejected) continue;
            if (status != WithdrawalStatus.Requested) revert WrongWithdrawalStatus(index, status);
            _withdrawals[index].status = WithdrawalStatus.Rejected;
            emit WithdrawRejected(index, _withdrawals[index].account);
        }
    }

    function forceWithdraw(uint64 index) external override nonReentrant {
        Withdrawal storage withdrawal = _ownWithdrawal(index, WithdrawalStatus.Requested);
        uint64 readyAt = uint64(withdrawal.requestedAt) + forceDelay;
        if (block.timestamp < readyAt) revert TooEarly(readyAt);
        // Not all or nothing: an operator could otherwise starve the owner by settling a small
        // debit before each attempt.
        uint96 balance = BalanceSlots.balanceOf(withdrawal.account, withdrawal.asset);
        if (balance == 0) {
            revert InsufficientBalance(index, withdrawal.account, withdrawal.asset, 0);
        }
        uint96 quanta = withdrawal.quanta;
        _pay(index, withdrawal, quanta < balance ? quanta : balance, true);
    }

    function claim(uint64 index, address to) external override nonReentrant {
        Withdrawal storage withdrawal = _ownWithdrawal(index, WithdrawalStatus.Claimable);
        _checkRecipient(to);
        withdrawal.status = WithdrawalStatus.Finalized;
        withdrawal.to = to;
        if (!_transfer(withdrawal.asset, withdrawal.quanta, to)) revert PaymentRefused();
        emit WithdrawClaimed(index, withdrawal.account, to);
    }

    function balanceOf(uint32 account, uint16 asset) external view override returns (uint96) {
        return BalanceSlots.balanceOf(account, asset);
    }

    function pairOf(uint32 account, uint16 pair)
        external
        view
        override
        returns (uint96 even, uint96 odd, uint64 guard)
    {
        uint256 packed = BalanceSlots.load(account, pair);
        return (uint96(packed), uint96(packed >> 96), uint64(packed >> 192));
    }

    function withdrawalAt(uint64 index) external view override returns (Withdrawal memory) {
        return _withdrawals[index];
    }

    function depositCount() external view override returns (uint64) {
        return _counters.deposits;
    }

    function withdrawalCount() external view override returns (uint64) {
        return _counters.withdrawals;
    }

    function _deposit(uint32 account, uint16 asset, uint256 amount)
        private
        returns (uint64 index)
    {
        Asset memory found = _asset(asset);
        uint256 quanta = amount / found.unitsPerQuantum;
        if (quanta == 0) revert BelowOneQuantum();
        if (quanta > MAX_DEPOSIT_QUANTA) revert DepositTooLarge(quanta);
        _pull(IERC20(found.token), quanta * found.unitsPerQuantum);
        if (!BalanceSlots.credit(account, asset, uint96(quanta))) {
            revert BalanceOverflow(account, asset);
        }
        index = ++_counters.deposits;
        emit Deposited(index, account, asset, uint96(quanta), msg.sender);
    }

    // Anything but the exact amount means a token whose balances move by themselves: a pooled
    // vault would become insolvent with it.
    function _pull(IERC20 token, uint256 units) private {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), units);
        uint256 current = token.balanceOf(address(this));
        if (current != before + units) {
            revert TransferMismatch(units, current > before ? current - before : 0);
        }
    }

    function _pay(uint64 index, Withdrawal storage withdrawal, uint96 quanta, bool forced)
        private
    {
        (uint32 account, uint16 asset) = (withdrawal.account, withdrawal.asset);
        if (!BalanceSlots.debit(account, asset, quanta)) {
            uint96 balance = BalanceSlots.balanceOf(account, asset);
            revert InsufficientBalance(index, account, asset, balance);
        }
        address to = withdrawal.to;
        withdrawal.quanta = quanta;
        withdrawal.status = WithdrawalStatus.Finalized;
        if (_transfer(asset, quanta, to)) {
            emit WithdrawFinalized(index, account, asset, quanta, to, forced);
        } else {
            withdrawal.status = WithdrawalStatus.Claimable;
            emit WithdrawFailed(index, account, asset, quanta, to, forced);
        }
    }

    // False if the token reverts or returns false: one refused recipient must not block the rest.
    function _transfer(uint16 asset, uint96 quanta, address to) private returns (bool) {
        Asset memory found = _assets[asset];
        return IERC20(found.token).trySafeTransfer(to, uint256(quanta) * found.unitsPerQuantum);
    }

    function _ownWithdrawal(uint64 index, WithdrawalStatus wanted)
        private
        view
        returns (Withdrawal storage withdrawal)
    {
        withdrawal = _withdrawals[index];
        if (withdrawal.status != wanted) revert WrongWithdrawalStatus(index, withdrawal.status);
        if (msg.sender != _owners[withdrawal.account]) revert NotOwner(withdrawal.account);
    }

    function _accountOfSender() private view returns (uint32 account) {
        account = indexOf[msg.sender];
        if (account == 0) revert UnknownAccount(0);
    }

    function _checkRecipient(address to) private view {
        if (to == address(0) || to == address(this)) revert BadRecipient(to);
    }
}
