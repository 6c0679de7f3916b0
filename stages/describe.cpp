#include "stages/describe.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "stages/decode.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/stored_blocks.hpp"
#include "stages/tensor/error.hpp"
#include "stages/tensor/unit.hpp"

namespace pal {

namespace {

/// Range of the weights as clustering saw them, and largest magnitude of the weights as loaded.
struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    double max_abs = 0;

    void add(const Range& other) noexcept {
        low = std::min(low, other.low);
        high = std::max(high, other.high);
        max_abs = std::max(max_abs, other.max_abs);
    }
};

template <class Real>
Range range_of(const ScaledWeights& source) {
    const std::size_t count = source.weights.size();
    std::vector<Range> blocks((count + kBlock - 1) / kBlock);
    for_each_block(count, [&](std::size_t number, std::size_t begin, std::size_t end) {
        BlockReader<Real> reader(source.weights);
        Range range;
        for (const Real value : reader.read(source, begin, end - begin)) {
            range.low = std::min(range.low, static_cast<double>(value));
            range.high = std::max(range.high, static_cast<double>(value));
        }
        if (source.scales.empty()) {
            range.max_abs = std::max(-range.low, range.high);
        } else {
            for (const Real value : reader.read(begin, end - begin))
                range.max_abs = std::max(range.max_abs, std::abs(static_cast<double>(value)));
        }
        blocks[number] = range;
    });
    Range range;
    for (const Range& block : blocks) range.add(block);
    return range;
}

/// Bins of equal width. Values are multiplied by `unit` first: the range of doubles may exceed the
/// largest double.
struct Bins {
    double low = 0;
    double per_width = 0;
    double unit = 1;

    Bins(const Range& range, double unit_of_values)
        : low(range.low * unit_of_values), unit(unit_of_values) {
        const double width = range.high * unit - low;
        if (width > 0) per_width = kHistogramBins / width;
    }
    [[nodiscard]] std::size_t bin(double value) const noexcept {
        const double place = (value * unit - low) * per_width;
        return place < kHistogramBins ? static_cast<std::size_t>(place) : kHistogramBins - 1;
    }
};

/// Sums of one chunk, for the groups that its positions may belong to.
struct ChunkSums {
    std::array<std::uint64_t, kHistogramBins> histogram{};
    std::size_t first_group = 0;
    std::vector<double> squared_error;  // [group - first_group]
};

/// Groups that positions of a run may belong to: the first, and their number. All groups where runs
/// of different groups alternate.
IndexRun groups_in(const Geometry& geometry, IndexRun run) {
    if (geometry.run_count() > 1) return {0, geometry.group_count};
    const auto group_of = [&](std::size_t position) {
        return group_piece(geometry, IndexBlock{position, 1, 1, 1, true}, 0).group;
    };
    const std::size_t first = group_of(run.begin);
    return {first, group_of(run.begin + run.length - 1) - first + 1};
}

template <class Real>
class Describer {
  public:
    Describer(const ScaledWeights& source, const PalettizedTensor& tensor)
        : source_(source),
          tensor_(tensor),
          geometry_(tensor.geometry),
          decoder_(tensor),
          range_(range_of<Real>(source)),
          unit_(unit_for_squares(range_.max_abs)),
          bins_(range_, unit_for_squares(std::max(-range_.low, range_.high))) {}

    [[nodiscard]] const Range& range() const noexcept { return range_; }

    /// Fills the histogram; returns the mean squared error of each group.
    std::vector<double> measure(std::array<std::uint64_t, kHistogramBins>& histogram) const {
        std::vector<double> errors(geometry_.group_count);
        const ChunkGrid grid(geometry_);
        for_each_in_order<ChunkSums>(
            grid.count(), [&](std::size_t chunk, ChunkSums& sums) { add_up(grid, chunk, sums); },
            [&](std::size_t, const ChunkSums& sums) {
                for (std::size_t b = 0; b < kHistogramBins; ++b) histogram[b] += sums.histogram[b];
                for (std::size_t g = 0; g < sums.squared_error.size(); ++g)
                    errors[sums.first_group + g] += sums.squared_error[g];
            });
        for (std::size_t g = 0; g < errors.size(); ++g) {
            const std::size_t weights = geometry_.group_index_count(g) * geometry_.cluster_dim;
            errors[g] = errors[g] / static_cast<double>(weights) / unit_ / unit_;
        }
        return errors;
    }

  private:
    void add_up(const ChunkGrid& grid, std::size_t chunk, ChunkSums& sums) const {
        const IndexRun run = grid.positions(chunk);
        const IndexRun groups = groups_in(geometry_, run);
        sums.histogram.fill(0);
        sums.first_group = groups.begin;
        sums.squared_error.assign(groups.length, 0);
        Scratch<Real> scratch;
        BlockReader<Real> as_stored(source_.weights);
        BlockReader<Real> as_clustered(source_.weights);
        for_each_block_of_chunk(
            tensor_, grid, chunk, run,
            [&](const IndexBlock& block, std::span<const std::uint8_t> indices) {
                const std::span<Real> decoded = scratch.first(block.count * geometry_.cluster_dim);
                decoder_.decode(block, indices, decoded);
                const std::span<const Real> values = as_stored.read(geometry_, block);
                add_errors(block, values, decoded, sums);
                count(source_.scales.empty() ? values : as_clustered.read(source_, block),
                      sums.histogram);
            });
    }

