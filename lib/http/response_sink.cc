// SPDX-License-Identifier: Apache-2.0
#include "http/response_sink.h"

#include <algorithm>
#include <utility>

namespace claviger::http {
namespace {

constexpr size_t kFirstBuffer = size_t{4} << 10U;

std::string_view Trim(std::string_view text) {
  static constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Appends without leaving an unwiped copy behind when the buffer moves.
void AppendWiping(std::string& buffer, std::string_view bytes) {
  const size_t needed = buffer.size() + bytes.size();
  if (needed > buffer.capacity()) {
    std::string larger;
    larger.reserve(std::max({kFirstBuffer, needed, 2 * buffer.capacity()}));
    larger.append(buffer);
    WipeString(buffer);
    buffer.swap(larger);
  }
  buffer.append(bytes);
}

}  // namespace

ResponseSink::~ResponseSink() { WipeString(response_.body); }

bool ResponseSink::AddHeaderLine(std::string_view line) {
  header_bytes_ += line.size();
  if (line.substr(0, 5) == "HTTP/") response_.headers.clear();
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    response_.headers.emplace_back(Trim(line.substr(0, colon)),
                                   Trim(line.substr(colon + 1)));
  }
  over_ = over_ || header_bytes_ > kMaxHeaderBytes ||
          response_.headers.size() > kMaxHeaders;
  return !over_;
}

bool ResponseSink::AddBody(std::string_view bytes) {
  over_ = over_ || bytes.size() > max_body_ - response_.body.size();
  if (!over_) AppendWiping(response_.body, bytes);
  return !over_;
}

ClientResponse ResponseSink::Take(int status) {
  response_.status = status;
  return std::exchange(response_, ClientResponse{});
}

}  // namespace claviger::http
