// SPDX-License-Identifier: Apache-2.0
//
// Which objects are concerned by what a pass could not do: a principal that
// failed or is in conflict, and what of it was to be written. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "access/compile.h"
#include "operator/kube/footprint.h"
#include "operator/pass_report.h"

namespace claviger::op {

/// A reason of the condition Programmed, and the message with it.
struct Trouble {
  std::string reason;
  std::string message;
};

class Troubles {
 public:
  /// `compiler` is of the objects that the pass was for; `settled`, or null, is
  /// what Vault was last brought to.
  Troubles(const access::Compiler& compiler, const Footprint* settled,
           const PassReport& report);

  /// Null where nothing that concerns it went wrong.
  const Trouble* OfConnection(const model::ObjectRef& ref) const;
  const Trouble* OfGrant(const model::ObjectRef& ref) const;

 private:
  void Add(const access::Compiler& compiler,
           const std::map<std::string, Trouble>& principals);
  void Add(const Footprint& settled,
           const std::map<std::string, Trouble>& principals);

  std::map<model::ObjectRef, Trouble> connections_;
  std::map<model::ObjectRef, Trouble> grants_;
  std::optional<Trouble> everything_;
};

/// What the condition says of an error in Vault.
Trouble TroubleOf(const Error& error);

}  // namespace claviger::op
