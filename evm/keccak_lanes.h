#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "evm/bytes.h"

namespace tally::evm {

// Keccak-256 of many messages of one length: `messages` holds them one after the other. Eight (or
// four, without AVX-512) are hashed at a time in the lanes of vector registers, which is where a
// batch's executions get their speed: about 60 ns (110 ns) a permutation, against 300 ns for one
// message alone.
//
// Thread safety: any thread.
std::vector<Hash32> KeccakMany(std::span<const uint8_t> messages, std::size_t message_bytes);
// The same into memory that is there: `hashes` has room for one of each message.
void KeccakMany(std::span<const uint8_t> messages, std::size_t message_bytes, Hash32* hashes);

}  // namespace tally::evm
