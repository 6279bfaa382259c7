#pragma once

#include <string>
#include <sys/types.h>
#include <thread>

#include "absl/status/statusor.h"

namespace tally::settlement {

// A private development node on a free loopback port, ended with the object.
class AnvilProcess {
 public:
  // `binary`: the node itself, not a launcher, so that ending it ends the node.
  static absl::StatusOr<AnvilProcess> Start(const std::string& binary);

  AnvilProcess(AnvilProcess&& other) noexcept;
  AnvilProcess& operator=(AnvilProcess&&) = delete;
  AnvilProcess(const AnvilProcess&) = delete;
  ~AnvilProcess();

  const std::string& url() const { return url_; }

 private:
  AnvilProcess() = default;
  pid_t pid_ = -1;
  int output_ = -1;
  std::thread drain_;  // The node prints every request: a full pipe would stop it.
  std::string url_;
};

}  // namespace tally::settlement
