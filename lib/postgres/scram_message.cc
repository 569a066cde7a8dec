// SPDX-License-Identifier: Apache-2.0
#include "postgres/scram_message.h"

#include <string>
#include <utility>

namespace claviger::postgres {

std::optional<std::string_view> TakeScram(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') return std::nullopt;
  const size_t comma = rest.find(',');
  const bool last = comma == std::string_view::npos;
  const std::string_view value = rest.substr(2, last ? comma : comma - 2);
  rest.remove_prefix(last ? rest.size() : comma + 1);
  return value;
}

Secret XorScram(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return {};
  std::string out(a);
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<char>(out[i] ^ b[i]);
  }
  return Secret(std::move(out));
}

}  // namespace claviger::postgres
