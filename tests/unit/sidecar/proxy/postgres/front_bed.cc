// SPDX-License-Identifier: Apache-2.0
#include "unit/sidecar/proxy/postgres/front_bed.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "postgres/wire.h"
#include "unit/postgres/played_server.h"

namespace claviger::testing {

using postgres::MessageHead;
using sidecar::proxy::Permit;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kPatience{5};

// Runs the loop until `done`, or for too long.
bool RunUntil(sidecar::proxy::Loop& loop, const std::function<bool()>& done) {
  const auto deadline = steady_clock::now() + kPatience;
  while (!done()) {
    if (steady_clock::now() > deadline) return false;
    const bool idle = loop.io().poll() == 0;
    loop.io().restart();
    if (idle) poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace

Wire::Wire(Wire&& other) noexcept
    : loop_(other.loop_),
      fd_(std::exchange(other.fd_, -1)),
      heard_(std::move(other.heard_)),
      ended_(other.ended_) {}

Wire::~Wire() { Close(); }

void Wire::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void Wire::Say(std::string_view bytes) {
  EXPECT_TRUE(RunUntil(*loop_, [&] {
    const ssize_t sent =
        send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
    return bytes.empty() || (sent < 0 && errno == EPIPE);
  }));
}

size_t Wire::SayUntilFull(std::string_view piece, size_t most) {
  size_t total = 0;
  int in_vain = 0;
  while (total < most && in_vain < 50) {
    const ssize_t sent =
        send(fd_, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    in_vain = sent > 0 ? 0 : in_vain + 1;
    if (sent > 0) total += static_cast<size_t>(sent);
    loop_->io().poll();
    loop_->io().restart();
  }
  return total;
}

bool Wire::Receive() {
  std::array<char, 65'536> space;
  const ssize_t got = recv(fd_, space.data(), space.size(), MSG_DONTWAIT);
  if (got > 0) heard_.append(space.data(), static_cast<size_t>(got));
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) ended_ = true;
  return got > 0;
}

std::string Wire::Hear(size_t count) {
  EXPECT_TRUE(RunUntil(*loop_, [&] {
    Receive();
    return heard_.size() >= count || ended_;
  }));
  EXPECT_GE(heard_.size(), count);
  const std::string taken = heard_.substr(0, count);
  heard_.erase(0, count);
  return taken;
}

std::string Wire::HearMessage() {
  const std::string head = Hear(MessageHead::kSize);
  const auto read = postgres::ReadHead(head);
  return read ? head + Hear(read->body_size) : head;
}

std::string Wire::HearEnd() {
  EXPECT_TRUE(RunUntil(*loop_, [&] {
    while (Receive()) {
    }
    return ended_;
  }));
  return std::exchange(heard_, {});
}

bool Wire::IsQuiet() {
  for (int i = 0; i < 5; ++i) {
    loop_->io().poll();
    loop_->io().restart();
    Receive();
    poll(nullptr, 0, 1);
  }
  return heard_.empty() && !ended_;
}

PlayedAccess::PlayedAccess()
    : facts_(std::make_shared<access::ConnectionFacts>()) {
  facts_->ref = {"sales", "warehouse"};
  facts_->provider = "postgresql";
  facts_->credential_type = "password";
  facts_->endpoint.host = "127.0.0.1";
  facts_->endpoint.insecure = true;
  facts_->endpoint.tls.mode = "disable";
  facts_->endpoint.parameters["require_auth"] = "scram-sha-256,none";
  permit.facts = facts_;
  permit.slot = "default";
  permit.caller = "sa/reports/nightly";
  permit.vault.mount = "secret";
  permit.vault.path = "sales/warehouse";
  SetPassword("app", "the-canary-password");
}

void PlayedAccess::SetPassword(const std::string& user,
                               const std::string& password) {
  auto credential = std::make_shared<sidecar::Credential>();
  credential->fields.emplace("username", std::string(user));
  credential->fields.emplace("password", std::string(password));
  permit.credential = std::move(credential);
}

void PlayedAccess::Obtain(const model::ObjectRef&, Done done) {
  ++obtained;
  if (problem) return done(*problem);
  done(permit);
}

void PlayedAccess::Replace(const Permit&, Done done) {
  ++replaced;
  if (on_replace) on_replace();
  if (problem) return done(*problem);
  done(permit);
}

Result<sidecar::proxy::Fields> PlayedAccess::FieldsOf(
    const Permit& given) const {
  sidecar::proxy::Fields fields;
  for (const auto& [name, value] : given.credential->fields) {
    fields.emplace(name, value.Clone());
  }
  return fields;
}

FrontBed::FrontBed() {
  sidecar::proxy::AddressRules rules;
  rules.allowed = {*sidecar::proxy::ParseAddressRange("127.0.0.1")};
  dialer_ = std::make_unique<sidecar::proxy::Dialer>(
      loop_, sidecar::proxy::MakeSystemResolver(loop_), rules);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 64), 0);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  access_.facts().endpoint.port = ntohs(address.sin_port);
  Restart({});
}

FrontBed::~FrontBed() {
  front_.reset();
  close(listener_);
}

void FrontBed::Restart(const sidecar::proxy::pg::FrontLimits& limits) {
  front_ = std::make_unique<sidecar::proxy::pg::Front>(
      sidecar::proxy::pg::Front::Parts{loop_,
                                       access_,
                                       *dialer_,
                                       random_,
                                       *this,
                                       {space_.data(), space_.size()}},
      model::ObjectRef{"sales", "warehouse"}, "reports/nightly", limits);
}

Wire FrontBed::Connect() {
  std::array<int, 2> ends = {-1, -1};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  front_->Admit(ends[1]);
  return {loop_, ends[0]};
}

Wire FrontBed::ConnectTcp() {
  std::array<int, 2> ends = {-1, -1};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  front_->AdmitTcp(ends[1]);
  return {loop_, ends[0]};
}

Wire FrontBed::Accept() {
  int fd = -1;
  EXPECT_TRUE(RunUntil(loop_, [&] {
    fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    return fd >= 0;
  }));
  return {loop_, fd};
}

bool FrontBed::NobodyCame() {
  Settle();
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) close(fd);
  return fd < 0;
}

