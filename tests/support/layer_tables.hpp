// Layer tables of tensors that a test names, with checks of their axes.
#pragma once

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "configs/layers/layer_table.hpp"

namespace pal::test {

using Role = TensorRole;
using Kind = LayerKind;

struct Table {
    std::vector<Candidate> candidates;
    LayerTable table;

    /// Tensors: path and shape of each. integers: paths of those that are int8.
    Table(const std::vector<std::pair<std::string, Shape>>& tensors, const LayerHints& hints,
          const std::set<std::string>& integers = {}) {
        for (const auto& [path, shape] : tensors) {
            const bool is_float = !integers.contains(path);
            candidates.push_back({path, shape, is_float, element_count(shape).value_or(0)});
            candidates.back().stored_type = is_float ? "float32" : "int8";
        }
        table = describe_layers(candidates, hints);
    }
    [[nodiscard]] const TensorPath& operator[](std::size_t c) const {
        return candidates[c].paths.front();
    }
    [[nodiscard]] Role role(std::size_t c) const { return (*this)[c].layer.role; }
    [[nodiscard]] Kind kind(std::size_t c) const { return (*this)[c].layer.kind; }
    [[nodiscard]] ChannelDims output(std::size_t c) const { return (*this)[c].layer.output; }
    [[nodiscard]] ChannelDims input(std::size_t c) const { return (*this)[c].layer.input; }
};

inline LayerHints keras(std::map<std::string, std::string> classes = {}) {
    LayerHints hints;
    hints.order = DimensionOrder::kOutputLast;
    hints.order_is_told = true;
    hints.is_keras = true;
    hints.order_reason = "keras_version attribute of /";
    hints.classes = std::move(classes);
    return hints;
}

inline void check_role(const Table& table, std::size_t tensor, Role role) {
    BOOST_TEST((table.role(tensor) == role),
               table.candidates[tensor].path << " is a " << role_name(table.role(tensor)));
}

/// Checks a dimension of axis 0 and of axis 1.
inline void check_axes(const Table& table, std::size_t tensor, ChannelDims output,
                       ChannelDims input) {
    const std::string& path = table.candidates[tensor].path;
    BOOST_TEST((table.output(tensor) == output), path << ": output " << table.output(tensor).first
                                                      << " " << table.output(tensor).count);
    BOOST_TEST((table.input(tensor) == input),
               path << ": input " << table.input(tensor).first << " " << table.input(tensor).count);
}

}  // namespace pal::test
