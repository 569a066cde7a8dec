// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a request that is signed for AWS. What is sent is read again, as
// a server would, and its signature made again from that: both must agree. No
// field that AWS looks at goes unsigned, nothing of the client's own signature
// goes on, and writing the canonical spelling once more changes nothing.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sidecar/proxy/http/aws_fields.h"
#include "sidecar/proxy/http/head.h"
#include "sidecar/proxy/http/hygiene.h"
#include "sidecar/proxy/http/target.h"

namespace claviger::sidecar::proxy {
namespace {

void Require(bool promise) {
  if (!promise) std::abort();
}

Placement MakeAws(bool s3) {
  Placement placement;
  AwsKey key;
  key.access_key_id = "AKIAREAL";
  key.secret_access_key = Secret(std::string("the-secret-key"));
  key.session_token = Secret(std::string("the-session"));
  key.region = "eu-west-1";
  key.service = s3 ? "s3" : "logs";
  placement.aws = std::move(key);
  return placement;
}

std::string_view Line(std::string_view text, int number) {
  for (; number > 0; --number) text.remove_prefix(text.find('\n') + 1);
  return text.substr(0, text.find('\n'));
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// As a server does: from what arrived alone.
void CheckSent(const std::string& sent, const AwsKey& key) {
  RequestHead head;
  Require(ParseRequestHead(sent, head) == 0);
  const Field* authorization = FindField(head.fields, "authorization");
  const Field* date = FindField(head.fields, "x-amz-date");
  const Field* hash = FindField(head.fields, "x-amz-content-sha256");
  Require(authorization != nullptr && date != nullptr && hash != nullptr);
  AwsRequest request;
  request.method = head.method;
  const size_t question = std::min(head.target.find('?'), head.target.size());
  request.path = head.target.substr(0, question);
  request.query =
      head.target.substr(std::min(question + 1, head.target.size()));
  request.payload_hash = hash->value;
  for (const Field& field : head.fields) {
    const std::string name = Lower(field.name);
    const bool of_aws = name.starts_with("x-amz-");
    // Spelt in another way they would be ours to some servers, and unsigned.
    Require(IsAwsField(name) == of_aws);
    if (name == "x-amz-security-token") Require(field.value == "the-session");
    if (of_aws || name == "host" || name == "content-type" ||
        name == "content-md5") {
      auto known = request.headers.begin();
      while (known != request.headers.end() && known->first != name) ++known;
      Require(!of_aws || known == request.headers.end());
      if (known == request.headers.end()) {
        known = request.headers.insert(known, {name, ""});
      } else {
        known->second += ',';
      }
      for (const char c : field.value) {
        const bool run = c == ' ' && known->second.ends_with(' ');
        if (!run) known->second += c;
      }
    }
  }
  Require(AwsAuthorization(key, request, std::string(date->value)) ==
          authorization->value);
  const bool s3 = key.service == "s3";
  const std::string once = AwsCanonicalRequest(request, s3);
  const std::string path(Line(once, 1));
  const std::string query(Line(once, 2));
  request.query = query;
  if (s3) request.path = path;
  Require(AwsCanonicalRequest(request, s3) == once);
}

void Check(std::string_view bytes, bool s3) {
  size_t from = 0;
  bool malformed = false;
  const size_t size = FindHeadEnd(bytes, from, malformed);
  RequestHead head;
  if (size == 0 || ParseRequestHead(bytes.substr(0, size), head) != 0) return;
  const model::Endpoint endpoint;
  const Origin origin = *ParseOrigin("https://s3.corp:8443/base");
  const Placement placement = MakeAws(s3);
  Aimed aimed;
  if (Aim(endpoint, origin, head.method, head.target, aimed)) return;
  if (PrepareAws(head, endpoint, origin, *placement.aws, aimed)) return;
  std::string out;
  AppendRequest(head, origin, aimed, placement, Time(), out);
  CheckSent(out, *placement.aws);
}

// Signed chunks give the same content in pieces and at once, and never more
// than was told.
void CheckChunks(std::string_view bytes) {
  constexpr uint64_t kTold = 16;
  AwsChunks whole(kTold);
  std::string at_once;
  const bool taken = whole.Take(bytes, at_once);
  AwsChunks cut(kTold);
  std::string in_pieces;
  bool all = true;
  for (size_t at = 0; all && at < bytes.size(); at += 3) {
    all = cut.Take(bytes.substr(at, 3), in_pieces);
  }
  Require(taken == all && whole.done() == cut.done());
  Require(at_once.size() <= kTold && in_pieces.size() <= kTold);
  if (taken) Require(at_once == in_pieces);
  if (taken && whole.done()) Require(at_once.size() == kTold);
}

}  // namespace
}  // namespace claviger::sidecar::proxy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  claviger::sidecar::proxy::Check(bytes, true);
  claviger::sidecar::proxy::Check(bytes, false);
  claviger::sidecar::proxy::CheckChunks(bytes);
  return 0;
}
