// Chunks decoded past the HDF5 library equal those of H5Dread, bit for bit. Errors name the damaged
// chunk.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <functional>
#include <random>

#include "io/filters/chunk_filters.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/weights/weights.hpp"
#include "tests/support/float_types.hpp"
#include "tests/support/palettize_file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal::test;

namespace {

const Dims kUnlimited = {H5S_UNLIMITED};

/// Sets filters by their letters: "sdf" applies shuffle, deflate, fletcher32 in that order.
void set_filters(hid_t plist, const std::string& filters, std::size_t level = 4) {
    for (const char filter : filters) {
        if (filter == 's') ok(H5Pset_shuffle(plist));
        if (filter == 'd') ok(H5Pset_deflate(plist, static_cast<unsigned>(level)));
        if (filter == 'f') ok(H5Pset_fletcher32(plist));
    }
}

Id chunked_plist(const Dims& chunk, const std::string& filters) {
    Id plist(H5Pcreate(H5P_DATASET_CREATE));
    ok(H5Pset_chunk(plist, static_cast<int>(chunk.size()), chunk.data()));
    set_filters(plist, filters);
    return plist;
}

/// Returns every order of every subset of the three filters.
std::vector<std::string> filter_orders() {
    std::vector<std::string> orders = {""};
    for (std::size_t o = 0; o < orders.size(); ++o) {
        for (const char filter : {'s', 'd', 'f'}) {
            if (orders[o].find(filter) == std::string::npos) orders.push_back(orders[o] + filter);
        }
    }
    return orders;
}

/// Makes bytes for a file that compress in part.
Bytes some_bytes(std::size_t count, unsigned seed = 1) {
    std::mt19937 random(seed);
    Bytes bytes(count);
    for (std::size_t b = 0; b < count; ++b) {
        bytes[b] = static_cast<unsigned char>(b % 4 < 2 ? random() : b / 64);
    }
    return bytes;
}

std::size_t product(const Dims& dims) {
    std::size_t count = 1;
    for (const hsize_t size : dims) count *= size;
    return count;
}

/// Puts elements that were read back into the byte order of their file.
Bytes as_stored(const pal::CheckpointReader& reader, const std::string& path,
                std::span<const std::byte> read, std::size_t element_bytes) {
    Bytes bytes;
    for (const std::byte byte : read) bytes.push_back(std::to_integer<unsigned char>(byte));
    const bool big = dataset_at(reader, path).stored_type.ends_with("big-endian");
    for (std::size_t e = 0; big && e < bytes.size(); e += element_bytes) {
        std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(e),
                     bytes.begin() + static_cast<std::ptrdiff_t>(e + element_bytes));
    }
    return bytes;
}

/// Reads the elements by open_weights, and puts them into the byte order of the file.
Bytes stored_bytes_of(const pal::CheckpointReader& reader, const std::string& path) {
    const pal::Weights weights = reader.open_weights(dataset_at(reader, path));
    const std::size_t element_bytes = pal::dtype_bytes(weights.storage());
    std::vector<std::byte> scratch(weights.size() * element_bytes);
    const auto read = weights.source().read(0, weights.size(), scratch);
    return as_stored(reader, path, read, element_bytes);
}

/// Reads the same with chunks decoded on demand: several threads, backwards, in blocks that match
/// no chunk.
Bytes bytes_read_in_pieces(const pal::CheckpointReader& reader, const std::string& path,
                           std::size_t piece) {
    const pal::Weights weights = reader.open_weights(dataset_at(reader, path), 1);
    const std::size_t element_bytes = pal::dtype_bytes(weights.storage());
    std::vector<std::byte> read(weights.size() * element_bytes);
    const std::size_t pieces = (weights.size() + piece - 1) / piece;
    pal::for_each_task(pieces, [&](std::size_t p) {
        const std::size_t begin = (pieces - 1 - p) * piece;
        const std::size_t count = std::min(piece, weights.size() - begin);
        const auto target = std::span(read).subspan(begin * element_bytes, count * element_bytes);
        const auto bytes = weights.source().read(begin, count, target);
        if (bytes.data() != target.data()) std::ranges::copy(bytes, target.begin());
    });
    return as_stored(reader, path, read, element_bytes);
}

