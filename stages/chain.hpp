// The stages as types, each with a name, an input and an output message, and the chain of them on
// one tensor in memory. The flow graph puts the same types into its nodes (pipeline/graph.cpp);
// nothing here knows of files or graphs.
//
//   Loaded -> ScaleStage -> Scaled -> ClusterStage -> Clustered -> QuantizeLutStage -> Quantized ->
//   AssignStage -> Packed
//
// A stage is called as Output stage(const TensorJob&, Input&&): it takes its input over and never
// changes the job.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stages/cluster_groups.hpp"
#include "stages/decode.hpp"
#include "stages/pack.hpp"
#include "stages/tensor.hpp"

namespace pal {

/// What every stage may know of the tensor it works on. Immutable.
struct TensorJob {
    std::string path;
    DType dtype = DType::kF32;
    Geometry geometry;
    PalettizationSpec spec;
    ClusterOptions cluster;
};

struct Loaded {
    Weights weights;
};

struct Scaled {
    Weights weights;             // as loaded: the error is measured against them
    std::vector<double> scales;  // [output channel], empty without per-channel scale

    /// What to cluster: weights / scale of their channel.
    [[nodiscard]] ScaledWeights to_cluster(const TensorJob& job) const {
        return {weights, job.geometry, job.dtype, scales};
    }
};

struct Clustered {
    Scaled source;
    GroupPalettes palettes;
};

struct Quantized {
    Scaled source;
    PalettizedTensor tensor;  // all but its chunks
    std::vector<std::uint8_t>
        reference_indices;  // reference engine only: kept instead of the nearest
};

struct Packed {
    PalettizedTensor tensor;
    ErrorReport error;
};

/// The first stage that reads all weights meets a NaN or infinity among them: scale where there are
/// scales, else cluster. It throws Error(kCheckFailed) with their count and the first index.
struct ScaleStage {
    static constexpr std::string_view name = "scale";
    using Input = Loaded;
    using Output = Scaled;
    Output operator()(const TensorJob& job, Input&& input) const;
};

struct ClusterStage {
    static constexpr std::string_view name = "cluster";
    using Input = Scaled;
    using Output = Clustered;
    Output operator()(const TensorJob& job, Input&& input) const;
};

struct QuantizeLutStage {
    static constexpr std::string_view name = "quantize LUT";
    using Input = Clustered;
    using Output = Quantized;
    Output operator()(const TensorJob& job, Input&& input) const;
};

/// Weights that would decode to infinity throw Error(kCheckFailed).
struct AssignStage {
    static constexpr std::string_view name = "assign";
    using Input = Quantized;
    using Output = Packed;
    Output operator()(const TensorJob& job, Input&& input) const;
};

/// The whole chain on a tensor in memory.
[[nodiscard]] Packed palettize(const TensorJob& job, Weights weights);

}  // namespace pal
