#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/status.h"
#include "gateway/venue_config.h"
#include "tools/tally/commands.h"
#include "tools/tally/fix_log_filter.h"
#include "tools/tally/stop_signal.h"

namespace tally {
namespace {

struct FixLogOptions {
  std::string config;
  std::string data;
  std::string session;
  FixLogFilter filter;
  std::vector<std::string> types;
  std::vector<std::string> tags;
  std::string order;
  bool follow = false;
  bool raw = false;
};

// Reads the whole lines that a growing file has, as far as they have come.
class LineReader {
 public:
  using Visitor = std::function<void(std::string_view line)>;

  explicit LineReader(std::string path) : path_(std::move(path)) {}
  ~LineReader() { Close(); }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // kNotFound if the file is not there.
  absl::Status ReadOn(const Visitor& visit) {
    if (fd_ < 0) {
      fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
      if (fd_ < 0) {
        return ErrnoStatus("open", path_);
      }
    }
    std::string piece(1 << 16, '\0');
    for (;;) {
      const ssize_t count = ::read(fd_, piece.data(), piece.size());
      if (count < 0) {
        return ErrnoStatus("read", path_);
      }
      if (count == 0) {
        return absl::OkStatus();
      }
      rest_.append(piece, 0, static_cast<std::size_t>(count));
      std::size_t begin = 0;
      for (std::size_t end = rest_.find('\n'); end != std::string::npos;
           end = rest_.find('\n', begin)) {
        visit(std::string_view(rest_).substr(begin, end - begin));
        begin = end + 1;
      }
      rest_.erase(0, begin);
    }
  }

  // Whether the gateway has begun another file under that name.
  bool Replaced() const {
    struct stat ours {};
    struct stat named {};
    return fd_ >= 0 && ::fstat(fd_, &ours) == 0 && ::stat(path_.c_str(), &named) == 0 &&
           ours.st_ino != named.st_ino;
  }

  void Close() {
    if (fd_ >= 0) {
      ::close(std::exchange(fd_, -1));
    }
    rest_.clear();
  }

 private:
  const std::string path_;
  int fd_ = -1;
  std::string rest_;
};

absl::StatusOr<std::string> LogPath(const FixLogOptions& options) {
  ASSIGN_OR_RETURN(gateway::VenueConfig config, gateway::LoadVenueConfig(options.config));
  if (!options.data.empty()) {
    config.fix.directory = options.data + "/fix";
  }
  std::vector<std::string> known;
  for (const gateway::FixSessionConfig& session : config.fix.sessions) {
    known.push_back(session.comp_id);
    if (session.comp_id == options.session) {
      return gateway::FixMessageLogPath(config.fix, session.comp_id);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("no FIX session \"", options.session, "\" in ",
                                                 options.config,
                                                 "; there are: ", absl::StrJoin(known, ", ")));
}

absl::StatusOr<FixLogFilter> MakeFilter(const FixLogOptions& options) {
  FixLogFilter filter = options.filter;
  filter.types.insert(options.types.begin(), options.types.end());
  for (const std::string& text : options.tags) {
    const std::size_t equals = text.find('=');
    int32_t tag = 0;
    if (equals == std::string::npos || !absl::SimpleAtoi(text.substr(0, equals), &tag)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--tag ", text, ": must be TAG=VALUE, e.g. 55=BTC/USD"));
    }
    filter.tags.emplace_back(tag, text.substr(equals + 1));
  }
  return filter;
}

// The older file, then the newer one; what is there of them.
absl::Status ReadBoth(const std::string& path, LineReader* newer,
                      const LineReader::Visitor& visit) {
  LineReader older(path + ".1");
  const absl::Status old_status = older.ReadOn(visit);
  const absl::Status status = newer->ReadOn(visit);
  if (absl::IsNotFound(status) && !old_status.ok()) {
    return absl::NotFoundError(
        absl::StrCat(path,
                     ": no such file; the session has said nothing yet, or message_log_mb is "
                     "0 in [fix]"));
  }
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::Status Follow(LineReader* reader, const LineReader::Visitor& visit) {
  const timespec pause{.tv_sec = 0, .tv_nsec = 100'000'000};
  while (!stop_requested().load(std::memory_order_relaxed)) {
    ::nanosleep(&pause, nullptr);
    const bool replaced = reader->Replaced();
    absl::Status status = reader->ReadOn(visit);
    if (!status.ok() && !absl::IsNotFound(status)) {
      return status;
    }
    if (replaced) {
      reader->Close();
    }
  }
  return absl::OkStatus();
}

absl::Status ShowFixLog(const FixLogOptions& options) {
  StopOnSignals();
  ASSIGN_OR_RETURN(const std::string path, LogPath(options));
  ASSIGN_OR_RETURN(const FixLogFilter filter, MakeFilter(options));
  FixOrderChain chain(options.order);
  for (std::size_t known = 0; !options.order.empty() && known != chain.size();) {
    known = chain.size();
    LineReader reader(path);
    RETURN_IF_ERROR(ReadBoth(path, &reader, [&](std::string_view line) {
      if (const auto message = SplitFixLogLine(line); message.has_value()) {
        chain.Learn(*message);
      }
    }));
  }
  const auto show = [&](std::string_view line) {
    const auto message = SplitFixLogLine(line);
    if (!message.has_value() || (!options.order.empty() && !chain.Learn(*message)) ||
        !Passes(filter, *message)) {
      return;
    }
    const std::string text = options.raw ? std::string(line) : ReadableFixMessage(*message);
    std::printf("%s\n", text.c_str());
  };
  LineReader reader(path);
  RETURN_IF_ERROR(ReadBoth(path, &reader, show));
  std::fflush(stdout);
  if (!options.follow) {
    return absl::OkStatus();
  }
  return Follow(&reader, [&](std::string_view line) {
    show(line);
    std::fflush(stdout);
  });
}

}  // namespace

void AddFixLogCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "fix-log",
      "Show what a FIX session said and heard, one line for each message, with the names of tags "
      "and values. Reads the log that the gateway keeps (message_log_mb in [fix]); the venue may "
      "run or not.");
  auto options = std::make_shared<FixLogOptions>();
  FixLogFilter& filter = options->filter;
  command->add_option("--config", options->config, "Venue configuration")->required();
  command->add_option("--session", options->session, "CompID of the client")->required();
  command->add_option("--data", options->data, "Data directory, instead of the configuration's");
  command->add_option("--type", options->types, "Only these message types, e.g. D,8")
      ->delimiter(',');
  command->add_option("--direction", filter.direction, "Only what came in, or went out")
      ->check(CLI::IsMember({"in", "out"}));
  command->add_option("--from", filter.sequence_from, "MsgSeqNum of the first");
  command->add_option("--to", filter.sequence_to, "MsgSeqNum of the last");
  command->add_option("--since", filter.since,
                      "UTC, as YYYYMMDD-HH:MM:SS.ssssss or a beginning of it");
  command->add_option("--until", filter.until, "Likewise; the whole of what is named");
  command->add_option("--tag", options->tags, "Only with this field, TAG=VALUE (repeatable)");
  command->add_option("--order", options->order,
                      "Only about the order with this ClOrdID, through its replaces and cancels");
  command->add_flag("-f,--follow", options->follow, "Go on as the session does, until interrupted");
  command->add_flag("--raw", options->raw, "The messages as they were");
  command->callback([options, exit_code] {
    const absl::Status status = ShowFixLog(*options);
    *exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  });
}

}  // namespace tally
