// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/aws_signature.h"

#include <algorithm>

#include "base/digest.h"
#include "sidecar/proxy/http/target.h"

namespace claviger::sidecar::proxy {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTermination = "aws4_request";

std::string FromHex(const std::string& hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

std::string Hmac(std::string_view key, std::string_view text) {
  return FromHex(HmacSha256Hex(key, text));
}

// Sorted by name, then value, each encoded in the one way.
std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(query.size(), end + 1));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value =
        pair.substr(std::min(equals + 1, pair.size()));
    pairs.emplace_back(PercentEncode(PercentDecoded(pair.substr(0, equals))),
                       PercentEncode(PercentDecoded(value)));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::string CanonicalPath(std::string_view path, bool s3) {
  std::string out;
  while (true) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, slash);
    out += PercentEncode(s3 ? PercentDecoded(segment) : std::string(segment));
    if (slash == path.size()) return out;
    if (s3 || !out.ends_with('/')) out += '/';
    path.remove_prefix(slash + 1);
  }
}

// The names of the headers, as SignedHeaders lists them.
std::string NamesOf(const AwsRequest& request) {
  std::string names;
  for (const auto& [name, value] : request.headers) {
    names.append(names.empty() ? "" : ";").append(name);
  }
  return names;
}

// The key that signs one day's requests to one service.
Secret SigningKey(const AwsKey& key, std::string_view day) {
  std::string secret = "AWS4";
  secret.append(key.secret_access_key.Reveal());
  Secret signing(Hmac(secret, day));
  WipeString(secret);
  for (const std::string_view part :
       {std::string_view(key.region), std::string_view(key.service),
        kTermination}) {
    signing = Secret(Hmac(signing.Reveal(), part));
  }
  return signing;
}

}  // namespace

std::string AwsDate(Time now) {
  std::string date;
  for (const char c : FormatRfc3339(now).substr(0, 19)) {
    if (c != '-' && c != ':') date += c;
  }
  return date + "Z";
}

std::string AwsCanonicalRequest(AwsRequest& request, bool s3) {
  std::sort(request.headers.begin(), request.headers.end());
  std::string text(request.method);
  text.append("\n").append(CanonicalPath(request.path, s3));
  text.append("\n").append(CanonicalQuery(request.query)).append("\n");
  for (const auto& [name, value] : request.headers) {
    text.append(name).append(":").append(value).append("\n");
  }
  text.append("\n").append(NamesOf(request));
  text.append("\n").append(request.payload_hash);
  return text;
}

std::string AwsAuthorization(const AwsKey& key, AwsRequest request,
                             const std::string& date) {
  const std::string text = AwsCanonicalRequest(request, key.service == "s3");
  const std::string day = date.substr(0, 8);
  std::string scope = day;
  scope.append("/").append(key.region).append("/").append(key.service);
  scope.append("/").append(kTermination);
  std::string to_sign(kAlgorithm);
  to_sign.append("\n").append(date).append("\n").append(scope);
  to_sign.append("\n").append(Sha256Hex(text));
  const Secret signing = SigningKey(key, day);
  std::string out(kAlgorithm);
  out.append(" Credential=").append(key.access_key_id).append("/");
  out.append(scope).append(", SignedHeaders=").append(NamesOf(request));
  out.append(", Signature=").append(HmacSha256Hex(signing.Reveal(), to_sign));
  return out;
}

}  // namespace claviger::sidecar::proxy
