// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    Asset,
    BatchHeader,
    Guard,
    Session,
    SignedWithdrawal,
    Withdrawal
} from "../types/VaultTypes.sol";
import {IVaultErrors} from "./IVaultErrors.sol";
import {IVaultEvents} from "./IVaultEvents.sol";

/// @title Custody and netted settlement of a Tallystick venue
/// @notice Holds ERC-20 tokens for numbered accounts and moves balances between them in netted
/// batches. Amounts are in quanta (token units / unitsPerQuantum), below 2^96.
///
/// Who may do what:
///  - anyone: register, deposit for anyone, pay what is due, roll back after a halt;
///  - the owner of an account: arm, waive, register keys (IKeys), request, force and claim
///    withdrawals;
///  - the operator: settle batches, answer withdrawal requests; its senders likewise, but for
///    withdrawSigned() and its bond;
///  - the court (ICourt): keep batches from becoming final, halt;
///  - the guardian and the admin: pause settle() for a bounded time;
///  - the admin: add assets, replace operator and guardian, end a pause, hand over.
/// Nobody can upgrade the code. The byte formats are in docs/formats/settlement.md.
///
/// @dev Invariants:
///  - for each asset, token.balanceOf(vault) >= unitsPerQuantum * (sum of balances + pending and
///    claimable withdrawals); equal unless someone sent tokens without deposit();
///  - batch ids, event ranges, deposit and withdrawal indices are contiguous from 1;
///  - a batch executes at most once, and only on the state it was built for;
///  - only an armed, waived or co-signed account is debited by a batch;
///  - every batch that is not final can be rolled back, to the quantum (see base/Halting.sol).
interface IVault is IVaultErrors, IVaultEvents {
    // ---------------------------------------------------------------- accounts and assets

    /// @notice Gives the caller the next account index, from 1. One account per address.
    function register() external returns (uint32 account);
    /// @notice Same for another address, which alone controls the account.
    function registerFor(address owner) external returns (uint32 account);
    /// @notice Admin. Gives the next asset index, from 0; assets 2k and 2k+1 form pair k and share
    /// a storage slot, so put a quote currency next to the base it trades with most.
    function addAsset(address token, uint64 unitsPerQuantum) external returns (uint16 asset);

    // ---------------------------------------------------------------- money in

    /// @notice Pulls the whole quanta of `amount` (token units) from the caller and credits its
    /// account; the remainder stays in the wallet. Needs an allowance.
    /// @return index Of the Deposited event, from 1, contiguous.
    function deposit(uint16 asset, uint256 amount) external returns (uint64 index);
    /// @notice Same, from the caller to any registered account.
    function depositFor(uint32 account, uint16 asset, uint256 amount)
        external
        returns (uint64 index);

    /// @notice deposit() with an ERC-2612 permit. A permit somebody already used, or a token
    /// without permit, is no error if the allowance is there.
    function depositWithPermit(
        uint16 asset,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint64 index);

    // ---------------------------------------------------------------- money out

