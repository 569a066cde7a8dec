// SPDX-License-Identifier: Apache-2.0
//
// How PolicyPaths names to PolicyText what a policy opens: the API path as it
// is where it is read, with a mark in front where the engine has to be written
// to (pki, ssh), and with another one the uids that name a personal slot. The
// marks hold a blank, which no path can, so that nothing that a manifest says
// is ever taken for one. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "model/vault_ref.h"

namespace claviger::access {

inline constexpr std::string_view kUpdateMark = "update ";
inline constexpr std::string_view kPersonalMark = "personal ";

inline std::string OpenedBy(const model::VaultRef& ref) {
  const bool update =
      ref.engine == model::Engine::kPki || ref.engine == model::Engine::kSsh;
  return std::string(update ? kUpdateMark : "") + model::ApiPath(ref);
}

/// The principal's own slot on one connection.
inline std::string OpenedPersonal(std::string_view account_uid,
                                  std::string_view connection_uid) {
  return std::string(kPersonalMark) + std::string(account_uid) + "/" +
         std::string(connection_uid);
}

struct OpenedPath {
  enum class How { kRead, kUpdate, kPersonal };
  std::string path;  // of kPersonal: the two uids
  How how = How::kRead;
};

inline OpenedPath ReadOpened(std::string_view text) {
  for (const auto& [mark, how] :
       {std::pair(kUpdateMark, OpenedPath::How::kUpdate),
        std::pair(kPersonalMark, OpenedPath::How::kPersonal)}) {
    if (text.substr(0, mark.size()) != mark) continue;
    return {std::string(text.substr(mark.size())), how};
  }
  return {std::string(text), OpenedPath::How::kRead};
}

}  // namespace claviger::access
