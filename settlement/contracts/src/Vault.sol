// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Funds} from "./base/Funds.sol";
import {Roles} from "./base/Roles.sol";
import {Settlement} from "./base/Settlement.sol";
import {VaultStorage} from "./base/VaultStorage.sol";
import {VaultConfig} from "./types/VaultTypes.sol";

/// @title The vault of a Tallystick venue
/// @notice See IVault for who may do what and for the invariants. Immutable: no proxy, no
/// delegatecall, no self-destruct; a new version is a new vault that accounts move to.
contract Vault is Roles, Funds, Settlement {
    constructor(VaultConfig memory config) VaultStorage(config) {}
}
