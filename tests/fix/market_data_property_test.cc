// Whoever applies a W and the X behind it has the core's book, from whatever point on, at every
// sequence that a message names; and sees from the sequences when one was lost.

#include <map>
#include <memory>
#include <optional>
#include <random>

#include "tests/fix/data_fixture.h"

namespace tally::gateway::fix {
namespace {

// What a client knows of one subscription.
struct Replica {
  enum class Kind { kTop, kLevels, kOrders };
  struct Row {
    std::string price;
    std::string quantity;
    std::string orders;  // Of a level.
    friend bool operator==(const Row&, const Row&) = default;
  };

  Kind kind = Kind::kLevels;
  std::size_t depth = 0;
  std::string sides = "01";
  uint64_t sequence = 0;
  // By entry type, then by order id or price, in the order of coming.
  std::map<std::string, std::vector<std::pair<std::string, Row>>> rows;

  // False: something is missing before this message.
  bool Apply(const std::vector<std::pair<std::string, std::string>>& fields) {
    const bool snapshot = Value(fields, "35") == "W";
    if (snapshot) {
      rows.clear();
      sequence = std::stoull(Value(fields, "25044"));
    } else if (const std::string first = Value(fields, "25043"); !first.empty()) {
      if (std::stoull(first) != sequence + 1) {
        return false;
      }
      sequence = std::stoull(Value(fields, "25044"));
    }
    const std::string delimiter = snapshot ? "269" : "279";
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].first == delimiter) {
        std::size_t end = i + 1;
        while (end < fields.size() && fields[end].first != delimiter) {
          ++end;
        }
        ApplyEntry({fields.begin() + static_cast<std::ptrdiff_t>(i),
                    fields.begin() + static_cast<std::ptrdiff_t>(end)});
      }
    }
    return true;
  }

  // The rows of a side in the order of the book.
  std::vector<Row> Book(const std::string& type) const {
    std::vector<Row> book;
    if (const auto found = rows.find(type); found != rows.end()) {
      for (const auto& [key, row] : found->second) {
        book.push_back(row);
      }
    }
    std::stable_sort(book.begin(), book.end(), [&](const Row& a, const Row& b) {
      return type == "0" ? std::stod(a.price) > std::stod(b.price)
                         : std::stod(a.price) < std::stod(b.price);
    });
    return book;
  }

  static std::string Value(const std::vector<std::pair<std::string, std::string>>& fields,
                           const std::string& tag) {
    for (const auto& [name, value] : fields) {
      if (name == tag) {
        return value;
      }
    }
    return "";
  }

 private:
  void ApplyEntry(const std::vector<std::pair<std::string, std::string>>& entry) {
    auto& side = rows[Value(entry, "269")];
    const Row row{Value(entry, "270"), Value(entry, "271"), Value(entry, "346")};
    const std::string key = kind == Kind::kOrders ? Value(entry, "278") : row.price;
    const auto at = std::find_if(side.begin(), side.end(),
                                 [&](const auto& known) { return known.first == key; });
    const std::string action = Value(entry, "279");
    if (action.empty() || action == "0") {
      ASSERT_TRUE(at == side.end()) << key << " is there already";
      side.emplace_back(key, row);
    } else if (action == "1") {
      ASSERT_TRUE(at != side.end()) << key << " is not there";
      at->second = row;
    } else {
      ASSERT_TRUE(at != side.end()) << key << " is not there";
      side.erase(at);
    }
  }
};

class FixMarketDataProperty : public FixDataFixture, public testing::WithParamInterface<int> {
 protected:
  // The core's book as a subscriber of that kind should have it.
  std::vector<Replica::Row> Expected(const Replica& replica, const std::string& type) {
    const Side side = type == "0" ? Side::kBuy : Side::kSell;
    std::vector<core::DepthOrder> orders(engine_.core().open_order_count());
    orders.resize(engine_.core().BookOrders(kInstrument, side, orders));
    const FixInstrument& instrument = *instruments_->Find(kInstrument);
    std::vector<Replica::Row> book;
    if (replica.kind == Replica::Kind::kOrders) {
      for (const core::DepthOrder& order : orders) {
        book.push_back({instrument.PriceText(order.price.value),
                        instrument.QuantityText(order.quantity.value), ""});
      }
      return book;
    }
    for (std::size_t i = 0; i < orders.size();) {
      int64_t quantity = 0;
      const std::size_t first = i;
      for (; i < orders.size() && orders[i].price == orders[first].price; ++i) {
        quantity += orders[i].quantity.value;
      }
      book.push_back({instrument.PriceText(orders[first].price.value),
                      instrument.QuantityText(quantity),
                      replica.kind == Replica::Kind::kTop ? "" : std::to_string(i - first)});
    }
    if (replica.depth != 0 && book.size() > replica.depth) {
      book.resize(replica.depth);
    }
    return book;
  }

  uint64_t CoreSequence(const Replica& replica) {
    return replica.kind == Replica::Kind::kTop ? engine_.core().book_top(kInstrument).book_sequence
                                               : engine_.core().book_delta_sequence(kInstrument);
  }

  // Takes what came for all subscriptions.
  void Take(const std::vector<std::string>& messages) {
    for (const std::string& message : messages) {
      const Fields fields = Split(message);
      const std::string id = Replica::Value(fields, "262");
      ASSERT_TRUE(replicas_.contains(id)) << message;
      ASSERT_TRUE(replicas_[id].Apply(fields)) << message;
    }
  }

