// Task: a coroutine that gives its result to the one coroutine that awaits it. Handlers written
// with it read like blocking code and need no locks, since one thread runs them all.
//
// How it differs from the textbook's: the body begins inside await_ready(), on the stack of the
// one who awaits, and only a body that really had to wait stores whom to continue. A task that is
// ready at once so returns like a function. (With symmetric transfer alone each of them leaves a
// frame on the stack under g++ 12 without optimization or with ASan: overflow after some 10,000.)
//
// Rules for who writes one: parameters by value, or references to what the awaiting side keeps
// alive; never a capturing lambda as a coroutine, since its captures die with the lambda; loops
// are plain loops with one await a buffer; no braced list within a co_await expression, which
// g++ 12 cannot compile ("array used as initializer"): name the value first. Destroying a Task
// destroys its body where it waits.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

template <class T>
class Task;

class TaskPromiseBase {
public:
    std::suspend_always initial_suspend() noexcept { return {}; }

    struct Continue {
        bool await_ready() noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
            return ended.promise().continuation;
        }
        void await_resume() noexcept {}
    };
    Continue final_suspend() noexcept { return {}; }

    void unhandled_exception() { failure = std::current_exception(); }

    // Whom to go on with at the end: nobody while the body runs inside await_ready().
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr failure;
};

template <class T>
class TaskPromise : public TaskPromiseBase {
public:
    Task<T> get_return_object();
    void return_value(T value) { value_.emplace(std::move(value)); }

    T result() {
        if (failure) std::rethrow_exception(failure);
        return std::move(*value_);
    }

private:
    std::optional<T> value_;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
public:
    Task<void> get_return_object();
    void return_void() {}

    void result() {
        if (failure) std::rethrow_exception(failure);
    }
};

template <class T = void>
class [[nodiscard]] Task {
public:
    using promise_type = TaskPromise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    explicit Task(Handle handle) : handle_{handle} {}
    Task(Task&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
    Task& operator=(Task&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Task() {
        if (handle_) handle_.destroy();
    }

    // `co_await task`: runs it, waits for its end, and returns its result or throws its exception.
    bool await_ready() {
        handle_.resume();
        return handle_.done();
    }
    void await_suspend(std::coroutine_handle<> awaiting) noexcept {
        handle_.promise().continuation = awaiting;
    }
    T await_resume() { return handle_.promise().result(); }

    // `co_await task.completion()`: the same, but the result stays inside for result().
    struct Completion {
        Task& task;
        bool await_ready() { return task.await_ready(); }
        void await_suspend(std::coroutine_handle<> awaiting) noexcept {
            task.await_suspend(awaiting);
        }
        void await_resume() noexcept {}
    };
    Completion completion() { return {*this}; }
    T result() { return handle_.promise().result(); }

    // For the loop, which starts a task that nobody awaits.
    std::coroutine_handle<> handle() const { return handle_; }

private:
    Handle handle_;
};

template <class T>
Task<T> TaskPromise<T>::get_return_object() {
    return Task<T>{std::coroutine_handle<TaskPromise>::from_promise(*this)};
}

inline Task<void> TaskPromise<void>::get_return_object() {
    return Task<void>{std::coroutine_handle<TaskPromise>::from_promise(*this)};
}
