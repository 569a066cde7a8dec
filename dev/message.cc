// SPDX-License-Identifier: Apache-2.0
#include "dev/message.h"

#include <algorithm>
#include <utility>

#include "base/json.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr std::string_view kPrefix = "/v1/";
constexpr JsonLimits kBodyLimits{
    .max_bytes = size_t{2} << 20U, .max_depth = 100, .max_values = 200'000};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::map<std::string, std::string> ParseQuery(std::string_view query) {
  std::map<std::string, std::string> out;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const size_t equals = std::min(pair.find('='), pair.size());
    const auto name = Decode(pair.substr(0, equals));
    const auto value = Decode(pair.substr(std::min(equals + 1, pair.size())));
    if (name && value) out[*name] = *value;
  }
  return out;
}

http::ServerResponse Json(int status, const json& body) {
  http::ServerResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = DumpJson(body);
  response.secret = true;
  return response;
}

Parsed Refusal(int status, const std::string& error) {
  return {std::nullopt, Json(status, {{"errors", json::array({error})}})};
}

// What a web server's path cleaning would make of it; Vault redirects there.
std::string Cleaned(std::string_view path) {
  std::vector<std::string_view> segments;
  const bool folder = path.back() == '/';
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
    if (segment == ".." && !segments.empty()) segments.pop_back();
    if (!segment.empty() && segment != "." && segment != "..") {
      segments.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : segments) {
    out.append("/").append(segment);
  }
  return folder ? out + "/" : out;
}

std::optional<Operation> OperationOf(const http::ServerRequest& request,
                                     const Request& parsed) {
  const std::string& method = request.method;
  const auto list = parsed.query.find("list");
  if (method == "LIST") return Operation::kList;
  if (method == "GET" || method == "HEAD") {
    const bool listing = list != parsed.query.end() &&
                         (list->second == "true" || list->second == "1");
    return listing ? Operation::kList : Operation::kRead;
  }
  // Whether a write creates or updates is known once a backend has looked.
  if (method == "POST" || method == "PUT") return Operation::kUpdate;
  if (method == "DELETE") return Operation::kDelete;
  return std::nullopt;
}

std::string TokenOf(const http::ServerRequest& request) {
  if (const auto token = http::FindHeader(request.headers, "X-Vault-Token")) {
    return std::string(*token);
  }
  constexpr std::string_view kBearer = "Bearer ";
  const auto header = http::FindHeader(request.headers, "Authorization");
  if (header && header->substr(0, kBearer.size()) == kBearer) {
    return std::string(header->substr(kBearer.size()));
  }
  return "";
}

std::optional<Parsed> ReadBody(const http::ServerRequest& request,
                               Request& parsed) {
  if (!parsed.writes() || request.body.empty()) return std::nullopt;
  auto body = ParseJson(request.body, kBodyLimits);
  if (!body) return Refusal(500, body.error().message);
  if (!body->is_object()) {
    return Refusal(400, "error parsing JSON: not an object");
  }
  parsed.body = *std::move(body);
  return std::nullopt;
}

}  // namespace

Reply NoContent() {
  Reply reply;
  reply.status = 204;
  return reply;
}

Reply WithData(json data) {
  Reply reply;
  reply.data = std::move(data);
  return reply;
}

Reply Refused(int status, std::string message) {
  Reply reply;
  reply.status = status;
  reply.errors = std::vector<std::string>{std::move(message)};
  return reply;
}

Reply NotFound() {
  Reply reply;
  reply.status = 404;
  reply.errors = std::vector<std::string>{};
  return reply;
}

Reply Forbidden() {
  return Refused(403, "1 error occurred:\n\t* permission denied\n\n");
}

Reply UnsupportedPath() {
  return Refused(404, "1 error occurred:\n\t* unsupported path\n\n");
}

Reply UnsupportedOperation() {
  return Refused(405, "1 error occurred:\n\t* unsupported operation\n\n");
}

Reply RefusedBy(const Error& error) { return Refused(400, error.message); }

Parsed ParseRequest(http::ServerRequest&& request) {
  const std::string_view raw = http::PathOf(request);
  if (raw.substr(0, kPrefix.size()) != kPrefix) {
    return Refusal(404, "not found");
  }
  if (const std::string cleaned = Cleaned(raw); cleaned != raw) {
    Parsed parsed;
    parsed.refusal.status = 307;
    parsed.refusal.headers.emplace_back("Location", cleaned);
    return parsed;
  }
  Request parsed;
  auto path = Decode(raw.substr(kPrefix.size()));
  if (!path || path->find('\0') != std::string::npos) {
    return Refusal(400, "invalid path");
  }
  parsed.path = *std::move(path);
  parsed.query = ParseQuery(http::QueryOf(request));
  const auto operation = OperationOf(request, parsed);
  if (!operation) return Refusal(405, "unsupported operation");
  parsed.operation = *operation;
  if (*operation == Operation::kList && parsed.path.back() != '/') {
    parsed.path += '/';
  }
  if (parsed.writes() && !parsed.path.empty() && parsed.path.back() == '/') {
    return Refusal(400, "cannot write to a path ending in '/'");
  }
  parsed.token = TokenOf(request);
  if (auto refused = ReadBody(request, parsed)) return *std::move(refused);
  return {std::move(parsed), {}};
}

http::ServerResponse ToHttp(const Reply& reply, std::string request_id) {
  if (reply.errors) {
    return Json(reply.status, {{"errors", json(*reply.errors)}});
  }
  if (reply.status == 204) {
    http::ServerResponse response;
    response.status = 204;
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
  }
  if (reply.bare) return Json(reply.status, reply.data);
  json body = reply.repeat_data ? reply.data : json::object();
  body.update(
      {{"request_id", std::move(request_id)},
       {"lease_id", ""},
       {"renewable", false},
       {"lease_duration", reply.lease_duration},
       {"data", reply.data},
       {"wrap_info", nullptr},
       {"warnings", reply.warnings.empty() ? json() : json(reply.warnings)},
       {"auth", reply.auth}});
  return Json(reply.status, body);
}

}  // namespace claviger::dev
