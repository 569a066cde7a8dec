// SPDX-License-Identifier: Apache-2.0
#include "operator/push/publication.h"

namespace claviger::op::push {

Status Publication::Keep(Store& store, const access::PushDocument& document) {
  if (kept_ == document) return {};
  const std::string path = access::PushPathOf(cluster_);
  const Result<Entry> present = store.ReadEntry(path);
  if (!present && present.error().code != ErrorCode::kNotFound) {
    return Fail(present.error(), "publish where changes are told");
  }
  const std::string text = access::EncodePush(cluster_, document);
  const auto stands = present ? access::DecodePush(cluster_, present->data)
                              : Fail(present.error());
  if (!stands || *stands != document) {
    const Result<int64_t> written =
        store.WriteEntry(path, text, present ? present->version : 0);
    if (!written) {
      return Fail(written.error(), "publish where changes are told");
    }
  }
  kept_ = document;
  return {};
}

}  // namespace claviger::op::push
