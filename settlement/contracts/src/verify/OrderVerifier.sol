// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IOrderVerifier} from "../interfaces/IOrderVerifier.sol";
import {IVault} from "../interfaces/IVault.sol";
import {
    CommittedExecution,
    Execution,
    JustifyContext,
    Order,
    SignedExecution
} from "../types/GameTypes.sol";
import {SCOPE_TRADE, Session} from "../types/VaultTypes.sol";
import {Executions} from "./Executions.sol";
import {OrderHash} from "./OrderHash.sol";
import {Remainders} from "./Remainders.sol";
import {VerifierErrors} from "./VerifierErrors.sol";

/// @title Whether signed orders explain what a batch did to an account
/// @notice Every execution shown must be committed in the batch's root and allowed by an order that
/// was signed, alive and not cancelled when the batch began; all of them together must be the
/// account's entries to the quantum. Holds nothing and writes nothing.
/// @dev About 16k gas an execution in a tree of 1,000 leaves, with calldata.
contract OrderVerifier is IOrderVerifier, VerifierErrors {
    using Remainders for Remainders.Table;

    uint8 private constant SIDE_BUY = 1;
    uint8 private constant SIDE_SELL = 2;
    int256 private constant FEE_UNITS = 1_000_000; // maxFee counts 1e-6 of the quote amount.

    /// @param evidence abi.encode(SignedExecution[]), strictly ascending by order hash.
    function verify(
        JustifyContext calldata context,
        bytes calldata entries,
        bytes calldata evidence
    ) external view override {
        SignedExecution[] calldata executions = _decode(evidence);
        Remainders.Table memory remainders =
            Remainders.fromEntries(context.account, entries, 2 * executions.length);
        address owner = IVault(context.vault).ownerOf(context.account);
        uint64 minNonce = IVault(context.vault).minNonceAt(context.account, context.begin);
        bytes32 last = 0;
        for (uint256 i = 0; i < executions.length; ++i) {
            SignedExecution calldata signed = executions[i];
            bytes32 hash = signed.execution.orderHash;
            if (hash <= last) revert NotAscending(i);
            last = hash;
            if (
                !Executions.isCommitted(
                    context.execRoot, context.account, signed.execution, signed.proof
                )
            ) revert NotCommitted(i);
            _checkOrder(context, signed.order, minNonce, i);
            _checkExecution(signed.order, signed.execution, i);
            if (OrderHash.hash(context.domain, signed.order) != hash) revert NotSigned(i);
            _checkSigner(context, owner, signed, i);
            _explain(remainders, signed.order, signed.execution);
        }
        remainders.requireZero();
    }

    function checkExecution(bytes32 execRoot, CommittedExecution calldata execution)
        external
        pure
        override
    {
        if (
            !Executions.isCommitted(
                execRoot, execution.account, execution.execution, execution.proof
            )
        ) revert NotCommitted(0);
    }

    // abi.decode() would copy everything to memory. The compiler checks each access against the end
    // of the call's data: what reaches beyond `evidence` reads other arguments, and gains nothing.
    function _decode(bytes calldata evidence)
        private
        pure
        returns (SignedExecution[] calldata executions)
    {
        assembly ("memory-safe") {
            let head := add(evidence.offset, and(calldataload(evidence.offset), 0xffffffff))
            executions.offset := add(head, 32)
            executions.length := calldataload(head)
        }
    }

    function _checkOrder(
        JustifyContext calldata context,
        Order calldata order,
        uint64 minNonce,
        uint256 i
    ) private pure {
        if (order.account != context.account) revert WrongAccount(i);
        if (order.side != SIDE_BUY && order.side != SIDE_SELL) revert BadSide(i);
        if (order.base == order.quote) revert SameAsset(i);
        if (order.expiry < context.begin) revert OrderExpired(i);
        if (
            context.orderLife != 0
                && order.expiry > uint256(context.begin) + context.orderLife
        ) revert OrderTooLong(i);
        if (order.nonce < minNonce) revert OrderCancelled(i);
    }

    // Products of two 96-bit amounts fit in 192 bits.
    function _checkExecution(Order calldata order, Execution calldata execution, uint256 i)
        private
        pure
    {
        (uint256 base, uint256 quote) = (execution.base, execution.quote);
        if (execution.cumBefore + base > order.quantity) revert Overfilled(i);
        uint256 paid = quote * order.quantity;
        uint256 limit = order.notional * base;
        if (order.side == SIDE_BUY ? paid > limit : paid < limit) revert LimitViolated(i);
        if (int256(execution.fee) * FEE_UNITS > int256(order.maxFee * quote)) {
            revert FeeAboveSigned(i);
        }
    }

    // The owner's key, then a session key, and last the owner as a contract (ERC-1271): what such
    // an owner says can change after the fill, so a venue relies on the first two. An owner with
    // delegated code (EIP-7702) therefore still counts by its key.
    function _checkSigner(
        JustifyContext calldata context,
        address owner,
        SignedExecution calldata signed,
        uint256 i
    ) private view {
        bytes32 hash = signed.execution.orderHash;
        address signer = _recover(hash, signed.signature);
        if (signer != address(0)) {
            if (signer == owner) return;
            Session memory session = IVault(context.vault).sessionOf(context.account, signer);
            if (session.scope != 0) return _checkSession(context, signed.order, session, i);
        }
        if (
            owner.code.length == 0
                || !SignatureChecker.isValidERC1271SignatureNowCalldata(
                    owner, hash, signed.signature
                )
        ) revert NotSigned(i);
    }

    function _checkSession(
        JustifyContext calldata context,
        Order calldata order,
        Session memory session,
        uint256 i
    ) private pure {
        bool inScope = session.scope & SCOPE_TRADE != 0;
        if (!inScope || (session.venue != 0 && session.venue != order.venue)) {
            revert KeyOutOfScope(i);
        }
        if (session.validFrom > context.settledAt || session.validUntil <= context.begin) {
            revert KeyNotValid(i);
        }
    }

    // Zero if the bytes are no signature.
    function _recover(bytes32 hash, bytes calldata signature)
        private
        pure
        returns (address signer)
    {
        if (signature.length == 65) {
            (signer,,) = ECDSA.tryRecoverCalldata(hash, signature);
        } else if (signature.length == 64) {
            (signer,,) =
                ECDSA.tryRecover(hash, bytes32(signature[:32]), bytes32(signature[32:]));
        }
    }

    function _explain(
        Remainders.Table memory remainders,
        Order calldata order,
        Execution calldata execution
    ) private pure {
        int256 base = int256(uint256(execution.base));
        int256 quote = int256(uint256(execution.quote));
        if (order.side == SIDE_BUY) {
            remainders.subtract(order.base, base);
            remainders.subtract(order.quote, -quote - execution.fee);
        } else {
            remainders.subtract(order.base, -base);
            remainders.subtract(order.quote, quote - execution.fee);
        }
    }
}
