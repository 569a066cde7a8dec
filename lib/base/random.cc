// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <openssl/rand.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace claviger {

double SystemRandom::Unit() {
  const std::string bytes = Bytes(sizeof(uint64_t));
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof(value));
  // 53 bits: as many as a double holds exactly.
  return static_cast<double>(value >> 11U) * 0x1.0p-53;
}

std::string SystemRandom::Bytes(size_t count) {
  std::string bytes(count, '\0');
  const int ok = RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                            static_cast<int>(count));
  // Without entropy there are no keys worth having: stop rather than guess.
  if (ok != 1) std::abort();
  return bytes;
}

}  // namespace claviger
