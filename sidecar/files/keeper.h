// SPDX-License-Identifier: Apache-2.0
//
// Keeps each wanted file as the decisions and the credentials of the moment
// say: written when there is a credential that may be disclosed, written anew
// when that changed, removed when it was revoked, may not be disclosed any more
// or came to its end. Asks the same resolver as the local API does, so a file
// never says more than an answer would. Worker thread only, but for settled().
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "sidecar/api/credential_resolver.h"
#include "sidecar/decisions/log.h"
#include "sidecar/files/store.h"
#include "sidecar/worker.h"

namespace claviger::sidecar::files {

class Keeper {
 public:
  using Changed = std::function<void(const providers::FileWish&)>;
  /// All outlive the keeper. `store` may be null where nothing is wanted.
  struct Parts {
    const Clock& clock;
    Logger& log;
    Worker& worker;
    CredentialResolver& resolver;
    DecisionLog& decisions;
    Store* store;
    /// A file was written with other contents than before, or removed.
    Changed on_change;
  };
  Keeper(const std::vector<providers::FileWish>& wanted, Parts parts);

  /// Opens the store and begins to look; before the worker runs. The store's
  /// errors.
  Status Begin();
  /// Looks at everything again: what may be used, or a credential, changed.
  void Review();
  /// Removes all files, and writes none any more: their credentials end with
  /// the login.
  void End();

  /// Every wanted file is there, or was refused by more than an outage, once;
  /// applications may start. Thread-safe.
  bool settled() const { return settled_; }

 private:
  struct File {
    providers::FileWish wish;
    bool present = false;
    bool asked = false;   // an answer is under way
    bool again = false;   // and another one is wanted after it
    bool judged = false;  // once: written, or refused for good
    std::string digest;   // of what was written; empty: by a former process
    std::optional<Time> ends;
    std::string problem;  // what was told last; empty: nothing is wrong
  };

  void Ask(size_t index);
  void Settle(File& file, const Resolution& resolution);
  void Give(File& file, const Resolved& resolved);
  void Write(File& file, const Resolved& resolved, const Contents& contents);
  void Refuse(File& file, std::string_view reason, const std::string& detail,
              const std::string& fix);
  void Tell(File& file, std::string_view message, std::string_view reason,
            const std::string& detail, const std::string& fix);
  DecisionRecord RecordOf(const File& file) const;
  void Arm();

  const Parts parts_;
  std::vector<File> files_;
  SteadyTime begun_;
  Worker::TimerId timer_ = 0;
  bool ended_ = false;
  std::atomic<bool> settled_;
};

}  // namespace claviger::sidecar::files
