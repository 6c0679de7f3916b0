#include "configs/model/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstdint>

#include "configs/model/python_pattern.hpp"
#include "configs/model/utf8.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Text of Python has characters, and ^ matches behind a last newline under flag m.
constexpr std::uint32_t kCompileOptions =
    PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_UCP | PCRE2_ALT_CIRCUMFLEX;
constexpr std::uint32_t kMatchLimit = 1000000;
constexpr std::uint32_t kHeapLimitKiB = 65536;

struct FreeCode {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeCompileContext {
    void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};
struct FreeContext {
    void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeData {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

std::string message_of(int error) {
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(error, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
}

/// One context for all patterns and threads; nobody writes to it after it is made.
pcre2_match_context* limits() {
    static const std::unique_ptr<pcre2_match_context, FreeContext> context = [] {
        std::unique_ptr<pcre2_match_context, FreeContext> made(pcre2_match_context_create(nullptr));
        if (!made) throw std::bad_alloc();
        pcre2_set_match_limit(made.get(), kMatchLimit);
        pcre2_set_heap_limit(made.get(), kHeapLimitKiB);
        return made;
    }();
    return context.get();
}

/// Lines end with \n, however PCRE2 was built.
pcre2_compile_context* compile_context() {
    static const std::unique_ptr<pcre2_compile_context, FreeCompileContext> context = [] {
        std::unique_ptr<pcre2_compile_context, FreeCompileContext> made(
            pcre2_compile_context_create(nullptr));
        if (!made) throw std::bad_alloc();
        pcre2_set_newline(made.get(), PCRE2_NEWLINE_LF);
        return made;
    }();
    return context.get();
}

/// Match data for every pattern of a thread. One pair of offsets is enough: only success counts.
pcre2_match_data* scratch() {
    thread_local const std::unique_ptr<pcre2_match_data, FreeData> kData(
        pcre2_match_data_create(1, nullptr));
    if (!kData) throw std::bad_alloc();
    return kData.get();
}

}  // namespace

struct Pattern::Compiled {
    std::unique_ptr<pcre2_code, FreeCode> code;
};

Pattern::Pattern(const std::string& expression, std::string origin) : origin_(std::move(origin)) {
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorCode::kUsage, origin_ + ": not a regular expression: " + why);
    };
    std::string pcre2;
    try {
        pcre2 = pcre2_from_python(as_utf8(expression));
    } catch (const Error& error) {
        refuse(error.what());
    }
    auto compiled = std::make_shared<Compiled>();
    int error = 0;
    PCRE2_SIZE offset = 0;
    compiled->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pcre2.data()), pcre2.size(),
                                       kCompileOptions, &error, &offset, compile_context()));
    // The offset is one of the translation, which nobody sees.
    if (!compiled->code) refuse(message_of(error));
    ends_ = fixed_ends(pcre2);
    // Without machine code (no JIT on this processor) PCRE2 interprets: slower, same matches.
    if (!ends_.literal) (void)pcre2_jit_compile(compiled->code.get(), PCRE2_JIT_COMPLETE);
    compiled_ = std::move(compiled);
}

bool Pattern::matches(std::string_view text) const {
    if (!ends_.allow(text)) return false;
    if (ends_.literal) return text.size() == ends_.prefix.size();
    const auto match = [&](std::uint32_t options) {
        return pcre2_match(compiled_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                           text.size(), 0, options, scratch(), limits());
    };
    int result = match(0);
    // Machine code has a small stack; the interpreter takes memory from the heap.
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = match(PCRE2_NO_JIT);
    if (result >= 0) return true;
    if (result == PCRE2_ERROR_NOMATCH) return false;
    if (result <= PCRE2_ERROR_UTF8_ERR1 && result >= PCRE2_ERROR_UTF8_ERR21)
        return matches(as_utf8(text));
    throw Error(ErrorCode::kUsage, origin_ + ": gives up on '" + std::string(text.substr(0, 80)) +
                                       "': " + message_of(result) + "; simplify the pattern");
}

}  // namespace pal
