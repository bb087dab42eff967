// --explain of limits: the groups, what is written into them, and that they go.
#include "tests/stage5/groups.hpp"

TEST_CASE("--explain tells the groups of a container, their limits and their end",
          "[stage5][root]") {
    need_limits();
    const StageContainer container{5};
    const Result result = run(container.probing({"pid"}, {"--explain", "--pids", "20"}));
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out == "1\n");
    const auto made = result.err.find("mkdir(\"");
    const auto limited = result.err.find("/pids.max\", \"20\") = 2\n");
    const auto born = result.err.find("clone(2)");
    const auto gone = result.err.find("rmdir(\"");
    REQUIRE(gone != std::string::npos);
    CHECK(made < limited);
    CHECK(limited < born);
    CHECK(born < gone);
}

TEST_CASE("--explain of a run that fails halfway tells how it is cleaned up", "[stage5][root]") {
    need_limits();
    const StageContainer container{5};
    const Result result = run(container.command({"/no/such"}, {"--explain", "--pids", "20"}));
    INFO(result);
    CHECK(result.exit_code == 127);
    CHECK(result.err.find("rmdir(\"") != std::string::npos);
    CHECK(result.err.find("price of being watched") != std::string::npos);
}