void FrontBed::Settle() {
  for (int i = 0; i < 5; ++i) {
    loop_.io().poll();
    loop_.io().restart();
    poll(nullptr, 0, 1);
  }
}

std::string FrontBed::Startup(uint32_t minor) {
  return postgres::MakeStartup(minor,
                               {{"user", "osuser"}, {"database", "osuser"}});
}

std::string FrontBed::LetIn(Wire& server, const std::string& key) {
  const std::string head = server.Hear(4);
  postgres::Cursor cursor(head);
  const std::string startup = head + server.Hear(*cursor.Int32() - 4);
  server.Say(Authentication(0) + Welcome(4'711, key));
  return startup;
}

FrontBed::Pair FrontBed::Open(uint32_t minor) {
  Wire client = Connect();
  client.Say(Startup(minor));
  Wire server = Accept();
  LetIn(server, minor < 2 ? "kkkk" : std::string(32, 'k'));
  std::string greeting;
  while (true) {
    const std::string message = client.HearMessage();
    greeting += message;
    if (message.empty() || message[0] == 'Z' || message[0] == 'E') break;
  }
  return {std::move(client), std::move(server), std::move(greeting)};
}

postgres::ErrorFields FrontBed::HearError(Wire& client) {
  const std::string bytes = client.HearEnd();
  client.Close();
  Settle();  // the session sees that
  EXPECT_FALSE(bytes.empty());
  if (bytes.empty()) return {};
  EXPECT_EQ(bytes[0], 'E');
  return postgres::ReadError(
      std::string_view(bytes).substr(MessageHead::kSize));
}

}  // namespace claviger::testing
