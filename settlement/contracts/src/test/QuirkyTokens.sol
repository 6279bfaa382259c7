// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

import {IVault} from "../interfaces/IVault.sol";

/// @notice Keeps 1 % of every transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(1), value / 100);
    }
}

/// @notice Pays an address it blocks never: by a revert, or by returning false.
contract RefusingToken is ERC20("Refusing", "NO") {
    mapping(address => bool) public refused;
    bool public returnsFalse;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function refuse(address to, bool on, bool byReturn) external {
        refused[to] = on;
        returnsFalse = byReturn;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        if (refused[to]) {
            if (returnsFalse) return false;
            revert("refused");
        }
        return super.transfer(to, value);
    }
}

/// @notice transfer and transferFrom return nothing, as the oldest tokens do.
contract NoReturnToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice Calls the vault back in the middle of a transfer, as a token with hooks could.
contract ReentrantToken is ERC20("Reentrant", "RE") {
    IVault public vault;
    bytes public call;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(IVault vault_, bytes calldata call_) external {
        (vault, call) = (vault_, call_);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (address(vault) == address(0)) return;
        (bool ok, bytes memory reason) = address(vault).call(call);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}

/// @notice Balances grow and shrink by themselves: everybody's by `percent`.
contract RebasingToken is ERC20("Rebasing", "RB") {
    uint256 public percent = 100;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function rebase(uint256 percent_) external {
        percent = percent_;
    }

    function balanceOf(address who) public view override returns (uint256) {
        return super.balanceOf(who) * percent / 100;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return super.transfer(to, value * 100 / percent);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return super.transferFrom(from, to, value * 100 / percent);
    }
}

/// @notice With ERC-2612 permits and any number of decimals.
contract PermitToken is ERC20Permit {
    uint8 private immutable _decimals;

    constructor(string memory name_, string memory symbol_, uint8 decimals_)
        ERC20(name_, symbol_)
        ERC20Permit("Permit")
    {
        _decimals = decimals_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
