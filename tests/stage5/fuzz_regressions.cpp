// What the fuzzers found (tests/fuzz), each with the input that showed it, made smaller.
#include "common/error.hpp"
#include "stage5-cgroups/cpu_list.hpp"
#include "tests/support/testing.hpp"

TEST_CASE("minus zero is no processor", "[stage5]") {
    for (const char* list : {"0--0", "08,0--0", "-0", "0,-0"}) {
        CAPTURE(list);
        CHECK_THROWS_AS(parse_cpu_list(list), UsageError);
    }
    CHECK(parse_cpu_list("0-0").size() == 1);
}
