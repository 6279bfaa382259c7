// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchHeader} from "./VaultTypes.sol";

/// @notice An order as its owner or a session key signs it (EIP-712 type Order).
struct Order {
    uint32 account;
    uint32 venue;
    uint16 base; // Vault assets.
    uint16 quote;
    uint8 side; // 1 buy, 2 sell.
    uint96 quantity; // Base quanta, total.
    uint96 notional; // Quote quanta of `quantity` at the worst price.
    uint64 nonce;
    uint64 expiry; // Unix seconds.
    uint32 maxFee; // 1e-6 of the executed quote amount.
}

/// @notice All fills of one order in one batch: a leaf of execRoot (with the account in front).
struct Execution {
    bytes32 orderHash;
    uint96 base; // Base quanta of this batch.
    uint96 quote; // Quote quanta of this batch.
    int96 fee; // Quote quanta, positive: paid by the account.
    uint96 cumBefore; // Base quanta executed of this order in all earlier batches.
}

/// @notice What the operator shows for each execution of a challenged account. An evidence is
/// abi.encode(SignedExecution[]), ascending by order hash.
struct SignedExecution {
    Execution execution;
    Order order;
    bytes signature; // 65 bytes r, s, v; 64 bytes EIP-2098; or anything an ERC-1271 owner accepts.
    bytes32[] proof; // Of the leaf in execRoot.
}

/// @notice What a verifier may rely on: the court has checked it against the vault's commitments.
struct JustifyContext {
    address vault;
    bytes32 domain; // EIP-712 domain separator of the vault.
    uint64 batch;
    uint32 account;
    bytes32 execRoot;
    uint64 begin; // Unix seconds: max(engine time of the batch before, settledAt - maxLag).
    uint64 settledAt; // Block time, seconds.
    uint64 orderLife; // If not 0, an expiry after begin + orderLife does not count.
}

enum ChallengeStatus {
    None,
    Open,
    Justified,
    Expired, // Unanswered: this one halted the vault.
    Refunded // The vault halted while it was open.
}

/// @notice A contested (batch, account). Three slots.
struct Challenge {
    address challenger;
    uint40 deadline; // Block time, seconds, inclusive: the last moment to justify.
    ChallengeStatus status;
    uint96 bond; // Wei.
    uint32 account;
    uint64 batch;
    bytes32 entriesHash; // keccak256 of the account's entries in the batch.
}

/// @notice A batch without its data.
struct BatchLink {
    BatchHeader header;
    bytes32 dataHash; // keccak256 of its data.
}

/// @notice A settled batch: in the ring (`later` is empty), or older, with all batches that follow
/// it up to the next anchored one.
struct BatchProof {
    BatchLink batch;
    BatchLink[] later;
}

/// @notice One leaf of a settled batch with what proves it, for proveOverfill.
struct CommittedExecution {
    uint32 account;
    Execution execution;
    bytes32[] proof;
}
