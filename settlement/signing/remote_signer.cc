#include "settlement/signing/remote_signer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "settlement/chain/keccak.h"
#include "settlement/signing/signer_api.h"

namespace tally::settlement {
namespace {

using nlohmann::json;

constexpr std::size_t kReasonBytesMax = 200;

// What a signer says about a refusal, fit for a log line.
std::string ReasonOf(const HttpResponse& response) {
  std::string reason = response.body.substr(0, kReasonBytesMax);
  std::replace_if(
      reason.begin(), reason.end(), [](char c) { return !absl::ascii_isprint(c); }, ' ');
  absl::StripAsciiWhitespace(&reason);
  return reason.empty() ? absl::StrCat("HTTP status ", response.status)
                        : absl::StrCat("HTTP status ", response.status, ": ", reason);
}

Address AddressOfPublicKey(ByteView key) {
  const Hash32 hash = Keccak256(key);
  Address address;
  std::copy(hash.bytes.begin() + 12, hash.bytes.end(), address.bytes.begin());
  return address;
}

class RemoteSigner final : public Signer {
 public:
  RemoteSigner(RemoteSignerOptions options, std::unique_ptr<HttpClient> http)
      : options_(std::move(options)), http_(std::move(http)) {}

  const Address& address() const override { return options_.address; }

  absl::StatusOr<SignedTransaction> Sign(const Transaction& transaction) override {
    if (identifier_.empty()) {
      RETURN_IF_ERROR(FindKey());
    }
    const Bytes payload = SigningPayload(transaction);
    const std::string body = json{{"data", Hex(payload)}}.dump();
    ASSIGN_OR_RETURN(const std::string answer,
                     Ask({.method = "POST",
                          .path = absl::StrCat("/api/v1/eth1/sign/", identifier_),
                          .body = body}));
    ASSIGN_OR_RETURN(const EcdsaSignature signature, Understand(Keccak256(payload), answer));
    return EncodeSigned(transaction, signature);
  }

 private:
  struct Question {
    std::string_view method;
    std::string path;
    std::string_view body = {};
  };

  absl::StatusOr<std::string> Ask(const Question& question) {
    auto response = http_->Exchange({.method = question.method,
                                     .path = question.path,
                                     .body = question.body,
                                     .bearer_token = options_.bearer_token.view()});
    if (!response.ok()) {
      return absl::UnavailableError(absl::StrCat("signer ", response.status().message()));
    }
    if (response->status == 200) {
      return std::move(response->body);
    }
    const std::string text = absl::StrCat("signer ", options_.url, ": ", ReasonOf(*response));
    if (response->status == 429) {
      return absl::ResourceExhaustedError(text);
    }
    const bool is_refusal = response->status >= 400 && response->status < 500;
    return is_refusal ? absl::PermissionDeniedError(text) : absl::UnavailableError(text);
  }

  absl::Status FindKey() {
    ASSIGN_OR_RETURN(const std::string answer,
                     Ask({.method = "GET", .path = "/api/v1/eth1/publicKeys"}));
    const json keys = json::parse(answer, nullptr, /*allow_exceptions=*/false);
    if (!keys.is_array()) {
      return absl::UnavailableError(
          absl::StrCat("signer ", options_.url, " did not list its keys"));
    }
    for (const json& key : keys) {
      const auto bytes = ParseHex(key.is_string() ? key.get<std::string>() : std::string());
      if (bytes.ok() && bytes->size() == kPublicKeyBytes &&
          AddressOfPublicKey(*bytes) == options_.address) {
        identifier_ = Hex(*bytes);
        return absl::OkStatus();
      }
    }
    return absl::PermissionDeniedError(
        absl::StrCat("signer ", options_.url, " does not have the key of ", Hex(options_.address)));
  }

  // r, s and, if it is there, v; of which only what recovers to the address counts.
  absl::StatusOr<EcdsaSignature> Understand(const Hash32& digest, std::string_view answer) const {
    const auto bytes = ParseHex(ToStd(absl::StripAsciiWhitespace(ToAbsl(answer))));
    if (!bytes.ok() || bytes->size() < 64 || bytes->size() > 65) {
      return absl::UnavailableError(
          absl::StrCat("signer ", options_.url, " answered something that is no signature"));
    }
    EcdsaSignature signature;
    std::copy_n(bytes->begin(), 32, signature.r.bytes.begin());
    std::copy_n(bytes->begin() + 32, 32, signature.s.bytes.begin());
    signature = evm::WithLowS(signature);
    for (const uint8_t y_parity : {uint8_t{0}, uint8_t{1}}) {
      signature.y_parity = y_parity;
      const auto signer = RecoverAddress(digest, signature);
      if (signer.ok() && *signer == options_.address) {
        return signature;
      }
    }
    return absl::PermissionDeniedError(absl::StrCat(
        "signer ", options_.url, " signed with another key than that of ", Hex(options_.address)));
  }

  const RemoteSignerOptions options_;
  const std::unique_ptr<HttpClient> http_;
  std::string identifier_;  // As the signer wants the key named: its public half.
};

}  // namespace

absl::StatusOr<std::unique_ptr<Signer>> MakeRemoteSigner(RemoteSignerOptions options) {
  ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> http,
                   MakeHttpClient({.url = options.url, .timeout_ms = options.timeout_ms}));
  return std::make_unique<RemoteSigner>(std::move(options), std::move(http));
}

}  // namespace tally::settlement
