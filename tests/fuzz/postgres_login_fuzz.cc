// SPDX-License-Identifier: Apache-2.0
//
// A hostile server in a login, and in the stream behind it. The first byte
// says what is allowed and how the rest is cut: whatever is cut how must end
// the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "postgres/login.h"
#include "postgres/stream_tracker.h"

namespace {

namespace postgres = claviger::postgres;

class SameRandom final : public claviger::Random {
 public:
  double Unit() override { return 0.5; }
  std::string Bytes(size_t count) override { return std::string(count, 'n'); }
};

postgres::LoginWish WishOf(uint8_t choice) {
  postgres::LoginWish wish;
  wish.parameters = {{"user", "app"}};
  wish.methods.md5 = (choice & 1U) != 0;
  wish.methods.cleartext = (choice & 2U) != 0;
  wish.methods.none = (choice & 4U) != 0;
  wish.minor = (choice & 8U) != 0 ? 2 : 0;
  if ((choice & 16U) != 0) wish.server_end_point = std::string(32, 'h');
  wish.password = claviger::Secret("the-canary-password");
  return wish;
}

postgres::Login::State Run(uint8_t choice, std::string_view bytes,
                           size_t piece) {
  SameRandom random;
  postgres::Login login(WishOf(choice), random);
  auto state = postgres::Login::State::kGoing;
  while (!bytes.empty() && state == postgres::Login::State::kGoing) {
    std::string out;
    state = login.Feed(bytes.substr(0, piece), out);
    const bool shown = out.find("the-canary-password") != std::string::npos;
    if (shown && (choice & 2U) == 0) std::abort();
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  if (state == postgres::Login::State::kFailed &&
      login.failure().error.message.find("the-canary-password") !=
          std::string::npos) {
    std::abort();
  }
  return state;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1),
                               size - 1);
  if (Run(data[0], bytes, 7) != Run(data[0], bytes, size)) std::abort();
  postgres::StreamTracker whole;
  postgres::StreamTracker cut;
  whole.Pass(bytes);
  for (const char& byte : bytes) cut.Pass({&byte, 1});
  if (whole.at_boundary() != cut.at_boundary() ||
      whole.status() != cut.status()) {
    std::abort();
  }
  return 0;
}
