#pragma once

#include <string>
#include <string_view>

#include <openssl/crypto.h>

namespace tally::evm {

// A passphrase, a token or a key as text: never printed, copied only from what its maker cleanses,
// and cleansed itself when it is no longer needed.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text) : text_(text) {}
  SecretText(SecretText&& other) noexcept { *this = std::move(other); }
  SecretText& operator=(SecretText&& other) noexcept {
    if (this != &other) {
      Cleanse();
      text_ = other.text_;
      other.Cleanse();
    }
    return *this;
  }
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText() { Cleanse(); }

  std::string_view view() const { return text_; }

 private:
  void Cleanse() {
    OPENSSL_cleanse(text_.data(), text_.size());
    text_.clear();
  }
  std::string text_;
};

}  // namespace tally::evm
