// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Court} from "./Court.sol";
import {Keys} from "./Keys.sol";
import {IKeys} from "./interfaces/IKeys.sol";
import {BalanceSlots} from "./libraries/BalanceSlots.sol";
import {Deposits} from "./base/Deposits.sol";
import {Halting} from "./base/Halting.sol";
import {Lanes} from "./base/Lanes.sol";
import {Roles} from "./base/Roles.sol";
import {VaultStorage} from "./base/VaultStorage.sol";
import {Session, VaultConfig} from "./types/VaultTypes.sol";

/// @title The vault of a Tallystick venue
/// @notice See IVault for who may do what and for the invariants. Immutable: no proxy, no
/// delegatecall, no self-destruct; a new version is a new vault that accounts move to. Creates its
/// court, which can hold batches back and halt, and its register of keys, which it only reads.
contract Vault is Roles, Lanes, Deposits, Halting {
    constructor(VaultConfig memory config) VaultStorage(config) {
        court = address(new Court(config));
        keys = address(new Keys(config.propagationDelay));
    }

    function balanceOf(uint32 account, uint16 asset) external view override returns (uint96) {
        return BalanceSlots.balanceOf(account, asset);
    }

    function sessionOf(uint32 account, address key)
        external
        view
        override
        returns (Session memory)
    {
        return IKeys(keys).sessionOf(account, key);
    }

    function minNonceAt(uint32 account, uint64 time) external view override returns (uint64) {
        return IKeys(keys).minNonceAt(account, time);
    }

    function pairOf(uint32 account, uint16 pair)
        external
        view
        override
        returns (uint96 even, uint96 odd, uint64 guard)
    {
        uint256 packed = BalanceSlots.load(account, pair);
        return (uint96(packed), uint96(packed >> 96), uint64(packed >> 192));
    }
}
