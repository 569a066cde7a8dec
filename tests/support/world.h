// SPDX-License-Identifier: Apache-2.0
//
// Seeded random worlds for property tests: small dense pools of names, so that
// everything collides with everything. The same seed gives the same world on
// every machine. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "access/caller.h"
#include "access/decision.h"
#include "model/objects.h"
#include "support/dice.h"

namespace claviger::testing {

struct World {
  uint64_t seed = 0;
  model::Objects objects;
  /// Whom to ask for: named by objects or not, users with claims.
  std::vector<access::Caller> callers;
  Time now;
};

/// What a kind of test needs of its worlds.
struct WorldLimits {
  int max_connections = 6;
  int max_grants_per_connection = 8;
  /// Objects with `refused` set, and Grants on connections that do not exist.
  bool broken = true;
};

World RandomWorld(uint64_t seed, const WorldLimits& limits = {});

/// The service accounts that worlds are made of, in three namespaces; the last
/// one is named by no object of any world.
const std::vector<model::ObjectRef>& WorldAccounts();

/// Any question; a service account carries its own, a user's is carried by any
/// account or none. Hints are often of the world, sometimes bogus.
access::Question RandomQuestion(Dice& dice, const World& world,
                                const access::Caller& caller,
                                const model::ObjectRef& connection);

/// "default", "personal" and every Grant of `connection`.
std::vector<std::string> SlotNames(const World& world,
                                   const model::ObjectRef& connection);

/// The world as YAML-like text, with its seed, for failure messages.
std::string Describe(const World& world);
std::string Describe(const model::Objects& objects);
std::string Describe(const access::Question& question);

}  // namespace claviger::testing
