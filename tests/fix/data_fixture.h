#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {

// A gateway with a market-data session DATA besides the others, on an instrument that publishes its
// whole book.
class FixDataFixture : public FixHubFixture {
 protected:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  FixDataFixture() {
    AddSession("DATA", {}).kind = FixSessionKind::kMarketData;
    SetDeltas(true);
    Restart();
  }

  void SetDeltas(bool on) {
    Command command = MakeCommand(CommandType::kDefineRules);
    command.instrument = kInstrument;
    command.define_rules.flags = on ? kRulesFlagBookDelta : uint8_t{0};
    ASSERT_TRUE(engine_.TryPublish(command));
    Pump();
  }

  // Logs both traders and DATA on.
  void LogOnAll() {
    keep_ = LogOn("KEEP");
    bob_ = LogOn("BOB");
    data_ = LogOn("DATA");
  }

  // An order of alice or bob.
  void Trade(const std::string& session, char side, const std::string& price,
             const std::string& quantity, const std::string& more = "") {
    const bool keep = session == "KEEP";
    int& sequence = keep ? keep_sequence_ : bob_sequence_;
    const std::string name = session + std::to_string(sequence);
    Send(keep ? keep_ : bob_, session, 'D', sequence,
         "11=" + name + "|55=BTC/USD|54=" + side + "|60=20240101-00:00:00|40=2|38=" + quantity +
             "|44=" + price + "|59=1|" + more);
    ++sequence;
  }

  std::vector<std::string> Ask(char type, const std::string& fields) {
    return Send(data_, "DATA", type, data_sequence_++, fields);
  }
  // A subscription of everything that `types` names, one character each.
  std::vector<std::string> Subscribe(const std::string& id, const std::string& types,
                                     const std::string& more = "264=0|") {
    return Ask('V', "262=" + id + "|263=1|" + more + Groups(types));
  }
  static std::string Groups(const std::string& types, const std::string& symbol = "BTC/USD") {
    std::string text = "267=" + std::to_string(types.size()) + "|";
    for (const char type : types) {
      text += std::string("269=") + type + "|";
    }
    return text + "146=1|55=" + symbol + "|";
  }

  // The fields of a message from `tag` on, without the CheckSum.
  static std::string From(const std::string& message, const std::string& tag) {
    const std::size_t begin = message.find("|" + tag + "=");
    return begin == std::string::npos ? ""
                                      : message.substr(begin + 1, message.rfind("10=") - begin - 1);
  }
  static Fields Split(const std::string& message) {
    Fields fields;
    for (std::size_t at = 0; at < message.size();) {
      const std::size_t equals = message.find('=', at);
      const std::size_t end = message.find('|', at);
      fields.emplace_back(message.substr(at, equals - at),
                          message.substr(equals + 1, end - equals - 1));
      at = end + 1;
    }
    return fields;
  }

  ConnectionId keep_{};
  ConnectionId bob_{};
  ConnectionId data_{};
  int keep_sequence_ = 2;
  int bob_sequence_ = 2;
  int data_sequence_ = 2;
};

}  // namespace tally::gateway::fix
