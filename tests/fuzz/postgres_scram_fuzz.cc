// SPDX-License-Identifier: Apache-2.0
//
// SCRAM's messages, to either side, one a line: nobody who does not know the
// password may be let in or believed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "postgres/scram.h"
#include "postgres/scram_server.h"

namespace {

namespace postgres = claviger::postgres;

const postgres::ScramVerifier& Verifier() {
  static const postgres::ScramVerifier kVerifier =
      postgres::MakeScramVerifier("a password of the server", "salt", 4'096);
  return kVerifier;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  const std::string_view first = text.substr(0, line);
  const std::string_view second =
      line == std::string_view::npos ? "" : text.substr(line + 1);
  // Iterations are bounded, but a thousand runs a second want fewer.
  static const postgres::ScramKeysPtr kKept =
      postgres::MakeScramKeys("another password", "salt", 4'096);
  postgres::ScramClient client({}, "nonce", kKept);
  if (first.find("i=4096") != std::string_view::npos) {
    if (client.OnServerFirst(first, "another password") &&
        client.OnServerFinal(second)) {
      std::abort();
    }
  }
  postgres::ScramServer server(Verifier(), "servernonce");
  if (server.OnClientFirst(first) && server.OnClientFinal(second)) std::abort();
  return 0;
}
