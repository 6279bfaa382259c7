#pragma once

// Assertions for programmer errors. CHECK stays on in release builds: a broken invariant in a
// matching core must stop it before a wrong event leaves. DCHECK is for checks that cost more than
// O(1); it is on wherever _GLIBCXX_ASSERTIONS or a sanitizer is.

namespace tally::internal {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);
}  // namespace tally::internal

#define TALLY_LIKELY(condition) __builtin_expect(static_cast<bool>(condition), true)

#define CHECK(condition)                                              \
  do {                                                                \
    if (!TALLY_LIKELY(condition)) {                                   \
      ::tally::internal::CheckFailed(__FILE__, __LINE__, #condition); \
    }                                                                 \
  } while (false)

#if defined(_GLIBCXX_ASSERTIONS) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DCHECK(condition) CHECK(condition)
#else
#define DCHECK(condition) \
  do {                    \
    if (false) {          \
      CHECK(condition);   \
    }                     \
  } while (false)
#endif
