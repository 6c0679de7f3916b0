// Searches messages.
#pragma once

#include <string>

namespace pal::test {

inline bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace pal::test
