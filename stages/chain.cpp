#include "stages/chain.hpp"

#include <cmath>
#include <sstream>
#include <utility>

#include "stages/quantize_lut.hpp"
#include "stages/scale.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

void check_gap(const TensorJob& job, double gap) {
    if (gap <= *job.cluster.certify) return;
    std::ostringstream text;
    text << job.path << ": engine " << engine_name(job.cluster.engine);
    if (std::isinf(gap)) {
        text << " lost something where the best palette may lose nothing";
    } else {
        text << " is proven to be within " << gap << " of the best palette";
    }
    text << ", --certify asks for " << *job.cluster.certify << "; a larger tolerance"
         << (job.cluster.engine == Engine::kExact ? " may do" : " or --engine exact may do");
    throw Error(ErrorCode::kCheckFailed, text.str());
}

}  // namespace

void refuse_nonfinite(const TensorJob& job, const Weights& weights) {
    const NonFinite bad = count_nonfinite(weights);
    throw Error(ErrorCode::kCheckFailed,
                job.path + ": " + std::to_string(bad.count) + " of " +
                    std::to_string(job.geometry.weight_count) +
                    " weights are NaN or infinite, the first at index " +
                    std::to_string(bad.first) +
                    "; --on-nonfinite=skip leaves such tensors dense, --exclude names them");
}

Scaled ScaleStage::operator()(const TensorJob& job, Loaded&& input) const {
    Scaled output{std::move(input.weights), {}, std::move(input.sensitivities)};
    if (job.spec.enable_per_channel_scale) {
        auto scales = channel_scales(output.weights, job.geometry);
        if (!scales) refuse_nonfinite(job, output.weights);
        output.scales = std::move(*scales);
    }
    return output;
}

Clustered ClusterStage::operator()(const TensorJob& job, Scaled&& input) const {
    auto palettes = cluster_groups(input.to_cluster(job), job.spec, job.cluster, job.path);
    if (!palettes) refuse_nonfinite(job, input.weights);
    if (palettes->optimality_gap) check_gap(job, *palettes->optimality_gap);
    return {std::move(input), std::move(*palettes)};
}

Quantized QuantizeLutStage::operator()(const TensorJob& job, Clustered&& input) const {
    Quantized output{std::move(input.source),
                     {},
                     std::move(input.palettes.indices),
                     input.palettes.optimality_gap};
    PalettizedTensor& tensor = output.tensor;
    tensor.dtype = job.dtype;
    tensor.n_bits = job.spec.n_bits;
    tensor.geometry = job.geometry;
    tensor.lut = std::move(input.palettes.lut);
    tensor.per_channel_scale = output.source.scales;
    if (job.spec.lut_qspec) {
        QuantizedLut quantized =
            quantize_lut(tensor.lut, tensor.lut_stride(), job.dtype, *job.spec.lut_qspec);
        tensor.lut = std::move(quantized.dequantized);
        tensor.quantized_lut = std::move(quantized.quantized);
        tensor.lut_scale = std::move(quantized.scale);
        tensor.lut_zero_point = std::move(quantized.zero_point);
    }
    return output;
}

Packed AssignStage::operator()(const TensorJob& job, Quantized&& input) const {
    Packed output{std::move(input.tensor), {}, nullptr, input.optimality_gap};
    if (keep_weights) output.weights = input.source.weights;
    const ChunkGrid grid(job.geometry);
    if (grid.count() * grid.chunk_bytes(job.spec.n_bits) > kHeldIndexBytes) {
        output.later =
            assign_later(input.source.weights, std::move(input.reference_indices), output.tensor);
        output.tensor.chunks = PackedChunks(output.later, grid.count());
    } else {
        output.error = assign(input.source.to_cluster(job), input.reference_indices, output.tensor);
        output.error = checked_error(job, output);
    }
    if (const auto& sensitivities = input.source.sensitivities) {
        output.weighted = weighted_error(input.source.weights, *sensitivities, output.tensor);
    }
    return output;
}

Packed DescribeStage::operator()(const TensorJob&, Packed&& input) const {
    PAL_ASSERT(input.weights);
    input.detail =
        std::make_shared<const TensorDetail>(describe(*input.weights, input.tensor, limits));
    input.weights.reset();
    return std::move(input);
}

namespace {

/// Where the palette decodes to infinity.
std::string advice(const TensorJob& job) {
    const bool quantized = job.spec.lut_qspec.has_value();
    const bool scaled = job.spec.enable_per_channel_scale;
    if (quantized && scaled)
        return "leave out the LUT quantization or the per-channel scale of this tensor";
    if (quantized) return "leave out the LUT quantization of this tensor";
    if (scaled) return "leave out the per-channel scale of this tensor";
    return job.cluster.engine == Engine::kReference
               ? "another --engine may do, --exclude leaves the tensor as it is"
               : "--exclude leaves the tensor as it is";
}

}  // namespace

ErrorReport checked_error(const TensorJob& job, const Packed& packed) {
    ErrorReport error = packed.later ? packed.later->error(packed.tensor.chunks) : packed.error;
    if (error.finite) return error;
    throw Error(ErrorCode::kCheckFailed, job.path + ": decodes to values beyond the largest " +
                                             std::string(dtype_name(job.dtype)) + "; " +
                                             advice(job));
}

Packed palettize(const TensorJob& job, Weights weights) {
    return AssignStage{}(
        job, QuantizeLutStage{}(
                 job, ClusterStage{}(job, ScaleStage{}(job, Loaded{std::move(weights)}))));
}

}  // namespace pal
