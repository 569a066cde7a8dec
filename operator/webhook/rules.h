// SPDX-License-Identifier: Apache-2.0
//
// The parts that judging the three kinds is made of. For operator/webhook only.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operator/webhook/judge.h"
#include "operator/webhook/requester.h"

namespace claviger::op::webhook {

/// One request with everything it is judged by. Refers to what it was made of.
struct Case {
  const View& view;
  const Settings& settings;
  const Review& review;
  const Requester& requester;
  Time now;
};

/// Why a request is refused.
struct Refused {
  Rule rule = Rule::kNone;
  std::string what;
  std::string fix;
  bool stale = false;
};
using Finding = std::optional<Refused>;

Verdict Refuse(const Review& review, Refused refused);

/// Each judges a request that changes more than metadata. JudgeGrant leaves
/// the stamps to CheckStamps.
Finding JudgeConnection(const Case& one);
Finding JudgeGrant(const Case& one);
Finding JudgeGroup(const Case& one);

/// The stamps that a Grant gets now; absent where its Connection is not known.
std::optional<model::Stamp> StampFor(const View& view,
                                     const model::Grant& grant);
Finding CheckStamps(const Case& one);

/// Of what was deleted before: it gives nobody a say, in itself either.
Refused OutOfABackup(std::string fix);

/// Whether the object holds the problems that decoding and validation found.
Finding CheckSound(const ObjectVersion& version);

/// Whether `grant` on `connection` (with it as it would be) may name its path.
Finding CheckGrantPath(const Case& one, const model::Connection& connection,
                       const model::Grant& grant);
/// The same of a Connection: its default slot, and what Grants on it name,
/// since they name it on its owner's behalf. `old` may be null.
Finding CheckConnectionPaths(const Case& one,
                             const model::Connection& connection,
                             const model::Connection* old);

/// "User erin", "ServiceAccount data/etl", "Group platform", "Everyone".
std::string Describe(const model::Subject& subject);
/// Who may change a Connection, for messages.
std::string WhoManages(const model::Connection& connection);

}  // namespace claviger::op::webhook
