// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {Execution} from "../types/GameTypes.sol";

/// @notice Leaves and proofs of a batch's execRoot: the tree of OpenZeppelin's StandardMerkleTree
/// (leaves hashed twice, so that an inner node is never taken for a leaf; pairs hashed smaller
/// first), leaves ascending by (account, orderHash), an odd last node moved up unchanged.
library Executions {
    function leafOf(uint32 account, Execution calldata execution) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                keccak256(
                    abi.encode(
                        account,
                        execution.orderHash,
                        execution.base,
                        execution.quote,
                        execution.fee,
                        execution.cumBefore
                    )
                )
            )
        );
    }

    function isCommitted(
        bytes32 execRoot,
        uint32 account,
        Execution calldata execution,
        bytes32[] calldata proof
    ) internal pure returns (bool) {
        return MerkleProof.verifyCalldata(proof, execRoot, leafOf(account, execution));
    }
}
