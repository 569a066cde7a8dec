// SPDX-License-Identifier: Apache-2.0
//
// A namespace that is being deleted must always finish, even while Vault is
// away: what is still to be revoked is written down in the operator's own
// namespace first, then the objects may go, and it is carried out when Vault is
// back. Pure but for the port; used by one thread.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/objects.h"
#include "operator/pass_report.h"

namespace claviger::op {

/// The port to where pending revocations are kept: one ConfigMap in the
/// operator's namespace, whose text is EncodeEndings.
class PendingRevocations {
 public:
  virtual ~PendingRevocations() = default;
  /// Empty where there is none. Blocking, as Save.
  virtual Result<std::vector<model::Ended>> Load() = 0;
  /// Replaces all of them. kConflict where somebody else did so since the last
  /// call: only Load again tells what is there.
  virtual Status Save(const std::vector<model::Ended>& endings) = 0;
};

/// At most 5,000 and 900 kB as text, below what a ConfigMap may hold.
inline constexpr size_t kMaxPendingRevocations = 5'000;
inline constexpr size_t kMaxPendingBytes = 900'000;
std::string EncodeEndings(const std::vector<model::Ended>& endings);
/// kMalformed where the text is not one of ours, kTooLarge over the bound.
Result<std::vector<model::Ended>> DecodeEndings(std::string_view text);

class Endings {
 public:
  /// Vault has to be away for `patience` before anything is put off. `pending`
  /// outlives this object. Nothing is called yet.
  Endings(PendingRevocations& pending, std::chrono::milliseconds patience);

  /// Adds what was put off to `ended`, so that the next pass carries it out.
  /// The port's errors: then nothing may be read as complete.
  Status AddTo(std::vector<model::Ended>& ended);

  /// After a pass; `ending` are the objects of namespaces under deletion that
  /// wait for it. Writes down what has waited too long, and forgets what a
  /// settled pass has carried out. The port's errors.
  Status After(const PassReport& report,
               const std::vector<model::Ended>& ending, SteadyTime now);

  /// Whether an object may go although Vault still says what it gave: it is
  /// written down.
  bool MayGo(const std::string& uid) const { return uids_.count(uid) > 0; }

 private:
  Status Load();
  Status Save(std::vector<model::Ended> wanted);
  void Take(std::vector<model::Ended> endings);

  PendingRevocations& pending_;
  std::chrono::milliseconds patience_;
  bool loaded_ = false;
  std::vector<model::Ended> endings_;
  std::set<std::string> uids_;  // of endings_
  std::set<std::string> seen_;  // of those, taken into account by AddTo
  std::optional<SteadyTime> away_since_;
};

}  // namespace claviger::op
