#include "configs/model/pattern_source.hpp"

#include <fmt/format.h>

#include "configs/model/utf8.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

void PatternSource::fail(const std::string& reason, std::size_t offset) {
    throw Error(ErrorCode::kUsage, fmt::format("{} at offset {}", reason, offset));
}

bool PatternSource::take_if(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
}

char PatternSource::take(std::string_view wanted) {
    if (at_end()) fail(fmt::format("the expression ends, wanted is {}", wanted), at_);
    return text_[at_++];
}

std::string_view PatternSource::take_while(std::string_view allowed, std::size_t most) {
    const std::size_t begin = at_;
    while (!at_end() && at_ - begin < most && contains(allowed, text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
}

std::string_view PatternSource::take_until(char end) {
    const std::size_t begin = at_;
    const std::size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) fail(fmt::format("missing {}", end), begin);
    at_ = found + 1;
    return text_.substr(begin, found - begin);
}

std::uint32_t PatternSource::take_character() {
    const std::size_t bytes = utf8_character_bytes(text_.substr(at_));
    if (bytes == 0) fail("no UTF-8", at_);
    const std::uint32_t code = utf8_code_point(text_.substr(at_), bytes);
    at_ += bytes;
    return code;
}

}  // namespace pal
