#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace tally::flow {

// The content of an xz-compressed file. kDataLoss if it is damaged or cut, kResourceExhausted if
// it holds more than size_bytes_max.
absl::StatusOr<std::string> ReadXzFile(const std::string& path, std::size_t size_bytes_max);

}  // namespace tally::flow
