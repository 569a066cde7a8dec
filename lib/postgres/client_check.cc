// SPDX-License-Identifier: Apache-2.0
#include "postgres/client_check.h"

#include "base/digest.h"
#include "postgres/wire.h"

namespace claviger::postgres {
namespace {

constexpr std::string_view kMechanism = "SCRAM-SHA-256";
constexpr size_t kMaxBody = 4'096;
constexpr size_t kNonceBytes = 18;
constexpr uint32_t kSasl = 10;
constexpr uint32_t kSaslContinue = 11;
constexpr uint32_t kSaslFinal = 12;

tl::unexpected<Error> Malformed() {
  return Fail(ErrorCode::kMalformed, "the client's login is broken");
}

void AppendAuthentication(std::string& out, uint32_t kind,
                          std::string_view data) {
  std::string body;
  AppendInt32(body, kind);
  AppendMessage(out, 'R', body.append(data));
}

}  // namespace

ClientCheck::ClientCheck(const ScramVerifier& verifier, Random& random)
    : scram_(verifier, Base64Encode(random.Bytes(kNonceBytes))) {}

std::string ClientCheck::Begin() const {
  std::string list;
  AppendText(list, kMechanism);
  list.push_back('\0');
  std::string out;
  AppendAuthentication(out, kSasl, list);
  return out;
}

ClientCheck::State ClientCheck::Feed(std::string& bytes, std::string& out) {
  while (bytes.size() >= MessageHead::kSize) {
    const auto head = ReadHead(bytes);
    if (!head || head->type != 'p' || head->body_size > kMaxBody) {
      return State::kWrong;
    }
    const size_t size = MessageHead::kSize + head->body_size;
    if (bytes.size() < size) break;
    const bool last = !first_;
    const auto answer = OnMessage(
        std::string_view(bytes).substr(MessageHead::kSize, head->body_size));
    if (!answer) return State::kWrong;
    AppendAuthentication(out, last ? kSaslFinal : kSaslContinue, *answer);
    bytes.erase(0, size);
    if (last) return State::kRight;
  }
  return State::kGoing;
}

Result<std::string> ClientCheck::OnMessage(std::string_view body) {
  if (!first_) return scram_.OnClientFinal(body);
  first_ = false;
  Cursor cursor(body);
  const auto mechanism = cursor.Text();
  const auto size = cursor.Int32();
  if (!mechanism || *mechanism != kMechanism || !size ||
      *size != cursor.rest().size()) {
    return Malformed();
  }
  return scram_.OnClientFirst(cursor.rest());
}

}  // namespace claviger::postgres
