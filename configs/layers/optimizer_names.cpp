#include "configs/layers/optimizer_names.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "configs/model/module_path.hpp"

namespace pal {

namespace {

/// True for slots of torch's optimizers: state/0/momentum_buffer.
bool is_torch_slot(const std::vector<std::string>& components, const std::string& state) {
    static constexpr std::string_view kSlots[] = {"exp_avg",  "exp_avg_sq",      "max_exp_avg_sq",
                                                  "exp_inf",  "momentum_buffer", "square_avg",
                                                  "grad_avg", "acc_delta",       "sum",
                                                  "prev",     "step_size",       "step"};
    return components.size() >= 2 && components[components.size() - 2] == "state" &&
           all_digits(components.back()) && std::ranges::find(kSlots, state) != std::end(kSlots);
}

}  // namespace

bool lies_in_optimizer(const TensorName& name) {
    static constexpr std::string_view kNames[] = {"optimizer",
                                                  "Optimizer",
                                                  "optimizer_weights",
                                                  "optimizer_state",
                                                  "optimizer_state_dict",
                                                  "optim_state",
                                                  "opt_state",
                                                  "optim",
                                                  "exp_avg",
                                                  "exp_avg_sq"};
    const std::vector<std::string> components = module_components(name.module_names.front());
    const bool is_named = std::ranges::any_of(components, [](const std::string& component) {
        return std::ranges::find(kNames, component) != std::end(kNames);
    });
    return is_named || is_torch_slot(components, name.state_name);
}

}  // namespace pal
