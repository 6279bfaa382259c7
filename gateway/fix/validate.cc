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

// Walks the fields of one message once.
class Walk {
 public:
  Walk(const Message& message, const MessageRule& rule)
      : message_(message), rule_(rule), fields_(message.fields()) {}

  std::optional<Fault> Run() {
    // The first two and the last were checked when the message was parsed.
    for (at_ = 3; at_ + 1 < fields_.size(); ++at_) {
      if (const auto fault = CheckOne(); fault.has_value()) {
        return fault;
      }
    }
    return CheckRequired();
  }

 private:
  // What a field says of itself, wherever it is.
  std::optional<Fault> CheckValue(const Field& field) const {
    const auto fault = [&](SessionReject reason) { return Fault{reason, field.tag}; };
    if (field.ordinal == 0) {
      return fault(SessionReject::kInvalidTag);
    }
    if (field.length == 0) {
      return fault(SessionReject::kTagWithoutValue);
    }
    const FieldRule& rule = RuleOf(field.ordinal);
    const std::string_view text = message_.value(field);
    if (!HasFormat(rule.type, text)) {
      return fault(SessionReject::kBadFormat);
    }
    if (rule.enum_count != 0 && !IsListedEach(rule, text)) {
      return fault(SessionReject::kValueOutOfRange);
    }
    return std::nullopt;
  }

  std::optional<Fault> CheckOne() {
    const Field& field = fields_[at_];
    if (const auto fault = CheckValue(field); fault.has_value()) {
      return fault;
    }
    const FieldPlace place = RuleOf(field.ordinal).place;
    if (place == FieldPlace::kTrailer || (place == FieldPlace::kHeader && in_body_)) {
      return Fault{SessionReject::kOutOfOrder, field.tag};
    }
    if (place == FieldPlace::kBody) {
      in_body_ = true;
      if (!rule_.members.Has(field.ordinal)) {
        return Fault{SessionReject::kTagNotDefinedForType, field.tag};
      }
    }
    if (seen_.Has(field.ordinal)) {
      return Fault{SessionReject::kRepeatedTag, field.tag};
    }
    seen_.Add(field.ordinal);
    if (RuleOf(field.ordinal).type == FieldType::kNumInGroup) {
      return CheckGroup(*FindGroup(rule_, field.ordinal));
    }
    return std::nullopt;
  }

  // The entries behind a count, at_ on the last field of the last one. The count must be that of
  // the entries.
  std::optional<Fault> CheckGroup(const GroupRule& group) {
    const Field& count_field = fields_[at_];
    uint64_t count = 0;
    uint64_t entries = 0;
    ParseNumber(message_.value(count_field), &count);
    while (at_ + 2 < fields_.size() && fields_[at_ + 1].ordinal == group.first) {
      ++entries;
      if (const auto fault = CheckEntry(group); fault.has_value()) {
        return fault;
      }
    }
    if (entries != count) {
      return Fault{SessionReject::kGroupCount, count_field.tag};
    }
    return std::nullopt;
  }

  std::optional<Fault> CheckEntry(const GroupRule& group) {
    FieldSet seen{};
    while (at_ + 2 < fields_.size()) {
      const Field& field = fields_[at_ + 1];
      if (field.ordinal == 0 || !group.members.Has(field.ordinal) ||
          (field.ordinal == group.first && seen.Has(field.ordinal))) {
        break;
      }
      ++at_;
      if (const auto fault = CheckValue(field); fault.has_value()) {
        return fault;
      }
      if (seen.Has(field.ordinal)) {
        return Fault{SessionReject::kRepeatedTag, field.tag};
      }
      seen.Add(field.ordinal);
      if (RuleOf(field.ordinal).type == FieldType::kNumInGroup) {
        if (const auto fault = CheckGroup(*FindGroup(group, field.ordinal)); fault.has_value()) {
          return fault;
        }
      }
    }
    for (uint16_t ordinal = 1; ordinal < kFieldsMax; ++ordinal) {
      if (group.required.Has(ordinal) && !seen.Has(ordinal)) {
        return Fault{SessionReject::kRequiredTagMissing, RuleOf(ordinal).tag};
      }
    }
    return std::nullopt;
  }

  std::optional<Fault> CheckRequired() {
    for (std::size_t i = 0; i < 3; ++i) {
      seen_.Add(fields_[i].ordinal);
    }
    for (const std::span<const uint16_t> required : {HeaderRequired(), RequiredOf(rule_)}) {
      for (const uint16_t ordinal : required) {
        if (!seen_.Has(ordinal)) {
          return Fault{SessionReject::kRequiredTagMissing, RuleOf(ordinal).tag};
        }
      }
    }
    return std::nullopt;
  }

  const Message& message_;
  const MessageRule& rule_;
  const std::span<const Field> fields_;
  std::size_t at_ = 0;
  bool in_body_ = false;
  FieldSet seen_{};
};

}  // namespace

std::optional<Fault> Validate(const Message& message, const MessageRule& rule) {
  return Walk(message, rule).Run();
}

}  // namespace tally::gateway::fix