  void CompareAll() {
    for (const auto& [id, replica] : replicas_) {
      // What nobody can see at that depth, or on that side, is told with the next change.
      ASSERT_LE(replica.sequence, CoreSequence(replica));
      for (const char type : replica.sides) {
        ASSERT_EQ(replica.Book({type}), Expected(replica, {type}))
            << id << " side " << type << " at " << replica.sequence;
      }
    }
  }

  void Join(std::mt19937_64* random) {
    const std::string id = "R" + std::to_string(++joined_);
    Replica& replica = replicas_[id];
    const uint64_t pick = (*random)() % 5;
    replica.kind = pick == 0   ? Replica::Kind::kTop
                   : pick == 1 ? Replica::Kind::kOrders
                               : Replica::Kind::kLevels;
    replica.depth = pick == 0 ? 1 : pick < 3 ? 0 : 2 + (*random)() % 4;
    replica.sides = (*random)() % 4 == 0 ? "1" : "01";
    const std::string more = "264=" + std::to_string(replica.depth) +
                             (replica.kind == Replica::Kind::kOrders ? "|266=N|" : "|266=Y|");
    Take(Subscribe(id, replica.sides, more));
    ASSERT_EQ(replica.sequence, CoreSequence(replica));
  }

  // A command of either trader: new, iceberg, market-like, replace or cancel.
  void Act(std::mt19937_64* random) {
    const auto pick = [&](uint64_t below) { return (*random)() % below; };
    const bool keep = pick(2) == 0;
    const std::string session = keep ? "KEEP" : "BOB";
    int& sequence = keep ? keep_sequence_ : bob_sequence_;
    std::vector<std::string>& names = names_[keep ? 0 : 1];
    const std::string name = "O" + std::to_string(sequence);
    const std::string price = "100." + std::to_string(10 + pick(12));
    const std::string quantity = std::to_string(1 + pick(3)) + "." + std::to_string(10 + pick(80));
    const char side = pick(2) == 0 ? '1' : '2';
    const std::string terms = "11=" + name + "|55=BTC/USD|54=" + side +
                              "|60=20240101-00:00:00|40=2|38=" + quantity + "|44=" + price + "|";
    const std::string target = names.empty() ? "" : "41=" + names[pick(names.size())] + "|";
    const uint64_t what = pick(10);
    char type = 'D';
    std::string fields;
    if (what < 5 || target.empty()) {
      fields = terms + "59=1|";
    } else if (what == 5) {
      fields = terms + "59=1|111=0.50|";  // An iceberg.
    } else if (what == 6) {
      fields = terms + "59=3|";
    } else if (what < 9) {
      type = 'F';
      fields = "11=" + name + "|" + target;
    } else {
      type = 'G';
      fields = terms + target;
    }
    if (type != 'F') {
      names.push_back(name);
    }
    SendRaw(keep ? keep_ : bob_, Text(session, type, sequence++, fields));
    Receive(keep_);
    Receive(bob_);
  }

  std::map<std::string, Replica> replicas_;
  std::array<std::vector<std::string>, 2> names_;
  int joined_ = 0;
};

TEST_P(FixMarketDataProperty, SnapshotAndUpdatesAreTheCoresBook) {
  std::mt19937_64 random(static_cast<uint64_t>(GetParam()));
  LogOnAll();
  constexpr int kSteps = 600;
  for (int step = 0; step < kSteps; ++step) {
    // Several commands become one message now and then.
    engine_.release_at_once = random() % 4 != 0;
    Act(&random);
    if (engine_.release_at_once) {
      engine_.ReleaseAll();  // Also where the gateway refused the command.
      Pump();
      ASSERT_NO_FATAL_FAILURE(Take(Receive(data_)));
      ASSERT_NO_FATAL_FAILURE(CompareAll());
      if (random() % 25 == 0) {
        ASSERT_NO_FATAL_FAILURE(Join(&random));
      }
    }
    if (!replicas_.empty() && random() % 100 == 0) {
      const std::string id = replicas_.begin()->first;
      EXPECT_TRUE(Ask('V', "262=" + id + "|263=2|264=0|").empty());
      replicas_.erase(id);
    }
  }
  EXPECT_GT(joined_, 5);
}

TEST_P(FixMarketDataProperty, ALostMessageShowsInTheNextOne) {
  std::mt19937_64 random(static_cast<uint64_t>(GetParam()));
  LogOnAll();
  Replica& replica = replicas_["R"];
  Take(Subscribe("R", "01"));
  constexpr int kLosesFrom = 100;
  bool lost = false;
  for (int step = 0; step < 4 * kLosesFrom; ++step) {
    Act(&random);
    for (const std::string& message : Receive(data_)) {
      if (step >= kLosesFrom && !lost) {
        lost = true;
      } else if (lost) {
        EXPECT_FALSE(replica.Apply(Split(message)));
        return;
      } else {
        ASSERT_TRUE(replica.Apply(Split(message)));
      }
    }
  }
  ADD_FAILURE() << "nothing changed any more";
}

INSTANTIATE_TEST_SUITE_P(Seeds, FixMarketDataProperty, testing::Range(1, 9));

}  // namespace
}  // namespace tally::gateway::fix
