// SPDX-License-Identifier: Apache-2.0
#include "operator/pass_report.h"

#include <algorithm>

namespace claviger::op {

std::string_view ToString(Action action) {
  switch (action) {
    case Action::kCreate:
      return "create";
    case Action::kUpdate:
      return "update";
    case Action::kDelete:
      return "delete";
  }
  return "update";
}

std::string_view ToString(Kind kind) {
  switch (kind) {
    case Kind::kPolicy:
      return "policy";
    case Kind::kRole:
      return "role";
    case Kind::kBindings:
      return "bindings";
    case Kind::kPersonal:
      return "personal";
    case Kind::kLedger:
      return "ledger";
  }
  return "ledger";
}

bool PassReport::retry() const {
  return interrupted.has_value() ||
         std::any_of(failures.begin(), failures.end(),
                     [](const Failure& failure) { return !failure.permanent; });
}

}  // namespace claviger::op
