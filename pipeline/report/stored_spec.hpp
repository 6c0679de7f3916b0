// Reads the specs that the tensors of a palettized file carry as JSON.
#pragma once

#include <map>
#include <string>

#include "io/read/checkpoint_info.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

/// Specs by their text. The parser of config files reads each text once, since few differ. Not
/// thread-safe.
class StoredSpecs {
  public:
    /// Returns the spec of a tensor, valid as long as this object. Throws Error(kInput), which
    /// names `file`, if the spec is damaged.
    const PalettizationSpec& of(const PalettizedTensorInfo& tensor, const std::string& file);

  private:
    std::map<std::string, PalettizationSpec> known_;  // JSON text -> spec
};

}  // namespace pal
