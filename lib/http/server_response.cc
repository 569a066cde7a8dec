// SPDX-License-Identifier: Apache-2.0
#include "http/server_response.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace claviger::http {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};

constexpr std::array kPhrases = {
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{204, "No Content"},
    Phrase{301, "Moved Permanently"},
    Phrase{302, "Found"},
    Phrase{304, "Not Modified"},
    Phrase{307, "Temporary Redirect"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{410, "Gone"},
    Phrase{412, "Precondition Failed"},
    Phrase{413, "Payload Too Large"},
    Phrase{414, "URI Too Long"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{417, "Expectation Failed"},
    Phrase{422, "Unprocessable Entity"},
    Phrase{424, "Failed Dependency"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
};

bool IsTokenChar(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || kOthers.find(c) != std::string_view::npos;
}

bool IsValueChar(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void AppendNumber(size_t number, std::string& out) {
  std::array<char, 20> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  const auto* found = std::find_if(
      kPhrases.begin(), kPhrases.end(),
      [&](const Phrase& phrase) { return phrase.status == status; });
  return found == kPhrases.end() ? "Status" : found->text;
}

bool HasBody(int status) {
  return status >= 200 && status != 204 && status != 304;
}

bool HasPlainHeaders(const ServerResponse& response) {
  return std::all_of(
      response.headers.begin(), response.headers.end(), [](const Header& item) {
        return !item.first.empty() &&
               std::all_of(item.first.begin(), item.first.end(), IsTokenChar) &&
               std::all_of(item.second.begin(), item.second.end(), IsValueChar);
      });
}

void AppendHead(const ServerResponse& response, bool close, std::string& out) {
  out.append("HTTP/1.1 ");
  AppendNumber(static_cast<size_t>(response.status), out);
  out.append(" ").append(ReasonPhrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    out.append(name).append(": ").append(value).append("\r\n");
  }
  if (HasBody(response.status)) {
    out.append("Content-Length: ");
    AppendNumber(response.body.size(), out);
    out.append("\r\n");
  }
  if (close) out.append("Connection: close\r\n");
  out.append("\r\n");
}

ServerResponse MakeProblem(int status) {
  ServerResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/problem+json");
  response.body.append("{\"status\":");
  AppendNumber(static_cast<size_t>(status), response.body);
  response.body.append(",\"title\":\"")
      .append(ReasonPhrase(status))
      .append("\"}");
  return response;
}

std::string_view EventStreamHead() {
  return "HTTP/1.1 200 OK\r\n"
         "Content-Type: text/event-stream\r\n"
         "Cache-Control: no-store\r\n"
         "Connection: close\r\n"
         "\r\n";
}

}  // namespace claviger::http
