#pragma once

#include <signal.h>
#include <sys/resource.h>

#include "gtest/gtest.h"

namespace tally {

// While it lives, writes beyond `size_bytes` of any file come out short or fail with EFBIG: a disk
// that is full, without one.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t size_bytes) {
    previous_handler_ = signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &previous_), 0);
    const rlimit limit{size_bytes, previous_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &previous_), 0);
    signal(SIGXFSZ, previous_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit previous_{};
  void (*previous_handler_)(int) = nullptr;
};

}  // namespace tally
