// SPDX-License-Identifier: Apache-2.0
//
// Runs commands in-process on manifests in a scratch directory, at a fixed
// time, with captured output.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/random.h"
#include "cli/run.h"
#include "support/fake_clock.h"
#include "support/scratch_directory.h"

namespace claviger::cli {

/// Time passes by itself, and the end is asked for after `waits` waits.
class ScriptedStop final : public StopSignal {
 public:
  void Arm() override {}
  bool WaitFor(std::chrono::milliseconds /*time*/) override {
    return waits-- > 0;
  }
  int waits = 3;
};

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
  nlohmann::ordered_json Json() const {
    return nlohmann::ordered_json::parse(out, nullptr, false);
  }
};

class CliTest : public ::testing::Test {
 protected:
  CliTest() {
    auto made = testing::ScratchDirectory::Create();
    EXPECT_TRUE(made.has_value());
    if (made) directory_.emplace(std::move(*made));
  }

  const std::string& directory() const { return directory_->path(); }

  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(directory_->Write(name, text).has_value());
  }

  Ran Run(const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    Context context{out,  err,          clock_, random_, stop_,
                    log_, environment_, false,  nullptr, input_};
    const int code = cli::Run(arguments, context);
    return {code, out.str(), err.str()};
  }

  testing::FakeClock clock_;
  SystemRandom random_;
  ScriptedStop stop_;
  NullLogger log_;
  Environment environment_;
  SecretInput* input_ = nullptr;

 private:
  std::optional<testing::ScratchDirectory> directory_;
};

/// A connection of every kind of answer: `warehouse` (Layered, disclosable, for
/// group readers), `api` (everybody, server-side only), `crm` (ambiguous).
inline constexpr const char* kWorld = R"(
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: near}
spec:
  members: [{kind: ServiceAccount, namespace: reports, name: nightly}]
---
apiVersion: claviger.io/v1alpha1
kind: Group
metadata: {name: readers}
spec:
  members:
    - {kind: Group, name: near}
    - {kind: Namespace, name: jobs}
    - {kind: User, name: alice}
  claim: {name: groups, value: reading}
---
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: warehouse, namespace: sales}
spec:
  provider: postgresql
  endpoint: {host: dw.example, database: dw}
  owner: {kind: User, name: erin}
  sharing: {mode: Groups, groups: [readers]}
  credentials:
    type: password
    mode: Layered
    default: {vault: {engine: kv2, mount: secret, path: sales/dw}}
  serverSideOnly: false
  secretReaders: Users
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: near-slot, namespace: sales}
spec:
  connection: warehouse
  subjects: [{kind: Group, name: near}]
  privileges: []
  credential: {vault: {engine: kv2, mount: secret, path: sales/dw-near}}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: far-slot, namespace: sales}
spec:
  connection: warehouse
  subjects: [{kind: Group, name: readers}]
  privileges: []
  credential: {vault: {engine: kv2, mount: secret, path: sales/dw-far}}
---
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: api, namespace: sales}
spec:
  provider: http
  endpoint: {url: "https://api.example"}
  owner: {kind: User, name: erin}
  sharing: {mode: Organization}
  credentials:
    type: token
    default: {vault: {engine: kv2, mount: secret, path: sales/api}}
---
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: crm, namespace: sales}
spec:
  provider: http
  endpoint: {url: "https://crm.example"}
  owner: {kind: User, name: erin}
  sharing: {mode: Organization}
  credentials: {type: token, mode: Layered}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: b, namespace: sales}
spec:
  connection: crm
  subjects: [{kind: User, name: alice}]
  privileges: []
  credential: {vault: {engine: kv2, mount: secret, path: sales/crm-b}}
---
apiVersion: claviger.io/v1alpha1
kind: Grant
metadata: {name: a, namespace: sales}
spec:
  connection: crm
  subjects: [{kind: User, name: alice}]
  privileges: []
  credential: {vault: {engine: kv2, mount: secret, path: sales/crm-a}}
)";

}  // namespace claviger::cli
