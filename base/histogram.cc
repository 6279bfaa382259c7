#include "base/histogram.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace tally {

Histogram::Histogram() : buckets_(std::make_unique<std::array<uint64_t, kBuckets>>()) {}

// With shift = bits beyond 8, value >> shift lies in 128..255 (0..255 for shift 0), so bucket
// numbers of successive shifts follow each other without a gap.
std::size_t Histogram::BucketOf(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  const int shift = std::max(0, static_cast<int>(std::bit_width(bits)) - kSubBucketBits - 1);
  return (static_cast<std::size_t>(shift) << kSubBucketBits) + (bits >> shift);
}

int64_t Histogram::BucketEnd(std::size_t bucket) {
  if (bucket < static_cast<std::size_t>(kExactBelow)) {
    return static_cast<int64_t>(bucket);
  }
  const std::size_t shift = (bucket >> kSubBucketBits) - 1;
  const uint64_t sub_bucket = bucket - (shift << kSubBucketBits);
  return static_cast<int64_t>(((sub_bucket + 1) << shift) - 1);
}

void Histogram::Record(int64_t value) {
  value = std::max<int64_t>(value, 0);
  const std::size_t bucket = BucketOf(value);
  DCHECK(bucket < kBuckets);
  ++(*buckets_)[bucket];
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
  ++count_;
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) {
    return;
  }
  for (std::size_t i = 0; i < kBuckets; ++i) {
    (*buckets_)[i] += (*other.buckets_)[i];
  }
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  count_ += other.count_;
}

void Histogram::Reset() {
  buckets_->fill(0);
  count_ = 0;
  min_ = max_ = 0;
  sum_ = 0;
}

int64_t Histogram::ValueAt(uint32_t per_million) const {
  CHECK(per_million <= 1'000'000);
  if (count_ == 0) {
    return 0;
  }
  const auto product = static_cast<unsigned __int128>(count_) * per_million;
  const auto rank = std::max<uint64_t>(1, static_cast<uint64_t>((product + 999'999) / 1'000'000));
  uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += (*buckets_)[i];
    if (seen >= rank) {
      return std::min(BucketEnd(i), max_);
    }
  }
  return max_;
}

}  // namespace tally
