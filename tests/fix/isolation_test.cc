// A client that misbehaves has no effect on another one.

#include <sys/socket.h>
#include <thread>

#include "gmock/gmock.h"

#include "tests/fix/server_fixture.h"

namespace tally::gateway::fix {
namespace {

using testing::HasSubstr;

class FixIsolationTest : public FixServerFixture {
 protected:
  // Orders of BOB, one at a time, each answered.
  void TradeAsBob(int orders) {
    SocketClient bob(port_);
    bob.Send(Logon("BOB", 1, "141=Y|"));
    ASSERT_THAT(bob.Next().value_or(""), HasSubstr("|35=A|"));
    for (int i = 0; i < orders; ++i) {
      const std::string id = "B" + std::to_string(++bob_orders_);
      bob.Send(Order("BOB", 2 + i, id, '1'));
      ASSERT_THAT(bob.Next().value_or(""), HasSubstr("|11=" + id + "|"));
    }
  }

  int bob_orders_ = 0;
};

TEST_F(FixIsolationTest, WhoNeverReadsDelaysNobodyAndLosesNothing) {
  options().messages_per_second = 1'000'000;
  options().burst = 1'000'000;
  Start();
  constexpr int kOrders = 20'000;
  constexpr int kTiny = 4'096;
  int sent = 0;
  {
    SocketClient quiet(port_, kTiny);
    quiet.Send(Logon("QUIET"));
    // As much as the sockets between take; the venue stops reading what it cannot answer.
    for (; sent < kOrders; ++sent) {
      const std::string order = Order("QUIET", 2 + sent, "Q" + std::to_string(sent));
      if (quiet.Send(order, /*wait=*/false) != order.size()) {
        break;
      }
      if (sent % 1'000 == 0) {
        TradeAsBob(20);
      }
    }
    EXPECT_GT(sent, 1'000);
    TradeAsBob(200);
  }
  TradeAsBob(10);
}

TEST_F(FixIsolationTest, GarbageLogonsAndSilenceDelayNobody) {
  options().connects_per_address_max = 1'000;
  Start();
  SocketClient silent(port_);
  SocketClient noise(port_);
  std::thread flood([&] {
    const std::string garbage(64 * 1024, 'x');
    for (int i = 0; i < 200; ++i) {
      noise.Send(garbage);
    }
    for (int i = 0; i < 100; ++i) {
      SocketClient wrong(port_);
      wrong.Send(Logon("NOBODY"));
      EXPECT_TRUE(wrong.AtEnd());
    }
  });
  TradeAsBob(200);
  flood.join();
  TradeAsBob(10);
}

TEST_F(FixIsolationTest, LogonsAboveTheRateAreClosedWithoutAnAnswer) {
  options().logons_per_second_max = 1;
  Start();
  SocketClient first(port_);
  first.Send(Logon("KEEP"));
  EXPECT_THAT(first.Next().value_or(""), HasSubstr("|35=A|"));
  SocketClient second(port_);
  second.Send(Logon("BOB"));
  EXPECT_TRUE(second.AtEnd());
  first.Send(Text("KEEP", "1", 2, "112=X|"));
  EXPECT_THAT(first.Next().value_or(""), HasSubstr("|112=X|"));
}

TEST_F(FixIsolationTest, AnAbruptCloseIsFollowedByALogonThatGoesOn) {
  Start();
  int sequence = 1;
  for (int round = 0; round < 20; ++round) {
    // The venue may still think the last connection alive: then this one is closed, and tried
    // again.
    std::optional<std::string> answer;
    int attempts = 0;
    while (!answer.has_value() && attempts++ < 50) {
      SocketClient client(port_);
      client.Send(Logon("KEEP", sequence) +
                  Order("KEEP", sequence + 1, "A" + std::to_string(round)));
      answer = client.Next();
      if (answer.has_value()) {
        EXPECT_THAT(*answer, HasSubstr("|35=A|34=" + std::to_string(sequence) + "|"));
        EXPECT_THAT(client.Next().value_or(""), HasSubstr("|11=A" + std::to_string(round) + "|"));
      }
      const linger reset{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
    ASSERT_TRUE(answer.has_value());
    sequence += 2;
  }
}

}  // namespace
}  // namespace tally::gateway::fix
