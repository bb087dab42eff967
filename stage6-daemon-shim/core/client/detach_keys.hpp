// The keys that end an attachment and leave the container running.
#pragma once

#include <string>
#include <string_view>

inline constexpr std::string_view kDefaultDetachKeys = "ctrl-p,ctrl-q";

class DetachKeys {
public:
    // "ctrl-p,ctrl-q", "ctrl-@", "a,b": single characters and ctrl- with a letter or one of @[\]^_.
    // Empty: the default. Throws UsageError.
    explicit DetachKeys(std::string_view text = kDefaultDetachKeys);

    // Takes what was typed and returns what is to be sent on. The beginning of the sequence is held
    // back until it is clear whether it is one.
    std::string pass(std::string_view typed);

    // The whole sequence has been typed; what came behind it is dropped.
    bool pressed() const { return matched_ == keys_.size(); }

private:
    std::string keys_;
    std::size_t matched_ = 0;
};
