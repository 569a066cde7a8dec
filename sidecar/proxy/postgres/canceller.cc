// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/postgres/canceller.h"

#include <algorithm>
#include <array>
#include <utility>

#include "postgres/startup.h"

namespace claviger::sidecar::proxy::pg {
namespace {

constexpr double kBurst = 50;
constexpr double kPerSecond = 20;
constexpr size_t kMaxJobs = 64;
constexpr std::chrono::milliseconds kDeadline{5'000};

}  // namespace

CancelPace::CancelPace(const Clock& clock)
    : clock_(clock), allowance_(kBurst), at_(clock.SteadyNow()) {}

bool CancelPace::May() {
  const SteadyTime now = clock_.SteadyNow();
  const double passed = static_cast<double>((now - at_).count()) / 1000.0;
  allowance_ = std::min(kBurst, allowance_ + passed * kPerSecond);
  at_ = now;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

// One request on its way: connect, send, wait for the server to close.
class Canceller::Job final : public Timed,
                             public std::enable_shared_from_this<Job> {
 public:
  Job(Canceller& owner, std::unique_ptr<Stream> client)
      : Timed(owner.loop_), owner_(owner), client_(std::move(client)) {}

  void Begin(const CancelTarget& target) {
    SetDeadline(kDeadline);
    packet_ = postgres::MakeCancelRequest(target.pid, target.key);
    upstream_ = Upstream::Open(
        owner_.loop_, owner_.dialer_, target.route, {target.address},
        [weak = weak_from_this()](Result<std::unique_ptr<Stream>> stream) {
          const auto self = weak.lock();
          if (!self) return;
          if (!stream) return self->End();
          self->Send(std::move(*stream));
        });
  }

 private:
  void Send(std::unique_ptr<Stream> stream) {
    stream_ = std::move(stream);
    // Some bytes into an empty socket buffer.
    const Stream::Moved moved = stream_->Write(packet_);
    if (moved.outcome != Stream::Outcome::kDone) return End();
    AwaitEnd();
  }

  void AwaitEnd() {
    std::array<char, 64> ignored;
    const Stream::Moved moved = stream_->Read(ignored);
    // A server says nothing here, and closes once it has acted.
    if (moved.outcome != Stream::Outcome::kWantRead) return End();
    stream_->WaitReadable(
        [weak = weak_from_this()](const boost::system::error_code& error) {
          const auto self = weak.lock();
          if (self && !error) self->AwaitEnd();
        });
  }

  void OnDeadline() override { End(); }
  void End() { owner_.Remove(this); }

  Canceller& owner_;
  std::unique_ptr<Stream> client_;
  std::unique_ptr<Stream> stream_;
  std::shared_ptr<Upstream> upstream_;
  std::string packet_;
};

Canceller::Canceller(Loop& loop, Dialer& dialer)
    : loop_(loop), dialer_(dialer), pace_(loop.clock()) {}
Canceller::~Canceller() = default;

void Canceller::Take(const CancelKeys& keys, uint32_t pid, std::string_view key,
                     std::unique_ptr<Stream> client) {
  if (!pace_.May() || jobs_.size() >= kMaxJobs) return;
  const CancelTarget* target = keys.Find(pid, key);
  if (target == nullptr) return;
  auto job = std::make_shared<Job>(*this, std::move(client));
  jobs_.push_back(job);
  job->Begin(*target);
}

void Canceller::Remove(const Job* job) {
  // Not from within its own call.
  const auto found =
      std::find_if(jobs_.begin(), jobs_.end(),
                   [&](const auto& one) { return one.get() == job; });
  if (found == jobs_.end()) return;
  loop_.Post([kept = std::move(*found)] {});
  jobs_.erase(found);
}

}  // namespace claviger::sidecar::proxy::pg
