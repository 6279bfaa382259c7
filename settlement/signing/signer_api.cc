#include "settlement/signing/signer_api.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

#include "base/assert.h"
#include "base/status.h"

namespace tally::settlement {
namespace {

using nlohmann::json;

constexpr std::string_view kSignPath = "/api/v1/eth1/sign/";
constexpr std::string_view kBearer = "Bearer ";
// What Ethereum adds to the parity in a signature outside of transactions.
constexpr uint8_t kParityOffset = 27;

HttpResponse Text(unsigned status, std::string_view text) {
  return {.status = status, .body = std::string(text), .content_type = "text/plain; charset=utf-8"};
}

HttpResponse Failure(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied:
      return Text(403, ToStd(status.message()));
    case absl::StatusCode::kResourceExhausted:
      return Text(429, ToStd(status.message()));
    default:
      return Text(503, ToStd(status.message()));
  }
}

std::string WithoutPrefix(std::string_view text) {
  return absl::AsciiStrToLower(ToAbsl(text.starts_with("0x") ? text.substr(2) : text));
}

}  // namespace

SignerApi::SignerApi(Options options, PolicySigner* signer)
    : options_(std::move(options)), signer_(signer) {
  CHECK(options_.public_key.size() == kPublicKeyBytes);
}

HttpResponse SignerApi::Answer(const HttpQuestion& question) {
  if (question.method == "GET" && question.target == "/upcheck") {
    return Text(200, "OK");
  }
  if (!MayAsk(question)) {
    return Text(401, "a bearer token is needed");
  }
  if (question.method == "GET" && question.target == "/api/v1/eth1/publicKeys") {
    return {.status = 200, .body = json::array({Hex(options_.public_key)}).dump()};
  }
  const std::string_view target = question.target;
  if (question.method != "POST" || !target.starts_with(kSignPath)) {
    return Text(404, "no such resource");
  }
  if (WithoutPrefix(target.substr(kSignPath.size())) != WithoutPrefix(Hex(options_.public_key))) {
    return Text(404, "there is no such key here");
  }
  return Sign(question.body);
}

// In a time that does not depend on how much of the token is right.
bool SignerApi::MayAsk(const HttpQuestion& question) const {
  const std::string_view token = options_.bearer_token.view();
  if (token.empty()) {
    return true;
  }
  const std::string_view given = question.authorization;
  return given.starts_with(kBearer) && given.size() == kBearer.size() + token.size() &&
         CRYPTO_memcmp(given.data() + kBearer.size(), token.data(), token.size()) == 0;
}

HttpResponse SignerApi::Sign(std::string_view body) {
  const json request = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!request.is_object() || !request.contains("data") || !request["data"].is_string()) {
    return Text(400, "the body must be an object with 'data'");
  }
  const auto payload = ParseHex(request["data"].get<std::string>());
  if (!payload.ok()) {
    return Text(400, "'data' must be hexadecimal");
  }
  const auto transaction = DecodeSigningPayload(*payload);
  if (!transaction.ok()) {
    return Text(400,
                absl::StrCat("only transactions are signed: ", transaction.status().message()));
  }
  const auto signed_transaction = signer_->Sign(*transaction);
  if (!signed_transaction.ok()) {
    return Failure(signed_transaction.status());
  }
  const EcdsaSignature& signature = signed_transaction->signature;
  Bytes answer(signature.r.bytes.begin(), signature.r.bytes.end());
  AppendBytes(&answer, View(signature.s));
  answer.push_back(static_cast<uint8_t>(kParityOffset + signature.y_parity));
  return Text(200, Hex(answer));
}

}  // namespace tally::settlement