    void count(std::span<const Real> values,
               std::array<std::uint64_t, kHistogramBins>& histogram) const {
        for (const Real value : values) ++histogram[bins_.bin(static_cast<double>(value))];
    }

    void add_errors(const IndexBlock& block, std::span<const Real> values,
                    std::span<const Real> decoded, ChunkSums& sums) const {
        const auto squared = [&](std::size_t at) {
            const double error =
                static_cast<double>(values[at]) * unit_ - static_cast<double>(decoded[at]) * unit_;
            return error * error;
        };
        for_each_group_piece(geometry_, block,
                             [&](std::size_t group, std::size_t at, std::size_t length) {
                                 double sum = 0;
                                 if (geometry_.cluster_dim == 1) {
                                     for (std::size_t p = at; p < at + length; ++p)
                                         sum += squared(p);
                                 } else {
                                     for (std::size_t p = at; p < at + length; ++p)
                                         sum += of_vector(block, p, squared);
                                 }
                                 sums.squared_error[group - sums.first_group] += sum;
                             });
    }

    template <class Squared>
    double of_vector(const IndexBlock& block, std::size_t p, const Squared& squared) const {
        const std::size_t dim = geometry_.cluster_dim;
        const std::size_t first = p / block.inner * dim * block.inner + p % block.inner;
        double sum = 0;
        for (std::size_t t = 0; t < dim; ++t) sum += squared(first + t * block.inner);
        return sum;
    }

    ScaledWeights source_;
    const PalettizedTensor& tensor_;
    const Geometry& geometry_;
    BlockDecoder<Real> decoder_;
    Range range_;
    double unit_;
    Bins bins_;
};

std::vector<double> worst_of_strips(const std::vector<double>& mse, std::size_t groups_per_strip) {
    std::vector<double> worst((mse.size() + groups_per_strip - 1) / groups_per_strip);
    for (std::size_t g = 0; g < mse.size(); ++g)
        worst[g / groups_per_strip] = std::max(worst[g / groups_per_strip], mse[g]);
    return worst;
}

/// Returns the groups whose LUTs are kept, ascending. room: most groups.
std::vector<std::size_t> chosen_groups(const std::vector<double>& mse, std::size_t room) {
    std::vector<std::size_t> groups(mse.size());
    std::iota(groups.begin(), groups.end(), std::size_t{0});
    if (groups.size() <= room) return groups;
    const std::size_t worst = (room + 4) / 5;
    std::stable_sort(groups.begin(), groups.end(),
                     [&](std::size_t a, std::size_t b) { return mse[a] > mse[b]; });
    std::sort(groups.begin() + static_cast<std::ptrdiff_t>(worst), groups.end());
    groups.resize(room);
    std::sort(groups.begin(), groups.end());
    return groups;
}

std::vector<double> values_of_lut(const PalettizedTensor& tensor, std::size_t group) {
    const auto lut =
        std::span(tensor.lut).subspan(group * tensor.lut_stride(), tensor.lut_stride());
    std::vector<double> values(lut.begin(), lut.end());
    std::sort(values.begin(), values.end());
    if (values.size() <= kLutValues) return values;
    for (std::size_t v = 0; v < kLutValues; ++v)
        values[v] = values[v * (values.size() - 1) / (kLutValues - 1)];
    values.resize(kLutValues);
    return values;
}

}  // namespace

TensorDetail describe(const Weights& weights, const PalettizedTensor& tensor,
                      const DetailLimits& limits) {
    PAL_ASSERT(weights.size() == tensor.geometry.weight_count);
    PAL_ASSERT(limits.strips > 0 && limits.groups > 0);
    TensorDetail detail;
    detail.scaled = !tensor.per_channel_scale.empty();
    std::vector<double> mse;
    with_real(weights, [&](auto real) {
        const Describer<typename decltype(real)::type> describer(
            {weights, tensor.geometry, tensor.dtype, tensor.per_channel_scale}, tensor);
        detail.low = describer.range().low;
        detail.high = describer.range().high;
        mse = describer.measure(detail.histogram);
    });
    detail.group_count = mse.size();
    detail.groups_per_strip = (mse.size() + limits.strips - 1) / limits.strips;
    detail.strip_mse = worst_of_strips(mse, detail.groups_per_strip);
    const std::size_t values = std::min(tensor.lut_stride(), kLutValues);
    const std::size_t room = std::clamp(limits.lut_values / values, std::size_t{1}, limits.groups);
    for (const std::size_t group : chosen_groups(mse, room))
        detail.groups.push_back({group, mse[group], values_of_lut(tensor, group)});
    return detail;
}

}  // namespace pal
