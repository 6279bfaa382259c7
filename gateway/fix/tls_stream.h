#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"

#include "gateway/fix_options.h"

struct ssl_ctx_st;
struct ssl_st;

namespace tally::gateway::fix {

using CertificateDigest = std::array<uint8_t, 32>;  // SHA-256 of its DER form; zeros: none.

// The venue's side of TLS 1.3: certificate, key, and who may sign certificates of clients.
//
// Thread safety: const methods from any thread.
class TlsContext {
 public:
  // Reads the files. kInvalidArgument with what to mend: a file that is missing or no PEM, a key
  // that is not the certificate's.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Load(const FixTlsOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}

  ssl_ctx_st* const context_;
};

// One TLS 1.3 connection without a socket: bytes of the wire go in and come out on one side, those
// of the application on the other. No tickets, no early data, no compression.
//
// Thread safety: none; may be handed from one thread to another. Memory: what Feed was given, and
// one record of output.
class TlsStream {
 public:
  enum class State : uint8_t { kHandshake, kOpen, kEnded, kFailed };

  explicit TlsStream(const TlsContext& context);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  State state() const { return state_; }
  // Of the client's certificate, once the stream is open.
  CertificateDigest PeerCertificate() const;
  // Why it failed.
  std::string Error() const { return error_; }

  // ---- Wire
  void Feed(std::span<const uint8_t> bytes);
  // What is to be sent. Stable until the next call of another method.
  std::span<const uint8_t> Output() const;
  void OutputSent(std::size_t count);

  // ---- Application
  // Goes on with the handshake as far as what was fed allows.
  void Handshake();
  // Takes what was fed. 0: nothing is there, or the stream is not open any more.
  std::size_t Read(std::span<uint8_t> space);
  // Whether Read may have something without more being fed.
  bool has_input() const { return has_input_; }
  // Turns as many bytes as fit into one record into output.
  std::size_t Write(std::span<const uint8_t> bytes);
  // Says the end of the stream to the client, in the output.
  void Close();

 private:
  void Settle(int result);

  ssl_st* const ssl_;
  State state_ = State::kHandshake;
  bool has_input_ = false;
  std::string error_;
};

}  // namespace tally::gateway::fix
