#include "io/files/mapped_file.hpp"

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <mutex>

namespace pal {

namespace {

constexpr std::size_t kMostResident = std::size_t{16} << 20;
// Unit in which viewed bytes are counted: a huge page, the most that one page fault maps.
constexpr std::size_t kWindow = std::size_t{2} << 20;
// Every so many times the page tables are let go with the pages, by mapping the file anew in place.
// A table takes 1/512 of its pages, and older kernels keep it when they are gone.
constexpr std::size_t kTimesATable = 128;
// Smallest view for which it pays to ask whether the page cache has it: that is a system call.
constexpr std::size_t kWorthAsking = std::size_t{64} << 10;

// A mapped file, for the signal handler, which may read nothing but memory that stays.
struct MappedRegion {
    std::atomic<bool> taken{false};
    std::atomic<std::byte*> begin{nullptr};
    std::atomic<std::byte*> end{nullptr};
    std::atomic<bool> lost{false};
};
std::array<MappedRegion, 8> regions;

const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
struct sigaction before;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): see above

/// Maps zeros from `page` to the end of the region, where the file cannot be read. Returns success.
bool fill_with_zeros(MappedRegion& region, std::byte* page, std::byte* end) noexcept {
    region.lost = true;
    return ::mmap(page, static_cast<std::size_t>(end - page), PROT_READ,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED;
}

extern "C" void on_bus_error(int signal, siginfo_t* info, void* context) {
    auto* const at = static_cast<std::byte*>(info->si_addr);
    for (MappedRegion& region : regions) {
        std::byte* const begin = region.begin;
        std::byte* const end = region.end;
        if (at < begin || at >= end) continue;
        const auto offset = static_cast<std::size_t>(at - begin);
        if (fill_with_zeros(region, begin + offset / page_bytes * page_bytes, end)) return;
    }
    if ((before.sa_flags & SA_SIGINFO) != 0) {
        before.sa_sigaction(signal, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(signal);
    } else {
        std::signal(signal, SIG_DFL);
        std::raise(signal);
    }
}

/// Installs the handler, for each file anew: another one may have been installed in between.
void handle_bus_errors() {
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    struct sigaction current {};
    ::sigaction(SIGBUS, nullptr, &current);
    if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == on_bus_error) return;
    before = current;
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, nullptr);
}

/// Takes a free region and returns its index; regions.size() where none is free.
std::size_t take_region() {
    std::size_t r = 0;
    while (r < regions.size() && regions[r].taken.exchange(true)) ++r;
    return r;
}

}  // namespace

MappedFile::MappedFile(int descriptor, std::uint64_t file_bytes) : descriptor_(descriptor) {
    region_ = take_region();
    if (region_ == regions.size()) return;
    handle_bus_errors();
    void* const base = ::mmap(nullptr, file_bytes, PROT_READ, MAP_SHARED, descriptor, 0);
    if (base == MAP_FAILED) return;
    base_ = static_cast<std::byte*>(base);
    bytes_ = file_bytes;
    looked_at_ = std::vector<std::atomic<std::uint64_t>>(file_bytes / (64 * kWindow) + 1);
    MappedRegion& region = regions[region_];
    region.lost = false;
    region.end = base_ + bytes_;
    region.begin = base_;
}

MappedFile::~MappedFile() {
    if (region_ == regions.size()) return;
    MappedRegion& region = regions[region_];
    region.begin = region.end = nullptr;
    if (base_ != nullptr) ::munmap(base_, bytes_);
    region.taken = false;
}

std::optional<std::span<const std::byte>> MappedFile::view(std::uint64_t offset,
                                                           std::size_t count) const {
    if (offset >= bytes_ || count == 0 || count > bytes_ - offset) return {};
    if (!is_whole()) return {};
    if (count >= kWorthAsking) {
        std::byte last{};
        iovec one{&last, 1};
        const auto at = static_cast<off_t>(offset + count - 1);
        if (::preadv2(descriptor_, &one, 1, at, RWF_NOWAIT) != 1) return {};
    }
    if (look_at(offset / kWindow, (offset + count - 1) / kWindow) * kWindow > kMostResident)
        let_go();
    return std::span<const std::byte>(base_ + offset, count);
}

std::size_t MappedFile::look_at(std::size_t first, std::size_t last) const noexcept {
    constexpr std::size_t kWord = 64;
    std::size_t added = 0;
    for (std::size_t w = first; w <= last; ++w) {
        const std::uint64_t bit = std::uint64_t{1} << w % kWord;
        std::atomic<std::uint64_t>& word = looked_at_[w / kWord];
        if ((word.load(std::memory_order_relaxed) & bit) == 0)
            added += (word.fetch_or(bit, std::memory_order_relaxed) & bit) == 0 ? 1 : 0;
    }
    return added == 0 ? 0 : windows_.fetch_add(added, std::memory_order_relaxed) + added;
}

bool MappedFile::is_whole() const noexcept { return base_ == nullptr || !regions[region_].lost; }

void MappedFile::let_go() const noexcept {
    windows_ = 0;
    for (auto& word : looked_at_) word.store(0, std::memory_order_relaxed);
    if (!is_whole()) return;  // zeros stay zeros
    // Pages in use come back at the next touch. Where either call fails the pages stay.
    if (times_let_go_.fetch_add(1, std::memory_order_relaxed) % kTimesATable != kTimesATable - 1) {
        (void)::madvise(base_, bytes_, MADV_DONTNEED);
    } else {
        (void)::mmap(base_, bytes_, PROT_READ, MAP_SHARED | MAP_FIXED, descriptor_, 0);
    }
}

}  // namespace pal
