// Decides the roles of the tensors of one module, and the kind of a module whose type is unknown.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
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

/// Sets role, evidence and state name of every member, and the module's kind if its type told none.
/// Numbered variables come to stand in order.
void decide_roles(Module& module);

/// Finds the biases beside kernels. Looks at the tensors of the module once: a flat file has all of
/// its tensors in one. The module outlives it and keeps its members.
class BiasFinder {
  public:
    explicit BiasFinder(const Module& module);

    /// Returns the bias beside a kernel: by its name, or the only one; null if there is none.
    [[nodiscard]] const Member* bias_of(const Member& kernel) const;

    /// Counts a tensor that became a kernel or a bias.
    void count(const Member& member);

  private:
    std::unordered_map<std::string_view, const Member*> by_state_;  // the first of each
    const Member* last_bias_ = nullptr;
    std::size_t biases_ = 0;
    std::size_t kernels_ = 0;
};

/// True for datasets of any type that lie in an optimizer's state, by the names of their modules.
[[nodiscard]] bool lies_in_optimizer(const TensorName& name);

}  // namespace pal
