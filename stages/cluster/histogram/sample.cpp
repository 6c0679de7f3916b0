#include "stages/cluster/histogram/sample.hpp"

namespace pal::cluster {

namespace {

constexpr std::size_t kSampled = std::size_t{1} << 16;
constexpr std::size_t kSampledPiece = 256;  // neighbouring values: 1 KiB a read
constexpr std::size_t kFewToSample = std::size_t{1} << 18;

}  // namespace

std::vector<float> sampled(const FloatBlocks& values, std::size_t stride) {
    std::vector<float> sample;
    if (values.count <= kFewToSample) {
        const std::span<const float> all = values.read(0, values.count);
        sample.reserve(all.size() / stride + 1);
        for (std::size_t v = 0; v < all.size(); v += stride) sample.push_back(all[v]);
        return sample;
    }
    constexpr std::size_t kSampledPieces = kSampled / kSampledPiece;
    sample.reserve(kSampled);
    for (std::size_t piece = 0; piece < kSampledPieces; ++piece) {
        const std::size_t begin = (values.count - kSampledPiece) / (kSampledPieces - 1) * piece;
        const std::span<const float> read = values.read(begin, kSampledPiece);
        sample.insert(sample.end(), read.begin(), read.end());
    }
    return sample;
}

}  // namespace pal::cluster
