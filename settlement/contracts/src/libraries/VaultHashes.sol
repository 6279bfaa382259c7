// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchHeader, Session, SignedWithdrawal} from "../types/VaultTypes.sol";

/// @notice Hashes that others compute too: the chain of batches and what owners sign (EIP-712).
library VaultHashes {
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant ARM_TYPE = keccak256("Arm(uint32 account,uint32 until,uint64 nonce)");
    bytes32 private constant SESSION_TYPE = keccak256(
        "Session(uint32 account,address key,uint40 validFrom,uint40 validUntil,uint32 venue,uint8 scope,uint64 nonce)"
    );
    bytes32 private constant REVOKE_TYPE =
        keccak256("RevokeSession(uint32 account,address key,uint64 nonce)");
    bytes32 private constant WITHDRAW_TYPE = keccak256(
        "Withdraw(uint32 account,uint16 asset,uint96 quanta,address to,uint96 maxFee,uint64 nonce,uint64 deadline)"
    );
    bytes32 private constant NET_DELTA_TYPE = keccak256(
        "NetDelta(uint64 batch,bytes32 parent,bytes32 execRoot,uint32 account,bytes entries)"
    );

    function domain(address vault) internal view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPE, keccak256("Tallystick"), keccak256("1"), block.chainid, vault)
        );
    }

    function typed(bytes32 domain_, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain_, structHash));
    }

    /// @notice `chain()` after a batch.
    function chainAfter(BatchHeader calldata header, bytes32 dataHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(header, dataHash)); // A static struct: its members in a row.
    }

    function arm(uint32 account, uint32 until, uint64 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode(ARM_TYPE, account, until, nonce));
    }

    function session(uint32 account, address key, Session calldata value, uint64 nonce)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                SESSION_TYPE,
                account,
                key,
                value.validFrom,
                value.validUntil,
                value.venue,
                value.scope,
                nonce
            )
        );
    }

    function revoke(uint32 account, address key, uint64 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode(REVOKE_TYPE, account, key, nonce));
    }

    function withdraw(SignedWithdrawal calldata value) internal pure returns (bytes32) {
        return keccak256(abi.encode(WITHDRAW_TYPE, value));
    }

    function netDelta(BatchHeader calldata header, uint32 account, bytes calldata entries)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                NET_DELTA_TYPE,
                header.id,
                header.parent,
                header.execRoot,
                account,
                keccak256(entries)
            )
        );
    }
}
