// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Asset, BatchHeader, Withdrawal, WithdrawalStatus} from "../types/VaultTypes.sol";

/// @title Custody and netted settlement of a Tallystick venue
/// @notice Holds ERC-20 tokens for numbered accounts and moves balances between them in netted
/// batches. Amounts are in quanta (token units / unitsPerQuantum), below 2^96.
///
/// Who may do what:
///  - anyone: register, deposit for anyone;
///  - the owner of an account: request, force and claim withdrawals;
///  - the operator: settle batches, answer withdrawal requests;
///  - the guardian and the admin: pause settle() for a bounded time;
///  - the admin: add assets, replace operator and guardian, end a pause, hand over.
/// Nobody can upgrade the code. The byte formats are in docs/formats/settlement.md.
///
/// @dev Invariants:
///  - for each asset, token.balanceOf(vault) >= unitsPerQuantum * (sum of balances + claimable
///    withdrawals); equal unless someone sent tokens without deposit();
///  - batch ids, event ranges, deposit and withdrawal indices are contiguous from 1;
///  - a batch executes at most once, and only on the state it was built for.
interface IVault {
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
    /// @notice The vault did not receive exactly the units it asked for (fee-on-transfer, rebasing).
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

    // ---------------------------------------------------------------- errors: settle, in precedence

    error SettlePaused(uint64 until);
    /// @notice Replay (got < expected) or gap (got > expected).
    error WrongBatch(uint64 expected, uint64 got);
    /// @notice The batch was built on another state.
    error WrongParent(bytes32 expected, bytes32 got);
    /// @notice firstEvent does not continue the previous batch, or lastEvent < firstEvent.
    error WrongEventRange(uint64 expectedFirst, uint64 first, uint64 last);
    error EngineTimeBackwards(uint64 last, uint64 got);
    /// @notice The ring entry this batch would overwrite is inside its challenge window.
    error RingFull(uint64 id, uint64 freeAt);
    /// @notice Not a whole number of 28-byte entries.
    error BadDataLength(uint256 length);
    error TooManyEntries(uint256 count);
    /// @notice Entry `position` (from 0) is not above its predecessor in (account, pair) order.
    error EntryOrder(uint256 position);
    error UnknownPair(uint32 account, uint16 pair);
    /// @notice The entry would take a balance below zero.
    error Overdraft(uint32 account, uint16 pair);
    /// @notice The entry would take a balance above 96 bits.
    error CreditOverflow(uint32 account, uint16 pair);
    /// @notice The deltas of `asset` do not sum to zero.
    error NotConserved(uint16 asset, int256 sum);

    // ---------------------------------------------------------------- errors: pause

    /// @notice A pause, or the rest between two pauses, runs until `until`.
    error PauseNotAllowed(uint64 until);

    // ---------------------------------------------------------------- events

    event Registered(uint32 indexed account, address indexed owner);
    event AssetAdded(uint16 indexed asset, address indexed token, uint64 unitsPerQuantum);
    /// @param index From 1, contiguous over all assets and accounts.
    event Deposited(
        uint64 indexed index, uint32 indexed account, uint16 asset, uint96 quanta, address from
    );
    /// @param index From 1, contiguous over all assets and accounts.
    event WithdrawRequested(
        uint64 indexed index, uint32 indexed account, uint16 asset, uint96 quanta, address to
    );
    /// @param quanta What was paid: less than requested only if forced on a smaller balance.
    event WithdrawFinalized(
        uint64 indexed index,
        uint32 indexed account,
        uint16 asset,
        uint96 quanta,
        address to,
        bool forced
    );
    event WithdrawRejected(uint64 indexed index, uint32 indexed account);
    /// @notice Debited, but the token refused to pay `to`; see claim().
    event WithdrawFailed(
        uint64 indexed index,
        uint32 indexed account,
        uint16 asset,
        uint96 quanta,
        address to,
        bool forced
    );
    event WithdrawClaimed(uint64 indexed index, uint32 indexed account, address to);
    /// @notice The only event of settle(): the entries are in its calldata.
    event Batch(
        uint64 indexed id,
        uint64 firstEvent,
        uint64 lastEvent,
        uint64 engineTime,
        bytes32 execRoot,
        bytes32 chain
    );
    event OperatorChanged(address indexed operator);
    event GuardianChanged(address indexed guardian);
    event AdminProposed(address indexed admin);
    event AdminChanged(address indexed admin);
    event Paused(uint64 until);
    event Unpaused();

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

    // ---------------------------------------------------------------- money out

    /// @notice Asks the venue to pay `quanta` to `to`. Debits nothing: the engine, which knows the
    /// unsettled trades, answers through the operator.
    /// @return index Of the WithdrawRequested event, from 1, contiguous.
    function requestWithdraw(uint16 asset, uint96 quanta, address to)
        external
        returns (uint64 index);
    /// @notice Operator. Debits and pays requests the engine approved. Idempotent: those already
    /// finalised are skipped. Reverts as a whole on a rejected or unknown index, or on a balance
    /// that is too small (the covering batch is not settled yet).
    function finalizeWithdrawals(uint64[] calldata indices) external;
    /// @notice Operator. Closes requests the engine refused. Idempotent in the same way.
    function rejectWithdrawals(uint64[] calldata indices) external;
    /// @notice Owner. Pays a request that stayed unanswered for `forceDelay`, or as much of it as
    /// the balance covers. Works while settle() is paused.
    function forceWithdraw(uint64 index) external;
    /// @notice Owner. Pays a withdrawal whose token refused the first recipient to another one.
    function claim(uint64 index, address to) external;

    // ---------------------------------------------------------------- settlement

    /// @notice Operator. Applies one netted batch: entries of 28 bytes (account u32, pair u16,
    /// delta of the even asset i88, delta of the odd asset i88; big endian), strictly ascending by
    /// (account, pair), deltas of each asset summing to zero.
    /// @dev About 42k gas + 5.8k per entry on existing balances.
    function settle(BatchHeader calldata header, bytes calldata data) external;

    // ---------------------------------------------------------------- administration

    /// @notice Admin. Immediate; address zero stops settlement.
    function setOperator(address operator) external;
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
    function balanceOf(uint32 account, uint16 asset) external view returns (uint96 quanta);
    /// @notice Both balances of a pair and the guard bits of its slot.
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
    function guardian() external view returns (address);
    function admin() external view returns (address);
    function pendingAdmin() external view returns (address);
    function pausedUntil() external view returns (uint64);
    function ringSize() external view returns (uint32);
    function challengeWindow() external view returns (uint32);
    function forceDelay() external view returns (uint32);
}
