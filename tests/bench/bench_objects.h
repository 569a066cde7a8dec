// SPDX-License-Identifier: Apache-2.0
//
// The organization that operator_bench measures: `size` Connections in up to
// 100 namespaces, one Grant on each with ten service accounts, and `size` of
// those accounts, each named by ten Grants. Texts as the API server sends them,
// made up when asked for, so that they take no memory. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace claviger::testing {

inline constexpr int kSubjectsOfAGrant = 10;

/// What of an object may change in the course of a run.
struct BenchState {
  int64_t generation = 1;
  int64_t version = 1;  // resourceVersion
  bool suspended = false;
  int shift = 0;       // a Grant's last subject is another account
  std::string status;  // JSON object; empty: none
};

std::string BenchNamespace(int number);
std::string BenchConnection(int number, const BenchState& state);
std::string BenchGrant(int size, int number, const BenchState& state);
/// The subjects of a Grant are these accounts, by number.
int BenchSubject(int size, int grant, int subject, int shift);
/// "sa.apps-3.svc-103": how the operator calls the account.
std::string BenchPrincipal(int account);

}  // namespace claviger::testing
