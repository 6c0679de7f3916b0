#include "stages/tensor/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace pal {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "h5palettize: bug: %s does not hold at %s:%d\n", condition, file, line);
    std::abort();
}

}  // namespace pal
