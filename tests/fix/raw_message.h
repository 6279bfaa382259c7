#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "gateway/fix/message.h"

namespace tally::gateway::fix {

// '|' to SOH.
inline std::string Soh(std::string text) {
  std::replace(text.begin(), text.end(), '|', kSoh);
  return text;
}

inline std::string Readable(std::string text) {
  std::replace(text.begin(), text.end(), kSoh, '|');
  return text;
}

// A whole message from its fields behind BodyLength, which '|' separates.
inline std::string Framed(const std::string& fields, const std::string& begin = "FIX.4.4") {
  const std::string body = Soh(fields);
  std::string message = Soh("8=" + begin + "|9=" + std::to_string(body.size()) + "|") + body;
  std::array<char, 16> trailer;
  std::snprintf(trailer.data(), trailer.size(), "10=%03u%c", Checksum(message), kSoh);
  return message + trailer.data();
}

inline constexpr std::string_view kTestTime = "20240627-11:17:25.223";

// A header as a client sends it.
inline std::string Header(char type, int sequence) {
  return std::string("35=") + type + "|34=" + std::to_string(sequence) +
         "|49=TW44|52=" + std::string(kTestTime) + "|56=ISLD|";
}

}  // namespace tally::gateway::fix
