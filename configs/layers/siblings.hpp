// Finds what the kernels of a block tell of each other. A square kernel tells nothing by itself.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "configs/layers/channel_dims.hpp"
#include "configs/layers/module.hpp"

namespace pal {

class Siblings {
  public:
    /// Notes the kernels of a module. Their roles and biases are known.
    void note(const Module& module);

    /// Returns the order of the kernels in the same block that have as many dimensions; null where
    /// none tells it, or two contradict each other.
    [[nodiscard]] const SiblingOrder* order_beside(const Module& module, std::size_t rank) const;

    /// Returns the shape of the kernel at the other end of the heads in the same block: of the
    /// output for a query, of the query for an output. Null if there is none.
    [[nodiscard]] const Shape* other_end_of_heads(const Module& module) const;

  private:
    struct Found {
        SiblingOrder told;
        bool is_contradicted = false;
    };

    void vote(const Module& module, std::size_t rank, SiblingOrder told);

    std::map<std::pair<std::string, std::size_t>, Found> orders_;  // by block and rank
    std::map<std::string, const Shape*> queries_;                  // by block
    std::map<std::string, const Shape*> outputs_;                  // by block
};

}  // namespace pal
