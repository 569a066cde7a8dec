// SPDX-License-Identifier: Apache-2.0
#include "http/event_parser.h"

#include <utility>

namespace claviger::http {
namespace {

// What stands behind "<field>:"; one blank after the colon is not part of it.
std::string_view ValueOf(std::string_view line, size_t colon) {
  line.remove_prefix(colon + 1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

}  // namespace

bool EventParser::Add(std::string_view bytes) {
  for (const char c : bytes) {
    if (over_) return false;
    if (c == '\n') {
      over_ = !EndLine();
    } else if (line_.size() < kMaxLine) {
      line_ += c;
    } else {
      over_ = true;
    }
  }
  return !over_;
}

bool EventParser::EndLine() {
  std::string line = std::exchange(line_, {});
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) {
    const std::string event = std::exchange(event_, {});
    const std::string data = std::exchange(data_, {});
    if (!event.empty()) take_(event, data);
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return true;
  const std::string_view field = std::string_view(line).substr(0, colon);
  if (field == "event") event_ = ValueOf(line, colon);
  if (field == "data") {
    if (!data_.empty()) data_ += '\n';
    data_ += ValueOf(line, colon);
  }
  return data_.size() <= kMaxLine;
}

}  // namespace claviger::http
