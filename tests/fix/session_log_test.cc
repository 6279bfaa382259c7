#include "gateway/fix/session_log.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kLargeBytes = 256 * 1024;

using Records = std::vector<std::pair<RecordType, std::string>>;

class SessionLogTest : public testing::Test {
 protected:
  SessionLogTest() {
    std::string pattern = testing::TempDir() + "fix_session_log.XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr) << pattern;
    directory_ = pattern;
    path_ = directory_ + "/session.log";
  }
  ~SessionLogTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<SessionLog> Open(Records* found) {
    found->clear();
    auto log =
        SessionLog::Open(path_, [&](RecordType type, std::string_view payload,
                                    SessionLog::Position) { found->emplace_back(type, payload); });
    EXPECT_TRUE(log.ok()) << log.status();
    return std::move(*log);
  }

  std::string directory_;
  std::string path_;
};

TEST_F(SessionLogTest, RecordsComeBackAndMoreFollow) {
  Records expected;
  Records found;
  {
    auto log = Open(&found);
    for (int i = 0; i < 40; ++i) {
      expected.emplace_back(RecordType::kOrder,
                            std::string(20'000, static_cast<char>('a' + i % 26)));
      log->Append(RecordType::kOrder, expected.back().second);
      ASSERT_TRUE(log->Flush().ok());
    }
  }
  auto log = Open(&found);
  EXPECT_EQ(found, expected);
  // And goes on behind them.
  const SessionLog::Position position = log->Append(RecordType::kSent, "one more");
  ASSERT_TRUE(log->Flush().ok());
  EXPECT_EQ(log->Read(position).value(), "one more");
  expected.emplace_back(RecordType::kSent, "one more");
  log.reset();
  Open(&found);
  EXPECT_EQ(found, expected);
}

// A process that is killed leaves what it flushed.
TEST_F(SessionLogTest, WhatWasFlushedSurvivesTheProcess) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Records ignored;
    auto log = Open(&ignored);
    log->Append(RecordType::kOrder, "flushed");
    if (!log->Flush().ok()) {
      ::_exit(1);
    }
    log->Append(RecordType::kOrder, "not flushed");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  Records found;
  const auto log = Open(&found);
  EXPECT_EQ(found, (Records{{RecordType::kOrder, "flushed"}}));
  EXPECT_EQ(std::filesystem::file_size(path_), 9 + 7U);
}

TEST_F(SessionLogTest, TornEndIsCutOff) {
  Records found;
  {
    auto log = Open(&found);
    log->Append(RecordType::kOrder, "whole");
    log->Append(RecordType::kOrder, "torn");
    ASSERT_TRUE(log->Flush().ok());
  }
  const auto size = std::filesystem::file_size(path_);
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size) - 1);
    file.put('\0');  // As if the last byte had not been copied yet.
  }
  Open(&found);
  EXPECT_EQ(found, (Records{{RecordType::kOrder, "whole"}}));
  EXPECT_EQ(std::filesystem::file_size(path_), 9 + 5U);
}

TEST_F(SessionLogTest, RestartReplacesTheFile) {
  Records found;
  {
    auto log = Open(&found);
    log->Append(RecordType::kOrder, std::string(3 * kLargeBytes, 'x'));
    ASSERT_TRUE(log->Flush().ok());
    log->Restart();
    log->Append(RecordType::kProgress, "new");
    ASSERT_TRUE(log->Flush().ok());
    log->Append(RecordType::kProgress, "newer");
    ASSERT_TRUE(log->Flush().ok());
  }
  Open(&found);
  EXPECT_EQ(found, (Records{{RecordType::kProgress, "new"}, {RecordType::kProgress, "newer"}}));
}

// A full disk is an error of the flush, not the end of the process; nothing before it is lost.
TEST_F(SessionLogTest, FullDiskIsAnError) {
  Records found;
  auto log = Open(&found);
  log->Append(RecordType::kOrder, "fits");
  ASSERT_TRUE(log->Flush().ok());
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = kLargeBytes, .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  log->Append(RecordType::kOrder, std::string(kLargeBytes, 'x'));
  const absl::Status full = log->Flush();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(full.ok());
  log.reset();
  Open(&found);
  EXPECT_EQ(found, (Records{{RecordType::kOrder, "fits"}}));
}

}  // namespace
}  // namespace tally::gateway::fix
