// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/door.h"

#include <chrono>
#include <utility>

namespace claviger::sidecar::proxy {
namespace {

constexpr size_t kMaxIdle = 64;
// Shorter than what servers keep theirs for.
constexpr std::chrono::milliseconds kIdleFor{20'000};

Problem NotReady(const std::string& detail) {
  return {"NotReady", detail, "have the connection's owner correct it"};
}

// Connect, then TLS: one attempt to whoever waits.
class Opening final : public Dialer::Attempt,
                      public std::enable_shared_from_this<Opening> {
 public:
  Opening(Dialer& dialer, const TlsClient* tls, Door::Opened opened)
      : dialer_(dialer), tls_(tls), opened_(std::move(opened)) {}

  void Start(const std::string& host, uint16_t port) {
    step_ = dialer_.Connect(
        host, port,
        [weak = weak_from_this()](Result<std::unique_ptr<Stream>> stream) {
          if (const auto self = weak.lock()) {
            self->OnConnected(std::move(stream));
          }
        });
  }

 private:
  void OnConnected(Result<std::unique_ptr<Stream>> stream) {
    if (!stream || tls_ == nullptr) return opened_(std::move(stream));
    step_ = dialer_.Secure(*std::move(stream), *tls_, opened_);
  }

  Dialer& dialer_;
  const TlsClient* const tls_;
  const Door::Opened opened_;
  std::shared_ptr<Dialer::Attempt> step_;
};

}  // namespace

Problem FromOpening(const Error& error) {
  switch (error.code) {
    case ErrorCode::kPermissionDenied:
      return {"AddressRefused", error.message,
              "have the sidecar's configuration allow it, or name another "
              "host"};
    case ErrorCode::kUnauthenticated:
      return {"UpstreamUntrusted", error.message, "correct endpoint.tls"};
    case ErrorCode::kDeadlineExceeded:
      return {"UpstreamTimeout", error.message, "try again"};
    default:
      return {"UpstreamUnavailable", error.message, "try again"};
  }
}

Door::Door(Loop& loop, Dialer& dialer, const Permit& permit)
    : Timed(loop),
      own_loop_(loop),
      dialer_(dialer),
      permit_(permit),
      placement_(std::make_shared<const Placement>()) {}

std::variant<std::shared_ptr<Door>, Problem> Door::Make(Loop& loop,
                                                        Dialer& dialer,
                                                        const Permit& permit,
                                                        const Access& access) {
  const access::ConnectionFacts& facts = *permit.facts;
  if (facts.endpoint.url.empty()) {
    return Problem{
        "CapabilityMissing",
        "the provider " + facts.provider + " is not spoken to by HTTP",
        "use the connection by its own protocol"};
  }
  auto origin = ParseOrigin(facts.endpoint.url);
  if (!origin) return NotReady(origin.error().message);
  if (!origin->tls && !facts.endpoint.insecure) {
    return NotReady("the url is not https, and nothing says insecure");
  }
  const auto fields = access.FieldsOf(permit);
  if (!fields) {
    return Problem{"SecretMissing", fields.error().message,
                   "add the field, or name the right one in keys"};
  }
  std::shared_ptr<Door> door(new Door(loop, dialer, permit));
  door->origin_ = *std::move(origin);
  if (auto problem = door->Place(*fields)) return *std::move(problem);
  if (!door->origin_.tls) return door;
  auto tls = TlsClient::Make(facts.endpoint.tls, door->origin_.host,
                             door->placement_->certificate, "http/1.1");
  if (!tls && tls.error().code == ErrorCode::kInvalidArgument) {
    return Problem{"CredentialUnusable", tls.error().message,
                   "correct the certificate in vault, or endpoint.tls"};
  }
  if (!tls) return NotReady(tls.error().message);
  door->tls_ = *std::move(tls);
  return door;
}

std::optional<Problem> Door::Place(const Fields& fields) {
  const access::ConnectionFacts& facts = *permit_.facts;
  if (facts.credential_type == "oauth2-client") {
    auto token = OauthToken::Make(own_loop_, dialer_, facts, fields);
    if (auto* problem = std::get_if<Problem>(&token)) {
      return std::move(*problem);
    }
    token_ = std::move(std::get<std::shared_ptr<OauthToken>>(token));
    return std::nullopt;
  }
  auto placed = MakePlacement(facts, fields);
  if (auto* problem = std::get_if<Problem>(&placed)) return std::move(*problem);
  placement_ =
      std::make_shared<const Placement>(std::move(std::get<Placement>(placed)));
  return std::nullopt;
}

bool Door::IsFor(const Permit& permit) const {
  return permit_.facts == permit.facts &&
         permit_.credential == permit.credential &&
         permit_.vault == permit.vault;
}

std::unique_ptr<Stream> Door::TakeIdle() {
  while (!idle_.empty()) {
    // The newest: the others may then end for having been kept too long.
    std::unique_ptr<Stream> stream = std::move(idle_.back().stream);
    idle_.pop_back();
    if (stream->IsQuiet()) return stream;
  }
  return nullptr;
}

void Door::Keep(std::unique_ptr<Stream> stream) {
  if (idle_.size() >= kMaxIdle) idle_.pop_front();
  idle_.push_back(
      {std::move(stream), own_loop_.clock().SteadyNow() + kIdleFor});
  if (!HasDeadline()) SetDeadline(kIdleFor);
}

void Door::OnDeadline() {
  const SteadyTime now = own_loop_.clock().SteadyNow();
  while (!idle_.empty() && idle_.front().until <= now) idle_.pop_front();
  if (idle_.empty()) return;
  SetDeadline(idle_.front().until - now);
}

std::shared_ptr<Dialer::Attempt> Door::Open(Opened opened) {
  auto opening = std::make_shared<Opening>(dialer_, tls_ ? &*tls_ : nullptr,
                                           std::move(opened));
  opening->Start(origin_.host, origin_.port);
  return opening;
}

}  // namespace claviger::sidecar::proxy
