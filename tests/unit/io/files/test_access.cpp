// A file that is made of others is no more open than any of them.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "io/files/access.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal;

namespace {

struct ModesFixture {
    ModesFixture() : before_(::umask(0)) {}
    ~ModesFixture() { ::umask(before_); }
    ModesFixture(const ModesFixture&) = delete;
    ModesFixture& operator=(const ModesFixture&) = delete;

    [[nodiscard]] std::string file(const std::string& name, mode_t mode) const {
        test::write_file(folder.file(name), "x");
        ::chmod(folder.file(name).c_str(), mode);
        return folder.file(name);
    }
    [[nodiscard]] mode_t mode_of(const std::vector<mode_t>& sources, gid_t group) const {
        Access access;
        for (std::size_t s = 0; s < sources.size(); ++s)
            access.restrict_to(file(std::to_string(s), sources[s]));
        return access.mode(group);
    }

    test::TemporaryFolder folder;

  private:
    mode_t before_;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(only_what_every_source_grants_is_granted, ModesFixture) {
    const gid_t own = ::getegid();
    BOOST_TEST(mode_of({}, own) == 0600U);
    BOOST_TEST(mode_of({0644}, own) == 0644U);
    BOOST_TEST(mode_of({0600, 0644}, own) == 0600U);
    BOOST_TEST(mode_of({0664, 0646, 0777}, own) == 0644U);
    BOOST_TEST(mode_of({04755}, own) == 0755U);
    ::umask(027);
    BOOST_TEST(mode_of({0666}, own) == 0640U);
    BOOST_TEST(current_umask() == 027U);
}

BOOST_FIXTURE_TEST_CASE(another_group_gets_what_others_get, ModesFixture) {
    const gid_t other = ::getegid() + 1;
    BOOST_TEST(mode_of({0640}, other) == 0600U);
    BOOST_TEST(mode_of({0664}, other) == 0644U);
    BOOST_TEST(mode_of({0604}, other) == 0604U);
}

BOOST_FIXTURE_TEST_CASE(what_is_no_file_takes_nothing_away, ModesFixture) {
    Access access;
    access.restrict_to(file("a", 0644));
    access.restrict_to(folder.file("none"));
    access.restrict_to(folder.file(""));
    BOOST_TEST(access.mode(::getegid()) == 0644U);
}

BOOST_FIXTURE_TEST_CASE(files_made_meanwhile_are_private, ModesFixture) {
    {
        const PrivateFiles meanwhile;
        test::write_file(folder.file("a"), "x");
    }
    struct stat status {};
    ::stat(folder.file("a").c_str(), &status);
    BOOST_TEST((status.st_mode & 0777) == 0600U);
    BOOST_TEST(current_umask() == 0U);
}
