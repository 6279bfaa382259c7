#include "base/fixed_string.h"

#include <gtest/gtest.h>

namespace tally {
namespace {

TEST(FixedStringTest, HoldsUpToItsWholeCapacity) {
  EXPECT_EQ(Symbol::From("BTC/USD").view(), "BTC/USD");
  EXPECT_EQ(Symbol::From("0123456789abcdef").view(), "0123456789abcdef");
  EXPECT_EQ(Symbol::From("").view(), "");
}

TEST(FixedStringTest, EqualTextIsEqualBytes) {
  EXPECT_EQ(Symbol::From("BTC"), Symbol::From("BTC"));
  EXPECT_LT(Symbol::From("BTC"), Symbol::From("ETH"));
}

}  // namespace
}  // namespace tally
