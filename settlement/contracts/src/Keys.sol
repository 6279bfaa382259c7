// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IKeys} from "./interfaces/IKeys.sol";
import {IVault} from "./interfaces/IVault.sol";
import {NettedEntries} from "./libraries/NettedEntries.sol";
import {OwnerNonces} from "./libraries/OwnerNonces.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {VaultHashes} from "./libraries/VaultHashes.sol";
import {BatchHeader, SCOPE_COSIGN, SCOPE_TRADE, Session} from "./types/VaultTypes.sol";

/// @title Session keys and cancelled nonces
/// @notice See IKeys. Both are kept such that an order that counted when it was filled counts for
/// ever: keys only gain, ends lie in the future, nonces are looked up by time.
contract Keys is IKeys {
    // The lowest order nonce that counts from a time on.
    struct CancelPoint {
        uint40 effectiveAt;
        uint64 minNonce;
    }

    uint256 private constant SIGNATURE_BYTES = 64;

    address public immutable override vault;
    uint32 private immutable _propagationDelay;
    mapping(uint32 account => mapping(address key => Session)) private _sessions;
    mapping(uint32 account => CancelPoint[]) private _cancels; // Ascending in both members.
    mapping(uint32 account => mapping(uint64 word => uint256)) private _nonces; // Used ones.

    constructor(uint32 propagationDelay) {
        vault = msg.sender;
        _propagationDelay = propagationDelay;
    }

    function setSession(address key, Session calldata session) external override {
        _setSession(_accountOfSender(), key, session);
    }

    function setSessionSigned(
        uint32 account,
        address key,
        Session calldata session,
        uint64 nonce,
        bytes calldata signature
    ) external override {
        bytes32 hash = VaultHashes.session(account, key, session, nonce);
        _checkOwnerSigned(account, nonce, hash, signature);
        _setSession(account, key, session);
    }

    function revokeSession(uint32 account, address key) external override {
        if (msg.sender != IVault(vault).ownerOf(account) && msg.sender != key) {
            revert NotOwner(account);
        }
        _revokeSession(account, key);
    }

    function revokeSessionSigned(
        uint32 account,
        address key,
        uint64 nonce,
        bytes calldata signature
    ) external override {
        _checkOwnerSigned(account, nonce, VaultHashes.revoke(account, key, nonce), signature);
        _revokeSession(account, key);
    }

    function cancelBelow(uint64 minNonce) external override {
        uint32 account = _accountOfSender();
        CancelPoint[] storage points = _cancels[account];
        if (minNonce <= (points.length == 0 ? 0 : points[points.length - 1].minNonce)) {
            revert NonceNotAbove(minNonce);
        }
        uint40 effectiveAt = uint40(block.timestamp) + _propagationDelay;
        points.push(CancelPoint(effectiveAt, minNonce));
        emit CancelledBelow(account, minNonce, effectiveAt);
    }

    function sessionOf(uint32 account, address key)
        external
        view
        override
        returns (Session memory)
    {
        return _sessions[account][key];
    }

    function mayCosign(uint32 account, address key) public view override returns (bool) {
        Session storage session = _sessions[account][key];
        return session.scope & SCOPE_COSIGN != 0 && session.validFrom <= block.timestamp
            && block.timestamp < session.validUntil;
    }

    function checkCosignatures(
        BatchHeader calldata header,
        bytes calldata data,
        bytes calldata signatures
    ) external view override {
        bytes32 domain = IVault(vault).domainSeparator();
        uint256 count = NettedEntries.countOf(data);
        uint256 used = 0;
        uint256 first = NettedEntries.nextCosigned(data, 0, count);
        while (first < count) {
            (uint32 account, uint256 end) = _cosignedRun(data, first, count);
            if (signatures.length < used + SIGNATURE_BYTES) revert BadCosignature(account);
            bytes32 hash = VaultHashes.netDelta(header, account, data[first * 28:end * 28]);
            address key = Signatures.recover(
                VaultHashes.typed(domain, hash), signatures[used:used + SIGNATURE_BYTES]
            );
            if (key == address(0)) revert BadCosignature(account);
            if (!mayCosign(account, key) && key != IVault(vault).ownerOf(account)) {
                revert BadCosignature(account);
            }
            used += SIGNATURE_BYTES;
            first = NettedEntries.nextCosigned(data, end, count);
        }
    }

    function nonceUsed(uint32 account, uint64 nonce) external view override returns (bool) {
        return OwnerNonces.isUsed(_nonces[account], nonce);
    }

    function minNonceAt(uint32 account, uint64 time) external view override returns (uint64) {
        CancelPoint[] storage points = _cancels[account];
        uint256 low = 0; // Points below `low` are in force, those from `high` on are not.
        uint256 high = points.length;
        while (low < high) {
            uint256 middle = (low + high) >> 1;
            if (points[middle].effectiveAt <= time) low = middle + 1;
            else high = middle;
        }
        return low == 0 ? 0 : points[low - 1].minNonce;
    }

    function _setSession(uint32 account, address key, Session calldata session) private {
        if (
            key == address(0) || session.scope == 0 || session.scope > SCOPE_TRADE + SCOPE_COSIGN
                || session.scheme != 0 || session.reserved != 0
                || session.validUntil <= block.timestamp || session.validFrom >= session.validUntil
        ) revert BadSession(key);
        Session storage old = _sessions[account][key];
        if (
            old.scope != 0
                && (
                    session.validFrom > old.validFrom || session.validUntil < old.validUntil
                        || session.scope & old.scope != old.scope || session.venue != old.venue
                )
        ) revert SessionShrinks(key);
        _sessions[account][key] = session;
        emit SessionSet(
            account, key, session.validFrom, session.validUntil, session.venue, session.scope
        );
    }

    function _revokeSession(uint32 account, address key) private {
        Session storage session = _sessions[account][key];
        uint40 until = uint40(block.timestamp) + _propagationDelay;
        if (session.scope == 0) revert BadSession(key);
        if (session.validUntil > until) session.validUntil = until;
        emit SessionRevoked(account, key, session.validUntil);
    }

    // The entries of the account that has the co-signed one at `first`: all its entries.
    function _cosignedRun(bytes calldata data, uint256 first, uint256 count)
        private
        pure
        returns (uint32 account, uint256 end)
    {
        account = NettedEntries.accountOf(NettedEntries.entryAt(data, first));
        if (first != 0) {
            uint256 before = NettedEntries.entryAt(data, first - 1);
            if (NettedEntries.accountOf(before) == account) revert BadCosignature(account);
        }
        for (end = first + 1; end < count; ++end) {
            uint256 entry = NettedEntries.entryAt(data, end);
            if (NettedEntries.accountOf(entry) != account) break;
            if (!NettedEntries.isCosigned(entry)) revert BadCosignature(account);
        }
    }

    function _checkOwnerSigned(
        uint32 account,
        uint64 nonce,
        bytes32 structHash,
        bytes calldata signature
    ) private {
        if (!OwnerNonces.use(_nonces[account], nonce)) revert NonceUsed(account, nonce);
        bytes32 hash = VaultHashes.typed(IVault(vault).domainSeparator(), structHash);
        if (!Signatures.isValid(IVault(vault).ownerOf(account), hash, signature)) {
            revert BadSignature(account);
        }
    }

    function _accountOfSender() private view returns (uint32 account) {
        account = IVault(vault).indexOf(msg.sender);
        if (account == 0) revert UnknownAccount(0);
    }
}
