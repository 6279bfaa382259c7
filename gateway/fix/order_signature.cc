#include "gateway/fix/order_signature.h"

#include <algorithm>
#include <array>

#include "gateway/fix/values.h"

namespace tally::gateway::fix {
namespace {

constexpr std::array<int32_t, 4> kTags = {tag::kSignatureNonce, tag::kSignatureExpiry,
                                          tag::kSignatureMaxFee, tag::kOrderSignature};

// The value of a hexadecimal digit; 16 of any other character.
uint8_t DigitOf(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  return static_cast<uint8_t>(std::min(kDigits.find(lower), kDigits.size()));
}

bool ParseSignature(std::string_view text, std::array<uint8_t, 64>* bytes) {
  text.remove_prefix(text.starts_with("0x") ? 2 : 0);
  if (text.size() != 2 * bytes->size()) {
    return false;
  }
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    const uint8_t high = DigitOf(text[2 * i]);
    const uint8_t low = DigitOf(text[2 * i + 1]);
    if (high > 15 || low > 15) {
      return false;
    }
    (*bytes)[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace

DecodedSignature DecodeSignature(const Message& message) {
  const auto given = std::count_if(kTags.begin(), kTags.end(),
                                   [&](int32_t tag) { return message.Find(tag).has_value(); });
  if (given == 0) {
    return {};
  }
  SignOrderCommand sign{};
  const bool whole = given == static_cast<int64_t>(kTags.size()) &&
                     ParseNumber(message.Get(tag::kSignatureNonce), &sign.nonce) &&
                     ParseNumber(message.Get(tag::kSignatureExpiry), &sign.expiry_s) &&
                     ParseNumber(message.Get(tag::kSignatureMaxFee), &sign.max_fee_hundredths_bp) &&
                     ParseSignature(message.Get(tag::kOrderSignature), &sign.signature);
  if (!whole) {
    return {.sign = std::nullopt, .refusal = "BAD_SIGNATURE"};
  }
  return {.sign = sign, .refusal = {}};
}

}  // namespace tally::gateway::fix
