// SPDX-License-Identifier: Apache-2.0
//
// One object as the API server sent it: its text, and the little of it that
// this folder needs. What is inside is decoded by who knows the kind. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/resource.h"

namespace claviger::kube {

/// etcd's own bound on a request: nothing larger can be stored.
inline constexpr size_t kMaxObjectBytes = size_t{3} << 19U;

/// Valid as long as the text it was read from, so during a callback.
struct ObjectView {
  std::string_view kind;  // "Grant", also where the text leaves it out
  std::string_view json;
  ObjectName name;
  std::string uid;
  std::string resource_version;
};

/// One page of a list, or a whole short one.
struct Page {
  /// Where the next page begins; empty after the last.
  std::string continue_token;
  /// From where a watch goes on.
  std::string resource_version;
  /// The token was too old (410): begin again without one.
  bool expired = false;
};

/// Reads the metadata of one object. kTooLarge over kMaxObjectBytes;
/// kMalformed without a name and uid, or when it is no object.
Result<ObjectView> ReadObject(const Resource& resource, std::string_view json);

/// Hands the objects of a list's text on, one by one, and returns what its
/// metadata says. All items are found before the first is handed on, so a text
/// that was cut hands on nothing. kMalformed for anything but a list; an error
/// of one item ends it.
Result<Page> ReadList(const Resource& resource, std::string_view json,
                      const std::function<void(const ObjectView&)>& take);

}  // namespace claviger::kube
