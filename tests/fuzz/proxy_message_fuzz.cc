// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a request and as an answer that go through the HTTP proxy. What
// is taken for a message is written anew, and what was written must read as
// the same message: one head, the same framing, no field that was to be left
// out. The first byte chooses how the body is cut. Reading a body in pieces
// and at once must give the same content.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sidecar/proxy/http/body.h"
#include "sidecar/proxy/http/head.h"
#include "sidecar/proxy/http/hygiene.h"
#include "sidecar/proxy/http/target.h"

namespace claviger::sidecar::proxy {
namespace {

constexpr std::string_view kMark = "Bearer the-mark-of-the-credential";

void Require(bool promise) {
  if (!promise) std::abort();
}

size_t HeadOf(std::string_view bytes) {
  size_t from = 0;
  bool malformed = false;
  return FindHeadEnd(bytes, from, malformed);
}

std::string ContentOf(const Framing& framing, std::string_view bytes,
                      size_t piece, BodyDecoder::State& end) {
  BodyDecoder decoder;
  decoder.Start(framing);
  std::string all;
  end = BodyDecoder::State::kMore;
  while (true) {
    std::string_view part = bytes.substr(0, piece);
    const size_t before = part.size();
    std::string_view content;
    end = decoder.Next(part, content);
    bytes.remove_prefix(before - part.size());
    all.append(content);
    if (end == BodyDecoder::State::kDone ||
        end == BodyDecoder::State::kMalformed) {
      return all;
    }
    if (end == BodyDecoder::State::kMore && bytes.empty()) return all;
  }
}

void CheckBody(const Framing& framing, std::string_view bytes, size_t piece) {
  BodyDecoder::State whole_end{};
  BodyDecoder::State end{};
  const std::string whole =
      ContentOf(framing, bytes, bytes.size() + 1, whole_end);
  const std::string pieces = ContentOf(framing, bytes, piece, end);
  Require(whole_end == end && whole == pieces);
}

void CheckRequest(std::string_view bytes, size_t piece) {
  const size_t size = HeadOf(bytes);
  RequestHead head;
  if (size == 0 || ParseRequestHead(bytes.substr(0, size), head) != 0) return;
  const Origin origin = *ParseOrigin("https://api.corp:8443/base");
  Aimed aimed;
  if (!Aim({}, origin, head.method, head.target, aimed)) {
    Placement placement;
    placement.header = "Authorization";
    placement.header_value = Secret(std::string(kMark));
    std::string out;
    AppendRequest(head, origin, aimed, placement, Time(), out);
    Require(HeadOf(out) == out.size());
    RequestHead again;
    Require(ParseRequestHead(out, again) == 0);
    Require(again.method == head.method && again.host == origin.authority);
    Require(again.target.starts_with("/base"));
    Require(again.framing.kind == head.framing.kind);
    Require(again.framing.length == head.framing.length);
    Require(again.websocket == head.websocket);
    int credentials = 0;
    for (const Field& field : again.fields) {
      Require(!SameName(field.name, "proxy-authorization"));
      if (!SameName(field.name, "authorization")) continue;
      ++credentials;
      Require(field.value == kMark);
    }
    Require(credentials == 1);
  }
  CheckBody(head.framing, bytes.substr(size), piece);
}

void CheckAnswer(std::string_view bytes, size_t piece) {
  const size_t size = HeadOf(bytes);
  ResponseHead head;
  if (size == 0 || !ParseResponseHead(bytes.substr(0, size), "GET", head)) {
    return;
  }
  std::string out;
  const Encoding encoding = EncodingFor(head, 1);
  AppendResponse(head, encoding, false, out);
  Require(HeadOf(out) == out.size());
  ResponseHead again;
  Require(ParseResponseHead(out, "GET", again));
  Require(again.status == head.status);
  const bool chunked = encoding == Encoding::kChunked;
  if (head.status >= 200) {
    Require(chunked == (again.framing.kind == Framing::Kind::kChunked));
  }
  CheckBody(head.framing, bytes.substr(size), piece);
}

}  // namespace
}  // namespace claviger::sidecar::proxy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1),
                               size - 1);
  const size_t piece = data[0] % 16 + 1;
  claviger::sidecar::proxy::CheckRequest(bytes, piece);
  claviger::sidecar::proxy::CheckAnswer(bytes, piece);
  return 0;
}
