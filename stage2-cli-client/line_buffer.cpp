#include "stage2-cli-client/line_buffer.hpp"

#include <utility>

void LineBuffer::append(std::string_view bytes) {
    bytes_.erase(0, start_);
    searched_ -= start_;
    start_ = 0;
    bytes_.append(bytes);
}

bool LineBuffer::take_line(std::string& line) {
    const std::size_t end = bytes_.find('\n', searched_);
    if (end == std::string::npos) {
        searched_ = bytes_.size();
        return false;
    }
    line.assign(bytes_, start_, end - start_);
    start_ = searched_ = end + 1;
    return true;
}

std::string LineBuffer::take_rest() {
    std::string rest{text()};
    bytes_.clear();
    start_ = searched_ = 0;
    return rest;
}
