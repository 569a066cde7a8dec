// SPDX-License-Identifier: Apache-2.0
//
// What can be told from a Grant that could not be decoded: whether it may have
// been a Deny, and of which connections. Errs towards Deny, since a typing
// error must never give access. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/document.h"

namespace claviger::model {

/// True unless the effect is plainly absent or Allow. A `truncated` document
/// may have gone on to say Deny.
bool MayDeny(const Node& root, bool truncated);

/// Every connection that the document names, in whatever place.
std::vector<std::string> NamedConnections(const Node& root);

/// The readable values of metadata.<field>.
std::vector<std::string> MetadataValues(const Node& root,
                                        std::string_view field);

}  // namespace claviger::model
