// A journal gives back every bit of what was put into it. Damage costs tensors and never gives a
// wrong one.
#include <sys/file.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "io/files/descriptor.hpp"
#include "io/write/journal.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal;

namespace {

const RunIdentity kIdentity{"in.h5 of 5 bytes", "n_bits: 4", "1.0"};
const std::string kPartialBytes = "the partial file: indices of two chunks, and metadata";

/// Computes the CRC-32 that zlib has.
std::uint32_t crc32(const std::string& bytes) {
    std::uint32_t crc = ~0U;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ (crc & 1U ? 0xEDB88320U : 0U);
    }
    return ~crc;
}

PalettizedTensor tensor_of(int number) {
    PalettizedTensor tensor;
    tensor.lut = {0.1 * number, -0.0, std::numeric_limits<double>::denorm_min(), 1e308};
    tensor.per_channel_scale.assign(static_cast<std::size_t>(number), 1.0 / 3);
    tensor.quantized_lut = {0, 255, 128};
    tensor.lut_scale = {0x1p-127};
    if (number % 2 == 0) tensor.lut_zero_point = {7};
    return tensor;
}

/// Makes the places of two chunks: one in the partial file, one in the journal itself.
std::vector<ChunkPlace> places_of(int number) {
    ChunkPlace in_partial;
    in_partial.offset = static_cast<std::uint64_t>(number);
    in_partial.bytes = 8;
    in_partial.checksum = crc32(kPartialBytes.substr(static_cast<std::size_t>(number), 8));
    ChunkPlace here;
    const std::string bytes = "kept " + std::to_string(number);
    here.kept.assign(bytes.begin(), bytes.end());
    here.bytes = static_cast<std::uint32_t>(bytes.size());
    here.checksum = crc32(bytes);
    return {in_partial, here};
}

std::string path_of(int number) { return "/layer/\xff\n" + std::to_string(number); }

std::string chunk_text(const PackedChunks& chunks, std::size_t number) {
    ChunkBytes scratch;
    const auto bytes = chunks.read(number, scratch);
    return {bytes.begin(), bytes.end()};
}

void check_same(const FinishedTensor& found, int number) {
    const PalettizedTensor wanted = tensor_of(number);
    BOOST_TEST(found.name == path_of(number));
    BOOST_TEST(found.note == "note " + std::to_string(number));
    BOOST_TEST(found.tensor.lut == wanted.lut, boost::test_tools::per_element());
    BOOST_TEST(std::signbit(found.tensor.lut[1]));
    BOOST_TEST(found.tensor.per_channel_scale == wanted.per_channel_scale,
               boost::test_tools::per_element());
    BOOST_TEST(found.tensor.quantized_lut == wanted.quantized_lut,
               boost::test_tools::per_element());
    BOOST_TEST(found.tensor.lut_scale == wanted.lut_scale, boost::test_tools::per_element());
    BOOST_TEST(found.tensor.lut_zero_point == wanted.lut_zero_point,
               boost::test_tools::per_element());
    BOOST_TEST(found.tensor.chunks.size() == 2U);
    BOOST_TEST(chunk_text(found.tensor.chunks, 0) ==
               kPartialBytes.substr(static_cast<std::size_t>(number), 8));
    BOOST_TEST(chunk_text(found.tensor.chunks, 1) == "kept " + std::to_string(number));
}

/// Leaves the files of a run that is killed after so many tensors.
void interrupted_run(const std::string& target, int tensors, bool resume = false) {
    Journal journal(target, kIdentity, resume);
    test::write_file(journal.partial_path(), kPartialBytes);
    for (int number = 1; number <= tensors; ++number) {
        journal.add(path_of(number), tensor_of(number), places_of(number),
                    "note " + std::to_string(number));
    }
    journal.keep();
}

/// Counts the tensors that the journal gives back, and checks each.
int finished(Journal& journal) {
    int number = 0;
    while (const auto tensor = journal.next_finished()) check_same(*tensor, ++number);
    return number;
}

int finished(const std::string& target) {
    Journal journal(target, kIdentity, true);
    return finished(journal);
}

bool says(const Error& error, ErrorCode code, const std::string& text) {
    BOOST_TEST_CONTEXT(error.what()) {
        BOOST_TEST((error.code() == code));
        BOOST_TEST(std::string(error.what()).find(text) != std::string::npos);
    }
    return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journals)

