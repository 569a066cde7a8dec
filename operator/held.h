// SPDX-License-Identifier: Apache-2.0
//
// What stays as it is while the mass-delete brake is on: the bindings of the
// frozen namespaces' connections, as Vault holds them. What the gone objects
// held back elsewhere (a claim on a path, server-side-only) is held back still:
// nothing is widened. Immutable once loaded.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "access/bindings_document.h"
#include "base/result.h"
#include "base/time.h"
#include "model/objects.h"
#include "operator/brake.h"
#include "operator/inventory.h"
#include "operator/store.h"

namespace claviger::op {

class Held {
 public:
  /// Reads the documents of all `ids` from Vault. Blocking; the Store's
  /// errors. `known` are the inventories before anything was gone. What would
  /// widen by itself from `now` on (an Allow not open yet, the end of a Deny)
  /// is left out, and so is what `ended` gave: a deletion that was seen takes
  /// effect whatever else is gone.
  static Result<Held> Load(Store& store, const std::string& cluster,
                           const std::vector<std::string>& ids,
                           const Verdict& verdict, const Inventories& known,
                           const std::vector<model::Ended>& ended, Time now);

  const Verdict& verdict() const { return verdict_; }
  /// The principals that something is kept for, sorted.
  std::vector<std::string> Principals() const;
  /// True where the document in Vault could not be read: left alone.
  bool Unreadable(const std::string& id) const {
    return unreadable_.count(id) > 0;
  }

  /// `compiled` with what is kept in place of what it says about that.
  access::BindingsDocument Compose(access::BindingsDocument compiled) const;

  /// Refuses what names a path of the frozen namespaces and did not before,
  /// and keeps what was server-side-only so.
  void Narrow(model::Objects& objects) const;

  /// When a window in what is kept opens or closes next.
  std::optional<Time> NextTransition(Time now) const;

 private:
  Held(const Verdict& verdict, const Inventories& known,
       const std::vector<model::Ended>& ended);

  bool Keeps(const model::ObjectRef& connection) const {
    return verdict_.Holds(connection.ns);
  }
  void Take(access::BindingsDocument document, Time now);
  void DropEnded(access::BindingsDocument& document) const;
  void Remember(const access::Binding& binding);
  void RememberSlot(const std::string& slot, const access::Slot& where);
  bool NewlyNamed(const std::string& slot, const model::VaultRef& vault) const;

  Verdict verdict_;
  std::set<std::string> ended_connections_;  // uids
  std::set<model::ObjectRef> ended_grants_;
  std::set<std::string> paths_;  // that the frozen namespaces named
  // Of those: which slot named one soundly before, and which are server-side
  // only. "sales/warehouse default secret/data/x".
  std::set<std::string> sound_slots_;
  std::set<std::string> server_side_;
  std::map<std::string, access::BindingsDocument> documents_;
  std::set<std::string> unreadable_;
};

}  // namespace claviger::op
