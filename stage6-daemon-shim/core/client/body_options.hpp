// Options that become a field of a request's body as they are, and the words that become more.
#pragma once

#include <string_view>
#include <vector>

#include "common/options.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"

// Where a field is: in HostConfig, or in the body itself. Looked for anew each time: what is added
// beside it moves it.
struct BodyField {
    Json& body;
    const char* name;
    bool of_host = true;

    Json& get() const { return of_host ? body["HostConfig"][name] : body[name]; }
};

Option text_field(std::string_view names, std::string_view argument, std::string_view help,
                  BodyField field);
Option switch_field(std::string_view names, std::string_view help, BodyField field);
Option number_field(std::string_view names, std::string_view help, BodyField field, long smallest);
Option bytes_field(std::string_view names, std::string_view help, BodyField field);

// One that may come several times, and one whose "NAME=VALUE" is a member.
Option list_field(std::string_view names, std::string_view argument, std::string_view help,
                  BodyField field);
Option member_field(std::string_view names, std::string_view help, BodyField field);

// How much a container may use: memory, CPUs, processes. `of_host`: see BodyField; `update` sends
// them in the body itself.
std::vector<Option> limit_options(Json& body, bool of_host);

// "always", "on-failure:3" as {"Name":"on-failure","MaximumRetryCount":3}. Throws UsageError.
Json parse_restart_policy(std::string_view text);

// "type=bind,source=/a,target=/b,readonly" as an element of HostConfig.Mounts. Throws UsageError.
Json parse_mount(std::string_view text);

// "./a:/b" as "/where/we/are/a:/b"; all else unchanged.
std::string absolute_bind(std::string_view text);

// The lines of a file of "NAME=value", without comments and empty ones. Throws SystemError.
std::vector<std::string> lines_of_settings(const std::string& path);