BOOST_AUTO_TEST_CASE(what_was_finished_comes_back_bit_for_bit) {
    const test::TemporaryFolder folder;
    interrupted_run(folder.file("out.h5"), 3);
    BOOST_TEST(folder.names() == ".out.h5.h5palettize-journal .out.h5.h5palettize-part");
    BOOST_TEST(finished(folder.file("out.h5")) == 3);
}

BOOST_AUTO_TEST_CASE(without_a_tensor_or_a_reason_to_be_kept_nothing_stays) {
    const test::TemporaryFolder folder;
    const std::string target = folder.file("out.h5");
    interrupted_run(target, 0);
    BOOST_TEST(folder.names() == "");
    {
        Journal journal(target, kIdentity, false);
        journal.add(path_of(1), tensor_of(1), places_of(1), "");
        BOOST_TEST(journal.size() == 1U);
    }
    BOOST_TEST(folder.names() == "");
}

BOOST_AUTO_TEST_CASE(a_run_that_does_not_resume_removes_what_lies_there) {
    const test::TemporaryFolder folder;
    interrupted_run(folder.file("out.h5"), 2);
    Journal journal(folder.file("out.h5"), kIdentity, false);
    BOOST_TEST(finished(journal) == 0);
    BOOST_TEST(folder.names() == ".out.h5.h5palettize-journal");
}

BOOST_AUTO_TEST_CASE(of_two_interrupted_runs_the_one_that_got_further_counts) {
    for (const int second : {0, 1, 2, 4}) {
        const test::TemporaryFolder folder;
        const std::string target = folder.file("out.h5");
        interrupted_run(target, 2);
        interrupted_run(target, second, true);
        BOOST_TEST(finished(target) == std::max(2, second));
    }
}

BOOST_AUTO_TEST_CASE(what_lies_there_stays_until_it_is_forgotten) {
    const test::TemporaryFolder folder;
    const std::string target = folder.file("out.h5");
    interrupted_run(target, 2);
    {
        Journal journal(target, kIdentity, true);
        journal.keep();  // killed before it had anything of its own
    }
    BOOST_TEST(finished(target) == 2);
    interrupted_run(target, 2);
    {
        Journal journal(target, kIdentity, true);
        BOOST_TEST(finished(journal) == 2);
        journal.forget_earlier();
        journal.keep();
    }
    BOOST_TEST(folder.names() == "");
}

BOOST_AUTO_TEST_CASE(work_of_another_identity_is_refused_and_left_as_it_is) {
    const test::TemporaryFolder folder;
    const std::string target = folder.file("out.h5");
    interrupted_run(target, 2);
    const std::string before = test::file_bytes(folder.file(".out.h5.h5palettize-journal"));
    for (const auto& [identity, what] :
         {std::tuple{RunIdentity{"other", kIdentity.config, kIdentity.version}, "another input"},
          std::tuple{RunIdentity{kIdentity.input, "n_bits: 2", kIdentity.version},
                     "another config"},
          std::tuple{RunIdentity{kIdentity.input, kIdentity.config, "1.1"}, "another version"}}) {
        const std::string text = what;
        BOOST_CHECK_EXCEPTION(Journal(target, identity, true), Error, [&](const Error& error) {
            return says(error, ErrorCode::kUsage, text);
        });
    }
    BOOST_TEST(test::file_bytes(folder.file(".out.h5.h5palettize-journal")) == before);
    BOOST_TEST(finished(target) == 2);
}

BOOST_AUTO_TEST_CASE(a_target_belongs_to_one_run_at_a_time) {
    const test::TemporaryFolder folder;
    const std::string target = folder.file("out.h5");
    for (const bool resume : {false, true}) {
        const Journal first(target, kIdentity, resume);
        BOOST_CHECK_EXCEPTION(Journal(target, kIdentity, !resume), Error, [](const Error& error) {
            return says(error, ErrorCode::kOutput, "another run is making it");
        });
    }
}

