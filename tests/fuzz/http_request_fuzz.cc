// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what a client sends, cut into pieces of any size: the server's
// reader neither crashes nor grows beyond its limits, and whatever it takes for
// a request keeps what handlers rely on. The first byte chooses the size of the
// pieces. Reading in pieces and at once must come to the same requests.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"
#include "http/server_reader.h"

namespace claviger::http {
namespace {

constexpr size_t kMaxHead = 2'048;
constexpr size_t kMaxBody = 4'096;

void Require(bool promise) {
  if (!promise) std::abort();
}

void CheckRequest(const ServerRequest& request) {
  Require(!request.method.empty());
  Require(request.method != "CONNECT" && request.method != "TRACE");
  Require(request.target == "*" || request.target[0] == '/');
  Require(request.body.size() <= kMaxBody);
  size_t bytes = 0;
  for (const auto& [name, value] : request.headers) {
    bytes += name.size() + value.size();
    for (const char c : name + value) {
      Require(c == '\t' ||
              (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    }
  }
  Require(bytes <= kMaxHead);
  Require(!FindHeader(request.headers, "Upgrade"));
}

// What was read, as one text.
std::string ReadAll(std::string_view bytes, size_t piece) {
  ServerLimits limits;
  limits.max_header_bytes = kMaxHead;
  limits.max_body_bytes = kMaxBody;
  ServerReader reader(limits);
  std::string seen;
  while (true) {
    auto progress = reader.Advance();
    if (progress == ServerReader::Progress::kRequest) {
      const ServerRequest request = reader.Take();
      CheckRequest(request);
      seen += request.method + " " + request.target + "|" + request.body + "\n";
    } else if (progress == ServerReader::Progress::kRefused) {
      return seen + std::to_string(reader.refusal());
    } else {
      if (bytes.empty()) return seen;
      const auto space = reader.Space();
      Require(!space.empty());
      const size_t count = std::min({piece, bytes.size(), space.size()});
      std::memcpy(space.data(), bytes.data(), count);
      bytes.remove_prefix(count);
      reader.Received(count);
    }
  }
}

}  // namespace
}  // namespace claviger::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1),
                               size - 1);
  const size_t piece = data[0] % 64 + 1;
  const std::string whole = claviger::http::ReadAll(bytes, bytes.size() + 1);
  if (claviger::http::ReadAll(bytes, piece) != whole) std::abort();
  return 0;
}
