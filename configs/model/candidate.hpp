// Datasets that a config may select.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pal {

/// A dataset as the rules see it.
struct Candidate {
    std::string path;  // "/conv2d_1/conv2d_1/kernel:0"
    std::size_t rank = 0;
    bool is_float = false;  // f16, bf16, f32, f64
    std::uint64_t element_count = 0;
    std::vector<std::string> aliases = {};  // its other paths: hard links
};

/// A file among several: its candidates begin at `first` and end where those of the next file do.
struct CandidateFile {
    std::string name;  // for messages
    std::size_t first = 0;
    const std::map<std::string, std::string>* layer_types = nullptr;  // as select_tensors takes it
};

}  // namespace pal
