#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "evm/secret_text.h"
#include "settlement/chain/http_client.h"
#include "settlement/chain/signer.h"

namespace tally::settlement {

struct RemoteSignerOptions {
  std::string url;  // http://host[:port]; TLS ends in a proxy next to the relayer.
  Address address;  // Whose signatures are wanted.
  evm::SecretText bearer_token{};
  int64_t timeout_ms = 5'000;
};

// A key in another process, behind web3signer's API for Ethereum (eth1): web3signer itself, or
// `tally signer`. The key is found by its address among those the signer lists. Every signature is
// put into the lower half of the curve and must recover to the address: a signer that is mistaken
// is found out before anything is sent.
//
// Failures of Sign():
//   kUnavailable         no answer, a server error (5xx), or an answer that is no signature
//   kResourceExhausted   429: the signer's own limits
//   kPermissionDenied    the signer refuses (any other 4xx), with its reason; it does not have the
//                        key; it signed with another one
// Thread safety: one thread.
absl::StatusOr<std::unique_ptr<Signer>> MakeRemoteSigner(RemoteSignerOptions options);

}  // namespace tally::settlement
