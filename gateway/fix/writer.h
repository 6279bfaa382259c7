#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tally::gateway::fix {

// Appends fields to a text. Thread safety: none. Cost: no allocation once the text has grown.
class FieldWriter {
 public:
  explicit FieldWriter(std::string* text) : text_(text) {}

  // An empty value is left out: FIX has no fields without one.
  FieldWriter& Add(int32_t tag, std::string_view value);
  FieldWriter& Add(int32_t tag, const char* value) { return Add(tag, std::string_view(value)); }
  FieldWriter& Add(int32_t tag, char value) { return Add(tag, std::string_view(&value, 1)); }
  FieldWriter& Number(int32_t tag, int64_t value);
  FieldWriter& Count(int32_t tag, uint64_t value);

 private:
  std::string* const text_;
};

struct MessageHeader {
  std::string_view type;
  std::string_view sender;  // We.
  std::string_view target;
  uint64_t sequence = 0;
  int64_t sending_time_ns = 0;
  // Of a resent message when it was sent first; 0: it is new.
  int64_t original_time_ns = 0;
  std::string_view routing{};  // Fields behind the CompIDs, already written.
};

// Appends a whole message: header, `body` (its fields, already written), CheckSum.
void AppendMessage(const MessageHeader& header, std::string_view body, std::vector<uint8_t>* out);

}  // namespace tally::gateway::fix
