// Writes the weights of dense datasets into an output.
#pragma once

#include <memory>
#include <string>

#include "io/write/checkpoint_writer.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// Returns a sink for the dataset at `path`, which exists and was never written. The sink takes
/// `count` weights of dtype.
/// - A contiguous dataset gets its place in the file now. Its weights go past the library and are
///   held nowhere.
/// - Others go through the library. Where some rows of the leading dimension are whole chunks they
///   are written together, else all rows at once.
/// Throws Error(kInput) where the dataset is of another type or size.
[[nodiscard]] std::unique_ptr<WeightSink> make_dense_sink(CheckpointWriter::Impl& writer,
                                                          const std::string& path, DType dtype,
                                                          std::size_t count);

}  // namespace pal
