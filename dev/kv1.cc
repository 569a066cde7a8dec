// SPDX-License-Identifier: Apache-2.0
#include "dev/kv1.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/secret.h"
#include "dev/fields.h"
#include "dev/tokens.h"

namespace claviger::dev {

Kv1::~Kv1() {
  while (!values_.empty()) Remove(std::string(values_.begin()->first));
}

Reply Kv1::Read(const std::string& path) const {
  const auto found = values_.find(path);
  if (found == values_.end()) return NotFound();
  auto data = ParseJson(found->second);
  if (!data) return RefusedBy(data.error());
  Reply reply = WithData(*std::move(data));
  reply.lease_duration = kDefaultTtlSeconds;
  int64_t ttl = 0;
  if (Fields(reply.data).ReadSeconds("ttl", ttl).status() && ttl > 0) {
    reply.lease_duration = ttl;
  }
  return reply;
}

Reply Kv1::Write(const Request& request) {
  if (request.body.empty()) return Refused(400, "missing data fields");
  std::string text = DumpJson(request.body);
  Remove(request.path);
  if (!budget_.Take(request.path.size() + text.size())) {
    return Refused(413, "storage is full");
  }
  values_[request.path] = std::move(text);
  return NoContent();
}

void Kv1::Remove(const std::string& path) {
  const auto found = values_.find(path);
  if (found == values_.end()) return;
  budget_.Return(path.size() + found->second.size());
  WipeString(found->second);
  values_.erase(found);
}

Reply Kv1::Handle(const Request& request) {
  switch (request.operation) {
    case Operation::kRead:
      return Read(request.path);
    case Operation::kList:
      return WithKeys(NamesBelow(values_, request.path));
    case Operation::kDelete:
      Remove(request.path);
      return NoContent();
    default:
      return Write(request);
  }
}

}  // namespace claviger::dev
