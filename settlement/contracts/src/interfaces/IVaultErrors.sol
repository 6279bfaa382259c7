// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {WithdrawalStatus} from "../types/VaultTypes.sol";

/// @notice Every way the vault refuses a call.
interface IVaultErrors {
    // ---------------------------------------------------------------- errors: roles, configuration

    error NotAdmin();
    error NotOperator();
    error NotGuardian();
    /// @notice The caller does not own `account`.
    error NotOwner(uint32 account);
    /// @notice A zero ring size or force delay, or a window or delay above 30 days.
    error BadConfig();
    error ZeroAddress();

    // ---------------------------------------------------------------- errors: accounts and assets

    error AlreadyRegistered(uint32 account);
    error UnknownAccount(uint32 account);
    error TooManyAccounts();
    error AssetExists(uint16 asset);
    error UnknownAsset(uint16 asset);
    error TooManyAssets();
    error NotAContract(address token);
    /// @notice unitsPerQuantum is zero.
    error ZeroUnits();

    // ---------------------------------------------------------------- errors: money in and out

    /// @notice The amount is less than one quantum.
    error BelowOneQuantum();
    /// @notice The engine counts in 63 bits; one deposit may bring at most 2^62 quanta.
    error DepositTooLarge(uint256 quanta);
    /// @notice The vault did not receive exactly the units it asked for (fee-on-transfer,
    /// rebasing).
    error TransferMismatch(uint256 expectedUnits, uint256 receivedUnits);
    /// @notice A credit would exceed 96 bits.
    error BalanceOverflow(uint32 account, uint16 asset);
    /// @notice A withdrawal exceeds the settled balance.
    error InsufficientBalance(uint64 index, uint32 account, uint16 asset, uint96 balance);
    /// @notice Withdrawals to address zero or to the vault itself are refused.
    error BadRecipient(address to);
    /// @notice The withdrawal is not in a state that allows the call.
    error WrongWithdrawalStatus(uint64 index, WithdrawalStatus status);
    /// @notice forceWithdraw() before `readyAt` (block time, seconds).
    error TooEarly(uint64 readyAt);
    /// @notice claim(): the token refused this recipient too.
    error PaymentRefused();

    /// @notice The batch that last moved the balance is not final.
    error NotFinal(uint64 index, uint64 batch);
    /// @notice cancelPending(): the withdrawal will be paid, its batch is final.
    error WillBePaid(uint64 index);

    // ---------------------------------------------------------------- errors: what owners sign

    error BadSignature(uint32 account);
    error NonceUsed(uint32 account, uint64 nonce);
    error DeadlineOver(uint64 deadline);
    /// @notice The fee is above the signed bound or the amount, or the operator has no account.
    error BadFee(uint96 fee);
    /// @notice A time in the past, or beyond what the field can hold.
    error BadTime(uint64 time);
    /// @notice Nothing but waive() and disarm() change a waived account.
    error AlreadyWaived(uint32 account);

    // ---------------------------------------------------------------- errors: halt

    error NotCourt();
    error VaultHalted();
    error VaultNotHalted();
    /// @notice The newest batch is final: nothing is left to roll back.
    error NothingToRollBack();
    /// @notice Header and data are not those of the newest batch.
    error NotNewest(uint64 newest, uint64 got);
    /// @notice Batch `newest` must be rolled back first.
    error RollbackIncomplete(uint64 newest);

    // ---------------------------------------------------------------- errors: settle, in
    // precedence

    error SettlePaused(uint64 until);
    /// @notice Replay (got < expected) or gap (got > expected).
    error WrongBatch(uint64 expected, uint64 got);
    /// @notice The batch was built on another state.
    error WrongParent(bytes32 expected, bytes32 got);
    /// @notice firstEvent does not continue the previous batch, or lastEvent < firstEvent.
    error WrongEventRange(uint64 expectedFirst, uint64 first, uint64 last);
    /// @notice previousEngineTime is not that of the batch before, or engineTime is less than it.
    error EngineTimeBackwards(uint64 last, uint64 got);
    /// @notice The ring entry this batch would overwrite is not final, or needed until `freeAt`.
    error RingFull(uint64 id, uint64 freeAt);
    /// @notice Not a whole number of 28-byte entries.
    error BadDataLength(uint256 length);
    error TooManyEntries(uint256 count);
    /// @notice Entry `position` (from 0) is not above its predecessor in (account, pair) order.
    error EntryOrder(uint256 position);
    error UnknownPair(uint32 account, uint16 pair);
    /// @notice A debit of an account that is neither armed, waived nor co-signed.
    error NotArmed(uint32 account, uint16 pair);
    /// @notice The co-signature for the account's entries is missing, or of no key that may.
    error BadCosignature(uint32 account);
    /// @notice The entry would take a balance below zero.
    error Overdraft(uint32 account, uint16 pair);
    /// @notice The entry would take a balance above 96 bits.
    error CreditOverflow(uint32 account, uint16 pair);
    /// @notice The deltas of `asset` do not sum to zero.
    error NotConserved(uint16 asset, int256 sum);

    // ---------------------------------------------------------------- errors: pause

    /// @notice A pause, or the rest between two pauses, runs until `until`.
    error PauseNotAllowed(uint64 until);
}
