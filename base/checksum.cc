#include "base/checksum.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace tally {
namespace {

constexpr uint32_t kPolynomialReversed = 0x82f63b78;

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomialReversed : 0);
    }
    table[byte] = value;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = MakeTable();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t Crc32cSse42(const void* data, std::size_t size_bytes,
                                                       uint32_t crc) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  uint64_t state = ~crc;
  for (; size_bytes >= 8; size_bytes -= 8, bytes += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    state = _mm_crc32_u64(state, word);
  }
  auto tail = static_cast<uint32_t>(state);
  for (; size_bytes > 0; --size_bytes, ++bytes) {
    tail = _mm_crc32_u8(tail, *bytes);
  }
  return ~tail;
}
#endif

}  // namespace

namespace internal {

uint32_t Crc32cPortable(const void* data, std::size_t size_bytes, uint32_t crc) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  uint32_t state = ~crc;
  for (std::size_t i = 0; i < size_bytes; ++i) {
    state = (state >> 8) ^ kTable[(state ^ bytes[i]) & 0xff];
  }
  return ~state;
}

}  // namespace internal

uint32_t Crc32c(const void* data, std::size_t size_bytes, uint32_t crc) {
#if defined(__x86_64__)
  static const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
  if (has_sse42) {
    return Crc32cSse42(data, size_bytes, crc);
  }
#endif
  return internal::Crc32cPortable(data, size_bytes, crc);
}

}  // namespace tally
