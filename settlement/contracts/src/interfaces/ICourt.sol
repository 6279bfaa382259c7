// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchProof, Challenge, CommittedExecution} from "../types/GameTypes.sol";
import {BatchHeader} from "../types/VaultTypes.sol";

/// @title The challenge game of one vault
/// @notice Anyone contests the debit of an account in a batch that is inside its window; the
/// operator shows the signed orders that explain it before the deadline, or the vault halts and
/// rolls back what is not final. Created by the vault; holds bonds and never a token.
///
/// @dev Invariants:
///  - an open challenge keeps its batch and all later ones from becoming final;
///  - justify() is possible up to the deadline and expireChallenge() only after it: never both;
///  - its ether is the sum of open bonds, credits and the operator's bond (plus what was forced
///    in).
interface ICourt {
    error NoVerifier();
    /// @notice The header and data are not those of a settled batch in the ring.
    error UnknownBatch(uint64 id);
    /// @notice The window of the batch is over.
    error WindowOver(uint64 id, uint64 until);
    error VaultHalted();
    error VaultNotHalted();
    error WrongBond(uint256 expected, uint256 got);
    /// @notice `firstEntry` is not the position of the account's first entry.
    error WrongEntry(uint256 position);
    /// @notice The batch debits the account in no asset.
    error NoDebit(uint64 batch, uint32 account);
    /// @notice The account signed its entries itself.
    error CoSigned(uint64 batch, uint32 account);
    /// @notice The owner had given up challenges when the batch was settled.
    error Waived(uint64 batch, uint32 account);
    /// @notice A (batch, account) can be challenged once.
    error AlreadyChallenged(uint64 batch, uint32 account);
    error NotOpen(uint64 batch, uint32 account);
    error DeadlineOver(uint64 deadline);
    error DeadlineNotOver(uint64 deadline);
    /// @notice The entries are not the challenged ones.
    error WrongEntries();
    /// @notice The two executions do not contradict each other.
    error NoContradiction();
    error NothingToWithdraw();
    error NotAdmin();
    error NotOperator();
    error TooEarly(uint64 readyAt);
    /// @notice releaseBond(): the last batch before the request is not final.
    error NotFinal(uint64 batch);

    event Challenged(
        uint64 indexed batch, uint32 indexed account, address indexed challenger, uint64 deadline
    );
    event Justified(uint64 indexed batch, uint32 indexed account);
    /// @notice Nobody explained the debit: the vault halted.
    event Unjustified(uint64 indexed batch, uint32 indexed account);
    /// @notice Two executions of one order contradict each other: the vault halted.
    event Overfilled(uint64 indexed batch, bytes32 indexed orderHash);
    event BondFunded(address indexed from, uint256 amount);
    event BondReleaseRequested(uint256 amount, uint64 batch);
    event VerifierProposed(address indexed verifier, uint64 readyAt);
    event VerifierChanged(address indexed verifier);

    // ---------------------------------------------------------------- the game

    /// @notice Anyone, with exactly `challengeBond` wei. Contests what batch `header.id` did to
    /// `account`: `data` is the batch, `firstEntry` the position of the account's first entry.
    function challenge(
        BatchHeader calldata header,
        bytes calldata data,
        uint32 account,
        uint256 firstEntry
    ) external payable;
    /// @notice Anyone (the bond goes to the vault's operator), up to the deadline.
    /// @param dataHash keccak256 of the batch's data.
    /// @param entries The account's entries in it.
    /// @param evidence For the verifier: abi.encode(SignedExecution[]).
    function justify(
        BatchHeader calldata header,
        bytes32 dataHash,
        uint32 account,
        bytes calldata entries,
        bytes calldata evidence
    ) external;
    /// @notice Anyone, after the deadline: halts the vault; the challenger gets its bond back and a
    /// reward out of the operator's bond.
    function expireChallenge(uint64 batch, uint32 account) external;
    /// @notice Anyone. Two different executions of one order that cannot both be true halt the
    /// vault: in one batch, or overlapping [cumBefore, cumBefore + base) in two, at least one of
    /// which is not final. The caller gets the reward.
    function proveOverfill(
        BatchProof calldata batchA,
        CommittedExecution calldata a,
        BatchProof calldata batchB,
        CommittedExecution calldata b
    ) external;
    /// @notice Anyone. Gives the bond back of a challenge that was open when the vault halted.
    function refund(uint64 batch, uint32 account) external;

    // ---------------------------------------------------------------- bonds

    function fundBond() external payable;
    /// @notice Operator. The bond stays at stake until every batch settled by now is final.
    function requestBondRelease(uint256 amount) external;
    /// @notice Operator. Credits the released bond to the operator.
    function releaseBond() external;
    /// @notice Pays what the game owes the caller.
    function withdrawCredit(address payable to) external;

    // ---------------------------------------------------------------- the verifier

    /// @notice Admin of the vault. Takes effect by applyVerifier() after `verifierDelay`.
    function proposeVerifier(address verifier) external;
    function applyVerifier() external;

    // ---------------------------------------------------------------- views

    function vault() external view returns (address);
    function verifier() external view returns (address);
    function pendingVerifier() external view returns (address verifier, uint64 readyAt);
    /// @notice Longer than window + response + force delay: who distrusts a new verifier can leave.
    function verifierDelay() external view returns (uint64);
    function challengeBond() external view returns (uint96);
    function responseTime() external view returns (uint32);
    function operatorBond() external view returns (uint256);
    function creditOf(address who) external view returns (uint256);
    function challengeOf(uint64 batch, uint32 account) external view returns (Challenge memory);
}
