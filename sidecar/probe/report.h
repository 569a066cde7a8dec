// SPDX-License-Identifier: Apache-2.0
//
// What came of testing a connection, as values: the steps from the credential
// to the login, and why the last one failed. Texts are our own: nothing that a
// server said is in one, and no secret. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "postgres/login.h"

namespace claviger::sidecar::probe {

/// In the order in which they are taken.
enum class Step {
  kCredential,  // chosen, read, and of a form that can be used
  kName,        // the server's name stands for addresses
  kAddress,     // which may be connected to
  kConnect,     // TCP
  kTls,
  kLogin,
};
std::string_view ToString(Step step);  // "credential", "name", ...

enum class Ended {
  kOk,
  kFailed,
  kUnproven,  // neither: it was not tried, or its end says nothing
};
std::string_view ToString(Ended ended);  // "ok", "failed", "unproven"

struct StepReport {
  Step step = Step::kCredential;
  Ended ended = Ended::kOk;
  std::chrono::milliseconds took{0};
  std::string note = {};  // what there is to say
};

/// Why a step failed.
struct Fault {
  std::string_view reason;  // "UpstreamUntrusted"
  std::string detail;
  std::string fix;
};

struct Report {
  std::string server;  // the last one that was tried: "db.corp:5432"
  std::vector<StepReport> steps;
  std::optional<Fault> fault;  // of the last step; none: nothing failed
};

/// How a login ended that did not break: well, or with a fault, or unproven.
struct LoginEnd {
  Ended ended = Ended::kOk;
  std::string note = {};
  std::optional<Fault> fault = std::nullopt;  // with kFailed
};

/// A step on the network that broke.
Fault FaultOf(Step step, const Error& error);
/// A PostgreSQL server that did not let us in to `database`.
Fault FaultOf(const postgres::LoginFailure& failure,
              const std::string& database);
/// What an HTTP server's status says about the credential.
LoginEnd EndOf(int status);

}  // namespace claviger::sidecar::probe
