#include "stage1-tcp-manager/protocol.hpp"

#include "stage1-tcp-manager/validation.hpp"

Verdict ContainerTable::execute(std::string_view line, std::string& reply) {
    const auto words = words_of(line);
    if (words.empty()) return Verdict::go_on;
    const auto answer = [&](std::string_view text, Verdict verdict = Verdict::go_on) {
        reply.append(text).append("\n");
        return verdict;
    };
    // The article's client says this after an error, to close.
    if (trimmed(line) == "Connection closed.") return Verdict::close;
    const Refusal refusal = why_refused(line, words);
    if (!refusal.reason.empty()) {
        return answer(refusal.reason, refusal.closes ? Verdict::close : Verdict::go_on);
    }

    const std::string_view verb = words[0];
    if (verb == "exit" || verb == "quit") return Verdict::close;
    if (verb == "list") {
        if (words.size() != 1) return answer("Usage: list");
        list(reply);
    } else if (verb == "run" || verb == "stop") {
        if (words.size() != 2) return answer("Usage: " + std::string{verb} + " <container_name>");
        const std::string invalid = why_invalid_name(words[1]);
        if (!invalid.empty()) return answer(invalid);
        if (verb == "run") run(words[1], reply);
        if (verb == "stop") stop(words[1], reply);
    } else {
        return answer("Unknown command " + std::string{verb});
    }
    return Verdict::go_on;
}

void ContainerTable::run(std::string_view name, std::string& reply) {
    auto found = by_name_.find(name);
    if (found == by_name_.end()) {
        if (containers_.size() == kContainersMax) {
            reply.append("Too many containers: at most ");
            reply.append(std::to_string(kContainersMax)).append("\n");
            return;
        }
        containers_.push_back({std::string{name}, ""});
        Container& added = containers_.back();
        found = by_name_.emplace(added.name, &added).first;
    }
    found->second->status = "created";
    reply.append("Container '").append(name).append("' created at '/tmp/");
    reply.append(name).append(".txt'\n");
}

void ContainerTable::stop(std::string_view name, std::string& reply) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
        reply.append("Container not found\n");
        return;
    }
    found->second->status = "stopped";
    reply.append("Container '").append(name).append("' stopped\n");
}

// As Python prints a list of strings.
void ContainerTable::list(std::string& reply) const {
    reply.append("Available containers: [");
    std::string_view separator;
    for (const Container& container : containers_) {
        reply.append(separator).append("'").append(container.name);
        reply.append(" - ").append(container.status).append("'");
        separator = ", ";
    }
    reply.append("]\n");
}
