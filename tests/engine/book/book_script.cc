#include "tests/engine/book/book_script.h"

#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include <gtest/gtest.h>

#include "base/assert.h"
#include "tests/model/reference_book.h"

namespace tally {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

std::vector<std::string> Words(std::string_view text) {
  return absl::StrSplit(View(text), absl::ByAnyChar(" \t"), absl::SkipWhitespace());
}

template <typename T = int64_t>
T Number(std::string_view text) {
  T value = 0;
  CHECK(absl::SimpleAtoi(View(text), &value));
  return value;
}

// "10@101"
void ParseQuantityAtPrice(std::string_view text, QuantityLots* quantity, PriceTicks* price) {
  const std::size_t at = text.find('@');
  CHECK(at != std::string_view::npos);
  *quantity = {Number(text.substr(0, at))};
  *price = {Number(text.substr(at + 1))};
}

SelfTradePrevention ParseMode(std::string_view text) {
  if (text == "newest") {
    return SelfTradePrevention::kCancelNewest;
  }
  if (text == "oldest") {
    return SelfTradePrevention::kCancelOldest;
  }
  if (text == "both") {
    return SelfTradePrevention::kCancelBoth;
  }
  CHECK(text == "decrement");
  return SelfTradePrevention::kDecrementAndCancel;
}

// The number after `key=`, if the word is one.
std::optional<int64_t> ValueOf(std::string_view word, std::string_view key) {
  const bool is_key =
      word.substr(0, key.size()) == key && word.size() > key.size() + 1 && word[key.size()] == '=';
  return is_key ? std::optional(Number(word.substr(key.size() + 1))) : std::nullopt;
}

void ParseAttribute(std::string_view word, IncomingOrder* order) {
  if (word == "ioc") {
    order->time_in_force = TimeInForce::kIoc;
  } else if (word == "fok") {
    order->time_in_force = TimeInForce::kFok;
  } else if (word == "market") {
    order->type = OrderType::kMarket;
  } else if (word == "post") {
    order->post_only = true;
  } else if (word == "slide") {
    order->post_only = order->slide = true;
  } else if (word == "hidden") {
    order->hidden = true;
  } else if (word == "aon") {
    order->all_or_none = true;
  } else if (word == "peg") {
    order->pegged = true;
  } else if (const auto owner = ValueOf(word, "own"); owner.has_value()) {
    order->owner = OrderOwner{static_cast<uint32_t>(*owner)};
  } else if (const auto display = ValueOf(word, "display"); display.has_value()) {
    order->display_quantity = {*display};
  } else if (const auto minimum = ValueOf(word, "min"); minimum.has_value()) {
    order->min_quantity = {*minimum};
  } else {
    CHECK(word.substr(0, 4) == "stp=");
    order->self_trade_prevention = ParseMode(word.substr(4));
  }
}

const char* ReasonWord(CancelReason reason) {
  switch (reason) {
    case CancelReason::kImmediateOrCancel:
      return "ioc";
    case CancelReason::kSelfTradeNewest:
      return "newest";
    case CancelReason::kSelfTradeOldest:
      return "oldest";
    case CancelReason::kSelfTradeBoth:
      return "both";
    case CancelReason::kSelfTradeDecrement:
      return "decrement";
    case CancelReason::kRequest:
    case CancelReason::kMassCancel:
    case CancelReason::kDisconnect:
    case CancelReason::kReplaced:
    case CancelReason::kExpired:
    case CancelReason::kEndOfDay:
    case CancelReason::kAuctionOnly:
    case CancelReason::kGroup:
    case CancelReason::kKillSwitch:
    case CancelReason::kProtection:
    case CancelReason::kPriceBand:
    case CancelReason::kQuoteReplaced:
    case CancelReason::kVenue:
      break;
  }
  return "not a reason of the book";
}

}  // namespace

std::string NormalizeScript(std::string_view script) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(View(script), '\n', absl::SkipWhitespace())) {
    const std::string text = absl::StrJoin(Words({line.data(), line.size()}), " ");
    if (absl::StrContains(text, "->")) {
      lines.push_back(text);
    } else {
      CHECK(!lines.empty());
      absl::StrAppend(&lines.back(), " ", text);
    }
  }
  return absl::StrJoin(lines, "\n");
}