/// Compares every dataset of a file with H5Dread.
void check_against_the_library(const std::string& path) {
    const Id file = open_file(path);
    const pal::CheckpointReader reader(path);
    for (const pal::DatasetInfo& info : reader.info().datasets) {
        const Bytes expected = raw_data(open(file, info.path));
        bool same = stored_bytes_of(reader, info.path) == expected;
        for (const std::size_t piece : {7, 1000}) {
            same = same && bytes_read_in_pieces(reader, info.path, piece) == expected;
        }
        if (!same) BOOST_TEST(same, info.path << " " << info.stored_type << " " << info.storage);
    }
    BOOST_TEST(!reader.info().datasets.empty());
}

/// Returns the message of the error that reading the only dataset of a file throws.
std::string failure_of(const std::string& path) {
    const pal::CheckpointReader reader(path);
    const auto failure = [](const auto& read) -> std::string {
        try {
            read();
        } catch (const pal::Error& error) {
            BOOST_TEST(static_cast<int>(error.code()) == kInputError);
            return error.what();
        }
        return "";
    };
    const pal::DatasetInfo& info = reader.info().datasets.at(0);
    const std::string at_once = failure([&] { static_cast<void>(reader.open_weights(info)); });
    const std::string in_pieces =
        failure([&] { static_cast<void>(reader.open_weights(info, 1).values()); });
    BOOST_TEST(at_once == in_pieces);
    return at_once;
}

bool holds(const std::string& text, const std::string& words) {
    if (text.find(words) == std::string::npos) BOOST_TEST_MESSAGE("not in it: " << text);
    return text.find(words) != std::string::npos;
}

/// Returns the stored bytes of a chunk of `values` values behind the filters.
Bytes encoded_chunk(const TemporaryFolder& folder, hsize_t values, const std::string& filters,
                    const Bytes& bytes) {
    const Id file = create_file(folder.file("encoded.h5"));
    const Id dataset =
        create_dataset(file, "x", H5T_IEEE_F32LE, {values}, chunked_plist({values}, filters));
    ok(H5Dwrite(dataset, H5T_IEEE_F32LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()));
    const hsize_t zero = 0;
    hsize_t size = 0;
    std::uint32_t mask = 0;
    ok(H5Fflush(file, H5F_SCOPE_LOCAL));
    ok(H5Dget_chunk_storage_size(dataset, &zero, &size));
    Bytes encoded(size);
    ok(H5Dread_chunk(dataset, H5P_DEFAULT, &zero, &mask, encoded.data()));
    return encoded;
}

