// SPDX-License-Identifier: Apache-2.0
//
// How PolicyPaths names to PolicyText what a policy opens: the API path as it
// is where it is read, and with a mark in front where the engine has to be
// written to (pki, ssh). The mark holds a blank, which no path can, so that
// nothing that a manifest says is ever taken for it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "model/vault_ref.h"

namespace claviger::access {

inline constexpr std::string_view kUpdateMark = "update ";

inline std::string OpenedBy(const model::VaultRef& ref) {
  const bool update =
      ref.engine == model::Engine::kPki || ref.engine == model::Engine::kSsh;
  return std::string(update ? kUpdateMark : "") + model::ApiPath(ref);
}

struct OpenedPath {
  std::string path;
  bool update = false;
};

inline OpenedPath ReadOpened(std::string_view text) {
  const bool update = text.substr(0, kUpdateMark.size()) == kUpdateMark;
  if (update) text.remove_prefix(kUpdateMark.size());
  return {std::string(text), update};
}

}  // namespace claviger::access
