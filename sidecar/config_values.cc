// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config_values.h"

namespace claviger::sidecar {

using model::Value;

void ReadAbsolutePath(const Value& value, size_t max_size, std::string& out) {
  std::string path;
  Read(value, path);
  if (path.starts_with('/') && path.size() <= max_size) {
    out = std::move(path);
  } else {
    Refuse(value,
           "not an absolute path of at most " + std::to_string(max_size) +
               " bytes",
           "write it from the root, like /run/claviger/claviger.sock");
  }
}

void ReadRanges(const Value& value, std::vector<proxy::AddressRange>& out) {
  std::vector<std::string> list;
  Read(value, list);
  for (const std::string& one : list) {
    if (auto range = proxy::ParseAddressRange(one)) {
      out.push_back(*range);
    } else {
      Refuse(value, "not a list of addresses", range.error().message);
    }
  }
}

}  // namespace claviger::sidecar
