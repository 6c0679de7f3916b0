// A mapped file shows the bytes of the file, and zeros where it was cut.
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "io/files/descriptor.hpp"
#include "io/files/mapped_file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal::test;
using pal::Descriptor;
using pal::MappedFile;

namespace {

constexpr std::size_t kWords = std::size_t{8} << 20;
constexpr std::size_t kBytes = kWords * sizeof(std::uint32_t);
constexpr std::size_t kView = std::size_t{32}
                              << 10;  // few enough to be viewed whatever the cache says

/// A file of 32 MiB, more than stays mapped: 0, 1, 2, ... in 32 bits each.
std::string counting_file(const TemporaryFolder& folder) {
    std::vector<std::uint32_t> words(kWords);
    for (std::size_t w = 0; w < words.size(); ++w) words[w] = std::uint32_t(w);
    std::string path = folder.file("words");
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(words.data()), kBytes);  // NOLINT: as bytes
    return path;
}

/// Counts the words of a view that differ from the file; all of them where there is no view.
std::size_t wrong_words(const MappedFile& mapped, std::size_t offset) {
    const auto view = mapped.view(offset, kView);
    if (!view) return kView;
    std::vector<std::uint32_t> words(kView / sizeof(std::uint32_t));
    std::memcpy(words.data(), view->data(), kView);
    std::size_t wrong = 0;
    for (std::size_t w = 0; w < words.size(); ++w)
        wrong += words[w] != offset / sizeof(std::uint32_t) + w ? 1 : 0;
    return wrong;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mapped_files)

BOOST_AUTO_TEST_CASE(
    views_are_what_the_file_holds_from_several_threads_and_after_pages_are_let_go) {
    const TemporaryFolder folder;
    const Descriptor file(counting_file(folder), O_RDONLY);
    const MappedFile mapped(file.get(), kBytes);
    std::vector<std::size_t> wrong(4);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t v = 0; v < 1000; ++v)
                wrong[t] += wrong_words(mapped, (v * 37 + t) % (kBytes / kView) * kView);
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::size_t count : wrong) BOOST_TEST(count == 0);
    BOOST_TEST(mapped.is_whole());
}

BOOST_AUTO_TEST_CASE(there_is_no_view_beyond_the_end) {
    const TemporaryFolder folder;
    const Descriptor file(counting_file(folder), O_RDONLY);
    const MappedFile mapped(file.get(), kBytes);
    BOOST_TEST(mapped.view(kBytes - 4, 4).has_value());
    BOOST_TEST(!mapped.view(kBytes - 4, 5).has_value());
    BOOST_TEST(!mapped.view(kBytes, 1).has_value());
    BOOST_TEST(!mapped.view(~std::uint64_t{0}, 2).has_value());
    BOOST_TEST(!mapped.view(0, ~std::size_t{0}).has_value());
    BOOST_TEST(!mapped.view(0, 0).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_cut_off_under_a_view_is_zeros_and_known) {
    const TemporaryFolder folder;
    const std::string path = counting_file(folder);
    const Descriptor file(path, O_RDONLY);
    const MappedFile mapped(file.get(), kBytes);
    const MappedFile other(file.get(), kBytes);
    const auto view = mapped.view(kBytes - kView, kView);
    BOOST_REQUIRE(view.has_value());
    std::filesystem::resize_file(path, kBytes / 2);
    BOOST_TEST(mapped.is_whole());  // nobody has looked
    for (const std::byte byte : *view) BOOST_REQUIRE(byte == std::byte{0});
    BOOST_TEST(!mapped.is_whole());
    BOOST_TEST(!mapped.view(0, kView).has_value());
    BOOST_TEST(other.is_whole());
    BOOST_TEST(wrong_words(other, 0) == 0);
}

BOOST_AUTO_TEST_CASE(files_that_are_too_many_or_cannot_be_mapped_have_no_views) {
    const TemporaryFolder folder;
    const Descriptor file(counting_file(folder), O_RDONLY);
    std::vector<std::unique_ptr<MappedFile>> files;
    files.reserve(20);
    for (int f = 0; f < 20; ++f) files.push_back(std::make_unique<MappedFile>(file.get(), kBytes));
    BOOST_TEST(files.front()->view(0, 4).has_value());
    BOOST_TEST(!files.back()->view(0, 4).has_value());
    BOOST_TEST(files.back()->is_whole());
    files.clear();
    BOOST_TEST(MappedFile(file.get(), kBytes).view(0, 4).has_value());
    BOOST_TEST(!MappedFile(-1, kBytes).view(0, 4).has_value());
    BOOST_TEST(!MappedFile(file.get(), 0).view(0, 4).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