void ExpectRows(const std::vector<ScriptRow>& rows) {
  for (const ScriptRow& row : rows) {
    SCOPED_TRACE(row.name);
    BookScript book;
    EXPECT_EQ(book.Run(row.script), NormalizeScript(row.script));
  }
}

std::string BookScript::Run(std::string_view script) {
  std::vector<std::string> lines;
  for (const absl::string_view line :
       absl::StrSplit(NormalizeScript(script), '\n', absl::SkipEmpty())) {
    const std::string_view text(line.data(), line.size());
    const std::size_t arrow = text.find(" ->");
    CHECK(arrow != std::string_view::npos);
    const std::string command(text.substr(0, arrow));
    lines.push_back(NormalizeScript(absl::StrCat(command, " -> ", Execute(command))));
    book_.CheckInvariants();
  }
  return absl::StrJoin(lines, "\n");
}

std::string BookScript::Execute(std::string_view command) {
  const std::vector<std::string> words = Words(command);
  CHECK(!words.empty());
  if (words[0] == "book") {
    return absl::StrCat(DescribeSide(Side::kBuy), " | ", DescribeSide(Side::kSell));
  }
  recorder_.events.clear();
  if (words[0] == "execute") {
    const std::string bids = Execute(Side::kBuy);
    return bids.empty() ? Execute(Side::kSell) : bids;
  }
  CHECK(words.size() >= 2);
  if (words[0] == "park" && (words[1] == "buy" || words[1] == "sell")) {
    book_.Park(ParseOrder({words.begin() + 1, words.end()}));
    return "dormant";
  }
  const OrderId id{Number<uint64_t>(words[1])};
  recorder_.command = id;
  if (words[0] == "cancel") {
    return Cancel(id);
  }
  if (words[0] == "park") {
    return Park(id);
  }
  if (words[0] == "enter") {
    return Enter(id, words);
  }
  return words[0] == "replace" ? Replace(id, words) : Submit(words);
}

