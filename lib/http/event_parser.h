// SPDX-License-Identifier: Apache-2.0
//
// Server-sent events out of bytes as they come, within bounds: a line and an
// event's data of at most 1 KiB. Not synchronised.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace claviger::http {

class EventParser {
 public:
  using Take = std::function<void(std::string_view event, std::string_view)>;
  static constexpr size_t kMaxLine = 1'024;

  explicit EventParser(Take take) : take_(std::move(take)) {}

  /// False once something was over a bound; nothing is taken after that.
  bool Add(std::string_view bytes);

 private:
  bool EndLine();

  const Take take_;
  std::string line_;
  std::string event_;
  std::string data_;
  bool over_ = false;
};

}  // namespace claviger::http
