#include "stage6-daemon-shim/core/loop/task.hpp"

#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/testing.hpp"

static Task<int> ready(int value) {
    co_return value;
}

static Task<long> sum_of(int count) {
    long sum = 0;
    for (int i = 0; i < count; ++i) sum += co_await ready(1);
    co_return sum;
}

// Runs a task that never has to wait.
template <class T>
static T run_ready(Task<T> task) {
    REQUIRE(task.await_ready());
    return task.await_resume();
}

TEST_CASE("a million awaits of what is ready need no more stack than one", "[stage6][task]") {
    CHECK(run_ready(sum_of(1000000)) == 1000000);
}

static Task<std::string> failing(bool fail) {
    if (fail) throw std::runtime_error{"no"};
    co_return "yes";
}

static Task<std::string> passing_on(bool fail) {
    std::string result = co_await failing(fail);
    co_return result + "!";
}

TEST_CASE("a task gives its result or its exception to who awaits it", "[stage6][task]") {
    CHECK(run_ready(passing_on(false)) == "yes!");
    CHECK_THROWS_WITH(run_ready(passing_on(true)), "no");
}

// Waits until somebody resumes it by hand.
struct UntilResumed {
    std::coroutine_handle<>& waiting;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
    void await_resume() {}
};

static Task<int> pausing(std::coroutine_handle<>& waiting, std::shared_ptr<int> held) {
    co_await UntilResumed{waiting};
    co_return *held;
}

static Task<int> around(std::coroutine_handle<>& waiting, std::shared_ptr<int> held) {
    const int first = co_await pausing(waiting, held);
    const int second = co_await pausing(waiting, held);
    co_return first + second;
}

TEST_CASE("a task that waits goes on, and its awaiter with it", "[stage6][task]") {
    std::coroutine_handle<> waiting;
    Task<int> task = around(waiting, std::make_shared<int>(4));
    CHECK_FALSE(task.await_ready());
    waiting.resume();
    CHECK_FALSE(task.handle().done());
    waiting.resume();
    CHECK(task.handle().done());
    CHECK(task.result() == 8);
}

TEST_CASE("destroying a task destroys everything where it waits", "[stage6][task]") {
    std::coroutine_handle<> waiting;
    const auto held = std::make_shared<int>(1);
    {
        Task<int> task = around(waiting, held);
        CHECK_FALSE(task.await_ready());
        CHECK(held.use_count() > 2);
    }
    CHECK(held.use_count() == 1);
    { const Task<int> never_started = around(waiting, held); }
    CHECK(held.use_count() == 1);
}

static Task<long> sum_of_pauses(std::coroutine_handle<>& waiting, int count) {
    long sum = 0;
    for (int i = 0; i < count; ++i) sum += co_await pausing(waiting, std::make_shared<int>(1));
    co_return sum;
}

TEST_CASE("a hundred thousand waits need no more stack than one", "[stage6][task]") {
    std::coroutine_handle<> waiting;
    Task<long> task = sum_of_pauses(waiting, 100000);
    CHECK_FALSE(task.await_ready());
    while (!task.handle().done()) waiting.resume();
    CHECK(task.result() == 100000);
}
