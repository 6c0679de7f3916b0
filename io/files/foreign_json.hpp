// Reads JSON that others wrote: in checkpoints, indexes, reports and notes. One reader with one set
// of bounds, so that no text takes more memory or time than its length allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

namespace pal {

using ForeignJson = nlohmann::ordered_json;

/// Deepest nesting that is read. Functions that walk JSON call themselves once a level.
inline constexpr std::size_t kMostJsonLevels = 64;
/// Most values in one text. A value takes up to 50 bytes of memory, and 3 bytes of text.
inline constexpr std::size_t kMostJsonValues = 10'000'000;

/// Parses a text. Stops at the first bound that it breaks. Throws Error(kInput): the text is no
/// JSON, is nested too deep, has too many values, or names something twice in one object.
/// O(n log n) for n bytes.
[[nodiscard]] ForeignJson read_json(std::string_view text);

/// Parses a text that may be anything: null where it is no JSON. An object may name something
/// twice. Throws for the other bounds, as read_json.
[[nodiscard]] ForeignJson json_or_null(std::string_view text);

/// Parses CBOR of a journal or a note. Throws as read_json.
[[nodiscard]] ForeignJson read_cbor(std::string_view bytes);

/// Returns a whole number from 0. Throws Error(kInput) for anything else.
[[nodiscard]] std::uint64_t count_in(const ForeignJson& value);

}  // namespace pal
