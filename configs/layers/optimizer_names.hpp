// Recognizes the state of optimizers by its names.
#pragma once

#include "configs/model/tensor_name.hpp"

namespace pal {

/// True for datasets of any type that lie in an optimizer's state, by the names of their modules.
[[nodiscard]] bool lies_in_optimizer(const TensorName& name);

}  // namespace pal
