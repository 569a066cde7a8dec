// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "model/decode.h"

namespace claviger::model {
namespace {

constexpr std::array<std::string_view, 4> kTlsModes = {
    "disable", "require", "verify-ca", "verify-full"};

}  // namespace

void Read(const Value& value, Tls& out) {
  Fields fields(value);
  if (fields.Optional("mode", out.mode) &&
      std::find(kTlsModes.begin(), kTlsModes.end(), out.mode) ==
          kTlsModes.end()) {
    UnknownWord(Value(*value.node().Find("mode"), value), out.mode,
                {kTlsModes.begin(), kTlsModes.end()});
  }
  fields.Optional("caBundle", out.ca_bundle);
  fields.Optional("serverName", out.server_name);
  fields.Finish();
}

void Read(const Value& value, Endpoint& out) {
  Fields fields(value);
  fields.Optional("url", out.url);
  fields.Optional("host", out.host);
  fields.Optional("port", out.port);
  fields.NonEmpty("hosts", out.hosts);
  fields.Optional("database", out.database);
  fields.Optional("insecure", out.insecure);
  fields.NonEmpty("methods", out.methods);
  fields.NonEmpty("pathPrefixes", out.path_prefixes);
  fields.Optional("tls", out.tls);
  fields.NonEmpty("parameters", out.parameters);
  fields.Finish();
}

}  // namespace claviger::model
