#include "settlement/chain/transaction.h"

#include <algorithm>

#include "base/status.h"
#include "settlement/chain/keccak.h"
#include "settlement/chain/rlp.h"

namespace tally::settlement {
namespace {

constexpr uint8_t kType = 2;
constexpr std::size_t kUnsignedItems = 9;  // Three more with a signature.

Bytes UnsignedFields(const Transaction& transaction) {
  Bytes fields;
  AppendBytes(&fields, RlpInteger(transaction.chain_id));
  AppendBytes(&fields, RlpInteger(transaction.nonce));
  AppendBytes(&fields, RlpInteger(transaction.tip_wei));
  AppendBytes(&fields, RlpInteger(transaction.fee_cap_wei));
  AppendBytes(&fields, RlpInteger(transaction.gas_limit));
  AppendBytes(&fields, RlpString(transaction.to ? View(*transaction.to) : ByteView()));
  AppendBytes(&fields, RlpInteger(transaction.value_wei));
  AppendBytes(&fields, RlpString(transaction.data));
  AppendBytes(&fields, RlpList({}));  // Access list.
  return fields;
}

Bytes Envelope(ByteView fields) {
  Bytes envelope = {kType};
  AppendBytes(&envelope, RlpList(fields));
  return envelope;
}

absl::StatusOr<uint64_t> Integer64(const Bytes& item) {
  if (item.size() > 8) {
    return absl::InvalidArgumentError("transaction field exceeds 64 bits");
  }
  return static_cast<uint64_t>(FromBigEndian(item));
}

absl::StatusOr<std::vector<Bytes>> ItemsOf(ByteView encoded, std::size_t count) {
  if (encoded.empty() || encoded[0] != kType) {
    return absl::InvalidArgumentError("not a type-2 transaction");
  }
  ASSIGN_OR_RETURN(std::vector<Bytes> items, RlpDecodeList(encoded.subspan(1)));
  if (items.size() != count) {
    return absl::InvalidArgumentError("malformed transaction");
  }
  return items;
}

absl::StatusOr<Transaction> TransactionOf(const std::vector<Bytes>& items) {
  if ((!items[5].empty() && items[5].size() != 20) || items[6].size() > 32) {
    return absl::InvalidArgumentError("malformed transaction");
  }
  Transaction transaction;
  ASSIGN_OR_RETURN(transaction.chain_id, Integer64(items[0]));
  ASSIGN_OR_RETURN(transaction.nonce, Integer64(items[1]));
  ASSIGN_OR_RETURN(transaction.tip_wei, Integer64(items[2]));
  ASSIGN_OR_RETURN(transaction.fee_cap_wei, Integer64(items[3]));
  ASSIGN_OR_RETURN(transaction.gas_limit, Integer64(items[4]));
  if (!items[5].empty()) {
    transaction.to.emplace();
    std::copy(items[5].begin(), items[5].end(), transaction.to->bytes.begin());
  }
  transaction.value_wei = FromBigEndian(items[6]);
  transaction.data = items[7];
  return transaction;
}

}  // namespace

Bytes SigningPayload(const Transaction& transaction) {
  return Envelope(UnsignedFields(transaction));
}

absl::StatusOr<Transaction> DecodeSigningPayload(ByteView payload) {
  ASSIGN_OR_RETURN(const std::vector<Bytes> items, ItemsOf(payload, kUnsignedItems));
  ASSIGN_OR_RETURN(Transaction transaction, TransactionOf(items));
  // Also refuses an access list and every encoding but the canonical one.
  const Bytes again = SigningPayload(transaction);
  if (!std::equal(again.begin(), again.end(), payload.begin(), payload.end())) {
    return absl::InvalidArgumentError("not a plain, canonical transaction");
  }
  return transaction;
}

Hash32 SigningHash(const Transaction& transaction) {
  return Keccak256(SigningPayload(transaction));
}

SignedTransaction EncodeSigned(const Transaction& transaction, const EcdsaSignature& signature) {
  Bytes fields = UnsignedFields(transaction);
  AppendBytes(&fields, RlpInteger(signature.y_parity));
  AppendBytes(&fields, RlpInteger(FromBigEndian(View(signature.r))));
  AppendBytes(&fields, RlpInteger(FromBigEndian(View(signature.s))));
  SignedTransaction result;
  result.raw = Envelope(fields);
  result.hash = Keccak256(result.raw);
  result.signature = signature;
  return result;
}

SignedTransaction SignTransaction(const Transaction& transaction, const PrivateKey& key) {
  return EncodeSigned(transaction, key.Sign(SigningHash(transaction)));
}

absl::StatusOr<DecodedTransaction> DecodeTransaction(ByteView raw) {
  ASSIGN_OR_RETURN(const std::vector<Bytes> items, ItemsOf(raw, kUnsignedItems + 3));
  if (items[10].size() > 32 || items[11].size() > 32) {
    return absl::InvalidArgumentError("malformed transaction");
  }
  DecodedTransaction decoded;
  ASSIGN_OR_RETURN(decoded.transaction, TransactionOf(items));
  EcdsaSignature signature;
  ASSIGN_OR_RETURN(uint64_t y_parity, Integer64(items[9]));
  if (y_parity > 1) {
    return absl::InvalidArgumentError("malformed transaction");
  }
  signature.y_parity = static_cast<uint8_t>(y_parity);
  signature.r = ToWord(FromBigEndian(items[10]));
  signature.s = ToWord(FromBigEndian(items[11]));
  ASSIGN_OR_RETURN(decoded.sender, RecoverAddress(SigningHash(decoded.transaction), signature));
  decoded.hash = Keccak256(raw);
  return decoded;
}

Address ContractAddress(const Address& sender, uint64_t nonce) {
  Bytes fields = RlpString(View(sender));
  AppendBytes(&fields, RlpInteger(nonce));
  const Hash32 hash = Keccak256(RlpList(fields));
  Address address;
  std::copy(hash.bytes.begin() + 12, hash.bytes.end(), address.bytes.begin());
  return address;
}

}  // namespace tally::settlement
