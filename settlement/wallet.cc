#include "settlement/wallet.h"

#include <algorithm>
#include <map>
#include <time.h>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"
#include "settlement/chain/abi.h"
#include "settlement/chain/transaction.h"

namespace tally::settlement {
namespace {

constexpr int64_t kPollMs = 10;

void Pause(int64_t ms) {
  const timespec duration{.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * kNsPerMs};
  ::nanosleep(&duration, nullptr);
}

}  // namespace

Wallets::Wallets(RpcChainClient* chain, std::vector<PrivateKey> keys, Options options)
    : chain_(chain), keys_(std::move(keys)), options_(options), nonces_(keys_.size()) {}

absl::StatusOr<std::vector<Receipt>> Wallets::SendAll(const std::vector<WalletCall>& calls) {
  RETURN_IF_ERROR(LoadNonces(calls));
  std::vector<Receipt> receipts(calls.size());
  std::vector<std::size_t> waiting(calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    waiting[i] = i;
  }
  while (!waiting.empty()) {
    std::map<std::size_t, std::size_t> in_flight;  // By wallet.
    std::vector<std::size_t> round;
    std::vector<std::size_t> later;
    for (std::size_t call : waiting) {
      const bool fits = ++in_flight[calls[call].wallet] <= options_.calls_in_flight_max;
      (fits ? round : later).push_back(call);
    }
    std::vector<Sent> sent;
    RETURN_IF_ERROR(SendRound(calls, round, &sent));
    RETURN_IF_ERROR(AwaitRound(calls, std::move(sent), &receipts));
    waiting = std::move(later);
  }
  return receipts;
}

absl::Status Wallets::LoadNonces(const std::vector<WalletCall>& calls) {
  if (chain_id_ == 0) {
    ASSIGN_OR_RETURN(chain_id_, chain_->ChainId());
  }
  for (const WalletCall& call : calls) {
    if (call.wallet >= keys_.size()) {
      return absl::InvalidArgumentError(absl::StrCat("there is no wallet ", call.wallet));
    }
    if (!nonces_[call.wallet].has_value()) {
      ASSIGN_OR_RETURN(nonces_[call.wallet], chain_->Nonce(address(call.wallet)));
    }
  }
  return absl::OkStatus();
}

absl::Status Wallets::SendRound(const std::vector<WalletCall>& calls,
                                const std::vector<std::size_t>& round, std::vector<Sent>* sent) {
  ASSIGN_OR_RETURN(FeeQuote fees, chain_->Fees());
  std::vector<Bytes> raw;
  std::size_t first = 0;
  for (std::size_t i = 0; i < round.size(); ++i) {
    const WalletCall& call = calls[round[i]];
    const SignedTransaction transaction =
        SignTransaction({.chain_id = chain_id_,
                         .nonce = (*nonces_[call.wallet])++,
                         .tip_wei = fees.tip_wei,
                         .fee_cap_wei = 3 * fees.base_fee_wei + fees.tip_wei,
                         .gas_limit = call.gas_limit,
                         .to = call.to,
                         .value_wei = call.value_wei,
                         .data = call.data},
                        keys_[call.wallet]);
    raw.push_back(transaction.raw);
    sent->push_back({.call = round[i], .hash = transaction.hash});
    if (raw.size() < options_.batch_max && i + 1 < round.size()) {
      continue;
    }
    ASSIGN_OR_RETURN(std::vector<absl::StatusOr<Hash32>> answers, chain_->SendRawTransactions(raw));
    for (std::size_t k = 0; k < answers.size(); ++k) {
      const ChainError error = ChainErrorOf(answers[k].status());
      if (error != ChainError::kNone && error != ChainError::kAlreadyKnown) {
        nonces_.assign(nonces_.size(), std::nullopt);  // Unknown now: asked for again.
        return absl::FailedPreconditionError(
            absl::StrCat(Describe(calls[round[first + k]]), ": ", answers[k].status().message()));
      }
    }
    first = i + 1;
    raw.clear();
  }
  return absl::OkStatus();
}

absl::Status Wallets::AwaitRound(const std::vector<WalletCall>& calls, std::vector<Sent> sent,
                                 std::vector<Receipt>* receipts) {
  const int64_t deadline_ns = MonotonicNs() + options_.timeout_ms * kNsPerMs;
  while (!sent.empty()) {
    std::vector<Sent> pending;
    for (std::size_t at = 0; at < sent.size(); at += options_.batch_max) {
      const std::size_t end = std::min(sent.size(), at + options_.batch_max);
      std::vector<Hash32> hashes;
      for (std::size_t i = at; i < end; ++i) {
        hashes.push_back(sent[i].hash);
      }
      ASSIGN_OR_RETURN(std::vector<absl::StatusOr<std::optional<Receipt>>> answers,
                       chain_->TransactionReceipts(hashes));
      for (std::size_t i = at; i < end; ++i) {
        const auto& answer = answers[i - at];
        RETURN_IF_ERROR(answer.status());
        if (!answer->has_value()) {
          pending.push_back(sent[i]);
          continue;
        }
        if (!(*answer)->success) {
          return absl::FailedPreconditionError(
              absl::StrCat(Describe(calls[sent[i].call]), ": reverted in ", Hex(sent[i].hash)));
        }
        (*receipts)[sent[i].call] = **answer;
      }
    }
    if (!pending.empty() && MonotonicNs() > deadline_ns) {
      return absl::DeadlineExceededError(absl::StrCat(
          pending.size(), " transactions are not mined after ", options_.timeout_ms, " ms"));
    }
    if (!pending.empty()) {
      Pause(kPollMs);
    }
    sent = std::move(pending);
  }
  return absl::OkStatus();
}

std::string Wallets::Describe(const WalletCall& call) const {
  const ByteView selector = ByteView(call.data).first(std::min<std::size_t>(4, call.data.size()));
  return absl::StrCat("call ", Hex(selector), " of ", Hex(address(call.wallet)), " to ",
                      call.to.has_value() ? Hex(*call.to) : std::string("a new contract"));
}

namespace calls {

WalletCall SendEther(std::size_t wallet, const Address& to, const Uint256& wei) {
  return {.wallet = wallet, .to = to, .data = {}, .value_wei = wei, .gas_limit = 21'000};
}

WalletCall MintTestToken(std::size_t wallet, const Address& token, const Address& to,
                         const Uint256& units) {
  return {.wallet = wallet,
          .to = token,
          .data = AbiEncoder().Add(to).Add(units).Call("mint(address,uint256)")};
}

WalletCall Approve(std::size_t wallet, const Address& token, const Address& spender,
                   const Uint256& units) {
  return {.wallet = wallet,
          .to = token,
          .data = AbiEncoder().Add(spender).Add(units).Call("approve(address,uint256)")};
}

WalletCall Register(std::size_t wallet, const Address& vault) {
  return {.wallet = wallet, .to = vault, .data = Selector("register()")};
}

WalletCall Arm(std::size_t wallet, const Address& vault, uint32_t until_s) {
  return {.wallet = wallet, .to = vault, .data = AbiEncoder().Add(until_s).Call("arm(uint32)")};
}

WalletCall Waive(std::size_t wallet, const Address& vault) {
  return {.wallet = wallet, .to = vault, .data = Selector("waive()")};
}

WalletCall Deposit(std::size_t wallet, const Address& vault, AssetId asset, const Uint256& units) {
  return {.wallet = wallet,
          .to = vault,
          .data = AbiEncoder().Add(Raw(asset)).Add(units).Call("deposit(uint16,uint256)")};
}

WalletCall RequestWithdraw(std::size_t wallet, const Address& vault, AssetId asset, Quanta amount,
                           const Address& to) {
  return {.wallet = wallet,
          .to = vault,
          .data = AbiEncoder()
                      .Add(Raw(asset))
                      .Add(static_cast<uint64_t>(amount.value))
                      .Add(to)
                      .Call("requestWithdraw(uint16,uint96,address)")};
}

WalletCall SetSession(std::size_t wallet, const Address& keys, const evm::SessionGrant& grant) {
  constexpr uint64_t kSecp256k1 = 0;
  return {.wallet = wallet,
          .to = keys,
          .data = AbiEncoder()
                      .Add(grant.key)
                      .Add(grant.valid_from_s)
                      .Add(grant.valid_until_s)
                      .Add(grant.venue)
                      .Add(grant.scope)
                      .Add(kSecp256k1)
                      .Add(0)  // Reserved.
                      .Call("setSession(address,(uint40,uint40,uint32,uint8,uint8,uint128))")};
}

WalletCall RevokeSession(std::size_t wallet, const Address& keys, AccountId account,
                         const Address& key) {
  return {.wallet = wallet,
          .to = keys,
          .data = AbiEncoder().Add(Raw(account)).Add(key).Call("revokeSession(uint32,address)")};
}

}  // namespace calls

Address KeysOf(const Address& vault) {
  constexpr uint64_t kSecondContractNonce = 2;  // EIP-161: a contract's first is 1.
  return ContractAddress(vault, kSecondContractNonce);
}

absl::StatusOr<evm::SessionGrant> SessionOf(ChainClient* chain, const Address& vault,
                                            AccountId account, const Address& key) {
  ASSIGN_OR_RETURN(
      const Bytes words,
      chain->Call(
          {.from = {},
           .to = vault,
           .data = AbiEncoder().Add(Raw(account)).Add(key).Call("sessionOf(uint32,address)"),
           .value_wei = 0}));
  const AbiReader reader(words);
  evm::SessionGrant grant;
  grant.account = account;
  grant.key = key;
  ASSIGN_OR_RETURN(grant.valid_from_s, reader.Word64(0));
  ASSIGN_OR_RETURN(grant.valid_until_s, reader.Word64(1));
  ASSIGN_OR_RETURN(const uint64_t venue, reader.Word64(2));
  ASSIGN_OR_RETURN(const uint64_t scope, reader.Word64(3));
  grant.venue = static_cast<uint32_t>(venue);
  grant.scope = static_cast<uint8_t>(scope);
  return grant;
}

}  // namespace tally::settlement
