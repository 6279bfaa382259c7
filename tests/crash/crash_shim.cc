// Preloaded into the server (LD_PRELOAD), this ends the process, or lets a call fail, at one exact
// step of its work with the disk. TALLY_CRASH=CALL:PHASE:COUNT:PATH, e.g. "write:torn:40:/journal/"
// means: at the 40th write to a file whose path contains /journal/.
//
//   before   killed before the call does anything
//   torn     killed when half of the bytes are written (write and pwrite)
//   after    killed when the call has done its work, before its caller knows
//   fail     this call and all later ones return EIO

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

struct Plan {
  char call[16] = "";
  char phase[16] = "";
  long count = 0;
  char path[64] = "";
};

const Plan& ThePlan() {
  static const Plan plan = [] {
    Plan parsed;
    const char* const text = std::getenv("TALLY_CRASH");
    if (text == nullptr || std::sscanf(text, "%15[^:]:%15[^:]:%ld:%63s", parsed.call, parsed.phase,
                                       &parsed.count, parsed.path) != 4) {
      parsed = Plan{};
    }
    return parsed;
  }();
  return plan;
}

bool IsOnPath(int fd, const char* part) {
  char link[32];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) {
    return false;
  }
  path[size] = '\0';
  return std::strstr(path, part) != nullptr;
}

// Whether this is the call of the plan, or a later one of the same kind.
bool IsDue(const char* call, int fd) {
  static std::atomic<long> seen{0};  // Relaxed: it counts, and publishes nothing.
  const Plan& plan = ThePlan();
  return std::strcmp(plan.call, call) == 0 && IsOnPath(fd, plan.path) &&
         seen.fetch_add(1, std::memory_order_relaxed) + 1 >= plan.count;
}

bool PhaseIs(const char* phase) { return std::strcmp(ThePlan().phase, phase) == 0; }

[[noreturn]] void Die() {
  kill(getpid(), SIGKILL);
  for (;;) {
    pause();
  }
}

long Synchronize(const char* call, long number, int fd) {
  if (!IsDue(call, fd)) {
    return syscall(number, fd);
  }
  if (PhaseIs("fail")) {
    errno = EIO;
    return -1;
  }
  if (PhaseIs("after")) {
    syscall(number, fd);
  }
  Die();
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  if (!IsDue("write", fd)) {
    return syscall(SYS_write, fd, bytes, size);
  }
  if (PhaseIs("fail")) {
    errno = EIO;
    return -1;
  }
  if (!PhaseIs("before")) {
    syscall(SYS_write, fd, bytes, PhaseIs("torn") ? size / 2 : size);
  }
  Die();
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  if (!IsDue("pwrite", fd)) {
    return syscall(SYS_pwrite64, fd, bytes, size, offset);
  }
  if (PhaseIs("fail")) {
    errno = EIO;
    return -1;
  }
  if (!PhaseIs("before")) {
    syscall(SYS_pwrite64, fd, bytes, PhaseIs("torn") ? size / 2 : size, offset);
  }
  Die();
}

int fdatasync(int fd) { return static_cast<int>(Synchronize("fdatasync", SYS_fdatasync, fd)); }

int fsync(int fd) { return static_cast<int>(Synchronize("fsync", SYS_fsync, fd)); }
}
