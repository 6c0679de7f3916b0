// Finds what the modules around a module tell of it.
#pragma once

#include <map>
#include <string>

#include "configs/layers/module.hpp"

namespace pal {

/// Fills in what modules tell of each other: which hold others, and which lie in an attention.
/// modules: by name.
void note_surroundings(std::map<std::string, Module>& modules);

}  // namespace pal
