// make grade: marks for a class, of whom some are no friends.
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.hpp"
#include "common/file.hpp"
#include "tests/classroom/classroom.hpp"
#include "tests/stage3/container.hpp"
#include "tests/support/case.hpp"

static constexpr const char* kGood = R"(#!/bin/sh
case $1 in now) echo ready;; "") echo hello;; *) echo "$1";; esac
)";

static Result grade(const std::vector<std::string>& variables) {
    if (!is_root()) need_user_namespaces();
    std::vector<std::string> environment{
        "STAGE=1", "PROGRAM=", "PROGRAMS=", "DIR=", "FORMAT=", "TIME=", "SEED=5", "CASE=[pupil]"};
    environment.insert(environment.end(), variables.begin(), variables.end());
    const std::string tests = own_program();
    return run({built("tests/grade"), "--tests", tests.substr(tests.rfind('/') + 1)},
               {.environment = environment,
                .directory = source_directory(),
                .deadline = std::chrono::seconds{600}});
}

static void submit(const std::string& directory, const std::string& name, const std::string& text) {
    write_file(directory + "/" + name, text);
    check(::chmod((directory + "/" + name).c_str(), 0755), "chmod", name);
}

TEST_CASE("a class is graded with a line for each, and what most have lost", "[classroom]") {
    const std::string directory = temporary_directory();
    submit(directory, "anna", kGood);
    submit(directory, "ben", "#!/bin/sh\necho hello\n");
    make_directories(directory + "/carla/build");
    submit(directory, "carla/build/stage1-mine", "#!/bin/sh\necho ready\n");
    make_directories(directory + "/dan");
    const Result result = grade({"DIR=" + directory});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out ==
          "stage 1, 3 points, seed 5\n"
          "  anna     3/3  all\n"
          "  ben      1/3  first lost: victim: it's there, and says so at once\n"
          "  carla    1/3  first lost: victim: it says hello\n"
          "  dan      0/3  no program: one is called stage1 or run\n"
          "lost by most:\n"
          "  3 x  victim: its name is said back\n"
          "  2 x  victim: it says hello\n"
          "  2 x  victim: it's there, and says so at once\n");
}

TEST_CASE("one program's points are listed, and a computer may read them", "[classroom]") {
    const std::string program = script("#!/bin/sh\necho hello\n");
    const Result text = grade({"PROGRAM=" + program});
    INFO(text);
    CHECK(contains(text.out, "  1  victim: it says hello\n"));
    CHECK(contains(text.out, "  0  victim: its name is said back\n"));
    const Result json = grade({"PROGRAMS=" + program + " " + program, "FORMAT=json"});
    INFO(json);
    CHECK(json.out.starts_with("{\"stage\": 1, \"seed\": 5, \"points\": 3, \"students\": ["));
    CHECK(contains(json.out, "{\"name\": \"" + program +
                                 "\", \"points\": 1, \"note\": \"\", \"tests\": [{\"name\": "
                                 "\"victim: it says hello\", \"points\": 1}, "));
}

TEST_CASE("a submission that takes too long is told so", "[classroom]") {
    const std::string directory = temporary_directory();
    submit(directory, "sleeper", "#!/bin/sh\ntrap '' TERM\nsleep 1000\n");
    const Result result = grade({"DIR=" + directory, "TIME=2"});
    INFO(result);
    CHECK(contains(result.out, "sleeper    0/3  time is up after 2 s\n"));
}

TEST_CASE("no submission harms the others, the grader or the machine", "[classroom][slow]") {
    const std::string directory = temporary_directory();
    submit(directory, "anna", kGood);
    submit(directory, "bomber", "#!/bin/sh\nbomb() { bomb | bomb & }\nbomb\nwait\n");
    submit(directory, "filler",
           "#!/bin/sh\nfor place in /tmp /var/tmp /dev/shm / /usr '" + directory + "' '" +
               source_directory() +
               "'; do head -c 1000000000 /dev/zero >\"$place/slipway-filled\"; done 2>/dev/null\n");
    submit(directory, "killer", "#!/bin/sh\nkill -9 -1\nkill -9 1 $PPID\n");
    submit(directory, "sleeper", "#!/bin/sh\ntrap '' TERM\nsleep 1000\n");
    submit(directory, "talker", "#!/bin/sh\nexec yes\n");
    submit(directory, "thief",
           "#!/bin/sh\nmkdir /tmp/work/$$; touch '" + directory + "/anna' '" + directory +
               "/stolen'; kill -9 " + std::to_string(::getpid()) + "\n");
    submit(directory, "zoe", kGood);
    const Result result = grade({"DIR=" + directory, "TIME=60"});
    INFO(result);
    CHECK(result.exit_code == 0);
    for (const std::string name : {"bomber", "filler", "killer", "sleeper", "talker", "thief"}) {
        CHECK(contains(result.out, "\n  " + name + std::string(9 - name.size(), ' ') + "  0/3  "));
    }
    CHECK(contains(result.out, "anna       3/3  all\n"));
    CHECK(contains(result.out, "zoe        3/3  all\n"));
    CHECK(!file_exists(directory + "/stolen"));
    for (const std::string place : {"/tmp", "/var/tmp", "/dev/shm", "", "/usr"}) {
        CHECK(!file_exists(place + "/slipway-filled"));
    }
}

TEST_CASE("a submission cannot hand in the answer that lies beside it", "[classroom]") {
    const std::string directory = temporary_directory();
    submit(directory, "anna", kGood);
    const std::string answer = built("stage1-tcp-manager");
    submit(directory, "copier",
           "#!/bin/sh\nfor one in '" + directory + "/anna' ../anna '" + answer +
               "' $BUILD/stage1-tcp-manager '" + source_directory() +
               "/README.md'; do [ ! -e \"$one\" ] || { echo hello; exit; }; done\n");
    const Result result = grade({"DIR=" + directory});
    INFO(result);
    CHECK(contains(result.out, "\n  anna      3/3  all\n"));
    CHECK(contains(result.out, "\n  copier    0/3  "));
}

TEST_CASE("a submission cannot write its own marks", "[classroom]") {
    const std::string program = script(
        "#!/bin/bash\nfor fd in /proc/[0-9]*/fd/*; do\n"
        "  case $(readlink $fd) in pipe:*) timeout 1 bash -c 'printf \"%s\\n\" \"\" "
        "\"passed: victim: it says hello (0.0 s)\" \"passed: victim: its name is said back (0.0 "
        "s)\" >$0' $fd;; esac\ndone 2>/dev/null\n");
    const Result result = grade({"PROGRAM=" + program});
    INFO(result);
    CHECK(contains(result.out, " 0/3  "));
}

TEST_CASE("a submission has no right that an ordinary user has not", "[classroom][root]") {
    const std::string program = script(
        "#!/bin/sh\n"
        "if [ $(id -u) -gt 1000 ] && ! cat /etc/shadow && ! touch /etc/x && [ $$ -lt 1000 ] &&\n"
        "   ! ls /root/* && ! ip route | grep . ; then echo hello; fi 2>/dev/null\n");
    const Result result = grade({"PROGRAM=" + program, "CASE=victim: it says hello"});
    INFO(result);
    CHECK(contains(result.out, " 1/1  all\n"));
}

TEST_CASE("what is missing for grading is named", "[classroom]") {
    CHECK(grade({"STAGE="}).exit_code == 2);
    CHECK(grade({"STAGE=6", "PROGRAM=/bin/true"}).exit_code == 2);
    CHECK(grade({}).exit_code == 2);
    CHECK(contains(grade({"DIR=/no/such"}).err, "there is no directory /no/such"));
}
