#include "evm/session_grant.h"

#include <algorithm>

#include "evm/keccak.h"

namespace tally::evm {
namespace {}  // namespace

Hash32 HashOf(const OrderDomain& domain, const SessionGrant& grant) {
  Bytes words;
  AppendBytes(
      &words,
      View(Keccak256(View("Session(uint32 account,address key,uint40 validFrom,uint40 validUntil,"
                          "uint32 venue,uint8 scope,uint64 nonce)"))));
  AppendBigEndian(&words, Raw(grant.account), kWordBytes);
  words.insert(words.end(), kWordBytes - grant.key.bytes.size(), uint8_t{0});
  AppendBytes(&words, View(grant.key));
  AppendBigEndian(&words, grant.valid_from_s, kWordBytes);
  AppendBigEndian(&words, grant.valid_until_s, kWordBytes);
  AppendBigEndian(&words, grant.venue, kWordBytes);
  AppendBigEndian(&words, grant.scope, kWordBytes);
  AppendBigEndian(&words, grant.nonce, kWordBytes);
  return Keccak256({View("\x19\x01"), View(domain.separator()), View(Keccak256(words))});
}

}  // namespace tally::evm
