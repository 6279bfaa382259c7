#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"

#include "base/status.h"

namespace tally::gateway {

// "127.0.0.1:7000" to host and port; false if it is not of that form.
inline bool ParseEndpoint(std::string_view text, std::string* host, uint16_t* port) {
  const std::size_t colon = text.rfind(':');
  uint32_t number = 0;
  if (colon == std::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(ToAbsl(text.substr(colon + 1)), &number) || number > 65'535) {
    return false;
  }
  *host = std::string(text.substr(0, colon));
  *port = static_cast<uint16_t>(number);
  return true;
}

}  // namespace tally::gateway
