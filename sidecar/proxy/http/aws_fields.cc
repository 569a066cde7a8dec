// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/aws_fields.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/digest.h"

namespace claviger::sidecar::proxy {
namespace {

constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr std::string_view kUnsignedChunks =
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
constexpr std::string_view kHashField = "x-amz-content-sha256";
constexpr std::array<std::string_view, 8> kOfPresigned = {
    "X-Amz-Algorithm",      "X-Amz-Credential",    "X-Amz-Date",
    "X-Amz-Expires",        "X-Amz-Signature",     "X-Amz-SignedHeaders",
    "X-Amz-Security-Token", "X-Amz-Content-Sha256"};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool IsHash(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// What the client says of its body, where that can be said again.
std::string_view ToldHash(const RequestHead& head) {
  const Field* told = FindField(head.fields, kHashField);
  if (told == nullptr) return {};
  const bool fits = IsHash(told->value) || told->value == kUnsigned ||
                    told->value == kUnsignedChunks;
  return fits ? told->value : std::string_view();
}

std::string HashOf(const RequestHead& head) {
  const std::string_view told = ToldHash(head);
  if (!told.empty()) return std::string(told);
  return head.framing.kind == Framing::Kind::kNone ? Sha256Hex("")
                                                   : std::string(kUnsigned);
}

// Runs of spaces are one to whoever checks.
std::string OneSpaced(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c != ' ' || !out.ends_with(' ')) out += c;
  }
  return out;
}

// A "+" is a space to most readers of queries and a plus to others; "%20" is
// the same to all.
std::string WithoutPlus(std::string_view query) {
  std::string out;
  for (const char c : query) {
    if (c == '+') {
      out += "%20";
    } else {
      out += c;
    }
  }
  return out;
}

// "%2F" is a slash to some servers and a byte of a name to others, when they
// make the signature again: all is sent in the one spelling that they sign.
std::string OneSpelling(std::string_view path) {
  std::string out;
  for (const char c : PercentDecoded(path)) {
    if (c == '/') {
      out += c;
    } else {
      out += PercentEncode({&c, 1});
    }
  }
  return out;
}

// Signed where they are there, as S3's documentation asks for.
bool IsContentField(std::string_view name) {
  return name == "content-type" || name == "content-md5";
}

Problem Unusable(std::string detail, std::string fix) {
  return {"CredentialUnusable", std::move(detail), std::move(fix)};
}

// An object can be read by copying it to where one may read: what is copied has
// to be where one may go. "/bucket/key?versionId=..", with or without the first
// slash, encoded.
std::optional<Problem> CheckSources(const RequestHead& head,
                                    const model::Endpoint& endpoint,
                                    const Origin& origin) {
  if (origin.base.empty() && endpoint.path_prefixes.empty()) return {};
  for (const Field& field : head.fields) {
    if (Lower(field.name) != "x-amz-copy-source") continue;
    std::string source = PercentDecoded(field.value);
    if (!source.starts_with('/')) source.insert(0, "/");
    if (IsWithin(endpoint, origin, source)) continue;
    return Problem{"TargetNotAllowed",
                   "x-amz-copy-source names what the connection does not allow",
                   "copy from below one of endpoint.pathPrefixes"};
  }
  return {};
}

}  // namespace

bool IsAwsField(std::string_view name) {
  std::string start = Lower(name.substr(0, 6));
  std::replace(start.begin(), start.end(), '_', '-');
  return start == "x-amz-";
}

std::optional<Problem> PrepareAws(const RequestHead& head,
                                  const model::Endpoint& endpoint,
                                  const Origin& origin, const AwsKey& key,
                                  Aimed& aimed) {
  for (const std::string_view name : kOfPresigned) {
    aimed.query = WithoutParameter(aimed.query, name);
  }
  aimed.query = WithoutPlus(aimed.query);
  if (key.service == "s3") aimed.path = OneSpelling(aimed.path);
  const Field* told = FindField(head.fields, kHashField);
  if (told != nullptr && told->value.starts_with("STREAMING-AWS4-")) {
    return Unusable(
        "the client signs each chunk of the body, with a key that the server "
        "does not know",
        "have the client leave the payload unsigned, or hash it whole");
  }
  const bool hashless = key.service != "s3" && ToldHash(head).empty() &&
                        head.framing.kind != Framing::Kind::kNone;
  if (hashless) {
    return Unusable("the service wants the hash of the body, which is streamed",
                    "send it as x-amz-content-sha256");
  }
  return CheckSources(head, endpoint, origin);
}

void AppendAwsFields(const RequestHead& head, const std::vector<Field>& own,
                     const Origin& origin, const Aimed& aimed,
                     const AwsKey& key, Time now, std::string& out) {
  const std::string date = AwsDate(now);
  const std::string hash = HashOf(head);
  std::map<std::string, std::string> fields;
  for (const Field& field : own) {
    const std::string name = Lower(field.name);
    const bool covered = name.starts_with("x-amz-") || IsContentField(name);
    if (!covered || name.find('_') != std::string::npos) continue;
    std::string& value = fields[name];
    if (!value.empty()) value += ",";
    value += OneSpaced(field.value);
  }
  fields["x-amz-date"] = date;
  fields[std::string(kHashField)] = hash;
  fields.erase("x-amz-security-token");
  if (!key.session_token.empty()) {
    fields["x-amz-security-token"] = key.session_token.Reveal();
  }
  AwsRequest request{head.method, aimed.path, aimed.query, {}, hash};
  request.headers.emplace_back("host", origin.authority);
  for (const auto& [name, value] : fields) {
    if (!IsContentField(name)) {
      out.append(name).append(": ").append(value).append("\r\n");
    }
    request.headers.emplace_back(name, value);
  }
  out.append("Authorization: ");
  out.append(AwsAuthorization(key, std::move(request), date)).append("\r\n");
}

}  // namespace claviger::sidecar::proxy
