// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice Signatures of keys (65 bytes r, s, v or 64 bytes EIP-2098) and of contracts (ERC-1271).
library Signatures {
    // Half the order of secp256k1: every signature has a second form with the other s.
    uint256 private constant S_MAX =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice The key that signed `hash`; zero if the signature is none.
    function recover(bytes32 hash, bytes calldata signature) internal pure returns (address) {
        if (signature.length < 64) return address(0);
        bytes32 r = bytes32(signature);
        uint256 s = uint256(bytes32(signature[32:]));
        uint8 v;
        if (signature.length == 65) {
            v = uint8(signature[64]);
        } else if (signature.length == 64) {
            v = uint8(s >> 255) + 27;
            s &= type(uint256).max >> 1;
        } else {
            return address(0);
        }
        if (s > S_MAX) return address(0);
        return ecrecover(hash, v, r, bytes32(s));
    }

    /// @notice Whether `signer` signed: with its key (also if EIP-7702 gave it code), else as a
    /// contract.
    function isValid(address signer, bytes32 hash, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        if (signer == address(0)) return false;
        if (recover(hash, signature) == signer) return true;
        if (signer.code.length == 0) return false;
        (bool ok, bytes memory result) =
            signer.staticcall(abi.encodeCall(IERC1271.isValidSignature, (hash, signature)));
        return ok && result.length >= 32
            && abi.decode(result, (bytes32)) == bytes32(IERC1271.isValidSignature.selector);
    }
}
