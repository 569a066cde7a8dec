// SPDX-License-Identifier: Apache-2.0
//
// An HTTP request and response as values, the same for client and server.
// Header names compare without case. Not synchronised.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"

namespace claviger::http {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kList };
std::string_view ToString(Method method);  // "GET"; kList: Vault's "LIST"

using Header = std::pair<std::string, std::string>;

/// The first header of that name, without regard to case.
std::optional<std::string_view> FindHeader(const std::vector<Header>& headers,
                                           std::string_view name);

}  // namespace claviger::http