BOOST_AUTO_TEST_CASE(the_lock_is_on_one_file_from_beginning_to_end) {
    const test::TemporaryFolder folder;
    const std::string target = folder.file("out.h5");
    const std::string path = folder.file(".out.h5.h5palettize-journal");
    for (const int tensors : {0, 2}) {
        interrupted_run(target, 2);
        // Another run opens the journal before this one takes it over.
        const Descriptor early(path, O_RDWR);
        Journal journal(target, kIdentity, true);
        BOOST_TEST(finished(journal) == 2);
        journal.forget_earlier();
        test::write_file(journal.partial_path(), kPartialBytes);
        if (tensors > 0) journal.add(path_of(1), tensor_of(1), places_of(1), "");
        const Descriptor late(path, O_RDWR);
        BOOST_TEST(::flock(early.get(), LOCK_EX | LOCK_NB) != 0);
        BOOST_TEST(::flock(late.get(), LOCK_EX | LOCK_NB) != 0);
    }
}

BOOST_AUTO_TEST_CASE(killed_while_it_takes_over_it_loses_nothing) {
    const test::TemporaryFolder folder;
    const std::string target = folder.file("out.h5");
    const auto name = [&](const char* suffix) {
        return folder.file(std::string(".out.h5.h5palettize-") + suffix);
    };
    interrupted_run(target, 2);
    const std::string journal = test::file_bytes(name("journal"));
    // The journal is copied, in half or as a whole; the partial file renamed; the journal emptied.
    test::write_file(name("journal.old"), journal.substr(0, journal.size() / 2));
    BOOST_TEST(finished(target) == 2);
    interrupted_run(target, 2);
    test::write_file(name("journal.old"), journal);
    BOOST_TEST(finished(target) == 2);
    for (const bool emptied : {false, true}) {
        test::write_file(name("journal"), emptied ? "" : journal);
        test::write_file(name("journal.old"), journal);
        test::write_file(name("part.old"), kPartialBytes);
        BOOST_TEST(finished(target) == 2);
    }
}

BOOST_AUTO_TEST_CASE(a_journal_that_was_cut_anywhere_holds_its_whole_records) {
    const test::TemporaryFolder folder;
    const std::string target = folder.file("out.h5");
    interrupted_run(target, 2);
    const std::string journal = test::file_bytes(folder.file(".out.h5.h5palettize-journal"));
    int most = 0;
    for (std::size_t length = 0; length <= journal.size(); ++length) {
        test::write_file(folder.file(".out.h5.h5palettize-journal"), journal.substr(0, length));
        test::write_file(folder.file(".out.h5.h5palettize-part"), kPartialBytes);
        const int found = finished(target);
        BOOST_TEST(found >= most);
        most = found;
    }
    BOOST_TEST(most == 2);
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_costs_tensors_and_gives_no_wrong_one) {
    const test::TemporaryFolder folder;
    const std::string target = folder.file("out.h5");
    interrupted_run(target, 2);
    const std::string journal = test::file_bytes(folder.file(".out.h5.h5palettize-journal"));
    for (std::size_t bit = 0; bit < 8 * journal.size(); ++bit) {
        std::string damaged = journal;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
        test::write_file(folder.file(".out.h5.h5palettize-journal"), damaged);
        test::write_file(folder.file(".out.h5.h5palettize-part"), kPartialBytes);
        BOOST_TEST(finished(target) < 2);
    }
}

BOOST_AUTO_TEST_CASE(a_chunk_that_was_damaged_in_the_partial_file_ends_what_is_taken_over) {
    const test::TemporaryFolder folder;
    const std::string target = folder.file("out.h5");
    for (const auto& [partial, wanted] :
         {std::tuple{kPartialBytes, 3},
          std::tuple{kPartialBytes.substr(0, 10), 2},  // 3 to 11 is cut
          std::tuple{"?" + kPartialBytes.substr(1), 3},
          std::tuple{"??" + kPartialBytes.substr(2), 0}, std::tuple{std::string{}, 0}}) {
        interrupted_run(target, 3);
        test::write_file(folder.file(".out.h5.h5palettize-part"), partial);
        BOOST_TEST(finished(target) == wanted);
    }
}

BOOST_AUTO_TEST_CASE(a_partial_file_that_is_gone_leaves_nothing_to_resume) {
    const test::TemporaryFolder folder;
    interrupted_run(folder.file("out.h5"), 3);
    std::filesystem::remove(folder.file(".out.h5.h5palettize-part"));
    BOOST_TEST(finished(folder.file("out.h5")) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
