// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CommittedExecution, JustifyContext} from "../types/GameTypes.sol";

/// @title The judge of the challenge game
/// @notice Says whether signed orders explain the entries of an account in a batch. Stateless; the
/// court may replace it behind a timelock, the vault's balances never depend on it otherwise.
interface IOrderVerifier {
    /// @notice Reverts with the reason, or returns normally if `evidence` (today
    /// abi.encode(SignedExecution[])) explains `entries` exactly, in every asset they touch.
    /// @param entries All entries of the account in the batch, 28 bytes each, as in the batch. The
    /// top bit of a pair (co-signed) is never set here.
    function verify(
        JustifyContext calldata context,
        bytes calldata entries,
        bytes calldata evidence
    ) external view;

    /// @notice Reverts unless the leaf of `execution` is in `execRoot`.
    function checkExecution(bytes32 execRoot, CommittedExecution calldata execution) external view;
}
