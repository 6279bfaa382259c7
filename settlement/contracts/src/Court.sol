// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICourt} from "./interfaces/ICourt.sol";
import {IOrderVerifier} from "./interfaces/IOrderVerifier.sol";
import {IVault} from "./interfaces/IVault.sol";
import {NettedEntries} from "./libraries/NettedEntries.sol";
import {VaultHashes} from "./libraries/VaultHashes.sol";
import {
    BatchLink,
    BatchProof,
    Challenge,
    ChallengeStatus,
    CommittedExecution,
    Execution,
    JustifyContext
} from "./types/GameTypes.sol";
import {BatchHeader, Guard, VaultConfig} from "./types/VaultTypes.sol";

/// @title The challenge game
/// @notice See ICourt. Why it cannot be raced or blocked:
///  - a challenge is possible while block time < settledAt + window, a payment from then on only,
///    and a challenge holds its batch in the same transaction: there is no moment for both;
///  - the deadline counts from the challenge, so one of the last second leaves the full time;
///  - no number of open challenges shuts out another one: each costs its bond, which pays for the
///    answer. A held batch is final at the latest window + responseTime after it was settled;
///  - (batch, account) is decided once; a justification is complete, so a second one adds nothing.
contract Court is ICourt {
    uint64 private constant VERIFIER_NOTICE = 7 days;
    uint64 private constant ANCHOR_BATCHES = 256; // Of the vault.

    address public immutable override vault;
    uint32 public immutable override responseTime;
    uint64 public immutable override verifierDelay;
    uint96 public immutable override challengeBond;
    uint32 private immutable _window;
    uint32 private immutable _maxLag;
    uint32 private immutable _orderLife;

    address public override verifier;
    address private _pendingVerifier;
    uint64 private _verifierReadyAt;
    uint256 public override operatorBond;
    uint256 private _releaseAmount;
    uint64 private _releaseBatch;
    mapping(address who => uint256) public override creditOf;
    mapping(uint64 batch => mapping(uint32 account => Challenge)) private _challenges;

    constructor(VaultConfig memory config) {
        vault = msg.sender;
        responseTime = config.responseTime;
        challengeBond = config.challengeBond;
        verifierDelay = uint64(config.challengeWindow) + config.responseTime + config.forceDelay
            + VERIFIER_NOTICE;
        _window = config.challengeWindow;
        _maxLag = config.maxLag;
        _orderLife = config.orderLife;
        verifier = config.verifier;
        emit VerifierChanged(config.verifier);
    }

    // ---------------------------------------------------------------- the game

    function challenge(
        BatchHeader calldata header,
        bytes calldata data,
        uint32 account,
        uint256 firstEntry
    ) external payable override {
        if (verifier == address(0)) revert NoVerifier();
        if (msg.value != challengeBond) revert WrongBond(challengeBond, msg.value);
        uint64 settledAt = _settledAt(header, keccak256(data));
        uint64 until = settledAt + _window;
        if (block.timestamp >= until) revert WindowOver(header.id, until);
        bytes calldata entries = _entriesOf(data, account, firstEntry);
        _checkChallengeable(header.id, account, entries, settledAt);
        Challenge storage open = _challenges[header.id][account];
        if (open.status != ChallengeStatus.None) revert AlreadyChallenged(header.id, account);
        open.challenger = msg.sender;
        open.deadline = uint40(block.timestamp) + responseTime;
        open.status = ChallengeStatus.Open;
        open.bond = uint96(msg.value);
        open.account = account;
        open.batch = header.id;
        open.entriesHash = keccak256(entries);
        IVault(vault).hold(header.id);
        emit Challenged(header.id, account, msg.sender, open.deadline);
    }

    function justify(
        BatchHeader calldata header,
        bytes32 dataHash,
        uint32 account,
        bytes calldata entries,
        bytes calldata evidence
    ) external override {
        Challenge storage open = _openChallenge(header.id, account);
        if (block.timestamp > open.deadline) revert DeadlineOver(open.deadline);
        if (keccak256(entries) != open.entriesHash) revert WrongEntries();
        uint64 settledAt = _settledAt(header, dataHash);
        open.status = ChallengeStatus.Justified;
        // To the operator, not to the caller: who copies its transaction must not get the bond.
        creditOf[IVault(vault).operator()] += open.bond;
        IVault(vault).release(header.id);
        IOrderVerifier(verifier).verify(_contextOf(header, account, settledAt), entries, evidence);
        emit Justified(header.id, account);
    }

    function expireChallenge(uint64 batch, uint32 account) external override {
        Challenge storage open = _openChallenge(batch, account);
        if (block.timestamp <= open.deadline) revert DeadlineNotOver(open.deadline);
        open.status = ChallengeStatus.Expired;
        creditOf[open.challenger] += open.bond;
        _halt(batch, open.challenger);
        emit Unjustified(batch, account);
    }

    function proveOverfill(
        BatchProof calldata batchA,
        CommittedExecution calldata a,
        BatchProof calldata batchB,
        CommittedExecution calldata b
    ) external override {
        if (verifier == address(0)) revert NoVerifier();
        _checkSettled(batchA);
        _checkSettled(batchB);
        (BatchHeader calldata x, BatchHeader calldata y) =
            (batchA.batch.header, batchB.batch.header);
        uint64 later = x.id > y.id ? x.id : y.id;
        if (IVault(vault).isFinal(later)) revert WindowOver(later, 0);
        IOrderVerifier(verifier).checkExecution(x.execRoot, a);
        IOrderVerifier(verifier).checkExecution(y.execRoot, b);
        if (!_contradict(x.id == y.id, a, b)) revert NoContradiction();
        _halt(later, msg.sender);
        emit Overfilled(later, a.execution.orderHash);
    }

    function refund(uint64 batch, uint32 account) external override {
        Challenge storage open = _openChallenge(batch, account);
        if (IVault(vault).haltedAt() == 0) revert VaultNotHalted();
        open.status = ChallengeStatus.Refunded;
        creditOf[open.challenger] += open.bond;
    }

    // ---------------------------------------------------------------- bonds

    function fundBond() external payable override {
        operatorBond += msg.value;
        emit BondFunded(msg.sender, msg.value);
    }

    function requestBondRelease(uint256 amount) external override {
        _checkOperator();
        _releaseAmount = amount;
        (uint64 nextBatch,,) = IVault(vault).head();
        _releaseBatch = nextBatch - 1;
        emit BondReleaseRequested(amount, nextBatch - 1);
    }

    function releaseBond() external override {
        _checkOperator();
        if (IVault(vault).haltedAt() != 0) revert VaultHalted(); // What is left is forfeited.
        if (!IVault(vault).isFinal(_releaseBatch)) revert NotFinal(_releaseBatch);
        uint256 amount = _releaseAmount < operatorBond ? _releaseAmount : operatorBond;
        if (amount == 0) revert NothingToWithdraw();
        operatorBond -= amount;
        _releaseAmount = 0;
        creditOf[msg.sender] += amount;
    }

    function withdrawCredit(address payable to) external override {
        uint256 amount = creditOf[msg.sender];
        if (amount == 0) revert NothingToWithdraw();
        creditOf[msg.sender] = 0;
        (bool ok,) = to.call{value: amount}("");
        if (!ok) revert NothingToWithdraw();
    }

    // ---------------------------------------------------------------- the verifier

    function proposeVerifier(address verifier_) external override {
        if (msg.sender != IVault(vault).admin()) revert NotAdmin();
        if (verifier_.code.length == 0) revert NoVerifier();
        _pendingVerifier = verifier_;
        _verifierReadyAt = uint64(block.timestamp) + verifierDelay;
        emit VerifierProposed(verifier_, _verifierReadyAt);
    }

    function applyVerifier() external override {
        if (_pendingVerifier == address(0)) revert NoVerifier();
        if (block.timestamp < _verifierReadyAt) revert TooEarly(_verifierReadyAt);
        verifier = _pendingVerifier;
        _pendingVerifier = address(0);
        emit VerifierChanged(verifier);
    }

    function pendingVerifier() external view override returns (address, uint64) {
        return (_pendingVerifier, _verifierReadyAt);
    }

    // ---------------------------------------------------------------- views

    function challengeOf(uint64 batch, uint32 account)
        external
        view
        override
        returns (Challenge memory)
    {
        return _challenges[batch][account];
    }

    // ---------------------------------------------------------------- helpers

    // Block time of the batch; reverts if it is not the settled one.
    function _settledAt(BatchHeader calldata header, bytes32 dataHash)
        private
        view
        returns (uint64)
    {
        (bytes32 commitment, uint32 settledAt) = IVault(vault).commitmentOf(header.id);
        bytes32 hash = VaultHashes.chainAfter(header, dataHash);
        if (settledAt == 0 || commitment != hash & ~bytes32(uint256(type(uint32).max))) {
            revert UnknownBatch(header.id);
        }
        return settledAt;
    }

    // In the ring, or linked by parent hashes to an anchored batch.
    function _checkSettled(BatchProof calldata proof) private view {
        BatchLink calldata batch = proof.batch;
        uint256 count = proof.later.length;
        if (count == 0 && batch.header.id % ANCHOR_BATCHES != 0) {
            _settledAt(batch.header, batch.dataHash);
            return;
        }
        uint64 id = batch.header.id;
        bytes32 hash = VaultHashes.chainAfter(batch.header, batch.dataHash);
        for (uint256 i = 0; i < count; ++i) {
            BatchLink calldata next = proof.later[i];
            if (next.header.parent != hash) revert UnknownBatch(next.header.id);
            hash = VaultHashes.chainAfter(next.header, next.dataHash);
            id = next.header.id;
        }
        if (hash != IVault(vault).anchorOf(id)) revert UnknownBatch(id);
    }

    // All entries of the account: the batch is ascending, so they are neighbours.
    function _entriesOf(bytes calldata data, uint32 account, uint256 first)
        private
        pure
        returns (bytes calldata)
    {
        uint256 count = NettedEntries.countOf(data);
        if (first >= count || _accountAt(data, first) != account) revert WrongEntry(first);
        if (first != 0 && _accountAt(data, first - 1) == account) revert WrongEntry(first);
        uint256 end = first + 1;
        while (end < count && _accountAt(data, end) == account) ++end;
        return data[first * NettedEntries.ENTRY_BYTES:end * NettedEntries.ENTRY_BYTES];
    }

    function _accountAt(bytes calldata data, uint256 position) private pure returns (uint32) {
        return NettedEntries.accountOf(NettedEntries.entryAt(data, position));
    }

    function _checkChallengeable(
        uint64 batch,
        uint32 account,
        bytes calldata entries,
        uint64 settledAt
    ) private view {
        // One entry co-signed: all are, settle saw to it.
        if (NettedEntries.isCosigned(NettedEntries.entryAt(entries, 0))) {
            revert CoSigned(batch, account);
        }
        uint256 count = NettedEntries.countOf(entries);
        bool debited = false;
        for (uint256 i = 0; i < count; ++i) {
            debited = debited || NettedEntries.isDebit(NettedEntries.entryAt(entries, i));
        }
        if (!debited) revert NoDebit(batch, account);
        Guard memory guard = IVault(vault).guardOf(account);
        if (
            guard.waivedSince != 0 && guard.waivedSince <= settledAt
                && settledAt < guard.waivedUntil
        ) revert Waived(batch, account);
    }

    function _openChallenge(uint64 batch, uint32 account)
        private
        view
        returns (Challenge storage open)
    {
        open = _challenges[batch][account];
        if (open.status != ChallengeStatus.Open) revert NotOpen(batch, account);
    }

    function _contextOf(BatchHeader calldata header, uint32 account, uint64 settledAt)
        private
        view
        returns (JustifyContext memory)
    {
        uint64 begin = header.previousEngineTime / 1e9;
        if (begin > settledAt) begin = settledAt; // An engine clock ahead of the chain's.
        if (settledAt > _maxLag && begin < settledAt - _maxLag) begin = settledAt - _maxLag;
        return JustifyContext({
            vault: vault,
            domain: IVault(vault).domainSeparator(),
            batch: header.id,
            account: account,
            execRoot: header.execRoot,
            begin: begin,
            settledAt: settledAt,
            orderLife: _orderLife
        });
    }

    // In one batch an order has one execution; in two, executions do not overlap. An order has one
    // account.
    function _contradict(
        bool sameBatch,
        CommittedExecution calldata a,
        CommittedExecution calldata b
    ) private pure returns (bool) {
        (Execution calldata x, Execution calldata y) = (a.execution, b.execution);
        if (x.orderHash != y.orderHash) return false;
        if (a.account != b.account) return true;
        if (sameBatch) return keccak256(abi.encode(x)) != keccak256(abi.encode(y));
        uint256 endX = uint256(x.cumBefore) + x.base;
        uint256 endY = uint256(y.cumBefore) + y.base;
        return x.base != 0 && y.base != 0 && x.cumBefore < endY && y.cumBefore < endX;
    }

    function _halt(uint64 batch, address finder) private {
        uint256 reward = operatorBond < challengeBond ? operatorBond : challengeBond;
        operatorBond -= reward;
        creditOf[finder] += reward;
        IVault(vault).halt(batch);
    }

    function _checkOperator() private view {
        if (msg.sender != IVault(vault).operator()) revert NotOperator();
    }
}
