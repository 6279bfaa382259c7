// Validate(): the dictionary's rules, in the order that a Reject reports them.

#include "gateway/fix/message.h"
#include "gateway/fix/values.h"

namespace tally::gateway::fix {
namespace {

bool HasFormat(FieldType type, std::string_view text) {
  uint64_t number = 0;
  switch (type) {
    case FieldType::kString:
    case FieldType::kData:
    case FieldType::kMultipleValue:
      return true;
    case FieldType::kChar:
      return text.size() == 1;
    case FieldType::kInt:
      return ParseNumber(text.starts_with('-') ? text.substr(1) : text, &number);
    case FieldType::kLength:
    case FieldType::kSeqNum:
    case FieldType::kNumInGroup:
      return ParseNumber(text, &number);
    case FieldType::kDecimal:
      return IsFixDecimal(text);
    case FieldType::kBoolean:
      return text == "Y" || text == "N";
    case FieldType::kUtcTimestamp:
      return ParseUtcTimestamp(text).has_value();
    case FieldType::kUtcDate:
      return IsUtcDate(text);
  }
  return false;
}

bool IsListedEach(const FieldRule& field, std::string_view text) {
  if (field.type != FieldType::kMultipleValue) {
    return IsListed(field, text);
  }
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (!IsListed(field, text.substr(0, space))) {
      return false;
    }
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return true;
}

// Walks the fields of one message once. A check says whether it holds; what does not is in fault_
// (an optional handed back for each field is written and read again in pieces of other sizes, for
// which the processor waits).
class Walk {
 public:
  Walk(const Message& message, const MessageRule& rule)
      : message_(message), rule_(rule), fields_(message.fields()) {}

  std::optional<Fault> Run() {
    // The first two and the last were checked when the message was parsed.
    for (at_ = 3; at_ + 1 < fields_.size(); ++at_) {
      if (!CheckOne()) {
        return fault_;
      }
    }
    return CheckRequired() ? std::nullopt : std::optional(fault_);
  }

 private:
  bool Fail(SessionReject reason, int32_t tag) {
    fault_ = {reason, tag};
    return false;
  }

  // What a field says of itself, wherever it is.
  bool CheckValue(const Field& field) {
    if (field.ordinal == 0) {
      return Fail(SessionReject::kInvalidTag, field.tag);
    }
    if (field.length == 0) {
      return Fail(SessionReject::kTagWithoutValue, field.tag);
    }
    const FieldRule& rule = RuleOf(field.ordinal);
    const std::string_view text = message_.value(field);
    if (!HasFormat(rule.type, text)) {
      return Fail(SessionReject::kBadFormat, field.tag);
    }
    if (rule.enum_count != 0 && !IsListedEach(rule, text)) {
      return Fail(SessionReject::kValueOutOfRange, field.tag);
    }
    return true;
  }

  bool CheckOne() {
    const Field& field = fields_[at_];
    if (!CheckValue(field)) {
      return false;
    }
    const FieldPlace place = RuleOf(field.ordinal).place;
    if (place == FieldPlace::kTrailer || (place == FieldPlace::kHeader && in_body_)) {
      return Fail(SessionReject::kOutOfOrder, field.tag);
    }
    if (place == FieldPlace::kBody) {
      in_body_ = true;
      if (!rule_.members.Has(field.ordinal)) {
        return Fail(SessionReject::kTagNotDefinedForType, field.tag);
      }
    }
    if (seen_.Has(field.ordinal)) {
      return Fail(SessionReject::kRepeatedTag, field.tag);
    }
    seen_.Add(field.ordinal);
    return RuleOf(field.ordinal).type != FieldType::kNumInGroup ||
           CheckGroup(*FindGroup(rule_, field.ordinal));
  }

  // The entries behind a count, at_ on the last field of the last one. The count must be that of
  // the entries.
  bool CheckGroup(const GroupRule& group) {
    const Field& count_field = fields_[at_];
    uint64_t count = 0;
    uint64_t entries = 0;
    ParseNumber(message_.value(count_field), &count);
    while (at_ + 2 < fields_.size() && fields_[at_ + 1].ordinal == group.first) {
      ++entries;
      if (!CheckEntry(group)) {
        return false;
      }
    }
    return entries == count || Fail(SessionReject::kGroupCount, count_field.tag);
  }

  bool CheckEntry(const GroupRule& group) {
    FieldSet seen{};
    while (at_ + 2 < fields_.size()) {
      const Field& field = fields_[at_ + 1];
      if (field.ordinal == 0 || !group.members.Has(field.ordinal) ||
          (field.ordinal == group.first && seen.Has(field.ordinal))) {
        break;
      }
      ++at_;
      if (!CheckValue(field)) {
        return false;
      }
      if (seen.Has(field.ordinal)) {
        return Fail(SessionReject::kRepeatedTag, field.tag);
      }
      seen.Add(field.ordinal);
      if (RuleOf(field.ordinal).type == FieldType::kNumInGroup &&
          !CheckGroup(*FindGroup(group, field.ordinal))) {
        return false;
      }
    }
    for (uint16_t ordinal = 1; ordinal < kFieldsMax; ++ordinal) {
      if (group.required.Has(ordinal) && !seen.Has(ordinal)) {
        return Fail(SessionReject::kRequiredTagMissing, RuleOf(ordinal).tag);
      }
    }
    return true;
  }

  bool CheckRequired() {
    for (std::size_t i = 0; i < 3; ++i) {
      seen_.Add(fields_[i].ordinal);
    }
    for (const std::span<const uint16_t> required : {HeaderRequired(), RequiredOf(rule_)}) {
      for (const uint16_t ordinal : required) {
        if (!seen_.Has(ordinal)) {
          return Fail(SessionReject::kRequiredTagMissing, RuleOf(ordinal).tag);
        }
      }
    }
    return true;
  }

  const Message& message_;
  const MessageRule& rule_;
  const std::span<const Field> fields_;
  std::size_t at_ = 0;
  bool in_body_ = false;
  FieldSet seen_{};
  Fault fault_{};
};

}  // namespace

std::optional<Fault> Validate(const Message& message, const MessageRule& rule) {
  return Walk(message, rule).Run();
}

}  // namespace tally::gateway::fix
