// SPDX-License-Identifier: Apache-2.0
#include "http/server_head.h"

#include <utility>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <limits>
#include <string>

namespace claviger::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;
using beast::http::verb;

constexpr size_t kMaxTargetBytes = size_t{8} * 1024;
constexpr size_t kMaxFields = 128;

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

bool IsCleanLine(std::string_view line) {
  if (!line.empty() && (line[0] == ' ' || line[0] == '\t')) return false;
  return std::none_of(line.begin(), line.end(), IsControl);
}

bool IsPlainTarget(std::string_view target) {
  return std::all_of(target.begin(), target.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

bool SameText(std::string_view left, std::string_view right) {
  return beast::iequals({left.data(), left.size()},
                        {right.data(), right.size()});
}

// Turns "http://host/path" into "/path" where host is what Host says.
bool ReduceAbsoluteTarget(std::string& target, std::string_view host) {
  const std::string_view text = target;
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  if (!SameText(text.substr(0, scheme), "http") &&
      !SameText(text.substr(0, scheme), "https")) {
    return false;
  }
  const size_t begin = scheme + 3;
  const size_t path = std::min(text.find_first_of("/?", begin), text.size());
  if (!SameText(text.substr(begin, path - begin), host)) return false;
  std::string rest(text.substr(path));
  target = rest.empty() || rest[0] != '/' ? "/" + rest : std::move(rest);
  return true;
}

class HeadParser final : public beast::http::basic_parser<true> {
 public:
  HeadParser() {
    eager(false);
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  Head head;
  int refusal = 400;

 private:
  using Error = beast::error_code;
  using Text = beast::string_view;

  void Refuse(int status, Error& error) {
    refusal = status;
    error = beast::http::error::bad_field;
  }

  void on_request_impl(verb method, Text name, Text target, int version,
                       Error& error) override {
    version_ = version;
    if (method == verb::connect || method == verb::trace) Refuse(400, error);
    if (target.size() > kMaxTargetBytes) return Refuse(414, error);
    head.request.method.assign(name.data(), name.size());
    head.request.target.assign(target.data(), target.size());
    if (!IsPlainTarget(head.request.target)) Refuse(400, error);
  }

  void on_field_impl(field id, Text name, Text value, Error& error) override {
    if (head.request.headers.size() >= kMaxFields) return Refuse(431, error);
    switch (id) {
      case field::host:
        if (has_host_) return Refuse(400, error);
        has_host_ = true;
        host_.assign(value.data(), value.size());
        break;
      case field::content_length:
        return TakeLength(name, value, error);
      case field::transfer_encoding:
        if (head.chunked || !beast::iequals(value, "chunked")) {
          return Refuse(400, error);
        }
        head.chunked = true;
        break;
      case field::upgrade:
        return Refuse(400, error);
      case field::expect:
        if (!beast::iequals(value, "100-continue")) return Refuse(417, error);
        head.expects_continue = true;
        break;
      default:
        break;
    }
    Keep(name, value);
  }

  // Digits only and once: "+5", "5, 5" and a repeated header are all spellings
  // that some other reader takes for another number.
  void TakeLength(Text name, Text value, Error& error) {
    const bool digits = !value.empty() && value.size() <= 18 &&
                        std::all_of(value.begin(), value.end(), [](char c) {
                          return c >= '0' && c <= '9';
                        });
    if (has_length_ || !digits) return Refuse(400, error);
    has_length_ = true;
    for (const char c : value) {
      head.content_length =
          head.content_length * 10 + static_cast<uint64_t>(c - '0');
    }
    Keep(name, value);
  }

  void Keep(Text name, Text value) {
    head.request.headers.emplace_back(std::string(name.data(), name.size()),
                                      std::string(value.data(), value.size()));
  }

  void on_header_impl(Error& error) override {
    const bool old = version_ < 11;
    head.keep_alive = !old && keep_alive();
    if (old ? head.chunked : !has_host_) return Refuse(400, error);
    if (head.chunked && has_length_) return Refuse(400, error);
    std::string& target = head.request.target;
    const bool asterisk = target == "*" && head.request.method == "OPTIONS";
    if (target[0] == '/' || asterisk) return;
    if (!has_host_ || !ReduceAbsoluteTarget(target, host_)) Refuse(400, error);
  }

  // The body is read by ServerReader; these are never reached.
  void on_response_impl(int, Text, int, Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&,
                         Error&) override {}
  std::size_t on_body_impl(Text body, Error&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Error&) override {
    return body.size();
  }
  void on_finish_impl(Error&) override {}

  int version_ = 0;
  bool has_host_ = false;
  bool has_length_ = false;
  std::string host_;
};

}  // namespace

HeadScanner::State HeadScanner::Scan(std::string_view bytes) {
  while (true) {
    const size_t end = bytes.find('\n', line_start_);
    if (end == std::string_view::npos) return State::kMore;
    if (end == line_start_ || bytes[end - 1] != '\r') return State::kMalformed;
    const std::string_view line =
        bytes.substr(line_start_, end - 1 - line_start_);
    const bool first = line_start_ == 0;
    if (!IsCleanLine(line) || (first && line.empty())) {
      return State::kMalformed;
    }
    line_start_ = end + 1;
    if (line.empty()) return State::kComplete;
  }
}

HeadResult ParseHead(std::string_view bytes) {
  HeadParser parser;
  beast::error_code error;
  parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error || !parser.is_header_done()) return {std::nullopt, parser.refusal};
  return {std::move(parser.head), 0};
}

}  // namespace claviger::http
