// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a batch says about itself; the netted entries travel next to it as packed bytes.
struct BatchHeader {
    bytes32 parent; // `chain()` before this batch: the batch executes on that state or not at all.
    uint64 id; // From 1, contiguous.
    uint64 firstEvent; // Event log sequence of the engine, the one after the previous lastEvent.
    uint64 lastEvent; // Inclusive.
    uint64 previousEngineTime; // engineTime of the batch before; 0 for the first.
    uint64 engineTime; // Nanoseconds since the Unix epoch, UTC, of lastEvent.
    bytes32 execRoot; // Merkle root of the order executions netted here; opaque to settle().
}

/// @notice Fixed for the life of a vault. Times in seconds.
struct VaultConfig {
    address admin;
    address operator;
    address guardian;
    address verifier; // IOrderVerifier of the game; zero: challenges are not possible.
    uint32 ringSize; // Batches whose commitments are kept.
    uint32 challengeWindow; // From the settlement of a batch on.
    uint32 responseTime; // What the operator has to justify a challenged debit.
    uint32 propagationDelay; // Until disarm, revokeSession and cancelBelow act.
    uint32 forceDelay; // An unanswered withdrawal waits this long before its owner may force it.
    uint32 maxLag; // A batch counts as begun at most this long before it was settled.
    uint32 orderLife; // An expiry later than this after the batch began counts not; 0: no limit.
    uint96 challengeBond; // Wei.
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
    Rejected, // Refused by the engine; nothing was debited. The owner may appeal.
    Claimable, // Debited, but the token refused the payment: the owner claims it elsewhere.
    Pending, // Debited; waits until the last batch that moved the balance is final.
    Cancelled, // Was pending when the vault halted: credited back.
    Appealed // Requested again after a rejection; cannot be rejected any more.
}

/// @notice A withdrawal. Two slots.
struct Withdrawal {
    uint32 account;
    uint16 asset;
    uint96 quanta; // Debited or to be debited, the fee included.
    uint40 requestedAt; // Block time, seconds.
    WithdrawalStatus status;
    uint56 batch; // The payment waits until this batch is final.
    bool forced;
    address to;
    uint96 fee; // Of a signed withdrawal, quanta, to the operator's account when it is paid.
}

/// @notice What an owner signs for the fast path (EIP-712 type Withdraw, these fields).
struct SignedWithdrawal {
    uint32 account;
    uint16 asset;
    uint96 quanta; // Leaves the account; `to` receives quanta - fee.
    address to;
    uint96 maxFee;
    uint64 nonce; // Any value not used before by the account.
    uint64 deadline; // Block time, seconds, inclusive.
}

/// @notice Who may be debited by settle() without a co-signature. One slot for each account; the
/// balance slots cache `until`.
struct Guard {
    uint32 until; // Debits are possible before this time; type(uint32).max while waived.
    uint40 waivedSince; // 0: never waived. Batches settled in [since, until) are not challengeable.
    uint40 waivedUntil;
    uint144 reserved; // Loss cap for each epoch, order-proved lane.
}

uint8 constant SCOPE_TRADE = 1; // Signs orders.
uint8 constant SCOPE_COSIGN = 2; // Signs NetDelta.

/// @notice A key that acts for an account. It can never withdraw. One slot.
struct Session {
    uint40 validFrom; // Block time, seconds, inclusive.
    uint40 validUntil; // Exclusive.
    uint32 venue; // 0: every venue.
    uint8 scope; // SCOPE_ bits.
    uint8 scheme; // 0: secp256k1. Others are reserved (1: P-256).
    uint128 reserved; // Largest notional.
}
