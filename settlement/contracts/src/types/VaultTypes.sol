// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a batch says about itself; the netted entries travel next to it as packed bytes.
struct BatchHeader {
    bytes32 parent; // `chain()` before this batch: the batch executes on that state or not at all.
    uint64 id; // From 1, contiguous.
    uint64 firstEvent; // Event log sequence of the engine, the one after the previous lastEvent.
    uint64 lastEvent; // Inclusive.
    uint64 engineTime; // Nanoseconds since the Unix epoch, UTC, of lastEvent.
    bytes32 execRoot; // Merkle root of the order executions netted here; opaque to settle().
}

/// @notice Fixed for the life of a vault.
struct VaultConfig {
    address admin;
    address operator;
    address guardian;
    uint32 ringSize; // Batches whose commitments are kept.
    uint32 challengeWindow; // Seconds during which a commitment may not be overwritten.
    uint32 forceDelay; // Seconds an unanswered withdrawal waits before its owner may force it.
}

/// @notice An asset of the vault. One slot.
struct Asset {
    address token;
    uint64 unitsPerQuantum; // Token units in one quantum, the venue's smallest amount.
}

enum WithdrawalStatus {
    None,
    Requested, // Waits for the engine's answer; nothing is debited yet.
    Finalized, // Debited and paid.
    Rejected, // Refused by the engine; nothing was debited.
    Claimable // Debited, but the token refused the payment: the owner claims it elsewhere.
}

/// @notice A request to withdraw. Two slots.
struct Withdrawal {
    uint32 account;
    uint16 asset;
    uint96 quanta;
    uint40 requestedAt; // Block time, seconds.
    WithdrawalStatus status;
    address to;
}
