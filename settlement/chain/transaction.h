#pragma once

#include <optional>

#include "settlement/chain/bytes.h"
#include "settlement/chain/private_key.h"
#include "settlement/chain/uint256.h"

namespace tally::settlement {

// An EIP-1559 (type 2) transaction with an empty access list. Fees are wei per gas.
struct Transaction {
  uint64_t chain_id = 0;
  uint64_t nonce = 0;
  uint64_t tip_wei = 0;      // max_priority_fee_per_gas
  uint64_t fee_cap_wei = 0;  // max_fee_per_gas
  uint64_t gas_limit = 0;
  std::optional<Address> to;  // Empty: creates a contract.
  Uint256 value_wei = 0;
  Bytes data;
};

struct SignedTransaction {
  Bytes raw;    // As eth_sendRawTransaction takes it.
  Hash32 hash;  // The transaction's identity on chain.
  EcdsaSignature signature;
};

// The bytes whose Keccak-256 hash is signed, and that hash.
Bytes SigningPayload(const Transaction& transaction);
// The inverse. kInvalidArgument for anything but exactly what SigningPayload() makes.
absl::StatusOr<Transaction> DecodeSigningPayload(ByteView payload);
Hash32 SigningHash(const Transaction& transaction);
SignedTransaction EncodeSigned(const Transaction& transaction, const EcdsaSignature& signature);
SignedTransaction SignTransaction(const Transaction& transaction, const PrivateKey& key);

struct DecodedTransaction {
  Transaction transaction;
  Address sender;
  Hash32 hash;
};
// The inverse, with the sender recovered: what a node does. kInvalidArgument on bad bytes.
absl::StatusOr<DecodedTransaction> DecodeTransaction(ByteView raw);

// Address of the contract that `sender` creates with its transaction number `nonce`.
Address ContractAddress(const Address& sender, uint64_t nonce);

}  // namespace tally::settlement