    /// @notice Asks the venue to pay `quanta` to `to`. Debits nothing: the engine, which knows the
    /// unsettled trades, answers through the operator.
    /// @return index Of the WithdrawRequested event, from 1, contiguous.
    function requestWithdraw(uint16 asset, uint96 quanta, address to)
        external
        returns (uint64 index);
    /// @notice Operator or sender. Debits requests the engine approved and pays those whose balance
    /// no unfinalized batch has moved; the others are Pending until payWithdrawals(). Idempotent:
    /// those already debited are skipped. Reverts as a whole on a rejected or unknown index, or on
    /// a balance that is too small (the covering batch is not settled yet).
    function finalizeWithdrawals(uint64[] calldata indices) external;
    /// @notice Operator. Same as a request and its finalisation in one step, for what the owner
    /// signed. `fee` quanta go to the operator's own account when the rest is paid.
    /// @return index From 2^63 + 1, contiguous.
    function withdrawSigned(
        SignedWithdrawal calldata withdrawal,
        uint96 fee,
        bytes calldata signature
    ) external returns (uint64 index);
    /// @notice Anyone. Pays pending withdrawals whose batch is final; skips those already paid.
    /// Also after a halt.
    function payWithdrawals(uint64[] calldata indices) external;
    /// @notice Operator or sender. Closes requests the engine refused. Idempotent in the same way.
    function rejectWithdrawals(uint64[] calldata indices) external;
    /// @notice Owner. Repeats a rejected request, which then cannot be rejected again: the venue
    /// has `forceDelay` to close the account's orders and finalise it before the owner may force
    /// it.
    function appealWithdrawal(uint64 index) external;
    /// @notice Owner. Debits (and pays, as finalizeWithdrawals) a request that stayed unanswered
    /// for `forceDelay`, or as much of it as the balance covers. Works while settle() is paused.
    function forceWithdraw(uint64 index) external;
    /// @notice Owner. Pays a withdrawal whose token refused the first recipient to another one.
    function claim(uint64 index, address to) external;

    // ---------------------------------------------------------------- who may be debited

    /// @notice Owner. Allows debits by settle() until `until` (block time): each can be challenged
    /// during the window. Only ever later than before; disarm() shortens.
    function arm(uint32 until) external;
    /// @notice Anyone, with the owner's signature of Arm.
    function armSigned(uint32 account, uint32 until, uint64 nonce, bytes calldata signature)
        external;
    /// @notice Owner. Ends arming or waiving after `propagationDelay`, so that what is matched but
    /// not settled yet cannot be reneged on.
    function disarm() external;
    /// @notice Owner. Gives up challenges, until disarm(): for fee accounts, which pay rebates
    /// without any order, and for treasuries that trust the venue.
    function waive() external;

    // ---------------------------------------------------------------- settlement

    /// @notice Operator or sender. Applies one netted batch: entries of 28 bytes (account u32, pair
    /// u16, delta of the even asset i88, delta of the odd asset i88; big endian), strictly
    /// ascending by (account, pair), deltas of each asset summing to zero.
    /// A debit needs an account that is armed or waived.
    /// @dev About 46k gas + 5.8k per entry on existing balances.
    function settle(BatchHeader calldata header, bytes calldata data) external;
    /// @notice Operator or sender. Same, with accounts whose entries (all of them, the top bit of
    /// their pair set) are signed as NetDelta by a key with SCOPE_COSIGN or by an owner with a key
    /// of its own: they need no arming and cannot be challenged.
    /// @param signatures 64 bytes (EIP-2098) for each such account, in the order of the accounts.
    function settleCosigned(
        BatchHeader calldata header,
        bytes calldata data,
        bytes calldata signatures
    ) external;

    // ---------------------------------------------------------------- the game

    /// @notice Court. Keeps a batch, and so all later ones, from becoming final.
    function hold(uint64 batch) external;
    /// @notice Court. Ends one hold().
    function release(uint64 batch) external;
    /// @notice Court. No more settlement: what is not final is rolled back, then everybody exits.
    function halt(uint64 batch) external;
    /// @notice Anyone, halted. Credits pending withdrawals back whose batch is not final. Needed
    /// before rollback() where it names the account (Overdraft).
    function cancelPending(uint64[] calldata indices) external;
    /// @notice Anyone, halted. Undoes the newest batch, until it is one that was final at the halt.
    function rollback(BatchHeader calldata header, bytes calldata data) external;
    /// @notice Owner, halted and rolled back. Pays the whole balance of each asset to `to`.
    function emergencyExit(uint16[] calldata assets, address to) external;

    // ---------------------------------------------------------------- administration