/// Writes a file with one f32 dataset of (200) in chunks of 100; the second chunk has these bytes.
void write_with_chunk(const std::string& path, const std::string& filters, const Bytes& chunk,
                      std::uint32_t mask = 0) {
    const Id file = create_file(path);
    const Id dataset =
        create_dataset(file, "x", H5T_IEEE_F32LE, {200}, chunked_plist({100}, filters));
    const Bytes bytes = some_bytes(800);
    ok(H5Dwrite(dataset, H5T_IEEE_F32LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()));
    const hsize_t second = 100;
    ok(H5Dwrite_chunk(dataset, H5P_DEFAULT, mask, &second, chunk.size(), chunk.data()));
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_shape_filter_and_type_is_what_the_library_reads) {
    const std::vector<std::pair<Dims, std::vector<Dims>>> shapes = {
        {{67}, {{1}, {10}, {67}}},
        {{12, 31}, {{12, 31}, {5, 31}, {12, 7}, {5, 7}, {1, 1}}},
        {{5, 6, 7}, {{2, 6, 7}, {5, 4, 7}, {2, 3, 4}, {1, 6, 7}, {5, 6, 3}}},
        {{3, 2, 5, 4}, {{2, 2, 2, 3}, {3, 2, 1, 4}}},
    };
    const std::vector<FloatType> types = float_types();
    for (const bool latest : {false, true}) {
        const TemporaryFolder folder;
        {
            const Id file = create_file(folder.file("in.h5"), {.latest = latest});
            std::size_t number = latest ? 5 : 0;
            const auto add = [&](const FloatType& type, const Dims& shape, const Dims& chunk,
                                 const std::string& filters) {
                const Id dataset = create_weights(file, "d" + std::to_string(number++), type, shape,
                                                  chunked_plist(chunk, filters));
                const Bytes bytes = some_bytes(product(shape) * pal::dtype_bytes(type.dtype));
                ok(H5Dwrite(dataset, type.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()));
            };
            for (const auto& [shape, chunks] : shapes) {
                for (const Dims& chunk : chunks) {
                    for (const std::string& filters : filter_orders()) {  // with some types each
                        add(types[number % types.size()], shape, chunk, filters);
                        add(types[(3 * number + 1) % types.size()], shape, chunk, filters);
                    }
                }
            }
        }
        check_against_the_library(folder.file("in.h5"));
    }
}

BOOST_AUTO_TEST_CASE(every_chunk_index_of_the_format_is_read) {
    for (const hsize_t user_block : {hsize_t{0}, hsize_t{512}}) {
        const TemporaryFolder folder;
        {
            const Id file =
                create_file(folder.file("in.h5"), {.latest = true, .user_block_bytes = user_block});
            std::size_t number = 0;
            for (const Dims& largest :
                 {Dims{70, 20}, Dims{H5S_UNLIMITED, 20}, Dims{H5S_UNLIMITED, H5S_UNLIMITED}}) {
                for (const Dims& chunk : {Dims{70, 20}, Dims{9, 20}, Dims{9, 6}, Dims{1, 1}}) {
                    for (const H5D_alloc_time_t time :
                         {H5D_ALLOC_TIME_INCR, H5D_ALLOC_TIME_EARLY}) {
                        for (const char* filters : {"", "sdf"}) {
                            const Dims shape = {70, 20};
                            const Id space(H5Screate_simple(2, shape.data(), largest.data()));
                            const Id plist = chunked_plist(chunk, filters);
                            ok(H5Pset_alloc_time(plist, time));
                            const std::string name = "d" + std::to_string(number++);
                            const Id dataset(H5Dcreate2(file, name.c_str(), H5T_IEEE_F32LE, space,
                                                        H5P_DEFAULT, plist, H5P_DEFAULT));
                            const Bytes bytes = some_bytes(1400 * 4);
                            ok(H5Dwrite(dataset, H5T_IEEE_F32LE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                        bytes.data()));
                        }
                    }
                }
            }
        }
        check_against_the_library(folder.file("in.h5"));
    }
}

BOOST_AUTO_TEST_CASE(chunks_that_were_not_written_hold_the_fill_value) {
    const TemporaryFolder folder;
    {
        const Id file = create_file(folder.file("in.h5"));
        std::size_t number = 0;
        for (const FloatType& type : float_types()) {
            for (const H5D_fill_time_t time :
                 {H5D_FILL_TIME_IFSET, H5D_FILL_TIME_ALLOC, H5D_FILL_TIME_NEVER}) {
                for (const int fill : {0, 1, 2}) {  // the default, one's own, undefined
                    for (const char* filters : {"", "sd"}) {
                        const Id plist = chunked_plist({3, 4}, filters);
                        ok(H5Pset_fill_time(plist, time));
                        const MemoryValues own(type, {1.5});
                        if (fill == 1) ok(H5Pset_fill_value(plist, own.type(), own.data()));
                        if (fill == 2 && time != H5D_FILL_TIME_ALLOC)
                            ok(H5Pset_fill_value(plist, type.type, nullptr));
                        const Id dataset = create_weights(file, "d" + std::to_string(number++),
                                                          type, {7, 10}, plist);
                        const Id space(H5Dget_space(dataset));
                        const Dims start = {3, 4};
                        const Dims count = {3, 8 - 4};
                        ok(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr,
                                               count.data(), nullptr));
                        write_weights(dataset, type, std::vector<double>(12, 0.25), space_of(count),
                                      space);
                    }
                }
            }
        }
    }
    check_against_the_library(folder.file("in.h5"));
}

