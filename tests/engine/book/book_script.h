#pragma once

// A book driven by text, so that a rule is one line of a table.
//
//   command                                     answer
//   buy 3 10@101 [ioc|fok] [market] [post]      [events,] resting 10 | filled | canceled
//       [own=7] [stp=newest|oldest|both|decrement]        | reject POST_ONLY_WOULD_CROSS ...
//   sell ...
//   replace 3 5@102                             kept | moved, then as above; unknown
//   cancel 3                                    canceled 10 | unknown
//   book                                        best bid first | best ask first, as price:id*leaves
//
// Events: `trade 3 5@101 0/2` (maker 3, 5 lots at 101, the maker has 0 left, the taker 2),
// `cancel 3 5 oldest` (`left 2` if some is), and `self` in place of the id for the incoming order.

#include <string>
#include <string_view>
#include <vector>

#include "engine/book/order_book.h"
#include "tests/model/book_events.h"

namespace tally {

class BookScript {
 public:
  explicit BookScript(uint32_t capacity = 10'000)
      : pool_({.capacity = capacity}), book_(&pool_), recorder_(&pool_) {}

  // Runs the left side of every line `command -> answer`; returns the script with the answers that
  // were really given, which equals the script (spaces normalised) if all is well.
  std::string Run(std::string_view script);

  // The answer to one command.
  std::string Execute(std::string_view command);

  OrderPool& pool() { return pool_; }
  OrderBook& book() { return book_; }

 private:
  std::string Submit(std::string_view command);
  std::string Replace(OrderId id, std::string_view quantity_at_price);
  std::string Cancel(OrderId id);
  std::string Describe(const BookResult& result) const;
  std::string Describe(const BookEvent& event) const;
  std::string DescribeSide(Side side) const;

  OrderPool pool_;
  OrderBook book_;
  BookRecorder recorder_;
};

// The script with one space between words, no empty lines, and every answer on one line (a line
// without `->` goes on with the answer before it).
std::string NormalizeScript(std::string_view script);

// One case of a rule.
struct ScriptRow {
  const char* name;
  const char* script;
};

// Every row, each on a book of its own, must give the answers it says.
void ExpectRows(const std::vector<ScriptRow>& rows);

}  // namespace tally
