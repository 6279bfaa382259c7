// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Asset} from "../types/VaultTypes.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @notice Dense numbers for accounts and assets: the same numbers the engine uses.
abstract contract Registry is VaultStorage {
    function register() external override returns (uint32) {
        return _register(msg.sender);
    }

    function registerFor(address owner) external override returns (uint32) {
        return _register(owner);
    }

    function addAsset(address token, uint64 unitsPerQuantum)
        external
        override
        onlyAdmin
        returns (uint16 asset)
    {
        if (token.code.length == 0) revert NotAContract(token);
        if (unitsPerQuantum == 0) revert ZeroUnits();
        if (_assetPlusOne[token] != 0) revert AssetExists(uint16(_assetPlusOne[token] - 1));
        asset = _control.assetCount;
        if (asset == MAX_ASSETS) revert TooManyAssets();
        _control.assetCount = asset + 1;
        _assets[asset] = Asset(token, unitsPerQuantum);
        _assetPlusOne[token] = uint32(asset) + 1;
        emit AssetAdded(asset, token, unitsPerQuantum);
    }

    function ownerOf(uint32 account) external view override returns (address) {
        return _owners[account];
    }

    function accountCount() external view override returns (uint32) {
        return _control.accountCount;
    }

    function assetCount() external view override returns (uint16) {
        return _control.assetCount;
    }

    function assetAt(uint16 asset) external view override returns (Asset memory) {
        return _asset(asset);
    }

    function assetOf(address token) external view override returns (uint16) {
        uint32 plusOne = _assetPlusOne[token];
        if (plusOne == 0) revert UnknownAsset(type(uint16).max);
        return uint16(plusOne - 1);
    }

    function _asset(uint16 asset) internal view returns (Asset memory found) {
        found = _assets[asset];
        if (found.token == address(0)) revert UnknownAsset(asset);
    }

    function _register(address owner) private returns (uint32 account) {
        if (owner == address(0)) revert ZeroAddress();
        if (indexOf[owner] != 0) revert AlreadyRegistered(indexOf[owner]);
        account = _control.accountCount + 1;
        if (account > MAX_ACCOUNTS) revert TooManyAccounts();
        _control.accountCount = account;
        _owners[account] = owner;
        indexOf[owner] = account;
        emit Registered(account, owner);
    }
}