// "buy 3 10@101 ..."
IncomingOrder BookScript::ParseOrder(const std::vector<std::string>& words) {
  CHECK(words[0] == "buy" || words[0] == "sell");
  const OrderId id{Number<uint64_t>(words.at(1))};
  // An owner of its own, unless the line says otherwise.
  IncomingOrder order{.id = id,
                      .owner = OrderOwner{static_cast<uint32_t>(Raw(id)) + 1'000},
                      .price = {},
                      .quantity = {},
                      .side = words[0] == "buy" ? Side::kBuy : Side::kSell};
  ParseQuantityAtPrice(words.at(2), &order.quantity, &order.price);
  for (std::size_t i = 3; i < words.size(); ++i) {
    ParseAttribute(words[i], &order);
  }
  return order;
}

std::string BookScript::Submit(const std::vector<std::string>& words) {
  return Describe(book_.Submit(ParseOrder(words), recorder_));
}

std::string BookScript::Replace(OrderId id, const std::vector<std::string>& words) {
  const OrderHandle handle = pool_.Find(id);
  if (handle == kNoOrder) {
    return "unknown";
  }
  ReplaceTerms terms{.price = {}, .leaves = {}};
  ParseQuantityAtPrice(words.at(2), &terms.leaves, &terms.price);
  if (words.size() > 3) {
    terms.display_quantity = {ValueOf(words[3], "display").value()};
  }
  return Describe(book_.Replace(handle, terms, recorder_));
}

std::string BookScript::Park(OrderId id) {
  const OrderHandle handle = pool_.Find(id);
  if (handle == kNoOrder) {
    return "unknown";
  }
  book_.Park(handle);
  CHECK(pool_.place(handle) == OrderPlace::kDormant);
  return "dormant";
}

std::string BookScript::Enter(OrderId id, const std::vector<std::string>& words) {
  const OrderHandle handle = pool_.Find(id);
  if (handle == kNoOrder) {
    return "unknown";
  }
  const BookOrder parked = ToBookOrder(pool_.View(handle));
  IncomingOrder order = ReferenceBook::ToIncoming(parked, pool_.side(handle));
  for (std::size_t i = 2; i < words.size(); ++i) {
    ParseAttribute(words[i], &order);
  }
  return Describe(book_.Enter(handle, order, recorder_));
}

std::string BookScript::Execute(Side side) {
  const OrderHandle handle = book_.FindExecutable(side);
  if (handle == kNoOrder) {
    return side == Side::kSell ? "none" : "";
  }
  recorder_.command = pool_.id(handle);
  const std::string answer = Describe(book_.Execute(handle, recorder_));
  return absl::StrCat(Raw(recorder_.command), " ", answer);
}

std::string BookScript::Cancel(OrderId id) {
  const OrderHandle handle = pool_.Find(id);
  return handle == kNoOrder ? "unknown" : absl::StrCat("canceled ", book_.Cancel(handle).value);
}

std::string BookScript::Describe(const BookResult& result) const {
  std::vector<std::string> parts;
  for (const BookEvent& event : recorder_.events) {
    if (event.kind != BookEventKind::kAccepted && event.kind != BookEventKind::kEntered) {
      parts.push_back(Describe(event));
    }
  }
  switch (result.outcome) {
    case BookOutcome::kRejected: {
      CHECK(recorder_.events.empty());
      const std::string_view name = RejectReasonName(result.reject_reason);
      return absl::StrCat("reject ", View(name));
    }
    case BookOutcome::kFilled:
      parts.push_back("filled");
      break;
    case BookOutcome::kCanceled:
      parts.push_back("canceled");
      break;
    case BookOutcome::kResting:
      parts.push_back(absl::StrCat("resting ", result.leaves.value));
      break;
  }
  // What was accepted or replaced is told before anything else, once.
  CHECK(recorder_.events.front().kind == BookEventKind::kAccepted ||
        recorder_.events.front().kind == BookEventKind::kEntered ||
        recorder_.events.front().kind == BookEventKind::kReplaced);
  return absl::StrJoin(parts, ", ");
}

std::string BookScript::Describe(const BookEvent& event) const {
  const std::string left =
      event.leaves.value == 0 ? "" : absl::StrCat(" left ", event.leaves.value);
  switch (event.kind) {
    case BookEventKind::kAccepted:
    case BookEventKind::kEntered:
      return "";
    case BookEventKind::kReplaced:
      return event.kept_priority ? "kept" : "moved";
    case BookEventKind::kFilled:
      return absl::StrCat("trade ", Raw(event.order), " ", event.quantity.value, "@",
                          event.price.value, " ", event.leaves.value, "/",
                          event.taker_leaves.value);
    case BookEventKind::kMakerCanceled:
      return absl::StrCat("cancel ", Raw(event.order), " ", event.quantity.value, " ",
                          ReasonWord(event.reason), left);
    case BookEventKind::kTakerCanceled:
      return absl::StrCat("cancel self ", event.quantity.value, " ", ReasonWord(event.reason),
                          left);
    case BookEventKind::kSlid:
      return absl::StrCat("slid ", event.price.value);
    case BookEventKind::kRefreshed:
      return absl::StrCat("show ", Raw(event.order), " ", event.quantity.value, "/",
                          event.leaves.value);
  }
  return "";
}

std::string BookScript::DescribeSide(Side side) const {
  std::vector<std::string> levels;
  PriceTicks price{-1};
  for (const BookOrder& order : OrdersOf(pool_, book_, side)) {
    std::string text = absl::StrCat(Raw(order.id), "*", order.leaves.value);
    if (order.dark()) {
      text = absl::StrCat("(", text, ")");
    } else if (order.display_quantity.value != 0) {
      text = absl::StrCat(Raw(order.id), "*", order.displayed.value, "/", order.leaves.value);
    }
    if (order.price == price) {
      absl::StrAppend(&levels.back(), ",", text);
    } else {
      levels.push_back(absl::StrCat(order.price.value, ":", text));
      price = order.price;
    }
  }
  return absl::StrJoin(levels, " ");
}

}  // namespace tally
