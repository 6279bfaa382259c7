// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the vault logs.
interface IVaultEvents {
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
    /// @notice Debited; payWithdrawals() pays it when `batch` is final. The debit of a withdrawal
    /// that was never pending is its WithdrawFinalized or WithdrawFailed.
    event WithdrawPending(
        uint64 indexed index,
        uint32 indexed account,
        uint16 asset,
        uint96 quanta,
        address to,
        bool forced,
        uint64 batch
    );
    /// @notice The operator included what the owner had signed. Indices from 2^63 + 1, contiguous.
    event WithdrawSigned(
        uint64 indexed index, uint32 indexed account, uint64 nonce, uint96 fee
    );
    /// @notice Credited to the operator's account out of a signed withdrawal, when that was paid.
    event WithdrawFeePaid(
        uint64 indexed index, uint32 indexed account, uint16 asset, uint96 quanta
    );
    /// @notice Credited back after a halt.
    event WithdrawCancelled(
        uint64 indexed index, uint32 indexed account, uint16 asset, uint96 quanta
    );
    /// @notice The owner insists: the venue must close the account's orders and pay.
    event WithdrawAppealed(uint64 indexed index, uint32 indexed account);
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
    event SenderChanged(address indexed operator, address indexed sender, bool allowed);
    event GuardianChanged(address indexed guardian);
    event AdminProposed(address indexed admin);
    event AdminChanged(address indexed admin);
    event Paused(uint64 until);
    event Unpaused();
    event Armed(uint32 indexed account, uint32 until);
    event Disarmed(uint32 indexed account, uint40 until);
    event LaneWaived(uint32 indexed account);
    /// @notice The court found batch `batch` unjustified; no more settlement, ever.
    event Halted(uint64 indexed batch);
    event RolledBack(uint64 indexed id, bytes32 chain);
    event Exited(uint32 indexed account, uint16 indexed asset, uint96 quanta, address to);
}
