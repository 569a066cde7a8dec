// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/http/echo_guard.h"

#include <string.h>

#include <algorithm>

namespace claviger::sidecar::proxy {

bool EchoGuard::IsIn(std::string_view text) const {
  return std::any_of(
      needles_->begin(), needles_->end(), [&](const Secret& needle) {
        const std::string_view bytes = needle.Reveal();
        return text.size() >= bytes.size() &&
               memmem(text.data(), text.size(), bytes.data(), bytes.size()) !=
                   nullptr;
      });
}

bool EchoGuard::IsIn(const std::vector<Field>& fields) const {
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    return IsIn(field.value) || IsIn(field.name);
  });
}

// The longest end of `text` that a needle begins with.
size_t EchoGuard::PrefixAtEnd(std::string_view text) const {
  size_t longest = 0;
  for (const Secret& needle : *needles_) {
    const std::string_view bytes = needle.Reveal();
    for (size_t size = std::min(bytes.size() - 1, text.size()); size > longest;
         --size) {
      if (text.substr(text.size() - size) == bytes.substr(0, size)) {
        longest = size;
      }
    }
  }
  return longest;
}

bool EchoGuard::Pass(std::string_view content, std::string& out) {
  out.clear();
  if (seen_ >= kScanned) {
    out = std::move(held_);
    held_.clear();
    out.append(content);
    return true;
  }
  seen_ += content.size();
  std::string text = std::move(held_);
  text.append(content);
  if (IsIn(text)) return false;
  held_ = text.substr(text.size() - PrefixAtEnd(text));
  text.resize(text.size() - held_.size());
  out = std::move(text);
  return true;
}

}  // namespace claviger::sidecar::proxy
