// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVault} from "../interfaces/IVault.sol";
import {Asset, VaultConfig, Withdrawal} from "../types/VaultTypes.sol";

/// @notice All storage of the vault, so that its layout is read in one place; balances and the ring
/// of commitments live at fixed addresses of their own (BalanceSlots, CommitmentRing).
abstract contract VaultStorage is IVault {
    uint32 internal constant MAX_ACCOUNTS = (1 << 24) - 1; // What the engine can hold.
    uint16 internal constant MAX_ASSETS = 4096;
    uint256 internal constant MAX_DEPOSIT_QUANTA = 1 << 62;
    uint32 internal constant MAX_DELAY = 30 days;

    // What every batch reads, in one slot.
    struct Control {
        address operator;
        uint32 accountCount;
        uint16 assetCount;
        uint40 pausedUntil; // Block time, seconds.
    }

    // What every batch writes, beside the chain hash.
    struct Head {
        uint64 nextBatch;
        uint64 lastEvent;
        uint64 lastEngineTime;
        uint64 reserved; // Flags of the challenge game (halt).
    }

    struct Counters {
        uint64 deposits;
        uint64 withdrawals;
    }

    Control internal _control;
    Head internal _head;
    bytes32 public override chain;
    Counters internal _counters;
    address public override admin;
    address public override pendingAdmin;
    address public override guardian;
    mapping(uint32 account => address) internal _owners;
    mapping(address owner => uint32) public override indexOf;
    mapping(uint16 asset => Asset) internal _assets;
    mapping(address token => uint32) internal _assetPlusOne;
    mapping(uint64 index => Withdrawal) internal _withdrawals;

    bytes32 public immutable override genesis;
    uint32 public immutable override ringSize;
    uint32 public immutable override challengeWindow;
    uint32 public immutable override forceDelay;

    constructor(VaultConfig memory config) {
        if (config.admin == address(0)) revert ZeroAddress();
        if (
            config.ringSize == 0 || config.challengeWindow > MAX_DELAY || config.forceDelay == 0
                || config.forceDelay > MAX_DELAY
        ) revert BadConfig();
        // Binds every batch to this chain and this vault.
        genesis =
            keccak256(abi.encode(keccak256("tallystick.vault.v1"), block.chainid, address(this)));
        chain = genesis;
        ringSize = config.ringSize;
        challengeWindow = config.challengeWindow;
        forceDelay = config.forceDelay;
        _head.nextBatch = 1;
        admin = config.admin;
        guardian = config.guardian;
        _control.operator = config.operator;
        emit AdminChanged(config.admin);
        emit GuardianChanged(config.guardian);
        emit OperatorChanged(config.operator);
    }

    modifier onlyAdmin() {
        if (msg.sender != admin) revert NotAdmin();
        _;
    }

    modifier onlyOperator() {
        if (msg.sender != _control.operator) revert NotOperator();
        _;
    }
}
