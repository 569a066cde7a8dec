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
constexpr std::string_view kSignedChunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
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

// What a client says of a body whose chunks it signs.
bool IsOfChunks(std::string_view name) {
  constexpr std::array<std::string_view, 4> kOfChunks = {
      kHashField, "x-amz-decoded-content-length", "x-amz-trailer",
      "x-amz-sdk-checksum-algorithm"};
  return std::any_of(kOfChunks.begin(), kOfChunks.end(),
                     [&](std::string_view one) { return SameName(one, name); });
}

// "aws-chunked,gzip" is "gzip" once the content is taken out.
std::string_view WithoutAwsChunked(std::string_view encodings) {
  const size_t comma = std::min(encodings.find(','), encodings.size());
  if (!SameName(encodings.substr(0, comma), "aws-chunked")) return encodings;
  encodings.remove_prefix(std::min(comma + 1, encodings.size()));
  while (encodings.starts_with(' ')) encodings.remove_prefix(1);
  return encodings;
}

bool ReadSize(std::string_view text, uint64_t& size) {
  constexpr size_t kMaxDigits = 15;
  if (text.empty() || text.size() > kMaxDigits) return false;
  size = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    size = size * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
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

std::optional<Problem> UnwrapAws(RequestHead& head,
                                 std::optional<AwsChunks>& chunks) {
  const Field* told = FindField(head.fields, kHashField);
  if (told == nullptr || !told->value.starts_with(kSignedChunks)) return {};
  const Field* length = FindField(head.fields, "x-amz-decoded-content-length");
  uint64_t size = 0;
  if (length == nullptr || !ReadSize(length->value, size)) {
    return Problem{"InvalidRequest",
                   "the length of a body in signed chunks is not told",
                   "send it as x-amz-decoded-content-length"};
  }
  chunks.emplace(size);
  head.framing = {};
  if (size != 0) head.framing = {Framing::Kind::kLength, size};
  std::vector<Field> fields;
  for (Field field : head.fields) {
    if (IsOfChunks(field.name)) continue;
    if (SameName(field.name, "content-encoding")) {
      field.value = WithoutAwsChunked(field.value);
      if (field.value.empty()) continue;
    }
    fields.push_back(field);
  }
  head.fields = std::move(fields);
  return {};
}

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
