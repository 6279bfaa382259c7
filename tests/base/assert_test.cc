#include "base/assert.h"

#include <gtest/gtest.h>

namespace tally {
namespace {

TEST(AssertDeathTest, CheckNamesTheConditionAndAborts) {
  const int balance = -1;
  EXPECT_DEATH(CHECK(balance >= 0), "check failed: balance >= 0");
}

TEST(AssertTest, CheckThatHoldsDoesNothing) { CHECK(1 + 1 == 2); }

}  // namespace
}  // namespace tally
