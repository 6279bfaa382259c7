// VenueParser: who may reach the FIX gateway, and from where.

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "gateway/config/endpoint.h"
#include "gateway/config/hex.h"
#include "gateway/config/time_of_day.h"
#include "gateway/config/venue_parser.h"
#include "gateway/ip_range.h"

namespace tally::gateway {
namespace {

std::vector<IpRange> ReadRanges(TableReader& reader, std::string_view key) {
  std::vector<IpRange> ranges;
  for (const std::string& text : reader.StringsOr(key)) {
    if (const auto range = ParseIpRange(text); range.has_value()) {
      ranges.push_back(*range);
    } else {
      reader.Fault(key, absl::StrCat("\"", text,
                                     "\" is no address or network, e.g. \"192.0.2.0/24\" or "
                                     "\"2001:db8::/32\"; bits behind the prefix must be 0"));
    }
  }
  return ranges;
}

// Perhaps as OpenSSL prints it: with colons in between.
std::optional<std::array<uint8_t, 32>> ParseFingerprint(std::string text) {
  std::erase(text, ':');
  return ParseHex<32>(text);
}

}  // namespace

void VenueParser::ParseFixListeners(TableReader& reader) {
  FixOptions& fix = config_.fix;
  const auto endpoint = [&](std::string_view key, std::string* host, uint16_t* port) {
    const auto text = reader.OptionalString(key);
    host->clear();
    if (text.has_value() && !ParseEndpoint(*text, host, port)) {
      reader.Fault(key, "must be ADDRESS:PORT, e.g. \"127.0.0.1:7002\"; port 0 is any free one");
    }
    return text.has_value();
  };
  const bool plain = endpoint("listen", &fix.host, &fix.port);
  fix.tls.enabled = endpoint("tls_listen", &fix.tls.host, &fix.tls.port);
  if (!plain && !fix.tls.enabled) {
    reader.Fault("listen", "is missing; add it, or tls_listen");
  }
  const auto address = ParseIpAddress(fix.host);
  if (!reader.BoolOr("plain_on_any_address", false) && address.has_value() &&
      !IsPrivate(*address)) {
    reader.Fault("listen",
                 "is no loopback or private address, and plain TCP is not encrypted; use "
                 "tls_listen, or say plain_on_any_address = true");
  }
  const auto file = [&](std::string_view key, std::string* path) {
    if (const auto text = reader.OptionalString(key); text.has_value()) {
      *path = AbsolutePath(*text);
    }
  };
  file("tls_certificate_file", &fix.tls.certificate_file);
  file("tls_key_file", &fix.tls.key_file);
  file("tls_client_ca_file", &fix.tls.client_ca_file);
  if (fix.tls.enabled && (fix.tls.certificate_file.empty() || fix.tls.key_file.empty())) {
    reader.Fault("tls_listen", "needs tls_certificate_file and tls_key_file");
  }
  const auto limit = [&reader](std::string_view key, int64_t low, uint32_t* value) {
    *value = static_cast<uint32_t>(reader.IntegerOr(key, low, 0xffff'ffff, *value));
  };
  limit("tls_handshakes_max", 1, &fix.tls.handshakes_max);
  limit("tls_handshake_deadline_ms", 100, &fix.tls.handshake_deadline_ms);
  limit("connects_per_address_max", 1, &fix.connects_per_address_max);
  fix.allowed = ReadRanges(reader, "allow_from");
}

void VenueParser::ParseFixAccess(TableReader& reader, FixSessionConfig* session) {
  constexpr std::string_view kPins = "client_certificates_sha256";
  session->allowed = ReadRanges(reader, "allow_from");
  for (const std::string& text : reader.StringsOr(kPins)) {
    if (const auto digest = ParseFingerprint(text); digest.has_value()) {
      session->client_certificates.push_back(*digest);
    } else {
      reader.Fault(kPins,
                   "must be 64 hexadecimal digits each, as \"openssl x509 -noout -fingerprint "
                   "-sha256\" prints them");
    }
  }
  ParseFixSchedule(reader, session);
  if (!session->client_certificates.empty() && config_.fix.tls.client_ca_file.empty()) {
    reader.Fault(kPins, "needs tls_client_ca_file in [fix]: without it no client shows one");
  }
}

void VenueParser::ParseFixSchedule(TableReader& reader, FixSessionConfig* session) {
  const auto start = reader.OptionalString("session_start");
  const auto end = reader.OptionalString("session_end");
  FixSchedule& schedule = session->schedule;
  schedule.enabled = start.has_value() || end.has_value();
  schedule.reset = reader.BoolOr("session_reset", false);
  schedule.weekdays = ReadWeekdays(reader, "session_weekdays");
  if (!schedule.enabled) {
    if (schedule.reset) {
      reader.Fault("session_reset", "needs session_start and session_end");
    }
    return;
  }
  const auto time_of_day = [&reader](std::string_view key, const std::optional<std::string>& text,
                                     int64_t* value) {
    const auto parsed = ParseTimeOfDay(text.value_or(""));
    if (!parsed.has_value()) {
      reader.Fault(key, "must be a time of day in UTC, e.g. \"08:00\" or \"16:35:30\"");
    }
    *value = parsed.value_or(0);
  };
  time_of_day("session_start", start, &schedule.start_ns);
  time_of_day("session_end", end, &schedule.end_ns);
  if (schedule.weekdays == 0) {
    reader.Fault("session_weekdays", "must list at least one day");
  }
}

// Whether nobody but this machine can connect.
bool VenueParser::FixIsOnLoopback() const {
  const auto loopback = [](const std::string& host) {
    const auto address = ParseIpAddress(host);
    return address.has_value() && IsLoopback(*address);
  };
  const FixOptions& fix = config_.fix;
  return (fix.host.empty() || loopback(fix.host)) && (!fix.tls.enabled || loopback(fix.tls.host));
}

}  // namespace tally::gateway
