#include "io/guard/limits.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>

namespace pal {

namespace {

bool is_limited(__rlimit_resource resource) noexcept {
    rlimit limit{};
    return ::getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

}  // namespace

const char* limit_advice(int error) noexcept {
    switch (error) {
        case ENOMEM:
            return is_limited(RLIMIT_AS)
                       ? "; lower --memory or --threads, or raise the limit of address space "
                         "(ulimit -v)"
                       : "; lower --memory or --threads, or give the job more memory";
        case EAGAIN:
            return "; lower --threads, or raise the limit of threads (ulimit -u, pids.max of the "
                   "cgroup)";
        case EMFILE:
            return "; raise the limit of open files (ulimit -n)";
        case ENFILE:
            return "; raise the machine's limit of open files (fs.file-max)";
        case EFBIG:
            return is_limited(RLIMIT_FSIZE) ? "; raise the limit of file sizes (ulimit -f)"
                                            : nullptr;
        default:
            return nullptr;
    }
}

Error system_error(ErrorCode otherwise, const std::string& text, int error) {
    const char* const advice = limit_advice(error);
    const std::string what = text + ": " + std::strerror(error);
    return advice == nullptr ? Error(otherwise, what) : Error(ErrorCode::kLimit, what + advice);
}

bool tells_of_threads(const std::exception& error) noexcept {
    const auto* const failed = dynamic_cast<const std::system_error*>(&error);
    if (failed != nullptr) return failed->code() == std::errc::resource_unavailable_try_again;
    // oneTBB 2021.8 throws this text, and no code.
    return std::string_view(error.what()).starts_with("pthread_create");
}

Error handled_error() {
    try {
        throw;
    } catch (const Error& error) {
        return error;
    } catch (const std::bad_alloc&) {
        return {ErrorCode::kLimit, std::string("out of memory") + limit_advice(ENOMEM)};
    } catch (const std::exception& error) {
        if (tells_of_threads(error))
            return {ErrorCode::kLimit,
                    std::string("no thread can be started") + limit_advice(EAGAIN)};
        const auto* const failed = dynamic_cast<const std::system_error*>(&error);
        if (failed == nullptr)
            return {ErrorCode::kInternal,
                    std::string("internal error: ") + error.what() + kPleaseReport};
        const char* const advice = limit_advice(failed->code().value());
        return advice == nullptr ? Error(ErrorCode::kInput, error.what())
                                 : Error(ErrorCode::kLimit, std::string(error.what()) + advice);
    }
}

}  // namespace pal
