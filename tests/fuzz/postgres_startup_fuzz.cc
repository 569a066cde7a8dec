// SPDX-License-Identifier: Apache-2.0
//
// What PostgreSQL clients begin with, before anything is known about them: the
// first packet, and, where one is read, that it is made the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "postgres/startup.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace postgres = claviger::postgres;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const postgres::FirstPacket packet = postgres::ReadFirstPacket(bytes);
  if (packet.size > size) std::abort();
  if (const auto* startup =
          std::get_if<postgres::StartupPacket>(&packet.value)) {
    const std::string again =
        postgres::MakeStartup(startup->minor, startup->parameters);
    if (again != bytes.substr(0, packet.size)) std::abort();
  }
  if (const auto* cancel =
          std::get_if<postgres::CancelRequest>(&packet.value)) {
    const std::string again =
        postgres::MakeCancelRequest(cancel->pid, cancel->key);
    if (again != bytes.substr(0, packet.size)) std::abort();
  }
  return 0;
}
