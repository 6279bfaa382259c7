#include "base/checksum.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace tally {
namespace {

uint32_t Crc(std::string_view text) { return Crc32c(text.data(), text.size()); }

TEST(ChecksumTest, MatchesPublishedVectors) {
  EXPECT_EQ(Crc("123456789"), 0xe3069283U);  // The check value of CRC-32C.
  EXPECT_EQ(Crc(""), 0U);
  // RFC 3720 appendix B.4.
  EXPECT_EQ(Crc(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(Crc(std::string(32, '\xff')), 0x62a8ab43U);
}

TEST(ChecksumTest, PortableAndHardwareAgreeAtEveryLength) {
  std::vector<unsigned char> bytes(257);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(i * 167 + 13);
  }
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    EXPECT_EQ(Crc32c(bytes.data(), size), internal::Crc32cPortable(bytes.data(), size, 0)) << size;
  }
}

TEST(ChecksumTest, ContinuesFromAPreviousValue) {
  const std::string text = "a tally stick was split in two";
  const uint32_t head = Crc32c(text.data(), 7);
  EXPECT_EQ(Crc32c(text.data() + 7, text.size() - 7, head), Crc(text));
}

}  // namespace
}  // namespace tally
