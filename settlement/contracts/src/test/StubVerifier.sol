// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOrderVerifier} from "../interfaces/IOrderVerifier.sol";
import {CommittedExecution, JustifyContext} from "../types/GameTypes.sol";

/// @notice A verifier that tests tell what to find: evidence 0x01 explains everything, other
/// evidence nothing; an execution without a proof is committed.
contract StubVerifier is IOrderVerifier {
    error Refused();
    /// @notice The context it was given, for evidence 0x02.
    error Context(JustifyContext context);

    function verify(JustifyContext calldata context, bytes calldata, bytes calldata evidence)
        external
        pure
        override
    {
        if (evidence.length == 1 && evidence[0] == 0x02) revert Context(context);
        if (evidence.length != 1 || evidence[0] != 0x01) revert Refused();
    }

    function checkExecution(bytes32, CommittedExecution calldata execution)
        external
        pure
        override
    {
        if (execution.proof.length != 0) revert Refused();
    }
}

/// @notice An owner that is a contract (ERC-1271): accepts one signature, and acts as it is told.
contract ContractOwner {
    bytes32 private accepted;

    function accept(bytes calldata signature) external {
        accepted = keccak256(signature);
    }

    function isValidSignature(bytes32, bytes calldata signature) external view returns (bytes4) {
        return keccak256(signature) == accepted ? this.isValidSignature.selector : bytes4(0);
    }

    function act(address to, bytes calldata data) external {
        (bool ok, bytes memory reason) = to.call(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
