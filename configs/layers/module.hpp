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
    bool told_by_user = false;         // --types told the type
    bool holds_layers = false;         // there are modules below it
    bool lies_in_attention = false;    // a query, a key and a value lie beside it
    const Shape* query = nullptr;      // of a query of several heads below it
    const Shape* quantized = nullptr;  // its variable 0, where that is 8-bit integers

    [[nodiscard]] std::string last_component() const { return module_components(name).back(); }

    /// Returns the module that holds this one and its siblings.
    [[nodiscard]] std::string block() const {
        const std::size_t dot = name.rfind('.');
        return dot == std::string::npos ? "" : name.substr(0, dot);
    }
};

}  // namespace pal
