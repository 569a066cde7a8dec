// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "http/server.h"

namespace claviger::http {

std::string_view PathOf(const ServerRequest& request) {
  const std::string_view target = request.target;
  return target.substr(0, target.find('?'));
}

std::string_view QueryOf(const ServerRequest& request) {
  const std::string_view target = request.target;
  const size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view()
                                        : target.substr(mark + 1);
}

}  // namespace claviger::http
