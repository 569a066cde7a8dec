// SPDX-License-Identifier: Apache-2.0
//
// sys/: mounts, auth mounts, policies, capabilities, leases (there are none).
// Not synchronised.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dev/backend.h"
#include "dev/mounts.h"
#include "dev/policies.h"
#include "dev/tokens.h"

namespace claviger::dev {

class SysBackend final : public Backend {
 public:
  /// Makes what is to be mounted; an error for types unknown here. `path` as
  /// in the mount table.
  using Factory = std::function<Result<std::unique_ptr<Backend>>(
      const std::string& path, Mount& mount)>;
  /// Seals the vault.
  using Seal = std::function<void()>;

  SysBackend(TokenStore& tokens, PolicyStore& policies, MountTable& mounts,
             Factory factory, Seal seal)
      : tokens_(tokens),
        policies_(policies),
        mounts_(mounts),
        factory_(std::move(factory)),
        seal_(std::move(seal)) {}

  bool IsOpen(const std::string& path) const override {
    return path == "internal/ui/mounts" ||
           Below(path, "internal/ui/mounts/").has_value();
  }
  bool WantsSudo(const std::string& path) const override {
    return path == "seal" || Below(path, "auth/").has_value();
  }
  Reply Handle(const Request& request) override;

  /// Mounts without a request: what the vault starts with, and seeding.
  Status MountAt(const std::string& path, Mount mount);

 private:
  Reply HandlePolicy(const Request& request, const std::string& name);
  Reply HandleMount(const Request& request, const std::string& name,
                    std::string_view prefix);
  Reply Enable(const Request& request, const std::string& name,
               std::string_view prefix);
  Reply Disable(const std::string& name, std::string_view prefix);
  Reply HandleLeases(const Request& request, const std::string& action) const;
  Reply CapabilitiesOf(const Token& token, const Request& request) const;
  Reply HandleCapabilities(const Request& request);
  Reply UiMount(const Request& request, const std::string& path);
  nlohmann::json MountsBelow(std::string_view prefix,
                             const Acl* visible_to) const;

  TokenStore& tokens_;
  PolicyStore& policies_;
  MountTable& mounts_;
  const Factory factory_;
  const Seal seal_;
};

}  // namespace claviger::dev
