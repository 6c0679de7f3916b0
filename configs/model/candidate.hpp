// Datasets that a config may select.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "configs/model/layer.hpp"
#include "configs/model/tensor_name.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// One of the paths that lead to a dataset, and the layer that it lies in by this path.
struct TensorPath {
    std::string path;
    TensorName name;
    Layer layer;
};

/// A dataset as the rules see it.
struct Candidate {
    std::string path;  // "/conv2d_1/conv2d_1/kernel:0"
    Shape shape;
    bool is_float = false;  // f16, bf16, f32, f64
    std::uint64_t element_count = 0;
    std::vector<std::string> aliases = {};  // its other paths: hard links
    /// Its own path, then its aliases. describe_layers() fills them in.
    std::vector<TensorPath> paths = {};
    std::string stored_type = {};  // for messages: "int64", "compound"

    [[nodiscard]] std::size_t rank() const noexcept { return shape.size(); }
};

/// A file among several: its candidates begin at `first` and end where those of the next file do.
struct CandidateFile {
    std::string name;  // for messages
    std::size_t first = 0;
    /// Dotted module -> type of its layer, as describe_layers() returns it.
    const std::map<std::string, std::string>* layer_types = nullptr;
};

}  // namespace pal
