// SPDX-License-Identifier: Apache-2.0
//
// Finds values in JSON text without building a tree: a list of ten thousand
// objects is taken apart into the texts of its items, and each is decoded by
// who needs it. The level that is walked is checked strictly; what is nested in
// a value is only measured, and checked when that value is parsed. Pure; views
// point into the text given.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace claviger::kube {

/// Deeper nesting than this is refused.
inline constexpr int kMaxJsonDepth = 256;

/// Calls `visit` with each member of a JSON object, in the text's order, the
/// value without space around it. Ends early with the first error of `visit`.
/// kMalformed when the text is not one whole object, has more than 64 members,
/// or a key is escaped or comes twice.
Status ForEachMember(
    std::string_view text,
    const std::function<Status(std::string_view key, std::string_view value)>&
        visit);

/// The same for the elements of a JSON array.
Status ForEachElement(
    std::string_view text,
    const std::function<Status(std::string_view value)>& visit);

/// The bytes of a JSON string. kMalformed when it is none.
Result<std::string> StringOf(std::string_view value);

}  // namespace claviger::kube
