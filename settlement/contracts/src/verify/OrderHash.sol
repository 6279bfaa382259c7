// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {Order} from "../types/GameTypes.sol";

/// @notice EIP-712 hash of an order.
library OrderHash {
    bytes32 internal constant ORDER_TYPEHASH = keccak256(
        "Order(uint32 account,uint32 venue,uint16 base,uint16 quote,uint8 side,uint96 quantity,uint96 notional,uint64 nonce,uint64 expiry,uint32 maxFee)"
    );

    function hash(bytes32 domain, Order calldata order) internal pure returns (bytes32) {
        // Every member is a static word, so the struct encodes as its members do.
        bytes32 structHash = keccak256(abi.encode(ORDER_TYPEHASH, order));
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }
}
