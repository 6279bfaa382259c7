// Replays the examples of docs/fix.md: what clients send goes to a gateway, what the venue sends
// must come back, all of it and nothing else.

#include <functional>
#include <map>

#include "evm/private_key.h"
#include "tests/fix/data_fixture.h"
#include "tests/fix/example_script.h"

namespace tally::gateway::fix {
namespace {

constexpr const char* kFirstSession = "KEEP";

// One example at a time, each on a venue of its own.
class FixExamplesTest : public FixDataFixture, public testing::WithParamInterface<Example> {
 protected:
  FixExamplesTest() {
    std::array<uint8_t, 20> vault{};
    vault[19] = 7;
    verifier_ = std::make_unique<OrderVerifier>(31'337, vault);
    verifier_->AddInstrument(kInstrument, venue_.instruments[0].definition);
    verifier_->AddSigner(
        {.account = kAlice, .address = evm::PrivateKey::ForTest("owner", 1).address().bytes});
    FixSessionConfig& copy = AddSession("COPY", {});
    copy.kind = FixSessionKind::kDropCopy;
    copy.accounts = {kAlice};
    Restart();
    Protect({});
  }

  struct Client {
    ConnectionId connection{};
    int sequence = 1;
    std::vector<std::string> received;
    std::size_t checked = 0;  // Of them.
  };

  // Logs the session on if the example does not.
  Client& ClientOf(const std::string& session, bool logs_on_itself) {
    const auto [at, is_new] = clients_.try_emplace(session);
    Client& client = at->second;
    if (is_new) {
      client.connection = Connect();
      if (!logs_on_itself) {
        Say(session, &client, "35=A|98=0|108=30");
        client.checked = client.received.size();
      }
    }
    return client;
  }

  // What the gateway has for any of the clients.
  void Collect() {
    Pump();
    for (auto& [session, client] : clients_) {
      for (std::string& message : Receive(client.connection)) {
        client.received.push_back(std::move(message));
      }
    }
  }

  void Say(const std::string& session, Client* client, const std::string& text) {
    const std::size_t type_end = text.find('|');
    const bool dated = text.find("|52=") != std::string::npos;
    const bool numbered = text.find("|34=") != std::string::npos;
    std::string fields = text.substr(0, type_end) + "|";
    fields += numbered ? "" : "34=" + std::to_string(client->sequence++) + "|";
    fields += "49=" + session + "|56=ISLD|";
    fields += dated ? "" : "52=" + std::string(UtcText(now_.wall_ns).view()) + "|";
    fields += type_end == std::string::npos ? "" : text.substr(type_end + 1) + "|";
    SendRaw(client->connection, Framed(fields));
    Collect();
  }

  void CheckAllSeen(const ExampleLine& before) {
    for (auto& [session, client] : clients_) {
      for (; client.checked < client.received.size(); ++client.checked) {
        ADD_FAILURE() << "before line " << before.number << " the venue also sent " << session
                      << ": " << AsExample(client.received[client.checked]);
      }
    }
  }

  void Hear(const ExampleLine& line, Client* client) {
    if (client->checked == client->received.size()) {
      ADD_FAILURE() << "line " << line.number << ": the venue did not send " << line.text;
      return;
    }
    const std::string& received = client->received[client->checked++];
    const std::string difference = DifferenceFrom(line.text, received);
    EXPECT_EQ(difference, "") << "line " << line.number << ": the venue sent "
                              << AsExample(received);
  }

  void Happen(const ExampleLine& line) {
    const auto found = happenings_.find(line.text);
    ASSERT_NE(found, happenings_.end()) << "line " << line.number << ": " << line.text;
    found->second();
    Collect();
  }

  void Publish(const Command& command) { ASSERT_TRUE(engine_.TryPublish(command)); }

  void Protect(QuantityLots quantity_max) {
    Command command = MakeCommand(CommandType::kDefineProtection);
    command.account = kAlice;
    command.define_protection.maker_group = 7;
    command.define_protection.quantity_max = quantity_max;
    Publish(command);
  }

  void MustSign() {
    Command command = MakeCommand(CommandType::kDefineAccount);
    command.account = kAlice;
    command.define_account.enabled = 1;
    command.define_account.must_sign = 1;
    Publish(command);
  }

  std::map<std::string, Client> clients_;
  // What an `E:` line can make happen.
  std::map<std::string, std::function<void()>> happenings_ = {
      {"BTC/USD is halted", [this] { SetPhase(TradingPhase::kHalt); }},
      {"BTC/USD has an opening auction", [this] { SetPhase(TradingPhase::kOpeningAuction); }},
      {"BTC/USD is continuous", [this] { SetPhase(TradingPhase::kContinuous); }},
      {"group 7 of KEEP is protected from 1.00", [this] { Protect({100}); }},
      {"the account of KEEP has to sign", [this] { MustSign(); }},
      {"a second passes", [this] { Advance(1'000); }},
      {"a minute passes", [this] { Advance(60'000); }},
      {"the connection is lost",
       [this] {
         hub_->OnDisconnected(clients_[kFirstSession].connection, now_);
         clients_[kFirstSession].connection = Connect();
       }},
  };
};

TEST_P(FixExamplesTest, HappensAsThePageSays) {
  for (const ExampleLine& line : GetParam().lines) {
    const std::string session = line.session.empty() ? kFirstSession : line.session;
    if (line.kind == 'V') {
      Hear(line, &ClientOf(session, false));
      continue;
    }
    CheckAllSeen(line);
    if (line.kind == 'E') {
      Happen(line);
    } else {
      Say(session, &ClientOf(session, line.text.starts_with("35=A|")), line.text);
    }
  }
  CheckAllSeen(GetParam().lines.back());
}

INSTANTIATE_TEST_SUITE_P(FixMd, FixExamplesTest, testing::ValuesIn(ReadExamples(TALLY_FIX_PAGE)),
                         [](const auto& row) {
                           std::string name;
                           for (const char c : row.param.title) {
                             name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           }
                           return name;
                         });

TEST(ExampleDifferenceTest, EveryFieldCounts) {
  const std::string received = "8=FIX.4.4|9=5|35=8|34=7|37=1|11=A|39=0|10=000|";
  EXPECT_EQ(DifferenceFrom("35=8|37=*|11=A|39=0", received), "");
  EXPECT_EQ(DifferenceFrom("35=8|34=7|37=*|...", received), "");
  EXPECT_EQ(DifferenceFrom("35=8|37=*|11=A", received), "39= is not in the example");
  EXPECT_EQ(DifferenceFrom("35=8|37=*|11=B|39=0", received), "11=B is 11=A");
  EXPECT_EQ(DifferenceFrom("35=8|37=*|11=A|39=0|58=X", received), "58=X is missing");
}

}  // namespace
}  // namespace tally::gateway::fix
