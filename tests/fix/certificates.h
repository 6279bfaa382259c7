#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace tally::gateway::fix {

// A certificate with its key, made for a test, as PEM files.
struct TestCertificate {
  std::string certificate_file;
  std::string key_file;
  std::array<uint8_t, 32> sha256{};
};

// Makes a certificate for `name` in `directory`, valid for a day around now. Signed by `issuer`,
// or, without one, by itself: then it may sign others.
TestCertificate MakeCertificate(const std::string& directory, const std::string& name,
                                const TestCertificate* issuer = nullptr);

}  // namespace tally::gateway::fix
