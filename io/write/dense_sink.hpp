// Private to io/: the weights of a dense dataset on their way into an output.
#pragma once

#include <memory>
#include <string>

#include "io/write/checkpoint_writer.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// A sink for the dataset at `path`, which exists and was never written: `count` weights of dtype.
/// Contiguous datasets get their place in the file now, are written past the library and held
/// nowhere; others are written through the library, some rows of the leading dimension at a time
/// where that is whole chunks. Throws Error(kInput) where the dataset is not of that type and
/// size.
[[nodiscard]] std::unique_ptr<WeightSink> make_dense_sink(CheckpointWriter::Impl& writer,
                                                          const std::string& path, DType dtype,
                                                          std::size_t count);

}  // namespace pal
