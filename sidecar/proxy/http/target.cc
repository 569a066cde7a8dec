// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/target.h"

#include <algorithm>
#include <charconv>

#include "base/names.h"

namespace claviger::sidecar::proxy {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsUnreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
}

// Whether a server that decodes the path (twice, if it likes) could find a
// "." or ".." between separators. Parameters behind a ";" do not hide one.
bool HasDotSegment(std::string_view path) {
  const std::string decoded = PercentDecoded(PercentDecoded(path));
  std::string_view rest = decoded;
  while (true) {
    const size_t end = rest.find_first_of("/\\");
    const std::string_view segment = rest.substr(0, end);
    const std::string_view name = segment.substr(0, segment.find(';'));
    if (name == "." || name == "..") return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

bool IsBelow(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || prefix.ends_with('/') ||
         path[prefix.size()] == '/';
}

bool IsBelowAny(std::string_view path,
                const std::vector<std::string>& prefixes) {
  return prefixes.empty() || std::any_of(prefixes.begin(), prefixes.end(),
                                         [&](const std::string& prefix) {
                                           return IsBelow(path, prefix);
                                         });
}

Problem NotAllowed(std::string detail, std::string fix) {
  return {"TargetNotAllowed", std::move(detail), std::move(fix)};
}

// The port behind a host, or the scheme's.
bool ReadPort(std::string_view digits, uint16_t& port) {
  if (digits.empty()) return true;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() &&
         port != 0;
}

// Up to the next slash or question mark, off the front of `path`.
std::string_view TakeSegment(std::string_view& path) {
  const size_t end = std::min(path.find_first_of("/?"), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

bool TakeSlash(std::string_view& path) {
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<ApiTarget> ParseApiTarget(std::string_view target) {
  constexpr std::string_view kPrefix = "/v1/connections/";
  if (!target.starts_with(kPrefix)) return std::nullopt;
  target.remove_prefix(kPrefix.size());
  ApiTarget parsed;
  parsed.connection.ns = TakeSegment(target);
  if (!TakeSlash(target)) return std::nullopt;
  parsed.connection.name = TakeSegment(target);
  if (!TakeSlash(target) || TakeSegment(target) != "http") return std::nullopt;
  // What cannot be a connection's name is the local API's to refuse.
  if (!IsDnsLabel(parsed.connection.ns) ||
      !IsDnsSubdomain(parsed.connection.name)) {
    return std::nullopt;
  }
  parsed.rest = target;
  return parsed;
}

std::string PercentDecoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        HexDigit(text[i + 1]) >= 0 &&
                        HexDigit(text[i + 2]) >= 0;
    if (!escape) {
      out += text[i];
      continue;
    }
    out +=
        static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
    i += 2;
  }
  return out;
}

std::string PercentEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

std::string WithoutParameter(std::string_view query, std::string_view name) {
  std::string out;
  while (!query.empty()) {
    // Some servers take a semicolon for a separator, too.
    const size_t end = std::min(query.find_first_of("&;"), query.size());
    const std::string_view pair = query.substr(0, end);
    std::string key = PercentDecoded(pair.substr(0, pair.find('=')));
    std::replace(key.begin(), key.end(), '+', ' ');
    if (key != name && !pair.empty()) {
      if (!out.empty()) out += '&';
      out += pair;
    }
    query.remove_prefix(std::min(query.size(), end + 1));
  }
  return out;
}

Result<Origin> ParseOrigin(std::string_view url) {
  Origin origin;
  if (url.starts_with("https://")) {
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
    origin.tls = false;
    origin.port = 80;
  } else {
    return Fail(ErrorCode::kInvalidArgument, "the url is not http or https");
  }
  const size_t slash = std::min(url.find('/'), url.size());
  const std::string_view authority = url.substr(0, slash);
  origin.authority = authority;
  origin.base = url.substr(slash);
  while (origin.base.ends_with('/')) origin.base.pop_back();
  const size_t bracket = authority.rfind(']');
  const size_t colon =
      authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = authority.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  origin.host = host;
  const std::string_view port =
      colon == std::string_view::npos ? "" : authority.substr(colon + 1);
  if (host.empty() || !ReadPort(port, origin.port)) {
    return Fail(ErrorCode::kInvalidArgument, "the url has no host");
  }
  return origin;
}

std::optional<Problem> Aim(const model::Endpoint& endpoint,
                           const Origin& origin, std::string_view method,
                           std::string_view target, Aimed& aimed) {
  const auto& methods = endpoint.methods;
  if (!methods.empty() &&
      std::find(methods.begin(), methods.end(), method) == methods.end()) {
    return NotAllowed("the connection does not allow this method",
                      "use one of endpoint.methods");
  }
  if (target == "*") {
    if (origin.base.empty() && endpoint.path_prefixes.empty()) {
      aimed = {"*", ""};
      return std::nullopt;
    }
    return NotAllowed("the connection allows only certain paths",
                      "name a path");
  }
  const size_t question = target.find('?');
  const std::string_view path = target.substr(0, question);
  if (HasDotSegment(path)) {
    return Problem{"InvalidRequest", "the path has a segment . or ..",
                   "write the path out"};
  }
  aimed.path = origin.base;
  aimed.path += path;
  aimed.query = question == std::string_view::npos
                    ? std::string_view()
                    : target.substr(question + 1);
  if (IsBelowAny(aimed.path, endpoint.path_prefixes)) return std::nullopt;
  return NotAllowed("the connection does not allow this path",
                    "stay below one of endpoint.pathPrefixes");
}

bool IsWithin(const model::Endpoint& endpoint, const Origin& origin,
              std::string_view path) {
  return !HasDotSegment(path) && IsBelow(path, origin.base) &&
         IsBelowAny(path, endpoint.path_prefixes);
}

}  // namespace claviger::sidecar::proxy
