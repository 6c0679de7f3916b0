#include "stages/tensor/error.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace pal {

namespace {

void print(const char* text) { std::fprintf(stderr, "h5palettize: internal error: %s\n", text); }

std::atomic<AssertionHandler> handle{print};

}  // namespace

void set_assertion_handler(AssertionHandler handler) noexcept { handle = handler; }

void assertion_failed(const char* condition, const char* file, int line) noexcept {
    std::array<char, 1024> text{};
    std::snprintf(text.data(), text.size(), "%s does not hold at %s:%d", condition, file, line);
    handle.load()(text.data());
    std::abort();
}

}  // namespace pal
