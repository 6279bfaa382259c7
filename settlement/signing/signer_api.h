#pragma once

#include <string>
#include <string_view>

#include "evm/secret_text.h"
#include "settlement/chain/http_server.h"
#include "settlement/signing/policy_signer.h"

namespace tally::settlement {

inline constexpr std::size_t kPublicKeyBytes = 64;  // Both coordinates, without a prefix.

// web3signer's API for Ethereum (eth1) in front of one key and its policy, so that the key can live
// outside of the relayer's process:
//
//   GET  /upcheck                         OK
//   GET  /api/v1/eth1/publicKeys          the key's public half, in an array
//   POST /api/v1/eth1/sign/{public key}   {"data": "0x..."} -> r, s and v (27 or 28) in hexadecimal
//
// Unlike web3signer it signs nothing but type-2 transactions that decode and that the policy
// allows: 400 for other data, 403 for what is never allowed, 429 for what is above a limit now,
// 401 without the token (if one is set), 404 for another key, 503 if the ledger cannot be kept.
//
// Thread safety: one thread.
class SignerApi {
 public:
  struct Options {
    Bytes public_key;
    evm::SecretText bearer_token{};
  };

  SignerApi(Options options, PolicySigner* signer);

  HttpResponse Answer(const HttpQuestion& question);

 private:
  bool MayAsk(const HttpQuestion& question) const;
  HttpResponse Sign(std::string_view body);

  const Options options_;
  PolicySigner* const signer_;
};

}  // namespace tally::settlement
