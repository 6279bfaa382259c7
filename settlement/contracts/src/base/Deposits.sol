// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {BalanceSlots} from "../libraries/BalanceSlots.sol";
import {Asset} from "../types/VaultTypes.sol";
import {Registry} from "./Registry.sol";

/// @notice Money in. A deposit is credited at once and no batch can be rolled back to before it.
abstract contract Deposits is Registry, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    function deposit(uint16 asset, uint256 amount) external override nonReentrant returns (uint64) {
        return _deposit(_accountOfSender(), asset, amount);
    }

    function depositFor(uint32 account, uint16 asset, uint256 amount)
        external
        override
        nonReentrant
        returns (uint64)
    {
        if (account == 0 || account > _control.accountCount) revert UnknownAccount(account);
        return _deposit(account, asset, amount);
    }

    function depositWithPermit(
        uint16 asset,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external override nonReentrant returns (uint64) {
        // Anyone may have used the permit before: what counts is the allowance.
        try IERC20Permit(_asset(asset).token).permit(
            msg.sender, address(this), amount, deadline, v, r, s
        ) {} catch {}
        return _deposit(_accountOfSender(), asset, amount);
    }

    function depositCount() external view override returns (uint64) {
        return _counters.deposits;
    }

    function _deposit(uint32 account, uint16 asset, uint256 amount)
        private
        onlyLive
        returns (uint64 index)
    {
        Asset memory found = _asset(asset);
        uint256 quanta = amount / found.unitsPerQuantum;
        if (quanta == 0) revert BelowOneQuantum();
        if (quanta > MAX_DEPOSIT_QUANTA) revert DepositTooLarge(quanta);
        _pull(IERC20(found.token), quanta * found.unitsPerQuantum);
        if (!BalanceSlots.credit(account, asset, uint96(quanta))) {
            revert BalanceOverflow(account, asset);
        }
        index = ++_counters.deposits;
        emit Deposited(index, account, asset, uint96(quanta), msg.sender);
    }

    // Anything but the exact amount means a token whose balances move by themselves: a pooled
    // vault would become insolvent with it.
    function _pull(IERC20 token, uint256 units) private {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), units);
        uint256 current = token.balanceOf(address(this));
        if (current != before + units) {
            revert TransferMismatch(units, current > before ? current - before : 0);
        }
    }
}
