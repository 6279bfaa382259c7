#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace tally::gateway::fix {

// The validation tables made from schemas/fix44.xml at build time (dictionary_tables.py).
//
// A field has a dense number, its ordinal, from 1; 0 is "not in the dictionary".

inline constexpr std::size_t kFieldsMax = 256;
inline constexpr std::size_t kTagsMax = 32'768;
// The only field that may hold any byte; the one before it says how many.
inline constexpr int32_t kRawDataTag = 96;

enum class FieldType : uint8_t {
  kString,
  kChar,
  kInt,
  kLength,
  kSeqNum,
  kNumInGroup,
  kDecimal,
  kBoolean,
  kUtcTimestamp,
  kUtcDate,
  kMultipleValue,
  kData,
};

enum class FieldPlace : uint8_t { kHeader, kBody, kTrailer };

struct FieldRule {
  int32_t tag;
  FieldType type;
  FieldPlace place;
  uint16_t enum_first;
  uint16_t enum_count;  // 0: any value.
  std::string_view name;
};

// A set of ordinals.
struct FieldSet {
  std::array<uint64_t, kFieldsMax / 64> words;

  constexpr bool Has(uint16_t ordinal) const {
    return ((words[ordinal / 64] >> (ordinal % 64)) & 1) != 0;
  }
  constexpr void Add(uint16_t ordinal) { words[ordinal / 64] |= uint64_t{1} << (ordinal % 64); }
};

struct GroupRule {
  uint16_t count;  // The field that says how many entries there are.
  uint16_t first;  // The field that every entry begins with.
  FieldSet members;
  FieldSet required;
  uint16_t groups_first;
  uint16_t groups_count;
};

struct MessageRule {
  std::string_view type;
  std::string_view name;
  bool inbound;  // Clients may send it.
  bool admin;
  uint8_t session_kinds;  // Application messages: a bit for each FixSessionKind that takes it.
  FieldSet members;
  uint16_t required_first;
  uint16_t required_count;
  uint16_t groups_first;
  uint16_t groups_count;
};

namespace internal {
extern const std::array<uint8_t, kTagsMax> kOrdinalByTag;
}

// 0 if the tag is not in the dictionary.
inline uint16_t OrdinalOf(int32_t tag) {
  return tag > 0 && static_cast<std::size_t>(tag) < internal::kOrdinalByTag.size()
             ? internal::kOrdinalByTag[static_cast<std::size_t>(tag)]
             : uint16_t{0};
}

const FieldRule& RuleOf(uint16_t ordinal);
// Whether the value is one of the enumerated ones of the field, if it has any.
bool IsListed(const FieldRule& field, std::string_view value);

// What the enumerated value means; empty if it is none of the field's.
std::string_view NameOf(const FieldRule& field, std::string_view value);

// Null if the type is not in the dictionary.
const MessageRule* FindMessage(std::string_view type);
// Whether FIX 4.4 has the message type.
bool IsFix44Type(std::string_view type);

std::span<const uint16_t> HeaderRequired();
// In the order of the dictionary.
std::span<const uint16_t> RequiredOf(const MessageRule& message);
// The group that the field counts; null if it counts none there.
const GroupRule* FindGroup(const MessageRule& message, uint16_t count);
const GroupRule* FindGroup(const GroupRule& group, uint16_t count);

}  // namespace tally::gateway::fix
