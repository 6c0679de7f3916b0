#include "configs/layers/siblings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "configs/layers/equations.hpp"

namespace pal {

namespace {

using Order = DimensionOrder;

constexpr std::string_view kInto = "gate_up_proj";
constexpr std::string_view kOutOf = "down_proj";

const Shape* stack_called(const Module& module, std::string_view state) {
    const auto found = std::ranges::find(module.members, state, &Member::state);
    return found != module.members.end() && found->rank() == 3 ? found->shape : nullptr;
}

/// Fused experts: the first kernel makes twice what the second takes, and takes what that makes.
std::optional<Order> order_of_experts(const Shape& into, const Shape& out_of) {
    if (into[1] == out_of[2] && into[2] == 2 * out_of[1]) return Order::kOutputLast;
    if (into[2] == out_of[1] && into[1] == 2 * out_of[2]) return Order::kOutputFirst;
    return std::nullopt;
}

}  // namespace

void Siblings::note(const Module& module) {
    for (const Member& member : module.members) {
        if (!is_kernel(member.layer())) continue;
        const std::string name = module.last_component();
        if (member.rank() == 3 && ends_heads(name))
            outputs_.emplace(module.block(), member.shape);
        else if (member.rank() == 3 && name.find("query") != std::string::npos)
            queries_.emplace(module.block(), member.shape);
        if (member.bias == nullptr) continue;
        if (const auto order = order_of_bias(module.kind, *member.shape, member.bias->shape)) {
            vote(module, member.rank(),
                 {*order, fmt::format("'{}' beside it has the shape {} and a bias {}",
                                      member.number ? module.last_component() : member.path->path,
                                      shape_to_string(*member.shape),
                                      shape_to_string(*member.bias->shape))});
        }
    }
    const Shape* const into = stack_called(module, kInto);
    const Shape* const out_of = stack_called(module, kOutOf);
    if (into == nullptr || out_of == nullptr) return;
    if (const auto order = order_of_experts(*into, *out_of))
        vote(module, 3, {*order, fmt::format("'{}' and '{}' fit together so", kInto, kOutOf)});
}

void Siblings::vote(const Module& module, std::size_t rank, SiblingOrder told) {
    const Order order = told.order;
    const auto [at, is_new] =
        orders_.try_emplace({module.block(), rank}, Found{std::move(told), false});
    if (!is_new && at->second.told.order != order) at->second.is_contradicted = true;
}

const SiblingOrder* Siblings::order_beside(const Module& module, std::size_t rank) const {
    const auto found = orders_.find({module.block(), rank});
    return found == orders_.end() || found->second.is_contradicted ? nullptr : &found->second.told;
}

const Shape* Siblings::other_end_of_heads(const Module& module) const {
    const auto& others = ends_heads(module.last_component()) ? queries_ : outputs_;
    const auto found = others.find(module.block());
    return found == others.end() ? nullptr : found->second;
}

}  // namespace pal
