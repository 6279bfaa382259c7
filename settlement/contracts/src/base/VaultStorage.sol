// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVault} from "../interfaces/IVault.sol";
import {VaultHashes} from "../libraries/VaultHashes.sol";
import {Asset, Guard, VaultConfig, Withdrawal} from "../types/VaultTypes.sol";

/// @notice All storage of the vault, so that its layout is read in one place; balances and the ring
/// of commitments live at fixed addresses of their own (BalanceSlots, CommitmentRing).
abstract contract VaultStorage is IVault {
    uint32 internal constant MAX_ACCOUNTS = (1 << 24) - 1; // What the engine can hold.
    uint16 internal constant MAX_ASSETS = 4096;
    uint256 internal constant MAX_DEPOSIT_QUANTA = 1 << 62;
    uint32 internal constant MAX_DELAY = 30 days;
    uint64 internal constant ANCHOR_BATCHES = 256;

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
        uint32 openChallenges;
        uint32 haltedAt; // Block time, seconds; 0 while the vault lives.
    }

    struct Counters {
        uint64 deposits;
        uint64 withdrawals;
        uint64 signedWithdrawals;
        uint64 nextBatchAtHalt;
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
    mapping(uint32 account => Guard) internal _guards;
    mapping(uint32 account => mapping(uint64 word => uint256)) internal _nonces; // Used ones.
    mapping(uint64 batch => bytes32) public override anchorOf;
    mapping(uint64 batch => uint32) public override openChallenges;
    // A bit for each position of the ring: its batch has open challenges.
    mapping(uint256 word => uint256) internal _held;
    // Other keys of an operator; they fall with it.
    mapping(address operator => mapping(address sender => bool)) internal _senders;

    bytes32 public immutable override genesis;
    uint32 public immutable override ringSize;
    uint32 public immutable override challengeWindow;
    uint32 public immutable override forceDelay;
    uint32 public immutable override propagationDelay;
    uint32 public immutable override maxLag;
    uint32 public immutable override orderLife;
    uint256 private immutable _chainId;
    bytes32 private immutable _domain;

    constructor(VaultConfig memory config) {
        if (config.admin == address(0)) revert ZeroAddress();
        if (
            config.ringSize == 0 || config.challengeWindow > MAX_DELAY || config.forceDelay == 0
                || config.forceDelay > MAX_DELAY || config.responseTime > MAX_DELAY
                || config.propagationDelay > MAX_DELAY || config.maxLag > MAX_DELAY
        ) revert BadConfig();
        // Binds every batch to this chain and this vault.
        genesis =
            keccak256(abi.encode(keccak256("tallystick.vault.v1"), block.chainid, address(this)));
        chain = genesis;
        ringSize = config.ringSize;
        challengeWindow = config.challengeWindow;
        forceDelay = config.forceDelay;
        propagationDelay = config.propagationDelay;
        maxLag = config.maxLag;
        orderLife = config.orderLife;
        _chainId = block.chainid;
        _domain = VaultHashes.domain(address(this));
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

    modifier onlySender() {
        if (!_maySend(_control.operator)) revert NotOperator();
        _;
    }

    modifier onlyLive() {
        if (_head.haltedAt != 0) revert VaultHalted();
        _;
    }

    modifier onlyHalted() {
        if (_head.haltedAt == 0) revert VaultNotHalted();
        _;
    }

    function haltedAt() external view override returns (uint64) {
        return _head.haltedAt;
    }

    /// @dev A fork with another chain id has another domain.
    function domainSeparator() public view override returns (bytes32) {
        return block.chainid == _chainId ? _domain : VaultHashes.domain(address(this));
    }

    function _maySend(address currentOperator) internal view returns (bool) {
        return msg.sender == currentOperator || _senders[currentOperator][msg.sender];
    }

    function _accountOfSender() internal view returns (uint32 account) {
        account = indexOf[msg.sender];
        if (account == 0) revert UnknownAccount(0);
    }

    function _pairCount() internal view returns (uint16) {
        return (_control.assetCount + 1) >> 1;
    }
}
