// SPDX-License-Identifier: Apache-2.0
//
// Denies that objects which could not be decoded would otherwise take with
// them: what can be told from such a Grant, and which Grants a broken Group
// makes unanswerable. Errs towards Deny, since a typing error must never give
// access. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/document.h"
#include "model/objects.h"

namespace claviger::model {

/// True unless the effect is plainly absent or Allow. A `truncated` document
/// may have gone on to say Deny.
bool MayDeny(const Node& root, bool truncated);

/// Every connection that the document names, in whatever place.
std::vector<std::string> NamedConnections(const Node& root);

/// The readable values of metadata.<field>.
std::vector<std::string> MetadataValues(const Node& root,
                                        std::string_view field);

/// Adds to broken_denies the Denies on groups that could not be read, or that
/// have such a group nested in them: whom they mean is not known. For objects
/// that were decoded one by one, call it once they are all together.
void AddDeniesOfBrokenGroups(Objects& objects);

}  // namespace claviger::model
