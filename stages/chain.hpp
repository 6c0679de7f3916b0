// Stages as types, each with a name, an input and an output message, and their chain on one tensor
// in memory. The flow graph puts the same types into its nodes (pipeline/graph/graph.cpp). Nothing
// here knows of files or graphs.
//
//   Loaded -> ScaleStage -> Scaled -> ClusterStage -> Clustered -> QuantizeLutStage -> Quantized ->
//   AssignStage -> Packed [-> DescribeStage -> Packed]
//
// A stage is called as Output stage(const TensorTask&, Input&&). It takes over its input and never
// changes the task.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stages/assign.hpp"
#include "stages/cluster_groups.hpp"
#include "stages/decode.hpp"
#include "stages/describe.hpp"
#include "stages/pack.hpp"
#include "stages/sensitivities.hpp"
#include "stages/tensor/tensor.hpp"
#include "stages/tensor_result.hpp"

namespace pal {

/// Most bytes of a tensor's packed indices that are held in memory between stages.
inline constexpr std::uint64_t kHeldIndexBytes = std::uint64_t{16} << 20;

/// Everything that stages know of the tensor they work on. Immutable.
struct TensorTask {
    std::string path;  // seeds vector clustering, and names the tensor in messages
    DType dtype = DType::kF32;
    Geometry geometry;
    PalettizationSpec spec;
    ClusterOptions cluster;
};

struct Loaded {
    Weights weights;
    std::optional<Weights> sensitivities = {};  // one per weight; see sensitivities.hpp
};

struct Scaled {
    Weights weights;             // as loaded; the error is measured against them
    std::vector<double> scales;  // [output channel]; empty without per-channel scale
    std::optional<Weights> sensitivities = {};

    /// Returns the weights to cluster, divided by their channel's scale. Refers to *this and task.
    [[nodiscard]] ScaledWeights to_cluster(const TensorTask& task) const {
        return {weights, task.geometry, task.dtype, scales,
                sensitivities ? &*sensitivities : nullptr};
    }
};

struct Clustered {
    Scaled source;
    GroupLuts luts;
};

struct Quantized {
    Scaled source;
    PalettizedTensor tensor;  // complete but for its chunks
    /// Indices to keep instead of the nearest, by position. Reference engine only.
    std::vector<std::uint8_t> reference_indices;
    TensorResult result;  // has the optimality gap only
};

/// A tensor is large here if its packed indices take more than kHeldIndexBytes.
struct Packed {
    PalettizedTensor tensor;  // the chunks of a large tensor are found when they are asked for
    TensorResult result;      // no fingerprints yet; no error for a large tensor, see checked_error
    std::shared_ptr<const LaterAssignment> later = {};  // source of a large tensor's chunks
    std::optional<Weights> weights = {};                // as loaded; kept for DescribeStage
};

/// Returns the error of a tensor. For a large tensor, call it after all chunks have been read.
/// Throws Error(kCheckFailed) if weights decode to infinity.
[[nodiscard]] ErrorReport checked_error(const TensorTask& task, const Packed& packed);

/// Returns the result with its error. Call it after all chunks have been read. Throws as
/// checked_error does.
[[nodiscard]] TensorResult final_result(const TensorTask& task, const Packed& packed);

/// Throws Error(kCheckFailed) for a tensor with NaN or infinity. The text has their count and the
/// index of the first. Reads all weights.
[[noreturn]] void refuse_nonfinite(const TensorTask& task, const Weights& weights);

/// Finds per-channel scales, if the spec asks for them. Calls refuse_nonfinite if it then meets NaN
/// or infinity; without scales, ClusterStage does.
struct ScaleStage {
    static constexpr std::string_view name = "scale";
    using Input = Loaded;
    using Output = Scaled;
    Output operator()(const TensorTask& task, Input&& input) const;
};

/// Clusters each group. Calls refuse_nonfinite if it meets NaN or infinity. Throws
/// Error(kCheckFailed) if task.cluster.certify asks for a gap that is not proven.
struct ClusterStage {
    static constexpr std::string_view name = "cluster";
    using Input = Scaled;
    using Output = Clustered;
    Output operator()(const TensorTask& task, Input&& input) const;
};

/// Makes the palettized tensor. Quantizes its LUTs if the spec has a lut_qspec.
struct QuantizeLutStage {
    static constexpr std::string_view name = "quantize LUT";
    using Input = Clustered;
    using Output = Quantized;
    Output operator()(const TensorTask& task, Input&& input) const;
};

/// Finds and packs the indices. Those of a large tensor are found later, when a chunk is asked for.
/// Throws what checked_error throws.
struct AssignStage {
    static constexpr std::string_view name = "assign";
    using Input = Quantized;
    using Output = Packed;
    bool keep_weights = false;  // for DescribeStage
    Output operator()(const TensorTask& task, Input&& input) const;
};

/// Describes the tensor for a report, from the weights that AssignStage kept, and releases them.
struct DescribeStage {
    static constexpr std::string_view name = "describe";
    using Input = Packed;
    using Output = Packed;
    DetailLimits limits;
    Output operator()(const TensorTask& task, Input&& input) const;
};

/// Runs the whole chain on a tensor in memory.
[[nodiscard]] Packed palettize(const TensorTask& task, Weights weights);

}  // namespace pal
