#include "stage6-daemon-shim/features/policies/policies_in_client.hpp"

#include "stage6-daemon-shim/core/client/body_options.hpp"
#include "stage6-daemon-shim/core/client/quantities.hpp"

static Json& health_of(Json& body, const char* field) {
    return body["Healthcheck"][field];
}

static Option time_option(std::string_view name, std::string_view help, Json& body,
                          const char* field) {
    return {name, "TIME", help, [&body, name, field](std::string_view text) {
                health_of(body, field) = parse_nanoseconds(text, name);
            }};
}

static std::vector<Option> policy_options(Json& body) {
    const auto set_test = [&body](std::vector<std::string> test) {
        health_of(body, "Test") = Json::array(test);
    };
    return {
        {"--restart", "POLICY", "what happens at its end: no, always, unless-stopped, on-failure:3",
         [&body](std::string_view text) {
             body["HostConfig"]["RestartPolicy"] = parse_restart_policy(text);
         }},
        {"--health-cmd", "COMMAND", "run in it now and then: 0 means that it is healthy",
         [set_test](std::string_view text) {
             set_test({"CMD-SHELL", std::string{text}});
         }},
        time_option("--health-interval", "how often (30s)", body, "Interval"),
        time_option("--health-timeout", "how long it may take (30s)", body, "Timeout"),
        time_option("--health-start-period", "how long failures do not count at the start (0s)",
                    body, "StartPeriod"),
        time_option("--health-start-interval", "how often meanwhile (5s)", body, "StartInterval"),
        {"--health-retries", "N", "how many failures in a row make it unhealthy (3)",
         [&body](std::string_view text) {
             health_of(body, "Retries") = parse_number(text, "--health-retries", 0, 1'000'000);
         }},
        {"--no-healthcheck", "", "none, also if the image has one",
         [set_test](std::string_view) { set_test({"NONE"}); }},
    };
}

ClientFeature policies_in_client() {
    return {.create_options = policy_options};
}
