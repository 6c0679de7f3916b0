#include "stages/chain.hpp"

#include <cmath>
#include <sstream>
#include <utility>

#include "stages/quantize_lut.hpp"
#include "stages/scale.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

void check_gap(const TensorTask& task, double gap) {
    if (gap <= *task.cluster.certify) return;
    std::ostringstream text;
    text << task.path << ": engine " << engine_name(task.cluster.engine);
    if (std::isinf(gap)) {
        text << " lost something where the best palette may lose nothing";
    } else {
        text << " is proven to be within " << gap << " of the best palette";
    }
    text << ", --certify asks for " << *task.cluster.certify << "; a larger tolerance"
         << (task.cluster.engine == Engine::kExact ? " may do" : " or --engine exact may do");
    throw Error(ErrorCode::kCheckFailed, text.str());
}

}  // namespace

void refuse_nonfinite(const TensorTask& task, const Weights& weights) {
    const NonFinite bad = count_nonfinite(weights);
    throw Error(ErrorCode::kCheckFailed,
                task.path + ": " + std::to_string(bad.count) + " of " +
                    std::to_string(task.geometry.weight_count) +
                    " weights are NaN or infinite, the first at index " +
                    std::to_string(bad.first) +
                    "; --on-nonfinite=skip leaves such tensors dense, --exclude names them");
}

Scaled ScaleStage::operator()(const TensorTask& task, Loaded&& input) const {
    Scaled output{std::move(input.weights), {}, std::move(input.sensitivities)};
    if (task.spec.enable_per_channel_scale) {
        auto scales = channel_scales(output.weights, task.geometry);
        if (!scales) refuse_nonfinite(task, output.weights);
        output.scales = std::move(*scales);
    }
    return output;
}

Clustered ClusterStage::operator()(const TensorTask& task, Scaled&& input) const {
    auto luts = cluster_groups(input.to_cluster(task), task.spec, task.cluster, task.path);
    if (!luts) refuse_nonfinite(task, input.weights);
    if (luts->optimality_gap) check_gap(task, *luts->optimality_gap);
    return {std::move(input), std::move(*luts)};
}

Quantized QuantizeLutStage::operator()(const TensorTask& task, Clustered&& input) const {
    Quantized output{std::move(input.source), {}, std::move(input.luts.indices), {}};
    output.result.optimality_gap = input.luts.optimality_gap;
    PalettizedTensor& tensor = output.tensor;
    tensor.dtype = task.dtype;
    tensor.n_bits = task.spec.n_bits;
    tensor.geometry = task.geometry;
    tensor.lut = std::move(input.luts.lut);
    tensor.per_channel_scale = output.source.scales;
    if (task.spec.lut_qspec) {
        QuantizedLut quantized =
            quantize_lut(tensor.lut, tensor.lut_stride(), task.dtype, *task.spec.lut_qspec,
                         task.cluster.engine == Engine::kReference);
        tensor.lut = std::move(quantized.dequantized);
        tensor.quantized_lut = std::move(quantized.quantized);
        tensor.lut_scale = std::move(quantized.scale);
        tensor.lut_zero_point = std::move(quantized.zero_point);
    }
    return output;
}

Packed AssignStage::operator()(const TensorTask& task, Quantized&& input) const {
    Packed output{std::move(input.tensor), std::move(input.result)};
    if (keep_weights) output.weights = input.source.weights;
    const ChunkGrid grid(task.geometry);
    if (grid.count() * grid.chunk_bytes(task.spec.n_bits) > kHeldIndexBytes) {
        output.later =
            assign_later(input.source.weights, std::move(input.reference_indices), output.tensor);
        output.tensor.chunks = PackedChunks(output.later, grid.count());
    } else {
        output.result.error =
            assign(input.source.to_cluster(task), input.reference_indices, output.tensor);
        output.result.error = checked_error(task, output);
    }
    if (const auto& sensitivities = input.source.sensitivities) {
        output.result.weighted =
            weighted_error(input.source.weights, *sensitivities, output.tensor);
    }
    return output;
}

Packed DescribeStage::operator()(const TensorTask&, Packed&& input) const {
    PAL_ASSERT(input.weights);
    input.result.detail =
        std::make_shared<const TensorDetail>(describe(*input.weights, input.tensor, limits));
    input.weights.reset();
    return std::move(input);
}

namespace {

/// Advice to the user for a tensor that decodes to infinity.
std::string advice(const TensorTask& task) {
    const bool quantized = task.spec.lut_qspec.has_value();
    const bool scaled = task.spec.enable_per_channel_scale;
    if (quantized && scaled)
        return "leave out the LUT quantization or the per-channel scale of this tensor";
    if (quantized) return "leave out the LUT quantization of this tensor";
    if (scaled) return "leave out the per-channel scale of this tensor";
    return "--exclude leaves the tensor as it is";
}

}  // namespace

ErrorReport checked_error(const TensorTask& task, const Packed& packed) {
    ErrorReport error =
        packed.later ? packed.later->error(packed.tensor.chunks) : packed.result.error;
    if (error.finite) return error;
    throw Error(ErrorCode::kCheckFailed, task.path + ": decodes to values beyond the largest " +
                                             std::string(dtype_name(task.dtype)) + "; " +
                                             advice(task));
}

TensorResult final_result(const TensorTask& task, const Packed& packed) {
    TensorResult result = packed.result;
    result.error = checked_error(task, packed);
    return result;
}

Packed palettize(const TensorTask& task, Weights weights) {
    return AssignStage{}(
        task, QuantizeLutStage{}(
                  task, ClusterStage{}(task, ScaleStage{}(task, Loaded{std::move(weights)}))));
}

}  // namespace pal
