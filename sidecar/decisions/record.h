// SPDX-License-Identifier: Apache-2.0
//
// One line of the decision log: what was decided, for whom, and what came of
// it. docs/reference/decision-log.md repeats the table of the fields. No field
// can hold a secret. Plain values; pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "access/decision.h"
#include "base/time.h"

namespace claviger::sidecar {

/// What was asked for.
enum class DecisionKind {
  kCredential,  // the secret itself
  kReport,      // another one, because this one was refused upstream
  kPersonal,    // the caller's own credential: stored, shown or removed
  kFile,        // a file with the secret
  kRequest,     // an HTTP request, sent upstream with the credential
  kSession,     // a database session, opened upstream with the credential
  kTest,        // the credential tried out at its server
  kLeftOut,     // no decision: lines for which there was no room
};
std::string_view ToString(DecisionKind kind);  // "credential", ...

/// What makes a decision the same as another one. Equal ones share one id, and
/// lines of them are written once per interval with their count.
struct DecisionRecord {
  DecisionKind kind = DecisionKind::kCredential;
  std::string user;        // the end user's name; empty: the pod itself
  std::string connection;  // "sales/warehouse"
  std::string slot;        // empty: none was chosen
  access::Delivery delivery = access::Delivery::kDisclose;
  std::string reason = "Allowed";  // of the reference's table, or Allowed
  /// What the answer may not tell (that a workload is not allowed, say).
  std::string why = {};
  /// Vault's id of the request that brought the credential.
  std::string vault_request_id = {};
  int64_t generation = 0;
  bool stale = false;
  bool degraded = false;
  /// Of what went through the sidecar: the method, and the template of the
  /// route ("/v1/items/{}"; never the path itself) or the database. Of a test
  /// the step that failed.
  std::string method = {};
  std::string target = {};
};

/// What one call came to that went through the sidecar.
struct CallEnd {
  int status = 0;           // upstream's; 0: there is none
  uint64_t bytes_up = 0;    // to the upstream
  uint64_t bytes_down = 0;  // to the application
};

/// "Allow"; "Deny": the decision is no; "Fail": it is yes, but what was
/// decided on could not be had.
std::string_view OutcomeOf(std::string_view reason);

/// One line: a record, and the calls that it stands for.
struct DecisionLine {
  Time time;
  std::string_view id;         // empty for kLeftOut
  std::string_view principal;  // "sa/reports/nightly"
  const DecisionRecord& record;
  CallEnd end;  // bytes are sums over `count`
  int64_t count = 1;
};

struct DecisionField {
  std::string_view name;
  std::string_view presence;  // "always", or when it is there
  std::string_view meaning;
};
/// The fields in the order in which a line has them.
std::span<const DecisionField> DecisionFields();

/// The line as one JSON object, without its line break, at most 4 KiB.
std::string ToJson(const DecisionLine& line);

}  // namespace claviger::sidecar
