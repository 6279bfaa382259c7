#include "gateway/fix/dictionary.h"

#include <algorithm>

namespace tally::gateway::fix {
namespace {

#include "gateway/fix/dictionary_tables.inc"

static_assert(std::size(kFields) <= kFieldsMax);

constexpr bool OnlyRawDataIsData() {
  return std::all_of(std::begin(kFields), std::end(kFields), [](const FieldRule& field) {
    return field.type != FieldType::kData || field.tag == kRawDataTag;
  });
}
static_assert(OnlyRawDataIsData(), "the parser has to know every field that may hold a separator");

constexpr auto MakeOrdinals() {
  std::array<uint8_t, kTagsMax> table{};
  static_assert(kLargestTag < kTagsMax);
  for (std::size_t i = 1; i < std::size(kFields); ++i) {
    table[static_cast<std::size_t>(kFields[i].tag)] = static_cast<uint8_t>(i);
  }
  return table;
}

// Row of kMessages + 1 by the single character of a type.
constexpr auto MakeMessageRows() {
  std::array<uint8_t, 256> rows{};
  for (std::size_t i = 0; i < std::size(kMessages); ++i) {
    if (kMessages[i].type.size() == 1) {
      rows[static_cast<unsigned char>(kMessages[i].type[0])] = static_cast<uint8_t>(i + 1);
    }
  }
  return rows;
}
constexpr auto kMessageRows = MakeMessageRows();

const GroupRule* FindAmong(std::span<const uint16_t> groups, uint16_t count) {
  for (const uint16_t group : groups) {
    if (kGroups[group].count == count) {
      return &kGroups[group];
    }
  }
  return nullptr;
}

}  // namespace

namespace internal {
constinit const std::array<uint8_t, kTagsMax> kOrdinalByTag = MakeOrdinals();
}

const FieldRule& RuleOf(uint16_t ordinal) { return kFields[ordinal]; }

bool IsListed(const FieldRule& field, std::string_view value) {
  if (field.enum_count == 0) {
    return true;
  }
  const auto* const first = kEnumValues + field.enum_first;
  if (value.size() == 1) {  // As nearly every one is: no call to compare bytes.
    return std::any_of(first, first + field.enum_count, [c = value[0]](std::string_view listed) {
      return listed.size() == 1 && listed[0] == c;
    });
  }
  return std::find(first, first + field.enum_count, value) != first + field.enum_count;
}

std::string_view NameOf(const FieldRule& field, std::string_view value) {
  const auto* const first = kEnumValues + field.enum_first;
  const auto* const found = std::find(first, first + field.enum_count, value);
  return found == first + field.enum_count ? std::string_view() : kEnumNames[found - kEnumValues];
}

const MessageRule* FindMessage(std::string_view type) {
  if (type.size() == 1) {
    const uint8_t row = kMessageRows[static_cast<unsigned char>(type[0])];
    return row == 0 ? nullptr : &kMessages[row - 1];
  }
  const auto* const found =
      std::find_if(std::begin(kMessages), std::end(kMessages),
                   [type](const MessageRule& message) { return message.type == type; });
  return found == std::end(kMessages) ? nullptr : found;
}

bool IsFix44Type(std::string_view type) {
  return std::find(std::begin(kFix44Types), std::end(kFix44Types), type) != std::end(kFix44Types);
}

std::span<const uint16_t> HeaderRequired() { return kHeaderRequired; }

std::span<const uint16_t> RequiredOf(const MessageRule& message) {
  return std::span(kRequired).subspan(message.required_first, message.required_count);
}

const GroupRule* FindGroup(const MessageRule& message, uint16_t count) {
  return FindAmong(std::span(kMessageGroups).subspan(message.groups_first, message.groups_count),
                   count);
}

const GroupRule* FindGroup(const GroupRule& group, uint16_t count) {
  return FindAmong(std::span(kNestedGroups).subspan(group.groups_first, group.groups_count), count);
}

}  // namespace tally::gateway::fix