    /// @notice Admin. Immediate; the senders of the old one lose their right with it. Address zero
    /// stops settlement.
    function setOperator(address operator) external;
    /// @notice Operator or admin. Another key that may settle and answer requests, for parallel
    /// sequences of transactions, while the operator is the operator; or no longer.
    function setSender(address sender, bool allowed) external;
    function setGuardian(address guardian) external;
    /// @notice Admin. The proposed address becomes admin when it accepts.
    function proposeAdmin(address admin) external;
    function acceptAdmin() external;
    /// @notice Guardian or admin. Stops settle(), and nothing else, for PAUSE_SECONDS; not again
    /// before PAUSE_REST_SECONDS have passed since its end.
    function pause() external;
    /// @notice Admin. Ends a pause early.
    function unpause() external;

    // ---------------------------------------------------------------- views

    function head()
        external
        view
        returns (uint64 nextBatch, uint64 lastEvent, uint64 lastEngineTime);
    /// @notice Hash of the last batch, which binds all before it; `genesis()` before the first.
    function chain() external view returns (bytes32);
    function genesis() external view returns (bytes32);
    /// @return commitment The first 28 bytes of the chain hash after batch `id`, then 4 zero bytes;
    /// zero if the batch is not settled or its ring entry is overwritten.
    /// @return settledAt Block time, seconds.
    function commitmentOf(uint64 id) external view returns (bytes32 commitment, uint32 settledAt);
    /// @notice The whole chain hash of every ANCHOR_BATCHES-th batch, kept for ever: what left the
    /// ring is proved from here. Zero for the others.
    function anchorOf(uint64 id) external view returns (bytes32);
    function balanceOf(uint32 account, uint16 asset) external view returns (uint96 quanta);
    /// @notice Both balances of a pair and the guard bits of its slot: until u32, batch u24, u8
    /// reserved.
    function pairOf(uint32 account, uint16 pair)
        external
        view
        returns (uint96 even, uint96 odd, uint64 guard);
    function ownerOf(uint32 account) external view returns (address);
    /// @notice 0 if the address has no account.
    function indexOf(address owner) external view returns (uint32 account);
    function accountCount() external view returns (uint32);
    function assetCount() external view returns (uint16);
    function assetAt(uint16 asset) external view returns (Asset memory);
    /// @notice Index of a token; reverts with UnknownAsset if it was not added.
    function assetOf(address token) external view returns (uint16 asset);
    function withdrawalAt(uint64 index) external view returns (Withdrawal memory);
    function depositCount() external view returns (uint64);
    function withdrawalCount() external view returns (uint64);
    function operator() external view returns (address);
    /// @notice Whether the address may settle: the operator or one of its senders.
    function isSender(address sender) external view returns (bool);
    function guardian() external view returns (address);
    function admin() external view returns (address);
    function pendingAdmin() external view returns (address);
    function pausedUntil() external view returns (uint64);
    function ringSize() external view returns (uint32);
    function challengeWindow() external view returns (uint32);
    function forceDelay() external view returns (uint32);
    function propagationDelay() external view returns (uint32);
    function maxLag() external view returns (uint32);
    function orderLife() external view returns (uint32);
    /// @notice The contract that plays the challenge game, see ICourt.
    function court() external view returns (address);
    /// @notice The contract that keeps session keys and cancelled nonces, see IKeys.
    function keys() external view returns (address);
    function domainSeparator() external view returns (bytes32);
    function guardOf(uint32 account) external view returns (Guard memory);
    /// @notice As keys() has it.
    function sessionOf(uint32 account, address key) external view returns (Session memory);
    /// @notice Lowest nonce of an order that counts at `time` (Unix seconds), as keys() has it.
    function minNonceAt(uint32 account, uint64 time) external view returns (uint64);
    function nonceUsed(uint32 account, uint64 nonce) external view returns (bool);
    /// @notice Whether nothing can undo batch `id` any more: its window is over and no challenge of
    /// it or an earlier batch is open (after a halt: was so when the vault halted).
    function isFinal(uint64 id) external view returns (bool);
    function openChallenges(uint64 batch) external view returns (uint32);
    /// @notice Block time, seconds; 0 while the vault lives.
    function haltedAt() external view returns (uint64);
}
