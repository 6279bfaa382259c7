// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnerNonces} from "../libraries/OwnerNonces.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {VaultHashes} from "../libraries/VaultHashes.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @notice Checks of what an owner signed for somebody else to send.
abstract contract OwnerSigned is VaultStorage {
    function nonceUsed(uint32 account, uint64 nonce) external view override returns (bool) {
        return OwnerNonces.isUsed(_nonces[account], nonce);
    }

    function _checkOwnerSigned(
        uint32 account,
        uint64 nonce,
        bytes32 structHash,
        bytes calldata signature
    ) internal {
        if (!OwnerNonces.use(_nonces[account], nonce)) revert NonceUsed(account, nonce);
        bytes32 hash = VaultHashes.typed(domainSeparator(), structHash);
        if (!Signatures.isValid(_owners[account], hash, signature)) revert BadSignature(account);
    }
}
