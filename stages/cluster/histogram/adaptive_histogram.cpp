#include "stages/cluster/histogram/adaptive_histogram.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "stages/parallel/parallel.hpp"

namespace pal::cluster {

namespace {

constexpr std::size_t kLeadingBins = 1 << 16;
constexpr std::size_t kParts = 8;  // parts of large data, for any number of threads
constexpr std::size_t kLarge = std::size_t{1} << 20;  // passes over this many values are parallel
constexpr int kMostExtraBits = 16;
// Sums of products with smaller weights underflow. They are nothing beside the largest, which is
// near 1.
constexpr double kSmallestWeight = 0x1p-600;

template <class Real>
using Bits = std::conditional_t<std::is_same_v<Real, float>, std::uint32_t, std::uint64_t>;

/// Returns bits in the order of the values: negative numbers turned over, positive ones above them.
/// -0 is +0.
template <class Real>
Bits<Real> ordered_key(Real value) noexcept {
    constexpr int kTop = std::numeric_limits<Bits<Real>>::digits - 1;
    constexpr Bits<Real> kSign = Bits<Real>{1} << kTop;
    const auto bits = std::bit_cast<Bits<Real>>(value + Real{0});
    return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

template <class Real>
Real value_of_key(Bits<Real> key) noexcept {
    constexpr int kTop = std::numeric_limits<Bits<Real>>::digits - 1;
    constexpr Bits<Real> kSign = Bits<Real>{1} << kTop;
    return std::bit_cast<Real>((key & kSign) != 0 ? key & ~kSign : ~key);
}

template <class Real>
constexpr int kTrailingBits = std::numeric_limits<Bits<Real>>::digits - 16;

struct Part {
    std::size_t begin;
    std::size_t end;
};

std::vector<Part> parts_of(std::size_t count) {
    const std::size_t parts = count >= kLarge ? kParts : 1;
    std::vector<Part> result;
    for (std::size_t p = 0; p < parts; ++p) {
        result.push_back({count * p / parts, count * (p + 1) / parts});
    }
    return result;
}

template <class Real>
std::vector<std::uint32_t> leading_counts(std::span<const Real> values) {
    const std::vector<Part> parts = parts_of(values.size());
    std::vector<std::vector<std::uint32_t>> counts(parts.size());
    for_each_task(parts.size(), [&](std::size_t p) {
        counts[p].resize(kLeadingBins);
        for (std::size_t v = parts[p].begin; v < parts[p].end; ++v) {
            ++counts[p][ordered_key(values[v]) >> kTrailingBits<Real>];
        }
    });
    for (std::size_t p = 1; p < parts.size(); ++p) {
        for (std::size_t b = 0; b < kLeadingBins; ++b) counts[0][b] += counts[p][b];
    }
    return std::move(counts[0]);
}

/// Split of a leading bin: its first fine bin, and the shift of the trailing bits.
struct Split {
    std::uint32_t first = 0;
    std::uint32_t shift = 0;
};

struct Splits {
    std::vector<Split> of_leading;
    std::size_t fine_bins = 0;
};

struct Occupied {
    std::uint32_t leading;
    double count;
    double measure;  // cube root of density, times width
    int bits;        // extra bits given
};

/// Shares out extra bits in proportion to each bin's measure. A bin gets no more than its count can
/// use; the others get what it leaves.
void share_out(std::vector<Occupied>& occupied, std::size_t fine_bins, int most_bits) {
    double budget = static_cast<double>(fine_bins);
    double measure = 0;
    for (const Occupied& bin : occupied) measure += bin.measure;
    for (int round = 0; round < 4 && measure > 0 && budget > 0; ++round) {
        const double a_measure = budget / measure;
        double capped_budget = 0;
        double open_measure = 0;
        for (Occupied& bin : occupied) {
            const int usable =
                std::min(most_bits, static_cast<int>(std::ceil(std::log2(bin.count))) + 2);
            const double ideal = std::max(1.0, bin.measure * a_measure);
            bin.bits = std::min(usable, static_cast<int>(std::ceil(std::log2(ideal))));
            if (bin.bits == usable) {
                capped_budget += std::ldexp(1.0, usable);
            } else {
                open_measure += bin.measure;
            }
        }
        budget = static_cast<double>(fine_bins) - capped_budget;
        measure = open_measure;
    }
}

template <class Real>
Splits make_splits(const std::vector<std::uint32_t>& counts, const Coordinates& coordinates,
                   DType dtype, std::size_t fine_bins) {
    constexpr int kTrailing = kTrailingBits<Real>;
    std::vector<Occupied> occupied;
    for (std::size_t b = 0; b < kLeadingBins; ++b) {
        if (counts[b] == 0) continue;
        const auto low_key = static_cast<Bits<Real>>(b) << kTrailing;
        const auto high_key = low_key | ((Bits<Real>{1} << kTrailing) - 1);
        double width = coordinates.of(value_of_key<Real>(high_key)) -
                       coordinates.of(value_of_key<Real>(low_key));
        if (!std::isfinite(width)) width = 1;  // the bin that ends in infinity
        occupied.push_back({static_cast<std::uint32_t>(b), static_cast<double>(counts[b]),
                            std::cbrt(counts[b] * width * width), 0});
    }
    if (dtype == DType::kF16 || dtype == DType::kBF16) {
        constexpr int kHalfBits = 3;  // 7 of the 10 mantissa bits are among the leading 16
        for (Occupied& bin : occupied) bin.bits = dtype == DType::kF16 ? kHalfBits : 0;
    } else {
        share_out(occupied, fine_bins, std::min(kTrailing, kMostExtraBits));
    }
    Splits splits;
    splits.of_leading.resize(kLeadingBins);
    for (const Occupied& bin : occupied) {
        splits.of_leading[bin.leading] = {static_cast<std::uint32_t>(splits.fine_bins),
                                          static_cast<std::uint32_t>(kTrailing - bin.bits)};
        splits.fine_bins += std::size_t{1} << bin.bits;
    }
    return splits;
}

struct Sums {
    double weight = 0;
    double sum = 0;
    double squares = 0;
};

template <class Real>
std::vector<Sums> fill(const WeightedPoints<Real>& points, const Splits& splits,
                       const Coordinates& coordinates) {
    constexpr auto kTrailingMask = (Bits<Real>{1} << kTrailingBits<Real>)-1;
    const std::vector<Part> parts = parts_of(points.values.size());
    std::vector<std::vector<Sums>> bins(parts.size());
    for_each_task(parts.size(), [&](std::size_t p) {
        bins[p].resize(splits.fine_bins);
        for (std::size_t v = parts[p].begin; v < parts[p].end; ++v) {
            const Bits<Real> key = ordered_key(points.values[v]);
            const Split split = splits.of_leading[key >> kTrailingBits<Real>];
            Sums& bin = bins[p][split.first + ((key & kTrailingMask) >> split.shift)];
            const double x = coordinates.of(static_cast<double>(points.values[v]));
            const double weight = points.weights.empty() ? 1.0 : points.weights[v];
            bin.weight += weight;
            bin.sum += weight * x;
            bin.squares += weight * x * x;
        }
    });
    for (std::size_t p = 1; p < parts.size(); ++p) {
        for (std::size_t b = 0; b < splits.fine_bins; ++b) {
            bins[0][b].weight += bins[p][b].weight;
            bins[0][b].sum += bins[p][b].sum;
            bins[0][b].squares += bins[p][b].squares;
        }
    }
    return std::move(bins[0]);
}

}  // namespace

template <class Real>
Histogram adaptive_histogram(const WeightedPoints<Real>& points, DType dtype,
                             std::size_t fine_bins) {
    const std::vector<std::uint32_t> counts = leading_counts(points.values);
    std::size_t low = 0;
    while (counts[low] == 0) ++low;
    std::size_t high = kLeadingBins - 1;
    while (counts[high] == 0) --high;
    constexpr int kTrailing = kTrailingBits<Real>;
    const Real lowest = value_of_key<Real>(static_cast<Bits<Real>>(low) << kTrailing);
    // The top bin may reach infinity. The largest finite value bounds it.
    const Real highest =
        std::min(value_of_key<Real>(((static_cast<Bits<Real>>(high) + 1) << kTrailing) - 1),
                 std::numeric_limits<Real>::max());
    Histogram histogram;
    histogram.coordinates =
        coordinates_for(std::max(lowest, std::numeric_limits<Real>::lowest()),
                        std::isfinite(highest) ? highest : std::numeric_limits<Real>::max());
    const Splits splits = make_splits<Real>(counts, histogram.coordinates, dtype, fine_bins);
    constexpr double kRounding = 4 * std::numeric_limits<double>::epsilon();
    double before = -std::numeric_limits<double>::infinity();
    for (const Sums& bin : fill(points, splits, histogram.coordinates)) {
        if (!(bin.weight > kSmallestWeight)) continue;
        // Means of neighbouring bins may be rounded past each other.
        const double mean = before = std::max(before, bin.sum / bin.weight);
        const double spread = std::max(0.0, bin.squares - bin.sum * mean);
        histogram.bins.push_back({bin.weight, mean, spread});
        histogram.spread_inside_bins += spread + kRounding * bin.squares;
    }
    return histogram;
}

template Histogram adaptive_histogram<float>(const WeightedPoints<float>&, DType, std::size_t);
template Histogram adaptive_histogram<double>(const WeightedPoints<double>&, DType, std::size_t);

}  // namespace pal::cluster
