#include "evm/keccak_lanes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/assert.h"

namespace tally::evm {
namespace {

// FIPS 202 section 3; the padding byte is the SHA-3 competition's, as Ethereum uses it.
constexpr std::size_t kRateBytes = 136;
constexpr std::size_t kRateWords = kRateBytes / 8;
constexpr std::size_t kStateWords = 25;
constexpr std::size_t kRounds = 24;

constexpr std::array<uint64_t, kRounds> kRoundConstants = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
// Rho's distance and pi's destination of the lane at x + 5 y.
constexpr std::array<unsigned, kStateWords> kRotation = {
    0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14};
constexpr std::array<unsigned, kStateWords> kDestination = {
    0, 10, 20, 5, 15, 16, 1, 11, 21, 6, 7, 17, 2, 12, 22, 23, 8, 18, 3, 13, 14, 24, 9, 19, 4};

using Lanes4 = uint64_t __attribute__((vector_size(32)));
using Lanes8 = uint64_t __attribute__((vector_size(64)));

// Inlined into functions compiled for wider vectors than the rest of the program.
#define TALLY_LANES_INLINE __attribute__((always_inline)) inline

template <typename Lanes>
TALLY_LANES_INLINE void Permute(Lanes (&state)[kStateWords]) {
  for (std::size_t round = 0; round < kRounds; ++round) {
    Lanes column[5];
    Lanes moved[kStateWords];
#pragma GCC unroll 5
    for (std::size_t x = 0; x < 5; ++x) {
      column[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
    }
#pragma GCC unroll 25
    for (std::size_t i = 0; i < kStateWords; ++i) {
      const Lanes& next = column[(i + 1) % 5];
      const Lanes mixed = state[i] ^ column[(i + 4) % 5] ^ (next << 1 | next >> 63);
      moved[kDestination[i]] =
          kRotation[i] == 0 ? mixed : mixed << kRotation[i] | mixed >> (64 - kRotation[i]);
    }
#pragma GCC unroll 25
    for (std::size_t i = 0; i < kStateWords; ++i) {
      const std::size_t row = i / 5 * 5;
      state[i] = moved[i] ^ (~moved[row + (i + 1) % 5] & moved[row + (i + 2) % 5]);
    }
    state[0] ^= kRoundConstants[round];
  }
}

// Absorbs one block of each message. A message ends inside its last block: that one is padded.
template <typename Lanes>
TALLY_LANES_INLINE void Absorb(const uint8_t* const* messages, std::size_t size_bytes,
                               Lanes (&state)[kStateWords]) {
  constexpr std::size_t kLanes = sizeof(Lanes) / 8;
  uint64_t words[kRateWords][kLanes];
  const std::size_t taken = std::min(size_bytes, kRateBytes);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::array<uint8_t, kRateBytes> block{};
    std::memcpy(block.data(), messages[lane], taken);
    if (taken < kRateBytes) {
      block[taken] = 0x01;
      block[kRateBytes - 1] |= 0x80;
    }
    for (std::size_t i = 0; i < kRateWords; ++i) {
      std::memcpy(&words[i][lane], block.data() + 8 * i, 8);
    }
  }
  for (std::size_t i = 0; i < kRateWords; ++i) {
    Lanes word;
    std::memcpy(&word, words[i], sizeof(word));
    state[i] ^= word;
  }
  Permute(state);
}

template <typename Lanes>
TALLY_LANES_INLINE void HashLanes(const uint8_t* first, std::size_t message_bytes, Hash32* out) {
  constexpr std::size_t kLanes = sizeof(Lanes) / 8;
  static_assert(std::endian::native == std::endian::little);
  Lanes state[kStateWords] = {};
  const uint8_t* messages[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    messages[lane] = first + lane * message_bytes;
  }
  std::size_t left = message_bytes;
  for (;;) {
    Absorb<Lanes>(messages, left, state);
    if (left < kRateBytes) {
      break;
    }
    left -= kRateBytes;
    for (const uint8_t*& message : messages) {
      message += kRateBytes;
    }
  }
  for (std::size_t i = 0; i < 4; ++i) {
    uint64_t words[kLanes];
    std::memcpy(words, &state[i], sizeof(words));
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      std::memcpy(out[lane].bytes.data() + 8 * i, &words[lane], 8);
    }
  }
}

template <typename Lanes>
TALLY_LANES_INLINE std::size_t HashWhole(std::span<const uint8_t> messages,
                                         std::size_t message_bytes, Hash32* out) {
  constexpr std::size_t kLanes = sizeof(Lanes) / 8;
  const std::size_t count = messages.size() / message_bytes;
  std::size_t done = 0;
  for (; done + kLanes <= count; done += kLanes) {
    HashLanes<Lanes>(messages.data() + done * message_bytes, message_bytes, out + done);
  }
  return done;
}

using HashFunction = std::size_t (*)(std::span<const uint8_t>, std::size_t, Hash32*);

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl"))) std::size_t HashWide(std::span<const uint8_t> messages,
                                                                 std::size_t message_bytes,
                                                                 Hash32* out) {
  return HashWhole<Lanes8>(messages, message_bytes, out);
}
__attribute__((target("avx2"))) std::size_t HashNarrow(std::span<const uint8_t> messages,
                                                       std::size_t message_bytes, Hash32* out) {
  return HashWhole<Lanes4>(messages, message_bytes, out);
}
#endif
// Any processor: the compiler splits the vectors.
std::size_t HashPlain(std::span<const uint8_t> messages, std::size_t message_bytes, Hash32* out) {
  return HashWhole<Lanes4>(messages, message_bytes, out);
}

HashFunction FastestFunction() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) {
    return HashWide;
  }
  if (__builtin_cpu_supports("avx2")) {
    return HashNarrow;
  }
#endif
  return HashPlain;
}

}  // namespace

void KeccakMany(std::span<const uint8_t> messages, std::size_t message_bytes, Hash32* hashes) {
  static const HashFunction hash_whole = FastestFunction();
  CHECK(message_bytes > 0 && messages.size() % message_bytes == 0);
  const std::size_t count = messages.size() / message_bytes;
  const std::size_t done = hash_whole(messages, message_bytes, hashes);
  if (done < count) {
    // The last few in a set of their own, filled up with anything.
    constexpr std::size_t kLanesMax = 8;
    std::vector<uint8_t> rest(kLanesMax * message_bytes);
    std::array<Hash32, kLanesMax> out;
    std::copy(messages.begin() + static_cast<std::ptrdiff_t>(done * message_bytes), messages.end(),
              rest.begin());
    hash_whole(rest, message_bytes, out.data());
    std::copy_n(out.begin(), count - done, hashes + done);
  }
}

std::vector<Hash32> KeccakMany(std::span<const uint8_t> messages, std::size_t message_bytes) {
  CHECK(message_bytes > 0);
  std::vector<Hash32> hashes(messages.size() / message_bytes);
  KeccakMany(messages, message_bytes, hashes.data());
  return hashes;
}

}  // namespace tally::evm
