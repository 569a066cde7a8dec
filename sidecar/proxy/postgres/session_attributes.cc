// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/session_attributes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "postgres/wire.h"

namespace claviger::sidecar::proxy::pg {
namespace {

using Attributes = SessionAttributes;

constexpr std::array<std::pair<std::string_view, Attributes>, 7> kWords = {{
    {"", Attributes::kAny},
    {"any", Attributes::kAny},
    {"read-write", Attributes::kReadWrite},
    {"read-only", Attributes::kReadOnly},
    {"primary", Attributes::kPrimary},
    {"standby", Attributes::kStandby},
    {"prefer-standby", Attributes::kPreferStandby},
}};

struct Reported {
  std::optional<bool> standby;
  std::optional<bool> read_only;
};

Reported ReadReports(std::string_view greeting) {
  Reported reported;
  while (const auto head = postgres::ReadHead(greeting)) {
    greeting.remove_prefix(postgres::MessageHead::kSize);
    postgres::Cursor body(greeting.substr(0, head->body_size));
    greeting.remove_prefix(std::min<size_t>(head->body_size, greeting.size()));
    if (head->type != 'S') continue;
    const std::string_view name = body.Text().value_or("");
    const bool on = body.Text().value_or("") == "on";
    if (name == "in_hot_standby") reported.standby = on;
    if (name == "default_transaction_read_only") reported.read_only = on;
  }
  return reported;
}

}  // namespace

std::optional<Attributes> ParseSessionAttributes(std::string_view word) {
  const auto* const row =
      std::find_if(kWords.begin(), kWords.end(),
                   [&](const auto& one) { return one.first == word; });
  if (row == kWords.end()) return std::nullopt;
  return row->second;
}

Fit FitOf(Attributes wanted, std::string_view greeting) {
  if (wanted == Attributes::kAny) return Fit::kYes;
  const Reported reported = ReadReports(greeting);
  const bool by_writing =
      wanted == Attributes::kReadWrite || wanted == Attributes::kReadOnly;
  if (!reported.standby || (by_writing && !reported.read_only)) {
    return Fit::kUnsaid;
  }
  const bool writable =
      !*reported.standby && !reported.read_only.value_or(true);
  switch (wanted) {
    case Attributes::kAny:
      break;
    case Attributes::kReadWrite:
      return writable ? Fit::kYes : Fit::kNo;
    case Attributes::kReadOnly:
      return writable ? Fit::kNo : Fit::kYes;
    case Attributes::kPrimary:
      return *reported.standby ? Fit::kNo : Fit::kYes;
    case Attributes::kStandby:
    case Attributes::kPreferStandby:
      return *reported.standby ? Fit::kYes : Fit::kNo;
  }
  return Fit::kYes;
}

}  // namespace claviger::sidecar::proxy::pg
