// SPDX-License-Identifier: Apache-2.0
//
// Carries bytes both ways between a client and its server: what one side does
// not take is held, a piece at most, and no more is read for it meanwhile. An
// idle pump holds no buffer. Loop's thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "postgres/turns.h"
#include "sidecar/proxy/stream.h"

namespace claviger::sidecar::proxy::pg {

class Pump {
 public:
  /// Told what happened; may destroy the pump in OnEnd only.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// Bytes of the server have passed.
    virtual void OnProgress() = 0;
    /// One side is gone, and what it had said was delivered.
    virtual void OnEnd() = 0;
  };

  /// `space` is what is read into; many pumps may share it. Everything
  /// outlives the pump; `alive` says whether it lives.
  Pump(Loop& loop, Stream& client, Stream& server, std::span<char> space,
       Owner& owner, std::weak_ptr<void> alive);
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  struct Beginning {
    std::string welcome;  // the sidecar's own, for the client
    std::string rest;     // what the server has said behind the login
    std::string asked;    // what the client has said already
    char status = 'I';    // of the transaction
  };
  /// Sends what there is, and goes on.
  void Start(Beginning beginning);
  /// Nothing is carried any more; no call to the owner.
  void Stop() { stopped_ = true; }

  uint64_t bytes_to_client() const { return to_client_.bytes; }
  uint64_t bytes_to_server() const { return to_server_.bytes; }
  /// Between two messages of the server, all before delivered.
  bool at_boundary() const;
  /// And no transaction is open, no answer expected.
  bool is_idle() const;

 private:
  struct Way {
    Stream& from;
    Stream& to;
    std::string held = {};  // not yet taken by `to`
    size_t sent = 0;        // of what is held
    bool ended = false;     // `from` says nothing more
    uint64_t bytes = 0;
  };

  void Turn(Way& way);
  bool Flush(Way& way);
  // False: this turn is over.
  bool Move(Way& way);
  void Note(Way& way, std::string_view bytes);
  void Wait(Way& way, Stream& stream, Stream::Outcome wanted);
  void Again(Way& way);
  void End();

  Loop& loop_;
  const std::span<char> space_;
  Owner& owner_;
  const std::weak_ptr<void> alive_;
  Way to_client_;
  Way to_server_;
  postgres::Turns turns_;
  bool stopped_ = false;
};

}  // namespace claviger::sidecar::proxy::pg
