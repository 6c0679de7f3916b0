// Checkpoint in memory, without a file, for tests of the plan and the graph.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "io/read/checkpoint_info.hpp"
#include "pipeline/graph/graph.hpp"

namespace pal::test {

struct MemoryCheckpoint {
    CheckpointInfo info;
    std::map<std::string, std::vector<float>> weights;
    std::vector<std::string> written;                 // paths, in the order of writing
    std::map<std::string, PalettizedTensor> tensors;  // written tensors, by path

    void add(const std::string& path, const Shape& shape, std::vector<float> values) {
        DatasetInfo dataset;
        dataset.path = path;
        dataset.shape = shape;
        dataset.dtype = DType::kF32;
        dataset.stored_type = "float32";
        dataset.element_count = values.size();
        dataset.bytes = values.size() * 4;
        info.datasets.push_back(dataset);
        weights[path] = std::move(values);
    }

    GraphPorts ports() {
        return {[this](const PlanEntry& entry) { return Weights(weights.at(entry.dataset->path)); },
                [this](const TensorTask& task, const Packed& packed) {
                    written.push_back(task.path);
                    tensors[task.path] = packed.tensor;
                    return final_result(task, packed);
                }};
    }
};

/// Returns 0, 1/8, 2/8, ..., repeated after `period` values.
inline std::vector<float> ramp(std::size_t count, std::size_t period) {
    std::vector<float> values(count);
    for (std::size_t v = 0; v < count; ++v) values[v] = static_cast<float>(v % period) / 8.0F;
    return values;
}

}  // namespace pal::test
