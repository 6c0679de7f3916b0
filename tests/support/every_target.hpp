// Runs a test once on each instruction set of this machine.
#pragma once

#include <string>

#include "stages/kernels/targets.hpp"

namespace pal::test {

/// Calls body(name) with each supported target forced, best first. Restores the active one at the
/// end.
template <class Body>
void for_each_target(const Body& body) {
    struct Restore {
        std::string name = kernels::active_target();
        ~Restore() { kernels::force_target(name); }
    } const restore;
    for (const std::string& name : kernels::supported_targets()) {
        kernels::force_target(name);
        body(name);
    }
}

}  // namespace pal::test
