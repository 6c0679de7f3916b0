// Slurm's variables, and what the program reads from them.
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "pipeline/machine/slurm.hpp"
#include "stages/tensor/error.hpp"

using namespace pal;

namespace {

using Variables = std::map<std::string, std::string>;

Environment environment_of(const Variables& variables) {
    return [&variables](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    };
}

Variables variables_of_task(const std::string& id, const std::string& count,
                            const std::string& first, const std::string& last,
                            const std::string& step) {
    return {{"SLURM_ARRAY_TASK_ID", id},
            {"SLURM_ARRAY_TASK_COUNT", count},
            {"SLURM_ARRAY_TASK_MIN", first},
            {"SLURM_ARRAY_TASK_MAX", last},
            {"SLURM_ARRAY_TASK_STEP", step}};
}

void check_task(const Variables& variables, std::size_t number, std::size_t count) {
    const auto task = array_task_from_slurm(environment_of(variables));
    BOOST_TEST_REQUIRE(task.has_value());
    BOOST_TEST(task->number == number);
    BOOST_TEST(task->count == count);
}

void check_refused(const Variables& variables, const std::string& word) {
    BOOST_CHECK_EXCEPTION((void)array_task_from_slurm(environment_of(variables)), Error,
                          [&](const Error& error) {
                              BOOST_TEST_INFO(error.what());
                              return error.code() == ErrorCode::kUsage &&
                                     std::string(error.what()).find(word) != std::string::npos;
                          });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(slurm)

BOOST_AUTO_TEST_CASE(an_array_from_0_has_its_ids_for_numbers) {
    check_task(variables_of_task("0", "4", "0", "3", "1"), 0, 4);
    check_task(variables_of_task("3", "4", "0", "3", "1"), 3, 4);
    check_task(variables_of_task("0", "1", "0", "0", "1"), 0, 1);
}

BOOST_AUTO_TEST_CASE(ids_may_begin_anywhere_and_go_in_steps) {
    check_task(variables_of_task("1", "4", "1", "4", "1"), 0, 4);
    check_task(variables_of_task("4", "4", "1", "4", "1"), 3, 4);
    check_task(variables_of_task("10", "3", "10", "30", "10"), 0, 3);
    check_task(variables_of_task("30", "3", "10", "30", "10"), 2, 3);
    check_task(variables_of_task("6", "4", "0", "7", "2"), 3,
               4);  // --array=0-7:2, if 7 counts as the last id
}

BOOST_AUTO_TEST_CASE(outside_of_an_array_job_there_is_no_task) {
    const Variables variables{{"SLURM_JOB_ID", "7"}, {"SLURM_CPUS_PER_TASK", "4"}};
    BOOST_TEST(!array_task_from_slurm(environment_of(variables)).has_value());
    BOOST_TEST(!array_task_from_slurm(environment_of({})).has_value());
}

BOOST_AUTO_TEST_CASE(ids_in_no_even_steps_are_refused_in_every_task) {
    for (const char* id : {"1", "2", "5"})  // --array=1,2,5
        check_refused(variables_of_task(id, "3", "1", "5", "1"), "even steps");
    check_refused(variables_of_task("5", "4", "0", "3", "1"), "even steps");
    check_refused(variables_of_task("1", "4", "2", "5", "1"), "even steps");
    check_refused(variables_of_task("11", "3", "10", "30", "10"), "even steps");
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_no_number_is_named) {
    for (const char* name : {"SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN",
                             "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"}) {
        Variables variables = variables_of_task("1", "4", "0", "3", "1");
        variables.erase(name);
        check_refused(variables, name);
    }
    check_refused(variables_of_task("one", "4", "0", "3", "1"), "'one'");
    check_refused(variables_of_task("-1", "4", "0", "3", "1"), "'-1'");
    check_refused(variables_of_task("", "4", "0", "3", "1"), "SLURM_ARRAY_TASK_ID");
    check_refused(variables_of_task("1", "0", "0", "3", "1"), "SLURM_ARRAY_TASK_COUNT");
    check_refused(variables_of_task("1", "4", "0", "3", "0"), "SLURM_ARRAY_TASK_STEP");
    check_refused(variables_of_task("1", "4 ", "0", "3", "1"), "'4 '");
}

BOOST_AUTO_TEST_CASE(cpus_are_those_of_the_task) {
    BOOST_TEST(!cpus_from_slurm(environment_of({})).has_value());
    const Variables some{{"SLURM_CPUS_PER_TASK", "16"}};
    BOOST_TEST(cpus_from_slurm(environment_of(some)).value() == 16U);
    for (const char* odd : {"0", "-1", "16x", "", "many"}) {
        const Variables variables{{"SLURM_CPUS_PER_TASK", odd}};
        BOOST_CHECK_THROW((void)cpus_from_slurm(environment_of(variables)), Error);
    }
}

BOOST_AUTO_TEST_SUITE_END()
