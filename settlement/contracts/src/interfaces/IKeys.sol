// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchHeader, Session} from "../types/VaultTypes.sol";

/// @title Session keys and cancelled nonces of one vault
/// @notice What decides, in the game, whether an order was its owner's will. Created by the vault;
/// signatures are in the vault's EIP-712 domain, their nonces are counted here.
interface IKeys {
    error NotOwner(uint32 account);
    error UnknownAccount(uint32 account);
    error BadSignature(uint32 account);
    /// @notice The co-signature for the account's entries is missing, or of no key that may.
    error BadCosignature(uint32 account);
    error NonceUsed(uint32 account, uint64 nonce);
    /// @notice A known key may only gain: an earlier start, a later end, more scope.
    error SessionShrinks(address key);
    error BadSession(address key);
    /// @notice The lowest valid nonce only rises.
    error NonceNotAbove(uint64 minNonce);

    event SessionSet(
        uint32 indexed account,
        address indexed key,
        uint40 validFrom,
        uint40 validUntil,
        uint32 venue,
        uint8 scope
    );
    event SessionRevoked(uint32 indexed account, address indexed key, uint40 validUntil);
    event CancelledBelow(uint32 indexed account, uint64 minNonce, uint40 effectiveAt);

    /// @notice Owner. Registers a key, or extends a known one.
    function setSession(address key, Session calldata session) external;
    /// @notice Anyone, with the owner's signature of Session.
    function setSessionSigned(
        uint32 account,
        address key,
        Session calldata session,
        uint64 nonce,
        bytes calldata signature
    ) external;
    /// @notice Owner, or the key itself. Acts after `propagationDelay`.
    function revokeSession(uint32 account, address key) external;
    /// @notice Anyone, with the owner's signature of RevokeSession.
    function revokeSessionSigned(
        uint32 account,
        address key,
        uint64 nonce,
        bytes calldata signature
    ) external;
    /// @notice Owner. Orders with a nonce below `minNonce` justify nothing in batches that begin
    /// after `propagationDelay` from now.
    function cancelBelow(uint64 minNonce) external;

    function vault() external view returns (address);
    function sessionOf(uint32 account, address key) external view returns (Session memory);
    /// @notice Whether `key` may sign NetDelta for the account now.
    function mayCosign(uint32 account, address key) external view returns (bool);
    function minNonceAt(uint32 account, uint64 time) external view returns (uint64);
    /// @notice Reverts unless every account with co-signed entries has them all co-signed, and
    /// `signatures` holds 64 bytes of its NetDelta for each, in the order of the accounts.
    function checkCosignatures(
        BatchHeader calldata header,
        bytes calldata data,
        bytes calldata signatures
    ) external view;
    function nonceUsed(uint32 account, uint64 nonce) external view returns (bool);
}
