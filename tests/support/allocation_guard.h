#pragma once

// Counts heap allocations of the whole test program, for which it replaces the global operator new.

#include <cstdint>

namespace tally {

// Allocations by any thread since the program started.
uint64_t AllocationCount();

// Allocations since construction.
class AllocationGuard {
 public:
  AllocationGuard() : start_(AllocationCount()) {}
  uint64_t count() const { return AllocationCount() - start_; }

 private:
  uint64_t start_;
};

}  // namespace tally
