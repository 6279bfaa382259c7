// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BalanceSlots} from "../libraries/BalanceSlots.sol";
import {NettedEntries} from "../libraries/NettedEntries.sol";
import {VaultHashes} from "../libraries/VaultHashes.sol";
import {BatchHeader, Withdrawal, WithdrawalStatus} from "../types/VaultTypes.sol";
import {Settlement} from "./Settlement.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @notice What follows a halt: pending withdrawals are credited back, batches that were not final
/// are taken back newest first, then every owner takes its balance.
///
/// @dev Why a rollback always restores everybody, to the quantum. Look at one balance (account,
/// asset) and a batch k that is not final; let H be the balance right after batch k was applied,
/// H >= 0 because settle() and every debit check it. Since then the balance changed by batches
/// after k, deposits D >= 0 (and fees, which come out of paid withdrawals), and debits of
/// withdrawals.
///  1. No debit since then is paid if a batch after k moved the slot before it: the withdrawal
///     keeps the last batch j that moved the slot, waits until j is final, and j > k is not final
///     while k is not (a challenge holds all later batches, and windows end in order). Such debits
///     W are pending, and cancelPending() credits them back.
///  2. Debits P that are paid although k is not final were therefore made while the slot still was
///     as batch k (or an earlier one) left it, plus deposits: they left a balance >= 0 before any
///     later batch. P is part of history: H - P + D' >= 0 with the deposits D' made until then.
/// Undoing batches newest first and crediting W back leaves H + D - P >= 0: no subtraction in
/// rollback() can fail once the account's pending withdrawals are cancelled, in any order of calls.
/// Tokens: paid withdrawals reduce balances and tokens alike, batches sum to zero for each asset,
/// so what all balances add up to is what the vault holds, before and after.
/// A sum cannot exceed 96 bits: that would take 2^34 deposits of at most 2^62 quanta each.
/// A rollback costs less gas than the batch did: 6.1k an entry.
abstract contract Halting is Withdrawals, Settlement {
    function cancelPending(uint64[] calldata indices) external override onlyHalted {
        for (uint256 i = 0; i < indices.length; ++i) {
            uint64 index = indices[i];
            Withdrawal storage withdrawal = _withdrawals[index];
            WithdrawalStatus status = withdrawal.status;
            if (status == WithdrawalStatus.Cancelled) continue;
            if (status != WithdrawalStatus.Pending) revert WrongWithdrawalStatus(index, status);
            if (isFinal(withdrawal.batch)) revert WillBePaid(index);
            withdrawal.status = WithdrawalStatus.Cancelled;
            (uint32 account, uint16 asset) = (withdrawal.account, withdrawal.asset);
            uint96 quanta = withdrawal.quanta;
            if (!BalanceSlots.credit(account, asset, quanta)) {
                revert BalanceOverflow(account, asset);
            }
            emit WithdrawCancelled(index, account, asset, quanta);
        }
    }

    function rollback(BatchHeader calldata header, bytes calldata data)
        external
        override
        onlyHalted
    {
        uint64 newest = _head.nextBatch - 1;
        if (isFinal(newest)) revert NothingToRollBack();
        if (
            header.id != newest || VaultHashes.chainAfter(header, keccak256(data)) != chain
        ) revert NotNewest(newest, header.id);
        NettedEntries.revertAll(data);
        chain = header.parent;
        _head.nextBatch = newest;
        _head.lastEvent = header.firstEvent - 1;
        _head.lastEngineTime = header.previousEngineTime;
        emit RolledBack(newest, header.parent);
    }

    function emergencyExit(uint16[] calldata assets, address to)
        external
        override
        onlyHalted
        nonReentrant
    {
        uint32 account = _accountOfSender();
        uint64 newest = _head.nextBatch - 1;
        if (!isFinal(newest)) revert RollbackIncomplete(newest);
        _checkRecipient(to);
        for (uint256 i = 0; i < assets.length; ++i) {
            uint16 asset = assets[i];
            uint96 quanta = BalanceSlots.balanceOf(account, asset);
            if (quanta == 0) continue;
            BalanceSlots.debit(account, asset, quanta);
            if (!_transfer(asset, quanta, to)) revert PaymentRefused();
            emit Exited(account, asset, quanta, to);
        }
    }
}
