// The instruction set that the kernels run on. Highway takes the best that the machine has. Tests
// force others, since every one must give the same bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pal::kernels {

/// Returns the names of the targets that are compiled in and run on this machine, best first:
/// "AVX3", "AVX2", "SSE4", "SSSE3" and one that every machine has ("SCALAR" or "EMU128", by
/// compiler).
[[nodiscard]] std::vector<std::string> supported_targets();

/// Returns the target that kernels run on.
[[nodiscard]] std::string active_target();

/// Makes kernels run on the target of this name; an empty name gives the best one back. Throws
/// Error (kUsage) if supported_targets() lacks the name. Do not call it while kernels run.
void force_target(std::string_view name);

/// Forces the target that H5PALETTIZE_TARGET names; does nothing if that is unset or empty. Reads
/// the environment on the first call only. Throws as force_target. Call it once in main, before
/// threads start.
void force_target_from_environment();

}  // namespace pal::kernels
