// SPDX-License-Identifier: Apache-2.0
//
// What may go wrong in a login besides the server saying so: for login.cc and
// login_method.cc.
#pragma once

#include <string>
#include <utility>

#include "postgres/login.h"

namespace claviger::postgres {

inline LoginFailure Failed(LoginFault fault, std::string message) {
  LoginFailure failure{fault, {}};
  failure.error.message = std::move(message);
  return failure;
}

inline LoginFailure Protocol(std::string message) {
  return Failed(LoginFault::kProtocol, std::move(message));
}

}  // namespace claviger::postgres
