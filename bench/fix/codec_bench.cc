#include <string>
#include <vector>

#include "benchmark/benchmark.h"

#include "base/assert.h"
#include "gateway/fix/message.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

std::string TypicalOrder() {
  std::string body;
  FieldWriter(&body)
      .Add(tag::kClOrdID, "ORD-0000000000012345")
      .Add(21, '1')
      .Add(tag::kSymbol, "BTC/USD")
      .Add(tag::kSide, '1')
      .Add(tag::kTransactTime, "20240627-11:17:25.223456")
      .Add(tag::kOrderQty, "0.25000000")
      .Add(tag::kOrdType, '2')
      .Add(tag::kPrice, "61234.50")
      .Add(tag::kTimeInForce, '1');
  std::vector<uint8_t> out;
  AppendMessage({.type = "D",
                 .sender = "TW44",
                 .target = "ISLD",
                 .sequence = 1'234,
                 .sending_time_ns = 1'719'487'045'223'456'000},
                body, &out);
  return {out.begin(), out.end()};
}

void Order(benchmark::State& state) {
  const std::string bytes = TypicalOrder();
  Message message;
  for (auto _ : state) {
    std::string_view cut;
    std::size_t consumed = 0;
    CHECK(Framer::Next(bytes, &cut, &consumed) == Framer::Result::kMessage);
    CHECK(message.Parse(cut));
    const auto fault = Validate(message, *FindMessage(message.type()));
    CHECK(!fault.has_value());
    benchmark::DoNotOptimize(message.Get(tag::kClOrdID));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK(Order);

void Report(benchmark::State& state) {
  std::string body;
  std::vector<uint8_t> out;
  int64_t time_ns = 1'719'487'045'223'456'000;
  for (auto _ : state) {
    body.clear();
    out.clear();
    FieldWriter(&body)
        .Count(tag::kOrderID, 123'456)
        .Add(tag::kClOrdID, "ORD-0000000000012345")
        .Count(tag::kExecID, 987'654)
        .Add(tag::kExecType, '0')
        .Add(tag::kOrdStatus, '0')
        .Add(tag::kSymbol, "BTC/USD")
        .Add(tag::kSide, '1')
        .Add(tag::kOrderQty, "0.25000000")
        .Add(tag::kOrdType, '2')
        .Add(tag::kPrice, "61234.50")
        .Add(tag::kTimeInForce, '1')
        .Add(tag::kLeavesQty, "0.25000000")
        .Add(tag::kCumQty, "0")
        .Add(tag::kAvgPx, "0")
        .Add(tag::kTransactTime, "20240627-11:17:25.223456");
    AppendMessage({.type = "8",
                   .sender = "ISLD",
                   .target = "TW44",
                   .sequence = 1'234,
                   .sending_time_ns = time_ns += 1'000},
                  body, &out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(Report);

}  // namespace
}  // namespace tally::gateway::fix
