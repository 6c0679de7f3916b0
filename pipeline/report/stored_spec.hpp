// The specs that the tensors of a palettized file carry as JSON.
#pragma once

#include <map>
#include <string>

#include "io/checkpoint_info.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

/// Reads them with the parser of config files, each text once: tensors have few that differ. Not
/// thread-safe.
class StoredSpecs {
  public:
    /// Valid as long as this object. `file` is what messages name. Throws Error(kInput) where the
    /// spec is damaged.
    const PalettizationSpec& of(const PalettizedTensorInfo& tensor, const std::string& file);

  private:
    std::map<std::string, PalettizationSpec> known_;  // by the text
};

}  // namespace pal
