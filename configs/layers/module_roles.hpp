// Decides the roles of the tensors of one module, and the kind of a module whose type is unknown.
#pragma once

#include "configs/layers/module.hpp"

namespace pal {

/// Sets role, evidence, state name and bias of every member, and the module's kind if its type told
/// none. Takes back a type that the roles refute. Numbered variables come to stand in order.
void decide_roles(Module& module);

}  // namespace pal
