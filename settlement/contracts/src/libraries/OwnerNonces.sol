// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Nonces of signed actions, usable once and in any order: two actions in flight do not
/// depend on each other. One bit each.
library OwnerNonces {
    function isUsed(mapping(uint64 word => uint256) storage words, uint64 nonce)
        internal
        view
        returns (bool)
    {
        return words[nonce >> 8] & (1 << (nonce & 0xff)) != 0;
    }

    /// @return false, and no change, if it was used before.
    function use(mapping(uint64 word => uint256) storage words, uint64 nonce)
        internal
        returns (bool)
    {
        if (isUsed(words, nonce)) return false;
        words[nonce >> 8] |= 1 << (nonce & 0xff);
        return true;
    }
}
