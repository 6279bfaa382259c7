// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {Session} from "../types/VaultTypes.sol";

/// @notice Owners, session keys and cancelled nonces as a test says: what the verifier asks a vault.
contract VerifierHarness {
    mapping(uint32 account => address) public ownerOf;
    mapping(uint32 account => mapping(address key => Session)) private _sessions;
    mapping(uint32 account => uint64) private _minNonce;
    uint64 private _cancelledAt;

    function setOwner(uint32 account, address owner) external {
        ownerOf[account] = owner;
    }

    function setSession(uint32 account, address key, Session calldata session) external {
        _sessions[account][key] = session;
    }

    function cancelBelow(uint32 account, uint64 minNonce, uint64 from) external {
        _minNonce[account] = minNonce;
        _cancelledAt = from;
    }

    function sessionOf(uint32 account, address key) external view returns (Session memory) {
        return _sessions[account][key];
    }

    function minNonceAt(uint32 account, uint64 time) external view returns (uint64) {
        return time < _cancelledAt ? 0 : _minNonce[account];
    }
}

/// @notice An owner that is a contract: accepts one signature of any length, and may change its mind.
contract ContractWallet is IERC1271 {
    bytes32 private _accepted;

    function accept(bytes calldata signature) external {
        _accepted = keccak256(signature);
    }

    function isValidSignature(bytes32, bytes calldata signature)
        external
        view
        override
        returns (bytes4)
    {
        bool ok = keccak256(signature) == _accepted;
        return ok ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
