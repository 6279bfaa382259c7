#pragma once

// Status macros (Debian's Abseil has none) and conversions between std and absl strings. The macro
// names are those of upstream Abseil, for a later swap.

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tally {

// Debian's Abseil keeps its own string_view; our APIs use the std one.
inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

// Same code, message "context: message". Returns OK unchanged.
absl::Status Annotate(const absl::Status& status, std::string_view context);

// The status of the calling thread's errno after a failed system call on `subject`,
// e.g. ErrnoStatus("open", path): "open /x: No space left on device".
absl::Status ErrnoStatus(std::string_view call, std::string_view subject);

}  // namespace tally

#define TALLY_CONCAT_INNER(a, b) a##b
#define TALLY_CONCAT(a, b) TALLY_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression)                           \
  do {                                                        \
    if (absl::Status status_ = (expression); !status_.ok()) { \
      return status_;                                         \
    }                                                         \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_IMPL(TALLY_CONCAT(status_or_, __LINE__), declaration, expression)

#define ASSIGN_OR_RETURN_IMPL(status_or, declaration, expression) \
  auto status_or = (expression);                                  \
  if (!status_or.ok()) {                                          \
    return std::move(status_or).status();                         \
  }                                                               \
  declaration = *std::move(status_or)
