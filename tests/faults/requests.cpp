#include "tests/faults/requests.hpp"

#include "common/error.hpp"

static constexpr auto kOutageMax = std::chrono::seconds{60};

template <class Action>
static auto while_there_is_none(Action action) {
    const auto end = std::chrono::steady_clock::now() + kOutageMax;
    while (true) {
        try {
            return action();
        } catch (const Unreachable&) {
            if (std::chrono::steady_clock::now() >= end) throw;
        }
        pause_before_retry();
    }
}

Reply Requests::send(std::string_view method, const ApiTarget& target,
                     const std::optional<Json>& body) const {
    return while_there_is_none([&]() -> Reply {
        try {
            ApiClient api = engine_.api();
            auto response = api.request(method, target, body);
            return {response.status, std::move(response.body)};
        } catch (const ApiError& error) {
            return {error.status(), error.what()};
        } catch (const ConnectionLost&) {
            return {};
        }
    });
}

Reply Requests::ask(std::string_view method, const ApiTarget& target,
                    const std::optional<Json>& body) const {
    while (true) {
        Reply reply = send(method, target, body);
        if (reply.status != 0) return reply;
    }
}

std::optional<Json> Requests::inspect(const std::string& name) const {
    const Reply reply = ask("GET", ApiTarget{"/containers/", name, "/json"});
    if (reply.status == 404) return {};
    if (reply.status != 200) throw Failure{"inspect " + name + ": " + reply.body};
    return parse_json(reply.body);
}

std::string Requests::status(const std::string& name) const {
    const auto inspected = inspect(name);
    return inspected ? state_of(*inspected, "Status").as_string() : "";
}

static std::string answered(const Reply& reply) {
    return std::to_string(reply.status) + " " + reply.body;
}

std::string Requests::create(const std::string& name, const Json& body) const {
    while (true) {
        const ApiTarget target = ApiTarget{"/containers/create"}.with("name", name);
        const Reply reply = send("POST", target, body);
        if (reply.status == 201) return {};
        if (reply.status != 0) return answered(reply);
        if (inspect(name)) return {};
    }
}

// A start whose answer was lost: perhaps the container has run meanwhile, and must not run again.
std::string Requests::start(const std::string& name) const {
    while (true) {
        const Reply reply = send("POST", ApiTarget{"/containers/", name, "/start"});
        if (reply.status == 204 || reply.status == 304) return {};
        if (reply.status != 0) return answered(reply);
        const std::string now = status(name);
        if (now == "running" || now == "exited") return {};
        if (now != "created") return "it is '" + now + "' after a start that was cut off";
    }
}

std::string Requests::remove(const std::string& name) const {
    const ApiTarget target = ApiTarget{"/containers/", name}.with("force", "1");
    const Reply reply = ask("DELETE", target);
    if (reply.status != 204 && reply.status != 404) return answered(reply);
    return inspect(name) ? "it is still there" : "";
}

std::string Requests::act(const std::string& name, const std::string& verb,
                          const std::string& reached, const std::string& query) const {
    while (true) {
        const Reply reply = send("POST", ApiTarget{"/containers/", name, "/" + verb + query});
        const std::string now = status(name);
        if (now == reached) return {};
        if (reply.status != 0) return answered(reply) + ", and it is '" + now + "'";
    }
}

int Requests::wait(const std::string& name) const {
    const Reply reply = ask("POST", ApiTarget{"/containers/", name, "/wait"});
    if (reply.status != 200) return -1;
    return static_cast<int>(parse_json(reply.body).find("StatusCode")->as_integer());
}

Json container_body(const Words& command) {
    return Json::object({{"Image", "host"}, {"Cmd", Json::array(command)}});
}

Json state_of(const Json& inspected, std::string_view member) {
    return *inspected.find("State")->find(member);
}
