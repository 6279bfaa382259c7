#pragma once

// Contract ABI encoding of the few shapes the vault and ERC-20 tokens use.

#include <span>
#include <string_view>

#include "settlement/chain/bytes.h"
#include "settlement/chain/uint256.h"

namespace tally::settlement {

// First four bytes of the Keccak-256 of e.g. "transfer(address,uint256)".
Bytes Selector(std::string_view signature);
// topic0 of an event, e.g. "Transfer(address,address,uint256)".
Hash32 EventTopic(std::string_view signature);

// Builds the arguments of a call (or of a constructor): static words in order, dynamic values in
// the tail. Usage: AbiEncoder().Add(account).Add(amount).Call("depositFor(uint32,uint96)").
class AbiEncoder {
 public:
  AbiEncoder& Add(const Uint256& value);
  AbiEncoder& Add(const Address& address);
  AbiEncoder& Add(const Hash32& word);
  AbiEncoder& AddBytes(ByteView bytes);                   // bytes or string
  AbiEncoder& AddArray(std::span<const uint64_t> items);  // uintN[]

  Bytes Arguments() const;
  Bytes Call(std::string_view signature) const;

 private:
  struct Slot {
    Hash32 word;  // Static value, unused for a dynamic one.
    Bytes tail;   // Encoded dynamic value.
    bool is_dynamic;
  };
  std::vector<Slot> slots_;
};

// Reads 32-byte words of return data, event data or revert data.
class AbiReader {
 public:
  explicit AbiReader(ByteView data) : data_(data) {}
  bool HasWord(std::size_t index) const { return (index + 1) * 32 <= data_.size(); }
  // kDataLoss if the word is missing or too large for the type.
  absl::StatusOr<Uint256> Word(std::size_t index) const;
  absl::StatusOr<uint64_t> Word64(std::size_t index) const;
  absl::StatusOr<Hash32> WordHash(std::size_t index) const;
  absl::StatusOr<Address> WordAddress(std::size_t index) const;

 private:
  ByteView data_;
};

// Text of revert data: Error(string) and Panic(uint256) decoded, else the hexadecimal bytes.
std::string DescribeRevert(ByteView data);

}  // namespace tally::settlement
