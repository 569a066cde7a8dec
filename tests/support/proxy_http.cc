// SPDX-License-Identifier: Apache-2.0
#include "support/proxy_http.h"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace claviger::testing {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr uint32_t kMaxHead = 64U * 1024U;
constexpr uint64_t kMaxBody = uint64_t{1} << 30U;

// Parses what there is; false at an error. `ahead` keeps the rest.
template <typename Parser>
bool Feed(Parser& parser, std::string& ahead, bool& progress) {
  beast::error_code error;
  const size_t used = parser.put(boost::asio::buffer(ahead), error);
  ahead.erase(0, used);
  progress = used > 0;
  return !error || error == http::error::need_more;
}

// Reads until `enough` holds; false when the channel ended before.
template <typename Parser, typename Enough>
bool ReadUntil(Parser& parser, ProxyChannel& channel, std::string& ahead,
               const Enough& enough) {
  while (!enough()) {
    bool progress = false;
    if (!ahead.empty() && !Feed(parser, ahead, progress)) return false;
    if (progress) continue;
    if (channel.ReadSome(ahead)) continue;
    if (!parser.got_some()) return false;
    beast::error_code error;
    parser.put_eof(error);
    return !error && enough();
  }
  return true;
}

template <typename Fields>
std::string HeadersOf(const Fields& fields) {
  std::string lines;
  for (const auto& field : fields) {
    if (field.name() == http::field::content_length ||
        field.name() == http::field::transfer_encoding) {
      continue;
    }
    lines += std::string(field.name_string()) + ": ";
    lines += std::string(field.value()) + "\r\n";
  }
  return lines;
}

std::string WithLength(std::string head, const std::string& headers,
                       const std::string& body) {
  head += headers + "Content-Length: " + std::to_string(body.size());
  return head + "\r\n\r\n" + body;
}

std::string StatusLine(const ProxiedAnswer& answer) {
  return "HTTP/1.1 " + std::to_string(answer.status) + " x\r\n";
}

}  // namespace

bool ProxiedCall::IsWrite() const {
  return method != "GET" && method != "LIST";
}

std::string TextOf(const ProxiedCall& call) {
  return WithLength(call.method + " " + call.target + " HTTP/1.1\r\n",
                    call.headers, call.body);
}

std::string TextOf(const ProxiedAnswer& answer) {
  if (answer.status == 204) {
    return StatusLine(answer) + answer.headers + "\r\n";
  }
  return WithLength(StatusLine(answer), answer.headers, answer.body);
}

std::string ChunkedHeadOf(const ProxiedAnswer& answer) {
  return StatusLine(answer) + answer.headers +
         "Transfer-Encoding: chunked\r\n\r\n";
}

std::string ChunkOf(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string size;
  for (size_t left = bytes.size(); left > 0; left /= 16) {
    size.insert(size.begin(), kDigits[left % 16]);
  }
  if (size.empty()) size = "0";
  return size.append("\r\n").append(bytes).append("\r\n");
}

bool CallReader::Read(ProxiedCall& call) {
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  parser.header_limit(kMaxHead);
  parser.body_limit(kMaxBody);
  if (!ReadUntil(parser, channel_, ahead_, [&] { return parser.is_done(); })) {
    return false;
  }
  const auto& message = parser.get();
  call.method = std::string(message.method_string());
  call.target = std::string(message.target());
  call.headers = HeadersOf(message.base());
  call.body = message.body();
  return true;
}

struct AnswerReader::Parser {
  http::response_parser<http::string_body> http;
};

AnswerReader::AnswerReader(ProxyChannel& channel)
    : parser_(std::make_unique<Parser>()), channel_(channel) {
  parser_->http.header_limit(kMaxHead);
  parser_->http.body_limit(kMaxBody);
}
AnswerReader::~AnswerReader() = default;

bool AnswerReader::ReadHead(ProxiedAnswer& answer) {
  auto& parser = parser_->http;
  if (!ReadUntil(parser, channel_, ahead_,
                 [&] { return parser.is_header_done(); })) {
    return false;
  }
  parser.eager(true);
  answer.status = static_cast<int>(parser.get().result_int());
  answer.headers = HeadersOf(parser.get().base());
  return true;
}

bool AnswerReader::ReadBody(ProxiedAnswer& answer) {
  auto& parser = parser_->http;
  if (!ReadUntil(parser, channel_, ahead_, [&] { return parser.is_done(); })) {
    return false;
  }
  answer.body = parser.get().body();
  return true;
}

bool AnswerReader::ReadPiece(std::string& bytes) {
  auto& parser = parser_->http;
  std::string& body = parser.get().body();
  const bool read = ReadUntil(parser, channel_, ahead_, [&] {
    return parser.is_done() || !body.empty();
  });
  bytes += std::exchange(body, std::string());
  return read && !parser.is_done();
}

bool AnswerReader::HasPiece() const { return !ahead_.empty(); }

bool AnswerReader::done() const { return parser_->http.is_done(); }

}  // namespace claviger::testing
