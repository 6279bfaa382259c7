// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Why a justification is refused, in the order of the checks. Positions (from 0) are those
/// of the SignedExecution list.
interface VerifierErrors {
    /// @notice Order hashes ascend strictly, so that no execution counts twice.
    error NotAscending(uint256 position);
    /// @notice The leaf is not in the batch's execRoot.
    error NotCommitted(uint256 position);
    error WrongAccount(uint256 position);
    error BadSide(uint256 position);
    /// @notice Base and quote are the same asset.
    error SameAsset(uint256 position);
    /// @notice Expired before the batch began.
    error OrderExpired(uint256 position);
    /// @notice The expiry lies further ahead than the vault keeps commitments for.
    error OrderTooLong(uint256 position);
    /// @notice The nonce is below the account's cancelBelow() in force when the batch began.
    error OrderCancelled(uint256 position);
    /// @notice cumBefore + base is above the signed quantity.
    error Overfilled(uint256 position);
    /// @notice The average price is worse than the signed limit.
    error LimitViolated(uint256 position);
    error FeeAboveSigned(uint256 position);
    /// @notice The execution names another order, or neither the owner nor a known key signed it.
    error NotSigned(uint256 position);
    /// @notice The key's scope or venue does not cover the order.
    error KeyOutOfScope(uint256 position);
    /// @notice The key was not valid during the batch.
    error KeyNotValid(uint256 position);
    /// @notice `entries` are not whole entries of the account.
    error BadEntries();
    /// @notice The executions leave `remaining` quanta of `asset` unexplained.
    error Unexplained(uint16 asset, int256 remaining);
}
