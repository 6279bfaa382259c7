#include "tools/load/load.h"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sdk/gateway_venue.h"

namespace tally::load {
namespace {

using sdk::GatewayVenue;
using ::testing::HasSubstr;

class LoadTest : public ::testing::Test {
 protected:
  LoadTest() : venue_({.messages_per_second = 1'000'000, .burst = 1'000'000}) {}

  LoadOptions Options() {
    LoadOptions options{.port = venue_.port(),
                        .commands_per_second = 20'000,
                        .commands_max = 2'000,
                        .duration_ms = 0,
                        .warm_up_ms = 10,
                        .out = &out_};
    for (const uint64_t session : {1, 2, 3, 4}) {
      const uint64_t key = 1 + session % 2;
      options.sessions.push_back({key, GatewayVenue::Key(key), session});
    }
    return options;
  }

  GatewayVenue venue_;
  std::ostringstream out_;
};

TEST_F(LoadTest, EveryCommandOfAnOpenLoopIsAnsweredOnce) {
  const auto result = MeasureLoad(Options());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->exactly_once());
  EXPECT_EQ(result->sent, 2'000u);
  EXPECT_EQ(result->answered, 2'000u);
  EXPECT_EQ(result->response_ns.count(), 2'000u);
  EXPECT_EQ(result->service_ns.count(), 2'000u);
  EXPECT_GT(result->commands_total, 2'000u);  // The warm-up.
  EXPECT_GT(result->fills, 0u);
  EXPECT_GE(result->response_ns.ValueAt(500'000), result->service_ns.ValueAt(500'000));
  venue_.Stop();
  uint64_t applied = 0;
  for (uint32_t i = 1; i <= 4; ++i) {
    applied += venue_.engine().core().session(SessionIndex{i})->last_client_sequence;
  }
  EXPECT_EQ(applied, result->commands_total);
}

TEST_F(LoadTest, AClosedLoopKeepsItsWindow) {
  LoadOptions options = Options();
  options.commands_per_second = 0;
  options.window = 16;
  const auto result = MeasureLoad(options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->exactly_once());
  EXPECT_EQ(result->answered, 2'000u);
  EXPECT_GT(result->commands_per_second, 0);
}

TEST_F(LoadTest, TheReportSaysWhatWasMeasured) {
  EXPECT_EQ(RunLoad(Options()), 0);
  EXPECT_THAT(out_.str(), HasSubstr("from due"));
  EXPECT_THAT(out_.str(), HasSubstr("answered exactly once"));
  out_.str("");
  LoadOptions options = Options();
  options.json = true;
  for (LoadSession& session : options.sessions) {
    session.session_id += 100;
  }
  EXPECT_EQ(RunLoad(options), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"metric\":\"response_p99.9\""));
  EXPECT_THAT(out_.str(), HasSubstr("\"metric\":\"exactly_once\",\"value\":1.000"));
}

TEST_F(LoadTest, RejectsAreCounted) {
  LoadOptions options = Options();
  options.instrument = InstrumentId{99};
  options.commands_max = 100;
  const auto result = MeasureLoad(options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->rejected, 100u);
  EXPECT_TRUE(result->exactly_once());
}

TEST_F(LoadTest, BadOptionsAndRefusedLogonsAreErrors) {
  EXPECT_FALSE(MeasureLoad({}).ok());
  LoadOptions options = Options();
  options.mix = {.cancel_percent = 60, .replace_percent = 30, .aggressive_percent = 20};
  EXPECT_FALSE(MeasureLoad(options).ok());
  options = Options();
  options.sessions[0].key = GatewayVenue::Key(9);
  EXPECT_EQ(MeasureLoad(options).status().code(), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace tally::load
