// SPDX-License-Identifier: Apache-2.0
//
// Answers for people: aligned columns, colour where it can be seen. Pure.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/explain.h"

namespace claviger::cli {

enum class Colour { kGreen, kRed, kYellow, kBold };

/// `text` in `colour`, or as it is where `enabled` is false.
std::string Painted(std::string_view text, Colour colour, bool enabled);

/// Two columns, the first padded to the widest, each line behind `indent`.
/// Pairs whose second part is empty are left out.
void PrintPairs(const std::vector<std::pair<std::string, std::string>>& pairs,
                std::string_view indent, std::ostream& out);

/// Rows of equal length below `header`, padded.
void PrintTable(const std::vector<std::string>& header,
                const std::vector<std::vector<std::string>>& rows,
                std::ostream& out);

/// "kv2 secret/sales/warehouse", "database database/sales.ro".
std::string Describe(const model::VaultRef& ref);

/// The whole story of one decision.
void PrintExplanation(const access::Explanation& explanation, bool colour,
                      std::ostream& out);

}  // namespace claviger::cli
