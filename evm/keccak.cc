#include "evm/keccak.h"

#include <crypto++/keccak.h>

namespace tally::evm {

Hash32 Keccak256(ByteView data) { return Keccak256({data}); }

Hash32 Keccak256(std::initializer_list<ByteView> parts) {
  CryptoPP::Keccak_256 hash;
  for (ByteView part : parts) {
    hash.Update(part.data(), part.size());
  }
  Hash32 digest;
  hash.Final(digest.bytes.data());
  return digest;
}

}  // namespace tally::evm
