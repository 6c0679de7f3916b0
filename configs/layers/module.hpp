// A module of a checkpoint with its tensors, as the layer table comes to know them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "configs/layers/state_roles.hpp"
#include "configs/model/candidate.hpp"
#include "configs/model/module_path.hpp"

namespace pal {

/// A tensor of a module.
struct Member {
    TensorPath* path = nullptr;
    const Shape* shape = nullptr;
    std::string state = {};                    // as the path spells it
    std::optional<StateMeaning> meaning = {};  // of the state
    std::optional<std::size_t> number = {};    // of a numbered variable
    const Member* bias = nullptr;              // of a kernel: beside it; null if there is none

    [[nodiscard]] std::size_t rank() const { return shape->size(); }
    [[nodiscard]] Layer& layer() const { return path->layer; }
};

/// The tensors that share a module path.
struct Module {
    std::string name;  // dotted
    std::vector<Member> members;
    std::string type = {};
    LayerKind kind = LayerKind::kUnknown;
    std::string kind_evidence = {};
    bool told_by_user = false;  // --types told the type

    [[nodiscard]] std::string last_component() const { return module_components(name).back(); }
};

}  // namespace pal
