// Which instruction set the kernels run on. Left alone, Highway takes the best that the machine
// has; tests force others, since every one of them must give the same bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pal::kernels {

/// Names of the targets that are compiled in and run on this machine, best first: "AVX3", "AVX2",
/// "SSE4", "SSSE3" and one that every machine has ("SCALAR" or "EMU128", by compiler).
[[nodiscard]] std::vector<std::string> supported_targets();

/// The target that kernels run on.
[[nodiscard]] std::string active_target();

/// From now on kernels run on the target of this name, whatever else the machine has; an empty name
/// gives the best one back. Throws Error (kUsage) where supported_targets() lacks the name. Not
/// while kernels run.
void force_target(std::string_view name);

/// Forces the target that H5PALETTIZE_TARGET names; does nothing where that is unset or empty.
/// Reads the environment on the first call only. Throws as force_target. Call it once in main,
/// before threads start.
void force_target_from_environment();

}  // namespace pal::kernels
