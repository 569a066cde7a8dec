// SPDX-License-Identifier: Apache-2.0
//
// The caBundle of a ValidatingWebhookConfiguration or
// MutatingWebhookConfiguration: read, and put ours into it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace claviger::op::webhook {

struct BundleEdit {
  /// What all of its webhooks trust, afterwards.
  std::string bundle;
  /// The merge patch that makes it so, with the resourceVersion it was read
  /// at; empty where nothing is to be changed.
  std::string merge_patch;
};

/// Puts `ours` into the bundle of every webhook of the configuration. With
/// nothing of ours, only reads. kMalformed when the text is no configuration,
/// or has no webhook.
Result<BundleEdit> EditBundles(std::string_view configuration,
                               const std::vector<std::string>& ours, Time now);

}  // namespace claviger::op::webhook
