#include "tests/engine/book/book_script.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include <gtest/gtest.h>

#include "base/assert.h"

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

void ParseAttribute(std::string_view word, IncomingOrder* order) {
  if (word == "ioc") {
    order->time_in_force = TimeInForce::kIoc;
  } else if (word == "fok") {
    order->time_in_force = TimeInForce::kFok;
  } else if (word == "market") {
    order->type = OrderType::kMarket;
  } else if (word == "post") {
    order->post_only = true;
  } else if (word.substr(0, 4) == "own=") {
    order->owner = OrderOwner{static_cast<uint32_t>(Number(word.substr(4)))};
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
  CHECK(words.size() >= 2);
  const OrderId id{Number<uint64_t>(words[1])};
  recorder_.events.clear();
  recorder_.command = id;
  if (words[0] == "cancel") {
    return Cancel(id);
  }
  return words[0] == "replace" ? Replace(id, words.at(2)) : Submit(command);
}

std::string BookScript::Submit(std::string_view command) {
  const std::vector<std::string> words = Words(command);
  CHECK(words[0] == "buy" || words[0] == "sell");
  // An owner of its own, unless the line says otherwise.
  IncomingOrder order{.id = recorder_.command,
                      .owner = OrderOwner{static_cast<uint32_t>(Raw(recorder_.command)) + 1'000},
                      .price = {},
                      .quantity = {},
                      .side = words[0] == "buy" ? Side::kBuy : Side::kSell};
  ParseQuantityAtPrice(words.at(2), &order.quantity, &order.price);
  for (std::size_t i = 3; i < words.size(); ++i) {
    ParseAttribute(words[i], &order);
  }
  return Describe(book_.Submit(order, recorder_));
}

std::string BookScript::Replace(OrderId id, std::string_view quantity_at_price) {
  const OrderHandle handle = pool_.Find(id);
  if (handle == kNoOrder) {
    return "unknown";
  }
  QuantityLots leaves;
  PriceTicks price;
  ParseQuantityAtPrice(quantity_at_price, &leaves, &price);
  return Describe(book_.Replace(handle, price, leaves, recorder_));
}

std::string BookScript::Cancel(OrderId id) {
  const OrderHandle handle = pool_.Find(id);
  return handle == kNoOrder ? "unknown" : absl::StrCat("canceled ", book_.Cancel(handle).value);
}

std::string BookScript::Describe(const BookResult& result) const {
  std::vector<std::string> parts;
  for (const BookEvent& event : recorder_.events) {
    if (event.kind != BookEventKind::kAccepted) {
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
        recorder_.events.front().kind == BookEventKind::kReplaced);
  return absl::StrJoin(parts, ", ");
}

std::string BookScript::Describe(const BookEvent& event) const {
  const std::string left =
      event.leaves.value == 0 ? "" : absl::StrCat(" left ", event.leaves.value);
  switch (event.kind) {
    case BookEventKind::kAccepted:
      return "accepted";
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
  }
  return "";
}

std::string BookScript::DescribeSide(Side side) const {
  std::vector<std::string> levels;
  PriceTicks price{-1};
  for (const BookOrder& order : OrdersOf(pool_, book_, side)) {
    const std::string text = absl::StrCat(Raw(order.id), "*", order.leaves.value);
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
