#include "tools/tally/fix_log_filter.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally {
namespace {

constexpr char kSoh = '\x01';
constexpr int32_t kClOrdId = 11;
constexpr int32_t kMsgSeqNum = 34;
constexpr int32_t kMsgType = 35;
constexpr int32_t kOrderId = 37;
constexpr int32_t kOrigClOrdId = 41;

// What every message of a session has, or what the line says anyhow.
bool IsHeader(int32_t tag) {
  static constexpr int32_t kTags[] = {8, 9, 10, kMsgSeqNum, kMsgType, 49, 52, 56};
  return std::find(std::begin(kTags), std::end(kTags), tag) != std::end(kTags);
}

}  // namespace

std::string_view FixLogMessage::Get(int32_t tag) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [tag](const auto& field) { return field.first == tag; });
  return found == fields.end() ? std::string_view() : found->second;
}

std::optional<FixLogMessage> SplitFixLogLine(std::string_view line) {
  const auto entry = gateway::ParseFixLogLine(line);
  if (!entry.has_value()) {
    return std::nullopt;
  }
  FixLogMessage message{.entry = *entry, .fields = {}};
  for (std::string_view rest = entry->message; !rest.empty();) {
    const std::size_t end = rest.find(kSoh);
    const std::string_view field = rest.substr(0, end);
    const std::size_t equals = field.find('=');
    int32_t tag = 0;
    const bool named =
        equals != std::string_view::npos && absl::SimpleAtoi(ToAbsl(field.substr(0, equals)), &tag);
    message.fields.emplace_back(named ? tag : 0, named ? field.substr(equals + 1) : field);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return message;
}

bool Passes(const FixLogFilter& filter, const FixLogMessage& message) {
  uint64_t sequence = 0;
  const bool numbered = absl::SimpleAtoi(ToAbsl(message.Get(kMsgSeqNum)), &sequence);
  const std::string_view time = message.entry.time;
  if ((!filter.types.empty() && !filter.types.contains(message.type())) ||
      (filter.direction == (message.entry.inbound ? "out" : "in")) ||
      (!numbered && (filter.sequence_from != 0 || filter.sequence_to != UINT64_MAX)) ||
      (numbered && (sequence < filter.sequence_from || sequence > filter.sequence_to))) {
    return false;
  }
  // A time that is given as far as its minute means all of that minute.
  if (time.substr(0, filter.since.size()) < filter.since ||
      (!filter.until.empty() && time.substr(0, filter.until.size()) > filter.until)) {
    return false;
  }
  return std::all_of(filter.tags.begin(), filter.tags.end(), [&](const auto& wanted) {
    return std::any_of(message.fields.begin(), message.fields.end(), [&](const auto& field) {
      return field.first == wanted.first && field.second == wanted.second;
    });
  });
}

bool FixOrderChain::Learn(const FixLogMessage& message) {
  int named = 0;
  bool about = false;
  for (const auto& [tag, value] : message.fields) {
    named += tag == kClOrdId ? 1 : 0;
    about = about || ((tag == kClOrdId || tag == kOrigClOrdId) && ids_.contains(value)) ||
            (tag == kOrderId && order_ids_.contains(value));
  }
  if (!about || named > 1) {
    return about;  // A list of orders, which are not one.
  }
  for (const int32_t tag : {kClOrdId, kOrigClOrdId}) {
    if (const std::string_view value = message.Get(tag); !value.empty()) {
      ids_.emplace(value);
    }
  }
  if (const std::string_view value = message.Get(kOrderId); !value.empty() && value != "NONE") {
    order_ids_.emplace(value);
  }
  return true;
}

std::string ReadableFixMessage(const FixLogMessage& message) {
  const std::string_view name = gateway::FixMessageName(message.type());
  std::string text =
      absl::StrCat(ToAbsl(message.entry.time), message.entry.inbound ? " in  " : " out ",
                   ToAbsl(message.Get(kMsgSeqNum)), " ",
                   name.empty() ? absl::StrCat("35=", ToAbsl(message.type())) : ToAbsl(name));
  for (const auto& [tag, value] : message.fields) {
    if (IsHeader(tag)) {
      continue;
    }
    const std::string_view field = gateway::FixFieldName(tag);
    absl::StrAppend(&text, " ", ToAbsl(field));
    if (tag != 0) {
      absl::StrAppend(&text, field.empty() ? "" : "(", tag, field.empty() ? "" : ")", "=");
    }
    absl::StrAppend(&text, ToAbsl(value));
    if (const std::string_view meaning = gateway::FixEnumName(tag, value); !meaning.empty()) {
      absl::StrAppend(&text, ":", ToAbsl(meaning));
    }
  }
  return text;
}

}  // namespace tally
