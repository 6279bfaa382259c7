// Mutation fuzzing of framer, parser and validator. Seeds are fixed; TALLY_FUZZ_SEED and
// TALLY_FUZZ_ITERATIONS choose others. Run under ASan and UBSan in CI.

#include <cstdlib>
#include <random>
#include <vector>

#include "gtest/gtest.h"

#include "gateway/fix/message.h"
#include "gateway/fix/values.h"
#include "tests/fix/raw_message.h"

namespace tally::gateway::fix {
namespace {

using Random = std::mt19937_64;

uint64_t FromEnvironment(const char* name, uint64_t fallback) {
  const char* const text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

const std::vector<std::string>& Bodies() {
  static const std::vector<std::string> bodies = {
      Header('D', 2) +
          "11=A|21=1|55=BTC/USD|54=1|60=20240627-11:17:25|40=2|38=1|44=100.5|59=1|18=6 G|",
      Header('D', 2) + "11=A|55=B|386=2|336=A|336=B|54=1|60=20240627-11:17:25|40=1|38=1|",
      Header('A', 1) + "98=0|108=30|95=5|96=a|b=c|553=x|554=y|141=Y|789=1|8013=Y|",
      Header('F', 3) + "11=B|41=A|55=X|54=2|60=20240627-11:17:25.123456|",
      Header('G', 3) + "11=B|37=7|55=X|54=2|60=20240627-11:17:25|38=5|40=2|44=1|",
      Header('2', 3) + "7=1|16=0|",
      Header('4', 3) + "123=Y|36=9|",
      Header('q', 3) + "11=C|530=7|",
      Header('E', 3) +
          "66=L|394=3|1385=1|68=2|73=2|11=A|67=1|55=B|54=1|40=2|38=1|44=1|11=C|67=2|"
          "55=B|54=2|40=4|38=1|44=1|99=2|",
      Header('i', 3) +
          "117=Q|20010=7|296=2|302=S|304=1|295=1|299=0|55=B|132=1|134=1|302=T|304=2|"
          "295=2|299=1|55=B|133=1|135=1|299=2|55=B|",
      Header('Z', 3) + "117=Q|298=1|295=2|55=A|55=B|",
      Header('H', 3) + "37=1|"};
  return bodies;
}

// The mutated fields are framed again most of the time, so that they get past the checksum.
std::string Mutated(Random* random) {
  const auto below = [random](std::size_t bound) { return (*random)() % bound; };
  std::string body = Bodies()[below(Bodies().size())];
  for (std::size_t n = below(4); n > 0; --n) {
    const std::size_t at = below(body.size());
    switch (below(5)) {
      case 0:
        body[at] = static_cast<char>(below(256));
        break;
      case 1:
        body.erase(at, 1 + below(8));
        break;
      case 2:
        body.insert(at, body.substr(below(body.size()), below(12)));
        break;
      case 3:
        body.insert(at, 1, "|=-0123456789.:"[below(15)]);
        break;
      default: {
        const std::string& other = Bodies()[below(Bodies().size())];
        body.insert(at, other.substr(below(other.size()), below(30)));
      }
    }
    if (body.empty()) {
      body = "|";
    }
  }
  std::string bytes = Framed(body);
  if (below(8) == 0) {
    bytes[below(bytes.size())] = static_cast<char>(below(256));
  }
  return bytes;
}

// Every group of a valid message has as many entries as it says, each a message of its own fields.
uint64_t CheckGroups(const Message& message, const MessageRule& rule) {
  static Message entry;
  uint64_t groups = 0;
  for (const Field& field : message.fields()) {
    const GroupRule* const group = FindGroup(rule, field.ordinal);
    uint64_t count = 0;
    if (group == nullptr || !ParseNumber(message.value(field), &count)) {
      continue;
    }
    ++groups;
    const auto entries = EntriesOf(message.fields(), *group);
    EXPECT_EQ(entries.size(), count);
    for (const auto& fields : entries) {
      entry.Extract(message, fields);
      EXPECT_GE(entry.fields().size(), 1U);
      EXPECT_EQ(entry.fields()[0].ordinal, group->first);
      EXPECT_EQ(entry.Get(tag::kMsgSeqNum), message.Get(tag::kMsgSeqNum));
    }
  }
  return groups;
}

TEST(FixFuzzTest, NothingThatArrivesReadsOutsideOfItsMessage) {
  Random random(FromEnvironment("TALLY_FUZZ_SEED", 20));
  Message message;
  std::size_t parsed = 0;
  std::size_t valid = 0;
  std::size_t groups = 0;
  const uint64_t iterations = FromEnvironment("TALLY_FUZZ_ITERATIONS", 100'000);
  for (uint64_t i = 0; i < iterations; ++i) {
    // On the heap at its exact size: a sanitizer sees every byte read beyond.
    const std::string stream = Mutated(&random) + (random() % 4 == 0 ? Mutated(&random) : "");
    const std::vector<char> exact(stream.begin(), stream.end());
    std::string_view rest(exact.data(), exact.size());
    for (;;) {
      std::string_view bytes;
      std::size_t consumed = 0;
      const auto result = Framer::Next(rest, &bytes, &consumed);
      ASSERT_LE(consumed, rest.size());
      rest.remove_prefix(consumed);
      if (result != Framer::Result::kMessage) {
        break;
      }
      if (!message.Parse(bytes)) {
        continue;
      }
      ++parsed;
      for (const Field& field : message.fields()) {
        ASSERT_LE(field.offset + field.length, bytes.size());
        (void)ParseFixDecimal(message.value(field));
        (void)ParseUtcTimestamp(message.value(field));
      }
      if (const MessageRule* const rule = FindMessage(message.type()); rule != nullptr) {
        const bool is_valid = !Validate(message, *rule).has_value();
        valid += is_valid ? 1 : 0;
        groups += is_valid ? CheckGroups(message, *rule) : 0;
      }
    }
  }
  EXPECT_GT(parsed, iterations / 4);
  EXPECT_GT(valid, iterations / 20);
  EXPECT_GT(groups, iterations / 200);
}

}  // namespace
}  // namespace tally::gateway::fix