BOOST_AUTO_TEST_CASE(partial_chunks_that_go_unfiltered_are_read) {
    const TemporaryFolder folder;
    {
        const Id file = create_file(folder.file("in.h5"), {.latest = true});
        for (const Dims& shape : {Dims{10, 10}, Dims{9, 10}, Dims{9, 12}}) {
            const Id plist = chunked_plist({3, 4}, "sdf");
            ok(H5Pset_chunk_opts(plist, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS));
            const Id dataset = create_dataset(file, "d" + std::to_string(product(shape)),
                                              H5T_IEEE_F64LE, shape, plist);
            const Bytes bytes = some_bytes(product(shape) * 8);
            ok(H5Dwrite(dataset, H5T_IEEE_F64LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()));
        }
    }
    check_against_the_library(folder.file("in.h5"));
}

BOOST_AUTO_TEST_CASE(a_chunk_larger_than_the_dataset_is_read) {
    const TemporaryFolder folder;
    {
        const Id file = create_file(folder.file("in.h5"));
        for (const hsize_t chunk : {hsize_t{1000}, hsize_t{100} << 20}) {
            const Id plist = chunked_plist({chunk}, "");
            const Dims shape = {7};
            const Id space(H5Screate_simple(1, shape.data(), kUnlimited.data()));
            create_dataset(file, "empty" + std::to_string(chunk), H5T_IEEE_F32LE, {0});
            const Id dataset(H5Dcreate2(file, ("d" + std::to_string(chunk)).c_str(), H5T_IEEE_F32LE,
                                        space, H5P_DEFAULT, plist, H5P_DEFAULT));
            if (chunk > 1000) continue;  // 400 MB of file would not be worth it
            ok(H5Dwrite(dataset, H5T_IEEE_F32LE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                        some_bytes(28).data()));
        }
    }
    check_against_the_library(folder.file("in.h5"));
}

BOOST_AUTO_TEST_CASE(filters_that_a_chunk_left_out_are_left_out) {
    const TemporaryFolder folder;
    const Bytes plain = some_bytes(400, 5);
    const auto check = [&](const Bytes& chunk, std::uint32_t mask) {
        write_with_chunk(folder.file("in.h5"), "sdf", chunk, mask);
        check_against_the_library(folder.file("in.h5"));
        const Bytes all = raw_data(open(open_file(folder.file("in.h5")), "x"));
        BOOST_TEST((Bytes(all.begin() + 400, all.end()) == plain), mask);
    };
    check(encoded_chunk(folder, 100, "sdf", plain), 0);
    check(encoded_chunk(folder, 100, "df", plain), 1);
    check(encoded_chunk(folder, 100, "sf", plain), 2);
    check(encoded_chunk(folder, 100, "f", plain), 3);
    check(encoded_chunk(folder, 100, "sd", plain), 4);
    check(encoded_chunk(folder, 100, "d", plain), 5);
    check(encoded_chunk(folder, 100, "s", plain), 6);
    check(plain, 7);
}

