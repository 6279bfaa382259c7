// Disks that are full, files that are damaged, logs that were tampered with.

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/journal/event_log.h"
#include "tests/support/venue_client.h"
#include "tests/support/venue_process.h"

namespace tally {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

constexpr int kBurst = 200;
constexpr int64_t kMiB = 1 << 20;

// A funded account and a client with an order book of its own.
class StorageTest : public ::testing::Test {
 protected:
  void StartVenue() {
    ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
    SettlementClient settlement(venue_.port());
    ASSERT_TRUE(settlement.Fund({2, 3}));
  }

  void Trade(VenueClient* client, int orders) {
    for (int i = 0; i < orders; ++i) {
      client->Send(i % 2 == 0 ? Side::kBuy : Side::kSell, 10'000 + i % 7, 1 + i % 5);
    }
  }

  // Trades until the server has ended by itself; returns its exit status.
  int TradeUntilItEnds(VenueClient* client) {
    for (int burst = 0; burst < 2'000 && venue_.Running(); ++burst) {
      if (client->client().unanswered() < kBurst) {
        Trade(client, kBurst);
      }
      client->client().WaitAndPoll(5);
    }
    return venue_.child().Wait(30'000).value_or(-1);
  }

  // Restarts, and expects that the client resumes, gets every answer, and that what it knows is
  // what the journal gives.
  void ExpectNothingLost(VenueClient* client) {
    ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
    ASSERT_TRUE(client->UntilAnswered()) << client->view().fault() << client->client().status();
    for (const auto& [id, order] : client->view().open_orders()) {
      ASSERT_TRUE(client->client().QueryOrder({.order_id = id, .client_order_id = {}}).ok());
    }
    ASSERT_TRUE(client->UntilAnswered());
    EXPECT_EQ(client->view().fault(), "");
    EXPECT_EQ(client->client().stats().answers, client->client().stats().commands);
    ASSERT_EQ(venue_.Terminate().value_or(-1), 0) << venue_.LogTail();
    const CommandResult replay = venue_.Replay({});
    EXPECT_EQ(replay.exit_code, 0) << replay.output;
  }

  VenueProcess venue_{TALLY_PROGRAM, {}};
};

// Writes beyond a size fail, as on a full disk; needs no privilege.
TEST_F(StorageTest, WriteFailureStopsTheServerAndLosesNothing) {
  // Inherited by the server: otherwise the first refused write would end it by SIGXFSZ.
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_NO_FATAL_FAILURE(StartVenue());
  std::signal(SIGXFSZ, previous);
  VenueClient client(TestClientOptions(venue_.port(), 2, 1));
  ASSERT_TRUE(client.UntilLive());
  Trade(&client, kBurst);
  ASSERT_TRUE(client.UntilAnswered());

  const rlimit limit{.rlim_cur = 512 * 1024, .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(prlimit(venue_.child().pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  EXPECT_EQ(TradeUntilItEnds(&client), 3) << venue_.LogTail();
  EXPECT_THAT(venue_.LogTail(), HasSubstr("tally: error:"));
  EXPECT_EQ(client.view().fault(), "");
  ExpectNothingLost(&client);
}

// A file system in memory, where that is permitted.
class SmallDisk {
 public:
  SmallDisk(std::string path, int64_t size_bytes) : path_(std::move(path)) {
    fs::create_directory(path_);
    mounted_ =
        mount("test", path_.c_str(), "tmpfs", 0, absl::StrCat("size=", size_bytes).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) {
      umount2(path_.c_str(), MNT_DETACH);
    }
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  // Leaves so much room.
  void Fill(int64_t leave_bytes) {
    struct statvfs space {};
    ASSERT_EQ(statvfs(path_.c_str(), &space), 0);
    const auto free_bytes = static_cast<int64_t>(space.f_bavail * space.f_frsize);
    const int file = open(Ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_EQ(posix_fallocate(file, 0, free_bytes - leave_bytes), 0);
    close(file);
  }
  void Free() { fs::remove(Ballast()); }

 private:
  std::string Ballast() const { return path_ + "/ballast"; }
  std::string path_;
  bool mounted_ = false;
};

TEST_F(StorageTest, FullDiskStopsTheServerAndLosesNothing) {
  SmallDisk disk(venue_.data_directory(), 300 * kMiB);
  if (!disk.mounted()) {
    GTEST_SKIP() << "mounting a file system is not permitted here";
  }
  ASSERT_NO_FATAL_FAILURE(StartVenue());
  VenueClient client(TestClientOptions(venue_.port(), 2, 1));
  ASSERT_TRUE(client.UntilLive());
  Trade(&client, kBurst);
  ASSERT_TRUE(client.UntilAnswered());
  disk.Fill(/*leave_bytes=*/kMiB / 2);
  EXPECT_EQ(TradeUntilItEnds(&client), 3) << venue_.LogTail();
  EXPECT_THAT(venue_.LogTail(), AnyOf(HasSubstr("No space left"), HasSubstr("no space")));

  ASSERT_FALSE(venue_.Start().ok()) << "it must not run on a full disk";
  EXPECT_EQ(venue_.child().Wait(1'000).value_or(-1), 3);
  EXPECT_THAT(venue_.LogTail(), HasSubstr("free"));

  disk.Free();
  ExpectNothingLost(&client);
  venue_.child().Kill();
}

// A stopped venue with some history, to be damaged.
class DamageTest : public StorageTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(StartVenue());
    VenueClient client(TestClientOptions(venue_.port(), 2, 1));
    ASSERT_TRUE(client.UntilLive());
    for (int burst = 0; burst < 20; ++burst) {
      Trade(&client, kBurst / 10);
      ASSERT_TRUE(client.UntilAnswered());
    }
    venue_.Kill();
  }

  // The largest write-ahead log of the journal.
  std::string WriteAheadLog() const {
    std::string largest;
    uintmax_t size = 0;
    for (const auto& entry : fs::directory_iterator(venue_.data_directory() + "/journal/db")) {
      if (entry.path().extension() == ".log" && entry.file_size() > size) {
        size = entry.file_size();
        largest = entry.path();
      }
    }
    return largest;
  }
  CommandResult ServeOnce() const { return RunCommand(venue_.ServeArguments()); }
};

void FlipByte(const std::string& path, std::streamoff at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  const int byte = file.get();
  file.seekp(at);
  file.put(static_cast<char>(byte ^ 0x40));
}

TEST_F(DamageTest, DamagedJournalIsRefused) {
  const std::string path = WriteAheadLog();
  FlipByte(path, static_cast<std::streamoff>(fs::file_size(path) / 2));
  const CommandResult serve = ServeOnce();
  EXPECT_EQ(serve.exit_code, 4) << serve.output;
  EXPECT_THAT(serve.output, HasSubstr("journal"));
  const CommandResult replay = venue_.Replay({});
  EXPECT_EQ(replay.exit_code, 4) << replay.output;
}

TEST_F(DamageTest, LostTailOfTheJournalIsRefused) {
  const std::string path = WriteAheadLog();
  fs::resize_file(path, fs::file_size(path) / 2);
  const CommandResult serve = ServeOnce();
  EXPECT_EQ(serve.exit_code, 4) << serve.output;
}

TEST_F(DamageTest, LostTailOfTheEventLogIsRebuilt) {
  const fs::path events = venue_.data_directory() + "/events";
  for (const auto& entry : fs::directory_iterator(events)) {
    if (entry.is_regular_file() && entry.file_size() > 4'096) {
      fs::resize_file(entry.path(), entry.file_size() / 2);
    }
  }
  ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
  // Resumes from the first report.
  VenueClient again(TestClientOptions(venue_.port(), 2, 1), ViewOf::kResumedSession);
  ASSERT_TRUE(again.UntilLive());
  ASSERT_TRUE(again.client().QueryAccount().ok());
  ASSERT_TRUE(again.UntilAnswered());
  EXPECT_EQ(again.view().fault(), "");
  EXPECT_GT(again.view().reports().size(), 400u);
  ASSERT_EQ(venue_.Terminate().value_or(-1), 0);
  EXPECT_EQ(venue_.Replay({}).exit_code, 0);
}

TEST_F(DamageTest, TamperedEventLogIsRefusedWithItsFirstDivergentCommand) {
  const std::string events = venue_.data_directory() + "/events";
  std::vector<Event> all(10'000, MakeEvent(EventType::kTrade));
  std::size_t count = 0;
  {
    EventLogReader reader(events);
    for (;;) {
      const auto read = reader.ReadFrom(EventSequence{count + 1}, std::span(all).subspan(count));
      ASSERT_TRUE(read.ok());
      if (*read == 0) {
        break;
      }
      count += *read;
    }
  }
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(count), all.end());
  const auto fill = std::find_if(all.begin(), all.end(), [](const Event& event) {
    return event.type == EventType::kOrderAccepted && Raw(event.sequence) > 100;
  });
  ASSERT_NE(fill, all.end());
  fill->accepted.price.value += 1;  // Whole otherwise: checksums are those of the new content.
  fs::rename(events, events + ".true");
  {
    auto writer = EventLogWriter::Open(events);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Append(all).ok());
  }
  const CommandResult replay = venue_.Replay({"--json"});
  EXPECT_EQ(replay.exit_code, 1) << replay.output;
  const auto json = nlohmann::json::parse(replay.output, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << replay.output;
  EXPECT_EQ(json["first_divergent_command"], Raw(fill->command_sequence));
  const CommandResult serve = ServeOnce();
  EXPECT_EQ(serve.exit_code, 4) << serve.output;
}

TEST_F(DamageTest, LostEventLogIsRebuiltFromTheJournal) {
  fs::remove_all(venue_.data_directory() + "/events");
  ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
  ASSERT_EQ(venue_.Terminate().value_or(-1), 0);
  EXPECT_EQ(venue_.Replay({}).exit_code, 0);
}

}  // namespace
}  // namespace tally
