#include "pipeline/report/verify.hpp"

#include <algorithm>

#include "stages/assign.hpp"
#include "stages/pack.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/quantize_lut.hpp"
#include "stages/scale.hpp"

namespace pal {

namespace {

void check_scales(const Weights& original, const PalettizedTensor& tensor, TensorCheck& check) {
    if (tensor.per_channel_scale.empty()) return;
    const auto scales = channel_scales(original, tensor.geometry);
    if (!scales) {
        check.problems.push_back("the original holds NaN or infinity");
        return;
    }
    for (std::size_t c = 0; c < scales->size(); ++c) {
        if ((*scales)[c] == tensor.per_channel_scale[c]) continue;
        check.problems.push_back("per_channel_scale of channel " + std::to_string(c) +
                                 " is not the channel's largest magnitude");
        return;
    }
}

void check_lut(const PalettizedTensor& tensor, const PalettizationSpec& spec, TensorCheck& check) {
    const std::size_t stride = tensor.lut_stride();
    for (std::size_t v = 0; v < tensor.lut.size(); ++v) {
        const std::size_t group = v / stride;
        if (tensor.geometry.cluster_dim == 1 && v % stride > 0 &&
            tensor.lut[v] < tensor.lut[v - 1]) {
            check.problems.push_back("the LUT of group " + std::to_string(group) +
                                     " is not ascending");
            return;
        }
        if (tensor.quantized_lut.empty() || !spec.lut_qspec) continue;
        const std::uint8_t zero_point =
            tensor.lut_zero_point.empty() ? std::uint8_t{0} : tensor.lut_zero_point[group];
        if (dequantize_entry(tensor.quantized_lut[v], tensor.lut_scale[group], zero_point,
                             tensor.dtype, *spec.lut_qspec) != tensor.lut[v]) {
            check.problems.push_back("quantized_lut of group " + std::to_string(group) +
                                     " does not decode to the lut");
            return;
        }
    }
}

/// Describes the first index of a chunk that differs from `found`.
std::string first_difference(const PalettizedTensor& tensor, std::size_t chunk,
                             std::span<const std::uint8_t> found) {
    const IndexRun run = ChunkGrid(tensor.geometry).positions(chunk);
    std::vector<std::uint8_t> nearest(run.length);
    std::vector<std::uint8_t> stored(run.length);
    ChunkBytes bytes;
    unpack_bits(found, tensor.n_bits, nearest);
    unpack_bits(tensor.chunks.read(chunk, bytes), tensor.n_bits, stored);
    const auto differing = std::mismatch(nearest.begin(), nearest.end(), stored.begin());
    if (differing.first == nearest.end()) return "a chunk of indices is not padded with zeros";
    const auto index = run.begin + static_cast<std::size_t>(differing.first - nearest.begin());
    return "index " + std::to_string(index) + " is not that of the nearest LUT entry";
}

/// Assigns all indices anew and compares them chunk by chunk.
void check_indices(const Weights& original, const PalettizedTensor& tensor, TensorCheck& check) {
    const auto again = assign_later(original, {}, tensor);
    std::vector<std::string> problems(tensor.chunks.size());
    for_each_task(problems.size(), [&](std::size_t c) {
        Scratch<std::uint8_t> found;
        Scratch<std::uint8_t> stored;
        const auto nearest = again->read(c, found.buffer());
        const auto bytes = tensor.chunks.read(c, stored.buffer());
        if (!std::equal(nearest.begin(), nearest.end(), bytes.begin(), bytes.end())) {
            problems[c] = first_difference(tensor, c, nearest);
        }
    });
    const auto first = std::find_if(problems.begin(), problems.end(),
                                    [](const std::string& problem) { return !problem.empty(); });
    if (first != problems.end()) check.problems.push_back(*first);
}

}  // namespace

const DatasetInfo* original_of(const CheckpointInfo& original, const PalettizedTensorInfo& tensor) {
    const auto& datasets = original.datasets;
    const auto found = std::ranges::lower_bound(datasets, tensor.path, {}, &DatasetInfo::path);
    const bool fits = found != datasets.end() && found->path == tensor.path &&
                      found->shape == tensor.shape && found->dtype == tensor.dtype;
    return fits ? &*found : nullptr;
}

TensorCheck check_tensor(const Weights& original, const PalettizedTensor& tensor,
                         const PalettizationSpec& spec, bool indices_are_nearest) {
    TensorCheck check;
    check_scales(original, tensor, check);
    check_lut(tensor, spec, check);
    if (indices_are_nearest && check.problems.empty()) check_indices(original, tensor, check);
    check.error = measure_error(original, tensor);
    if (!check.error.finite) check.problems.push_back("decodes to NaN or infinity");
    return check;
}

}  // namespace pal
