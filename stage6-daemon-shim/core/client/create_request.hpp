// What `run` and `create` ask for.
#pragma once

#include <string>
#include <vector>

#include "stage6-daemon-shim/core/client/command.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"

struct CreateRequest {
    std::string name{};
    std::string image{"host"};
    std::vector<std::string> command{};
    std::vector<std::string> environment{};       // "NAME=value" each
    std::vector<std::string> file_environment{};  // of --env-file: weaker
    std::string working_directory{};              // empty: the daemon's choice
    std::string isolation{};
    std::string id_file{};
    std::vector<std::string> attach_to{};  // "stdin", "stdout", "stderr"; empty: as usual
    bool open_stdin = false;
    bool terminal = false;
    bool attach = false;  // somebody will: the first of them ends the container's input
    bool auto_remove = false;
    Json body = Json::object();  // what the other options ask for, as the API has it

    // Whether this stream is to be attached, `usual` where -a says nothing.
    bool attaches(std::string_view stream, bool usual) const;
};

// How a feature plugs into the client: see features/. Each member may be left out.
struct ClientFeature {
    // More options of `run` and `create`; they write into the request's body.
    std::vector<Option> (*create_options)(Json& body) = nullptr;
    CommandGroup commands{};
};

// The options that both commands have, the features' among them; they write into `request`.
std::vector<Option> create_options(const ClientProgram& program, CreateRequest& request);

// Takes the image, where the program has one, and the command: IMAGE COMMAND..., or
// [IMAGE] -- COMMAND.... Throws UsageError.
void take_image_and_command(const Command& command, const CommandLine& line,
                            CreateRequest& request);

// Asks the daemon for it and returns the container's id. The daemon's warnings go to stderr.
std::string create_container(const Command& command, const CreateRequest& request);
