// SPDX-License-Identifier: Apache-2.0
//
// KV version 1: one value per path. Not synchronised.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "dev/backend.h"
#include "dev/store_budget.h"

namespace claviger::dev {

class Kv1 final : public Backend {
 public:
  explicit Kv1(StoreBudget& budget) : budget_(budget) {}
  ~Kv1() override;
  Kv1(const Kv1&) = delete;
  Kv1& operator=(const Kv1&) = delete;

  std::optional<bool> Exists(const std::string& path) const override {
    return values_.count(path) != 0;
  }
  Reply Handle(const Request& request) override;

 private:
  Reply Read(const std::string& path) const;
  Reply Write(const Request& request);
  void Remove(const std::string& path);

  StoreBudget& budget_;
  std::map<std::string, std::string> values_;  // JSON text
};

}  // namespace claviger::dev
