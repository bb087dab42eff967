#include "tests/stage6/isolation_scene.hpp"

#include <filesystem>

#include "common/error.hpp"
#include "common/file.hpp"

BodyChange host_config(const std::string& field, const Json& value) {
    return [=](Json& body) { body["HostConfig"][field] = value; };
}

std::string IsolationScene::upper(const std::string& id) const {
    // Where overlay cannot be had the root is a copy.
    const Json config = parse_json(read_file(directory(id) + "/config.json"));
    const bool overlay = config.find("Driver")->as_string() == "overlay";
    const std::string path = directory(id) + (overlay ? "/upper" : "/root");
    std::filesystem::create_directory(path);
    std::filesystem::permissions(path, std::filesystem::perms{0755});
    return path;
}

std::string IsolationScene::create_with_probe(const std::string& name,
                                              const std::vector<std::string>& words,
                                              const BodyChange& change) const {
    std::vector<std::string> command = {"/probe"};
    command.insert(command.end(), words.begin(), words.end());
    const std::string id = create(name, command, change);
    std::filesystem::copy_file(probe(), upper(id) + "/probe");
    return id;
}

std::string IsolationScene::probe_says(const std::vector<std::string>& words,
                                       const BodyChange& change) const {
    const std::string name = random_name();
    create_with_probe(name, words, change);
    start(name);
    const int code = wait(name);
    const auto [out, err] = logs(name);
    std::string text = out + err;
    if (!text.empty() && text.back() == '\n') text.pop_back();
    if (code != 0) text += (text.empty() ? "exit " : "\nexit ") + std::to_string(code);
    return text;
}

std::string status_field(const std::string& status, const std::string& name) {
    const auto at = ("\n" + status).find("\n" + name + ":");
    if (at == std::string::npos) throw Failure{"no field " + name + " in " + status};
    const auto start = status.find_first_not_of(": \t", at + name.size());
    return status.substr(start, status.find('\n', start) - start);
}
