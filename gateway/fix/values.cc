#include "gateway/fix/values.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>

#include "base/clock.h"

namespace tally::gateway::fix {
namespace {

constexpr int kDigitsMax = 18;

bool ReadDigits(std::string_view text, std::size_t at, std::size_t count, int* value) {
  *value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return false;
    }
    *value = *value * 10 + (text[i] - '0');
  }
  return true;
}

void WriteDigits(char* at, int count, int64_t value) {
  for (int i = count - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// At the end of `text`, with a point before the last `scale` digits; returns where it begins.
template <typename Unsigned>
std::size_t WriteDecimal(Unsigned rest, int scale, std::array<char, 64>* text) {
  std::size_t at = text->size();
  for (int i = 0; rest != 0 || i <= scale; ++i) {
    if (i == scale && scale != 0) {
      (*text)[--at] = '.';
    }
    (*text)[--at] = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  return at;
}

std::optional<std::chrono::sys_days> ParseDate(std::string_view text) {
  // Messages come many to a day: the date is worked out once.
  thread_local std::array<char, 8> cached_text{};
  thread_local std::chrono::sys_days cached_date;
  if (std::memcmp(text.data(), cached_text.data(), cached_text.size()) == 0) {
    return cached_date;
  }
  int year = 0;
  int month = 0;
  int day = 0;
  if (!ReadDigits(text, 0, 4, &year) || !ReadDigits(text, 4, 2, &month) ||
      !ReadDigits(text, 6, 2, &day) || year < 1970 || year > 2200) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) {
    return std::nullopt;
  }
  std::memcpy(cached_text.data(), text.data(), cached_text.size());
  cached_date = std::chrono::sys_days(date);
  return cached_date;
}

}  // namespace

bool IsFixDecimal(std::string_view text) {
  if (!text.empty() && text[0] == '-') {
    text.remove_prefix(1);
  }
  bool digit = false;
  bool point = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      return false;
    }
  }
  return digit;
}

std::optional<FixDecimal> ParseFixDecimal(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) {
    text.remove_prefix(1);
  }
  if (text.find('.') != std::string_view::npos) {
    text = text.substr(0, text.find_last_not_of('0') + 1);
  }
  FixDecimal result;
  int digits = 0;
  bool fraction = false;
  for (const char c : text) {
    if (c == '.') {
      if (fraction) {
        return std::nullopt;
      }
      fraction = true;
      continue;
    }
    if (c < '0' || c > '9' || (digits += (digits != 0 || c != '0') ? 1 : 0) > kDigitsMax) {
      return std::nullopt;
    }
    result.mantissa = result.mantissa * 10 + (c - '0');
    result.scale += fraction ? 1 : 0;
  }
  if (text.empty() || result.scale > kDigitsMax) {
    return std::nullopt;
  }
  result.mantissa = negative ? -result.mantissa : result.mantissa;
  return result;
}

std::optional<int64_t> ParseUtcTimestamp(std::string_view text) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (text.size() < 17 || text[8] != '-' || text[11] != ':' || text[14] != ':' ||
      !ReadDigits(text, 9, 2, &hour) || !ReadDigits(text, 12, 2, &minute) ||
      !ReadDigits(text, 15, 2, &second) || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  const auto date = ParseDate(text);
  int fraction = 0;
  const std::size_t digits = text.size() == 17 ? 0 : text.size() - 18;
  if (!date.has_value() || (digits != 0 && digits != 3 && digits != 6 && digits != 9) ||
      (text.size() > 17 && (text[17] != '.' || digits == 0)) ||
      !ReadDigits(text, 18 - (digits == 0 ? 1 : 0), digits, &fraction)) {
    return std::nullopt;
  }
  int64_t fraction_ns = fraction;
  for (std::size_t i = digits; i < 9; ++i) {
    fraction_ns *= 10;
  }
  const int64_t seconds =
      int64_t{date->time_since_epoch().count()} * 86'400 + hour * 3'600 + minute * 60 + second;
  return seconds * kNsPerSecond + fraction_ns;
}

bool IsUtcDate(std::string_view text) { return text.size() == 8 && ParseDate(text).has_value(); }

UtcText::UtcText(int64_t ns) {
  // Messages come many to a day: the date is worked out once.
  thread_local int64_t cached_day = -1;
  thread_local std::array<char, 8> cached_text;
  const int64_t day = ns / (86'400 * kNsPerSecond);
  if (day != cached_day) {
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    WriteDigits(cached_text.data(), 4, static_cast<int>(date.year()));
    WriteDigits(cached_text.data() + 4, 2, static_cast<unsigned>(date.month()));
    WriteDigits(cached_text.data() + 6, 2, static_cast<unsigned>(date.day()));
    cached_day = day;
  }
  const int64_t micros = ns / 1'000 % (86'400'000'000);
  char* const at = text_.data();
  std::copy(cached_text.begin(), cached_text.end(), at);
  at[8] = '-';
  WriteDigits(at + 9, 2, micros / 3'600'000'000);
  at[11] = ':';
  WriteDigits(at + 12, 2, micros / 60'000'000 % 60);
  at[14] = ':';
  WriteDigits(at + 15, 2, micros / 1'000'000 % 60);
  at[17] = '.';
  WriteDigits(at + 18, 6, micros % 1'000'000);
}

std::string DecimalText(__int128 mantissa, int scale) {
  const bool negative = mantissa < 0;
  const unsigned __int128 magnitude = negative ? -static_cast<unsigned __int128>(mantissa)
                                               : static_cast<unsigned __int128>(mantissa);
  std::array<char, 64> digits;
  // Nearly all fit 64 bits, whose division is a tenth of the cost.
  std::size_t at = magnitude <= std::numeric_limits<uint64_t>::max()
                       ? WriteDecimal(static_cast<uint64_t>(magnitude), scale, &digits)
                       : WriteDecimal(magnitude, scale, &digits);
  if (negative) {
    digits[--at] = '-';
  }
  return {digits.data() + at, digits.size() - at};
}

}  // namespace tally::gateway::fix
