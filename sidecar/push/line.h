// SPDX-License-Identifier: Apache-2.0
//
// One connection to the operator by which it tells of changes: the port, and
// its adapter with a thread that lives as long as a connection does.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "access/push_document.h"
#include "base/result.h"
#include "base/secret.h"

namespace claviger::sidecar::push {

class Line {
 public:
  /// Called on the line's thread, `data` of an event "changed".
  using OnChange = std::function<void(std::string_view data)>;
  /// Called on the line's thread, last of all, when the connection ended.
  using OnEnd = std::function<void(const Error& why)>;

  virtual ~Line() = default;
  /// Connects, in place of the connection there may be. Does not wait for it.
  virtual void Open(const access::PushDocument& where, Secret token,
                    OnChange on_change, OnEnd on_end) = 0;
  /// Ends the connection and waits for its thread; nothing is called after.
  virtual void Close() = 0;
};

std::unique_ptr<Line> MakeLine();

}  // namespace claviger::sidecar::push
