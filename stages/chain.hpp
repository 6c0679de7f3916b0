// The stages as types, each with a name, an input and an output message, and the chain of them on
// one tensor in memory. The flow graph puts the same types into its nodes
// (pipeline/graph/graph.cpp); nothing here knows of files or graphs.
//
//   Loaded -> ScaleStage -> Scaled -> ClusterStage -> Clustered -> QuantizeLutStage -> Quantized ->
//   AssignStage -> Packed [-> DescribeStage -> Packed]
//
// A stage is called as Output stage(const TensorTask&, Input&&): it takes its input over and never
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

/// Packed indices of a tensor that are held in memory between stages, at most.
inline constexpr std::uint64_t kHeldIndexBytes = std::uint64_t{16} << 20;

/// What every stage may know of the tensor it works on. Immutable.
struct TensorTask {
    std::string path;
    DType dtype = DType::kF32;
    Geometry geometry;
    PalettizationSpec spec;
    ClusterOptions cluster;
};

struct Loaded {
    Weights weights;
    std::optional<Weights> sensitivities = {};  // as many; see sensitivities.hpp
};

struct Scaled {
    Weights weights;             // as loaded: the error is measured against them
    std::vector<double> scales;  // [output channel], empty without per-channel scale
    std::optional<Weights> sensitivities = {};

    /// What to cluster: weights / scale of their channel.
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
    PalettizedTensor tensor;  // all but its chunks
    std::vector<std::uint8_t>
        reference_indices;  // reference engine only: kept instead of the nearest
    TensorResult result;    // the optimality gap
};

struct Packed {
    PalettizedTensor tensor;  // large: its chunks are found as they are asked for
    TensorResult result;      // all but fingerprints, and the error of a large tensor
    std::shared_ptr<const LaterAssignment> later = {};  // of a large tensor
    std::optional<Weights> weights = {};                // as loaded, kept for DescribeStage
};

/// What the tensor lost; of a large one once its chunks have been read. Throws Error(kCheckFailed)
/// where weights would decode to infinity.
[[nodiscard]] ErrorReport checked_error(const TensorTask& task, const Packed& packed);

/// The result with its error, once every chunk has been read. Throws as checked_error does.
[[nodiscard]] TensorResult final_result(const TensorTask& task, const Packed& packed);

/// Throws Error(kCheckFailed) for a tensor with NaN or infinity, with their count and the first
/// index.
[[noreturn]] void refuse_nonfinite(const TensorTask& task, const Weights& weights);

/// The first stage that reads all weights meets a NaN or infinity among them, and refuses: scale
/// where there are scales, else cluster.
struct ScaleStage {
    static constexpr std::string_view name = "scale";
    using Input = Loaded;
    using Output = Scaled;
    Output operator()(const TensorTask& task, Input&& input) const;
};

/// A gap that is asked for and not proven throws Error(kCheckFailed).
struct ClusterStage {
    static constexpr std::string_view name = "cluster";
    using Input = Scaled;
    using Output = Clustered;
    Output operator()(const TensorTask& task, Input&& input) const;
};

struct QuantizeLutStage {
    static constexpr std::string_view name = "quantize LUT";
    using Input = Clustered;
    using Output = Quantized;
    Output operator()(const TensorTask& task, Input&& input) const;
};

/// Finds and packs the indices, or, where they would take more than kHeldIndexBytes, leaves that to
/// who asks for the chunks. Throws what checked_error throws.
struct AssignStage {
    static constexpr std::string_view name = "assign";
    using Input = Quantized;
    using Output = Packed;
    bool keep_weights = false;  // for DescribeStage
    Output operator()(const TensorTask& task, Input&& input) const;
};

/// Looks once more at the weights that AssignStage kept, for a report, and lets them go.
struct DescribeStage {
    static constexpr std::string_view name = "describe";
    using Input = Packed;
    using Output = Packed;
    DetailLimits limits;
    Output operator()(const TensorTask& task, Input&& input) const;
};

/// The whole chain on a tensor in memory.
[[nodiscard]] Packed palettize(const TensorTask& task, Weights weights);

}  // namespace pal
