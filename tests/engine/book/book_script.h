#pragma once

// A book driven by text, so that a rule is one line of a table.
//
//   command                                     answer
//   buy 3 10@101 [ioc|fok] [market]             [events,] resting 10 | filled | canceled
//       [post] [slide] [hidden] [aon] [peg]               | reject POST_ONLY_WOULD_CROSS ...
//       [display=5] [min=5] [own=7]
//       [stp=newest|oldest|both|decrement]
//   sell ...
//   replace 3 5@102 [display=2]                 kept | moved, then as above; unknown
//   cancel 3                                    canceled 10 | unknown
//   park 3                                      dormant | unknown
//   park buy 3 ...                              dormant; an order as in `buy 3 ...`
//   enter 3 [ioc|fok] ...                       as `buy`; attributes besides those it rested with
//   execute                                     the first all-or-none order that can trade does, as
//                                               `3 trade ...` or none
//   book                                        best bid first | best ask first, as
//   price:id*leaves,
//                                               id*displayed/leaves or (id*leaves) for a dark order
//
// Events: `trade 3 5@101 0/2` (maker 3, 5 lots at 101, the maker has 0 left, the taker 2),
// `cancel 3 5 oldest` (`left 2` if some is), and `self` in place of the id for the incoming order;
// `show 3 5/20` (iceberg 3 displays the next 5 of 20), `slid 99`.

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
  std::string Submit(const std::vector<std::string>& words);
  std::string Replace(OrderId id, const std::vector<std::string>& words);
  std::string Cancel(OrderId id);
  std::string Park(OrderId id);
  std::string Enter(OrderId id, const std::vector<std::string>& words);
  std::string Execute(Side side);
  std::string Describe(const BookResult& result) const;
  std::string Describe(const BookEvent& event) const;
  std::string DescribeSide(Side side) const;
  IncomingOrder ParseOrder(const std::vector<std::string>& words);

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