BOOST_AUTO_TEST_CASE(a_chunk_of_another_size_is_an_error) {
    const TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    const auto refused = [&](const std::string& filters, const Bytes& chunk,
                             const std::string& words) {
        write_with_chunk(path, filters, chunk);
        const std::string failure = failure_of(path);
        BOOST_TEST(holds(failure, "in.h5: /x: chunk at (100,): "));
        BOOST_TEST(holds(failure, words));
    };
    const auto encoded = [&](hsize_t values, const std::string& filters) {
        return encoded_chunk(folder, values, filters, Bytes(values * 4));
    };
    refused("d", encoded(99, "d"), "holds 396 bytes where its shape takes 400");
    refused("sd", encoded(99, "sd"), "holds 396 bytes where its shape takes 400");
    refused("d", encoded(101, "d"), "longer than the chunk");
    refused("d", encoded(hsize_t{4} << 20, "d"), "is said to take 1");  // 16 MiB of zeros
    refused("d", encoded(hsize_t{1} << 20, "d"), "longer than");        // 4 MiB in 4 KiB
    refused("fd", encoded_chunk(folder, 100, "d", some_bytes(400)), "checksum does not match");
    refused("df", Bytes(3), "too short");
    refused("s", Bytes(396), "holds 396 bytes");
    refused("s", Bytes(40000), "40000 bytes of the file");
}

BOOST_AUTO_TEST_CASE(damaged_chunks_are_errors_that_name_the_chunk) {
    const TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    const Bytes plain = some_bytes(400, 5);
    for (const std::string& filters : filter_orders()) {
        const bool checksum = filters.find('f') != std::string::npos;
        const bool deflate = filters.find('d') != std::string::npos;
        if (!checksum && !deflate) continue;
        const Bytes whole = encoded_chunk(folder, 100, filters, plain);
        for (const std::size_t at : {std::size_t{2}, whole.size() / 2, whole.size() - 1}) {
            Bytes damaged = whole;
            damaged[at] ^= 0x10;
            write_with_chunk(path, filters, damaged);
            const std::string failure = failure_of(path);
            BOOST_TEST_CONTEXT(filters << " at " << at << ": " << failure) {
                BOOST_TEST(holds(failure, "/x: chunk at (100,): "));
                const bool known = failure.find("checksum") != std::string::npos ||
                                   failure.find("gzip") != std::string::npos ||
                                   failure.find("bytes") != std::string::npos;
                BOOST_TEST(known);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_of_chunks_that_is_cut_is_an_error) {
    const TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    for (const hsize_t chunk : {10, 500}) {  // found one by one, and listed
        for (const char* filters : {"", "s", "sdf"}) {
            {
                const Id file = create_file(path);
                const Id dataset = create_dataset(file, "x", H5T_IEEE_F32LE, {20000},
                                                  chunked_plist({chunk}, filters));
                ok(H5Dwrite(dataset, H5T_IEEE_F32LE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                            some_bytes(80000).data()));
            }
            const pal::CheckpointReader reader(path);
            const auto& info = dataset_at(reader, "/x");
            std::filesystem::resize_file(path, std::filesystem::file_size(path) - 2000);
            const int code = error_code_of([&] { static_cast<void>(reader.open_weights(info)); });
            BOOST_TEST(code == kInputError, chunk << filters);
        }
    }
}

BOOST_AUTO_TEST_CASE(fletcher32_is_that_of_the_library) {
    const TemporaryFolder folder;
    for (const hsize_t values : {1, 89, 90, 91, 180, 10000}) {
        const Bytes bytes = some_bytes(values * 4, 9);
        const Bytes stored = encoded_chunk(folder, values, "f", bytes);
        std::uint32_t expected = 0;
        for (std::size_t b = 4; b-- > 0;) expected = expected << 8 | stored[values * 4 + b];
        BOOST_TEST(pal::fletcher32(std::as_bytes(std::span(bytes))) == expected);
    }
    const Bytes odd = {0x12, 0x34, 0x56};  // by hand: words 1234, 5600
    BOOST_TEST(pal::fletcher32(std::as_bytes(std::span(odd))) == 0x7A686834U);
}
