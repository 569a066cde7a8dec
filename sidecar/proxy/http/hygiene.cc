// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/hygiene.h"

#include <algorithm>
#include <array>

#include "sidecar/proxy/http/aws_fields.h"

namespace claviger::sidecar::proxy {
namespace {

// Said anew by us where they are needed at all.
constexpr std::array<std::string_view, 12> kPerHop = {
    "connection",          "keep-alive",
    "proxy-connection",    "te",
    "transfer-encoding",   "upgrade",
    "content-length",      "host",
    "http2-settings",      "proxy-authenticate",
    "proxy-authorization", "alt-svc"};
// A client's own, which the server might take for ours or for somebody else's.
constexpr std::array<std::string_view, 5> kOfClients = {
    "authorization", "x-claviger-user-token", "x-claviger-request",
    "proxy-authorization", "x-claviger-secret"};
// Some frameworks take these for the request's own method and path, which are
// what the Connection allows or not.
constexpr std::array<std::string_view, 6> kOverrides = {
    "x-http-method-override", "x-http-method",  "x-method-override",
    "x-original-url",         "x-original-uri", "x-rewrite-url"};
constexpr std::array<std::string_view, 6> kNeverTrailers = {
    "authorization", "cookie", "expect", "trailer", "set-cookie", "range"};

template <size_t kSize>
bool IsOneOf(const std::array<std::string_view, kSize>& names,
             std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view one) { return SameName(one, name); });
}

// Whether a Connection field names this one.
bool IsNamed(const std::vector<Field>& fields, std::string_view name) {
  bool named = false;
  for (const Field& field : fields) {
    if (!SameName(field.name, "connection")) continue;
    ForEachToken(field.value, [&](std::string_view token) {
      named = named || SameName(token, name);
    });
  }
  return named;
}

// "_" and "-" are the same to servers that make variables of headers.
bool SameVariable(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           x = x == '_' ? '-' : x;
           y = y == '_' ? '-' : y;
           return SameName({&x, 1}, {&y, 1});
         });
}

template <size_t kSize>
bool IsVariableOf(const std::array<std::string_view, kSize>& names,
                  std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view one) {
    return SameVariable(one, name);
  });
}

void AppendField(std::string_view name, std::string_view value,
                 std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

std::string_view CookieName(std::string_view cookie) {
  cookie = cookie.substr(0, cookie.find('='));
  while (!cookie.empty() && cookie.front() == ' ') cookie.remove_prefix(1);
  while (!cookie.empty() && cookie.back() == ' ') cookie.remove_suffix(1);
  return cookie;
}

// The client's cookies but the credential's, then the credential's own.
void AppendCookies(const RequestHead& head, std::string_view ours,
                   std::string& out) {
  const std::string_view own = CookieName(ours);
  out.append("Cookie: ");
  for (const Field& field : head.fields) {
    if (!SameName(field.name, "cookie")) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view cookie = rest.substr(0, end);
      if (CookieName(cookie) != own && !CookieName(cookie).empty()) {
        out.append(cookie).append("; ");
      }
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
  }
  out.append(ours).append("\r\n");
}

bool GoesOn(const RequestHead& head, const Field& field,
            const Placement& placement, bool names_fields) {
  if (IsOneOf(kPerHop, field.name) || IsOneOf(kOfClients, field.name)) {
    return false;
  }
  if (IsVariableOf(kOverrides, field.name) ||
      SameVariable(field.name, "authorization") ||
      SameVariable(field.name, "proxy-authorization")) {
    return false;
  }
  if (!placement.header.empty() && SameVariable(field.name, placement.header)) {
    return false;
  }
  return !names_fields || !IsNamed(head.fields, field.name);
}

void AppendTarget(const Aimed& aimed, const Placement& placement,
                  std::string& out) {
  out.append(aimed.path);
  if (placement.parameter.empty()) {
    if (!aimed.query.empty()) out.append("?").append(aimed.query);
    return;
  }
  const std::string rest = WithoutParameter(aimed.query, placement.parameter);
  out.append("?").append(rest);
  if (!rest.empty()) out.append("&");
  out.append(PercentEncode(placement.parameter)).append("=");
  out.append(placement.parameter_value.Reveal());
}

void AppendFraming(const Framing& framing, bool says_zero, std::string& out) {
  if (framing.kind == Framing::Kind::kChunked) {
    AppendField("Transfer-Encoding", "chunked", out);
  } else if (framing.kind == Framing::Kind::kLength || says_zero) {
    AppendField("Content-Length", std::to_string(framing.length), out);
  }
}

}  // namespace

