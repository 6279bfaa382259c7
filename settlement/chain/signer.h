#pragma once

#include <utility>

#include "settlement/chain/private_key.h"
#include "settlement/chain/transaction.h"

namespace tally::settlement {

// Signs transactions for one account, whatever holds its key. Every transaction of relayer,
// justifier and watcher goes through one of these; signing_policy.h limits what it may sign.
//
// Thread safety: one thread.
class Signer {
 public:
  virtual ~Signer() = default;

  virtual const Address& address() const = 0;
  // Asking again with another fee for the same nonce is usual. Failures:
  //   kUnavailable, kResourceExhausted  not now, ask again later; the message says why
  //   anything else                     refused for good
  virtual absl::StatusOr<SignedTransaction> Sign(const Transaction& transaction) = 0;

  // Whether a failure of Sign() is of the first kind.
  static bool MayPass(const absl::Status& status) {
    return status.code() == absl::StatusCode::kUnavailable ||
           status.code() == absl::StatusCode::kResourceExhausted;
  }
};

// Signs with a key in this process.
class KeySigner final : public Signer {
 public:
  explicit KeySigner(PrivateKey key) : key_(std::move(key)) {}

  const Address& address() const override { return key_.address(); }
  absl::StatusOr<SignedTransaction> Sign(const Transaction& transaction) override {
    return SignTransaction(transaction, key_);
  }

 private:
  PrivateKey key_;
};

}  // namespace tally::settlement
