#include "base/status.h"

#include <cerrno>
#include <memory>

#include <gtest/gtest.h>

namespace tally {
namespace {

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) {
    return absl::InvalidArgumentError("odd");
  }
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  ASSIGN_OR_RETURN(const int half, Half(value));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

TEST(StatusTest, AssignOrReturnGivesTheValueOrTheError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status(), absl::InvalidArgumentError("odd"));
}

TEST(StatusTest, AnnotateKeepsTheCode) {
  EXPECT_EQ(Annotate(absl::NotFoundError("x"), "open"), absl::NotFoundError("open: x"));
  EXPECT_TRUE(Annotate(absl::OkStatus(), "open").ok());
}

TEST(StatusTest, ErrnoStatusSaysWhatFailed) {
  errno = ENOSPC;
  const absl::Status status = ErrnoStatus("write", "journal");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ToStd(status.message()), "write journal: No space left on device");
}

}  // namespace
}  // namespace tally
