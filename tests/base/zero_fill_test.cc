#include "base/zero_fill.h"

#include <array>
#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

namespace tally {
namespace {

struct Record {
  std::array<uint64_t, 12> words;
};

// At every place that its alignment allows, also between those of whole vectors.
TEST(ZeroFillTest, SetsEveryByteAndNoOther) {
  for (size_t offset = 8; offset <= 64; offset += 8) {
    alignas(64) std::array<uint8_t, 192> bytes;
    bytes.fill(0xff);
    auto* record = reinterpret_cast<Record*>(bytes.data() + offset);
    ZeroFill(*record);
    for (size_t i = 0; i < bytes.size(); ++i) {
      const bool inside = i >= offset && i < offset + sizeof(Record);
      EXPECT_EQ(bytes[i], inside ? 0 : 0xff) << "byte " << i << ", record at " << offset;
    }
  }
}

}  // namespace
}  // namespace tally
