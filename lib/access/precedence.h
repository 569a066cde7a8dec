// SPDX-License-Identifier: Apache-2.0
//
// Who came first, where there is not enough for all: the earlier object keeps
// what it has, whatever comes after it (design.md section 2). For lib/access
// only. Pure.
#pragma once

#include "model/connection.h"
#include "model/object.h"

namespace claviger::access {

/// A Connection, or a Grant on it.
struct Arrival {
  const model::Metadata* object;
  const model::Connection* connection;
  bool by_grant;
};

/// By creation time, then uid; what has no creation time (files) by its
/// Connection's name, behind what has one.
bool CameBefore(const Arrival& a, const Arrival& b);

}  // namespace claviger::access
