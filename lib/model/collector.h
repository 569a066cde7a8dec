// SPDX-License-Identifier: Apache-2.0
//
// Gathers the objects of one complete read, file by file: sorts documents by
// kind, decodes and validates them, finds duplicates, and makes sure that no
// Deny is lost with an object that could not be read. Not synchronised.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/decoder.h"
#include "model/document.h"
#include "model/objects.h"
#include "model/report.h"

namespace claviger::model {

class Collector {
 public:
  /// Decodes the documents of one file. `file` may be empty: no lines then.
  void Add(std::string_view text, const std::string& file, bool is_json);
  /// Decodes what the Kubernetes API sent, parsed before.
  void AddObject(std::string_view text, const Node& root);
  /// Records what could not be read; the source is incomplete then.
  void Unreadable(const std::string& file, int line, std::string what,
                  std::string fix);
  /// What was gathered. Call once.
  Objects Finish();

 private:
  struct Identity {
    std::string api_version;
    std::string kind;
  };

  bool IsText(std::string_view text, bool is_json);
  void AddRoot(const Node& root, const Identity& inherited, bool truncated);
  void AddItems(const Node& root, const Identity& list, bool truncated);
  void AddOurs(const Node& root, const Identity& identity, bool truncated);
  void AddConnection(const Node& root, const Identity& identity);
  void AddGrant(const Node& root, const Identity& identity);
  void AddGroup(const Node& root, const Identity& identity);
  void AddTruncated(const Node& root, const Identity& identity);
  void AddUnknownKind(const Node& root, const Identity& identity);
  void AddServiceAccount(const Node& root);
  void AddPod(const Node& root);
  void AddPrincipal(const Node& root, const std::string& name);

  template <typename T>
  bool Decode(const Node& root, const Identity& identity,
              void (*decode)(const Value&, T&), T& object);
  template <typename T>
  bool IsDuplicate(std::string_view kind, T& object);
  void Keep(Report& report);
  void AddBrokenDeny(const Node& root, bool truncated);
  void AddBrokenGroup(const Node& root);
  void ResolveNamelessDenies();

  std::string file_;
  Objects objects_;
  std::set<std::string> seen_;               // "<Kind>/<ns>/<name>"
  std::set<ObjectRef> service_accounts_;     // already in objects_
  std::vector<BrokenDeny> nameless_denies_;  // their namespace is not known
};

}  // namespace claviger::model
