// What a case has said: all of it, or its beginning and its end when it is long.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

class Transcript {
public:
    void add(std::string_view bytes) {
        const std::size_t room = std::min(kHeadBytesMax - head_.size(), bytes.size());
        head_.append(bytes.substr(0, room));
        tail_.append(bytes.substr(room));
        if (tail_.size() > 2 * kTailBytesMax) {
            left_out_ += tail_.size() - kTailBytesMax;
            tail_.erase(0, tail_.size() - kTailBytesMax);
        }
    }

    std::string text() const {
        if (left_out_ == 0) return head_ + tail_;
        return head_ + "\n... " + std::to_string(left_out_) + " bytes left out ...\n" + tail_;
    }

private:
    static constexpr std::size_t kHeadBytesMax = 32u << 10;
    static constexpr std::size_t kTailBytesMax = 32u << 10;

    std::string head_, tail_;
    std::size_t left_out_ = 0;
};
