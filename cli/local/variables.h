// SPDX-License-Identifier: Apache-2.0
//
// What a program's environment gets of a connection: the names and texts of a
// file of the format env, under a prefix of choice. Holds secrets: they go into
// the environment of the program that is started, and nowhere else.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "cli/local/local_api.h"
#include "model/object.h"

namespace claviger::cli {

struct VariableWish {
  model::ObjectRef connection;
  std::string prefix;  // "CLAVIGER_SALES__DW_"
};

/// "sales/dw" or "sales/dw:DB_", the prefix as it is to stand before each
/// name. kInvalidArgument says what to write.
Result<VariableWish> ParseVariableWish(const std::string& text);

/// "DB_PASSWORD" and its value.
using Variables = std::map<std::string, Secret>;

/// LocalApi's errors; kInvalidArgument for what no variable can hold (NUL) and
/// for two values of one name. Messages hold names and no values.
Result<Variables> ReadVariables(const LocalApi& api,
                                const std::vector<VariableWish>& wishes);

}  // namespace claviger::cli
