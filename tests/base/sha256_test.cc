#include "base/sha256.h"

#include <gtest/gtest.h>

namespace tally {
namespace {

TEST(Sha256Test, MatchesFips180Vector) {
  Sha256 hash;
  hash.Update("abc", 3);
  EXPECT_EQ(ToHex(hash.Finish()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256Test, StartsAnewAfterFinish) {
  Sha256 hash;
  hash.Update("junk", 4);
  hash.Finish();
  hash.Update("a", 1);
  hash.Update("bc", 2);
  EXPECT_EQ(ToHex(hash.Finish()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace tally