void AppendRequest(const RequestHead& head, const Origin& origin,
                   const Aimed& aimed, const Placement& placement, Time now,
                   std::string& out) {
  out.append(head.method).append(" ");
  AppendTarget(aimed, placement, out);
  out.append(" HTTP/1.1\r\n");
  AppendField("Host", origin.authority, out);
  const bool names_fields = FindField(head.fields, "connection") != nullptr;
  std::vector<Field> to_sign;
  for (const Field& field : head.fields) {
    if (!GoesOn(head, field, placement, names_fields)) continue;
    if (placement.aws) to_sign.push_back(field);
    if (placement.aws && IsAwsField(field.name)) continue;
    AppendField(field.name, field.value, out);
  }
  if (placement.aws) {
    AppendAwsFields(head, to_sign, origin, aimed, *placement.aws, now, out);
  } else if (SameName(placement.header, "cookie")) {
    AppendCookies(head, placement.header_value.Reveal(), out);
  } else if (!placement.header.empty()) {
    AppendField(placement.header, placement.header_value.Reveal(), out);
  }
  // Some servers ask for a length of what usually has a body.
  const bool says_zero = head.framing.kind == Framing::Kind::kNone &&
                         FindField(head.fields, "content-length") != nullptr;
  AppendFraming(head.framing, says_zero, out);
  if (head.websocket) {
    out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
  }
  out.append("\r\n");
}

Encoding EncodingFor(const ResponseHead& head, int client_minor) {
  switch (head.framing.kind) {
    case Framing::Kind::kNone:
    case Framing::Kind::kLength:
      return Encoding::kNone;
    default:
      return client_minor == 0 ? Encoding::kUntilClose : Encoding::kChunked;
  }
}

void AppendResponse(const ResponseHead& head, Encoding encoding, bool close,
                    std::string& out) {
  out.append("HTTP/1.1 ").append(std::to_string(head.status)).append(" ");
  out.append(head.reason).append("\r\n");
  const bool names_fields = FindField(head.fields, "connection") != nullptr;
  for (const Field& field : head.fields) {
    if (IsOneOf(kPerHop, field.name)) continue;
    if (names_fields && IsNamed(head.fields, field.name)) continue;
    AppendField(field.name, field.value, out);
  }
  if (head.status == 101) {
    out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    return;
  }
  if (encoding == Encoding::kChunked) {
    AppendField("Transfer-Encoding", "chunked", out);
  } else if (const Field* length = FindField(head.fields, "content-length");
             length != nullptr && head.status >= 200 && head.status != 204) {
    // Also where there is no body: HEAD says what GET would have.
    AppendField("Content-Length", length->value, out);
  }
  if (close) AppendField("Connection", "close", out);
  out.append("\r\n");
}

void AppendTrailers(const std::vector<Field>& trailers,
                    const Placement& placement, std::string& out) {
  out.append("0\r\n");
  for (const Field& field : trailers) {
    const bool fits = !IsOneOf(kPerHop, field.name) &&
                      !IsOneOf(kOfClients, field.name) &&
                      !IsOneOf(kNeverTrailers, field.name) &&
                      !IsVariableOf(kOverrides, field.name) &&
                      !SameVariable(field.name, "authorization") &&
                      (placement.header.empty() ||
                       !SameVariable(field.name, placement.header));
    if (fits) AppendField(field.name, field.value, out);
  }
  out.append("\r\n");
}

}  // namespace claviger::sidecar::proxy
