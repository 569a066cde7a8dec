// SPDX-License-Identifier: Apache-2.0
//
// The small parts by themselves: worker, circuit, cache, served answers, token
// file, partitions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/file.h"
#include "sidecar/api/partition.h"
#include "sidecar/api/served.h"
#include "sidecar/credentials/cache.h"
#include "sidecar/token_source.h"
#include "sidecar/vault_circuit.h"
#include "sidecar/worker.h"
#include "support/builders.h"
#include "support/fake_clock.h"
#include "support/fake_random.h"
#include "support/fake_vault_api.h"

namespace claviger::sidecar {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::FakeClock;
using testing::FakeRandom;
using ::testing::IsEmpty;
using testing::Kv2;

TEST(WorkerTest, RunsTimersWhenDueInOrder) {
  FakeClock clock;
  Worker worker(clock, 10);
  std::vector<int> ran;
  worker.At(clock.SteadyNow() + seconds(2), [&] { ran.push_back(2); });
  worker.At(clock.SteadyNow() + seconds(1), [&] { ran.push_back(1); });
  const auto dropped =
      worker.At(clock.SteadyNow() + seconds(1), [&] { ran.push_back(9); });
  worker.Cancel(dropped);
  worker.Cancel(dropped);
  worker.Cancel(0);
  worker.RunDue();
  EXPECT_THAT(ran, IsEmpty());
  clock.Advance(seconds(2));
  worker.RunDue();
  EXPECT_THAT(ran, ElementsAre(1, 2));
}

TEST(WorkerTest, RefusesWhatIsOverItsBound) {
  FakeClock clock;
  Worker worker(clock, 2);
  int ran = 0;
  EXPECT_TRUE(worker.Post([&] { ++ran; }));
  EXPECT_TRUE(worker.Post([&] { ++ran; }));
  EXPECT_FALSE(worker.Post([&] { ++ran; }));
  worker.RunDue();
  EXPECT_EQ(ran, 2);
}

TEST(WorkerTest, TimersGoFirst) {
  FakeClock clock;
  Worker worker(clock, 2);
  std::vector<int> ran;
  worker.Post([&] { ran.push_back(2); });
  worker.At(clock.SteadyNow(), [&] { ran.push_back(1); });
  worker.RunDue();
  EXPECT_THAT(ran, ElementsAre(1, 2));
}

TEST(WorkerTest, StopsWithJobsLeftAndTakesNoMore) {
  SystemClock clock;
  Worker worker(clock, 10);
  std::atomic<int> ran = 0;
  std::thread thread([&] { worker.Run(); });
  worker.Post([&] {
    ++ran;
    worker.Stop();
  });
  thread.join();
  EXPECT_EQ(ran, 1);
  EXPECT_FALSE(worker.Post([] {}));
}

class CircuitTest : public ::testing::Test {
 protected:
  ErrorCode Ask(const std::string& path = "secret/data/x") {
    vault::Call call;
    call.path = path;
    const auto answer = circuit.Do(call);
    return answer ? ErrorCode::kInternal : answer.error().code;
  }

  FakeClock clock;
  FakeRandom random;
  testing::FakeVaultApi vault;
  VaultCircuit circuit{vault, clock, random};
};

TEST_F(CircuitTest, LeavesAVaultAloneThatDoesNotAnswer) {
  vault.SetHandler([](const auto&) -> Result<vault::Answer> {
    return Fail(ErrorCode::kDeadlineExceeded, "slow");
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Ask(), ErrorCode::kDeadlineExceeded);
  }
  EXPECT_EQ(vault.seen().size(), 1U);
  for (int i = 0; i < 600; ++i) {
    clock.Advance(seconds(1));
    Ask();
  }
  EXPECT_LE(vault.seen().size(), 100U);
}

TEST_F(CircuitTest, IsAskedSoonerWhereSomethingIsAboutToEnd) {
  vault.SetHandler([](const auto&) -> Result<vault::Answer> {
    return Fail(ErrorCode::kUnavailable, "away");
  });
  for (int i = 0; i < 8; ++i) {
    Ask();
    clock.Advance(seconds(16));
  }
  Ask();
  const size_t asked = vault.seen().size();
  clock.Advance(std::chrono::milliseconds(500));
  Ask();
  EXPECT_EQ(vault.seen().size(), asked);
  const VaultCircuit::Urgency urgency(circuit, true);
  Ask();
  EXPECT_EQ(vault.seen().size(), asked + 1);
  Ask();
  EXPECT_EQ(vault.seen().size(), asked + 1);  // but not in a loop
}

TEST_F(CircuitTest, RefusalsAreAnswers) {
  vault.SetHandler([](const auto&) -> Result<vault::Answer> {
    return Fail(ErrorCode::kPermissionDenied, "no");
  });
  for (int i = 0; i < 3; ++i) Ask();
  EXPECT_EQ(vault.seen().size(), 3U);
}

TEST_F(CircuitTest, AnEngineThatFailsShutsNoOther) {
  vault.SetHandler([](const auto& call) -> Result<vault::Answer> {
    if (call.path.starts_with("database/")) {
      return Fail(ErrorCode::kUnavailable, "its database is down");
    }
    return vault::Answer(200, "{}");
  });
  EXPECT_EQ(Ask("database/creds/a"), ErrorCode::kUnavailable);
  EXPECT_EQ(Ask(), ErrorCode::kInternal);  // answered
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Ask("database/creds/b"), ErrorCode::kUnavailable);
    EXPECT_EQ(Ask(), ErrorCode::kInternal);
  }
  EXPECT_EQ(vault.seen().size(), 12U);  // the engine once, the other each time
}

TEST_F(CircuitTest, TwoMountsThatFailInARowShutAll) {
  vault.SetHandler([](const auto&) -> Result<vault::Answer> {
    return Fail(ErrorCode::kUnavailable, "away");
  });
  Ask("database/creds/a");
  Ask("secret/data/x");
  EXPECT_EQ(Ask("auth/token/renew-self"), ErrorCode::kUnavailable);
  EXPECT_EQ(vault.seen().size(), 2U);
}

TEST_F(CircuitTest, ASealedVaultIsSealedForAll) {
  vault.SetHandler([](const auto&) -> Result<vault::Answer> {
    return Fail(ErrorCode::kSealed, "sealed");
  });
  Ask("database/creds/a");
  EXPECT_EQ(Ask("secret/data/x"), ErrorCode::kSealed);
  EXPECT_EQ(vault.seen().size(), 1U);
}

TEST_F(CircuitTest, AddsToWhatVaultAsksFor) {
  vault.Break(Error{ErrorCode::kRateLimited, "429", seconds(20)});
  vault.Answer(200, "{}");
  Ask();
  clock.Advance(seconds(20));
  EXPECT_EQ(Ask(), ErrorCode::kRateLimited);
  clock.Advance(seconds(1));
  EXPECT_EQ(Ask(), ErrorCode::kInternal);  // answered
}

class CacheTest : public ::testing::Test {
 protected:
  static constexpr size_t kMaxEntries = 4;
  static constexpr size_t kMaxWaiting = 3;

  Result<Obtained> Read(const model::VaultRef& what) {
    reads.push_back(CredentialKey(what));
    if (error) return Fail(*error);
    Obtained obtained;
    obtained.credential.fields.emplace("password", Secret(std::string(value)));
    return obtained;
  }
  FetchOutcome Fetch(const model::VaultRef& what) {
    FetchOutcome ended = FetchOutcome::kFailed;
    EXPECT_TRUE(cache.Fetch(what, [&](FetchOutcome how) { ended = how; }));
    worker.RunDue();
    return ended;
  }

  FakeClock clock;
  FakeRandom random;
  Worker worker{clock, 16};
  Metrics metrics;
  std::vector<std::string> reads;
  std::vector<std::string> changes;
  std::optional<Error> error;
  std::string value = "one";
  CredentialCache cache{
      {{}, kMaxEntries, kMaxWaiting},
      worker,
      clock,
      random,
      metrics,
      {[this](const model::VaultRef& what, bool) { return Read(what); },
       {},
       {}},
      [this](const std::string& key, bool gone) {
        changes.push_back(key + (gone ? " gone" : " rotated"));
      }};
  const model::VaultRef ref = Kv2("secret", "a");
};

TEST_F(CacheTest, EachPinnedVersionIsAPlaceOfItsOwn) {
  model::VaultRef pinned = ref;
  pinned.version = 3;
  Fetch(ref);
  Fetch(pinned);
  EXPECT_THAT(reads, ElementsAre("secret/data/a", "secret/data/a?version=3"));
}

TEST_F(CacheTest, RefusesMoreThanItsBounds) {
  for (int i = 0; i < 4; ++i) Fetch(Kv2("secret", std::to_string(i)));
  EXPECT_FALSE(cache.Fetch(Kv2("secret", "more"), [](FetchOutcome) {}));
  for (size_t i = 0; i < kMaxWaiting; ++i) {
    EXPECT_TRUE(cache.Fetch(Kv2("secret", "1"), [](FetchOutcome) {}));
  }
  EXPECT_FALSE(cache.Fetch(Kv2("secret", "1"), [](FetchOutcome) {}));
  worker.RunDue();
  EXPECT_TRUE(cache.Fetch(Kv2("secret", "1"), [](FetchOutcome) {}));
  worker.RunDue();
}

TEST_F(CacheTest, WhatIsDroppedWhileItIsReadDoesNotComeBack) {
  FetchOutcome ended = FetchOutcome::kNew;
  cache.Fetch(ref, [&](FetchOutcome how) { ended = how; });
  cache.Retain({});
  worker.RunDue();
  EXPECT_EQ(ended, FetchOutcome::kFailed);
  EXPECT_EQ(cache.Find(ref).credential, nullptr);
}

TEST_F(CacheTest, TellsOfChangesAndOfNothingElse) {
  Fetch(ref);
  Fetch(ref);
  EXPECT_THAT(changes, IsEmpty());
  value = "two";
  Fetch(ref);
  error = Error{ErrorCode::kNotFound, "gone", std::nullopt};
  Fetch(ref);
  Fetch(ref);
  EXPECT_THAT(changes,
              ElementsAre("secret/data/a rotated", "secret/data/a gone"));
}

TEST_F(CacheTest, RetainTellsWhatItDropped) {
  Fetch(Kv2("secret", "a"));
  Fetch(Kv2("secret", "b"));
  EXPECT_THAT(cache.Retain({"secret/data/b"}), ElementsAre("secret/data/a"));
  EXPECT_NE(cache.Find(Kv2("secret", "b")).credential, nullptr);
}

TEST_F(CacheTest, ComparesWithVaultOncePerInterval) {
  Fetch(ref);
  for (int i = 0; i < 600; ++i) {
    clock.Advance(seconds(1));
    worker.RunDue();
  }
  EXPECT_EQ(reads.size(), 11U);
}

TEST(ServedTest, GivesABodyForExactlyTheSameState) {
  ServedAnswers served;
  const model::ObjectRef connection{"sales", "dw"};
  ServedState state;
  state.slot = "default";
  state.generation = 3;
  served.Put({connection, std::nullopt, "default", "k"}, state, "body",
             nullptr);
  const auto found = served.Find(connection, std::nullopt, state);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->body, "body");
  EXPECT_FALSE(served.Find(connection, "default", state));
  ServedState other = state;
  other.stale = true;
  EXPECT_FALSE(served.Find(connection, std::nullopt, other));
  other = state;
  other.generation = 4;
  EXPECT_FALSE(served.Find(connection, std::nullopt, other));
  other = state;
  other.expires_at = Time();
  EXPECT_FALSE(served.Find(connection, std::nullopt, other));
  served.DropBodies();
  EXPECT_FALSE(served.Find(connection, std::nullopt, state));
  EXPECT_EQ(served.Slots().size(), 1U);
}

TEST(ServedTest, IsBounded) {
  ServedAnswers served;
  for (int i = 0; i < 5'000; ++i) {
    served.Put(
        {{"sales", "c" + std::to_string(i)}, std::nullopt, "default", "k"}, {},
        "body", nullptr);
  }
  EXPECT_EQ(served.Slots().size(), 1'024U);
}

TEST(PartitionTest, DiffersByEachPartAndByProcess) {
  SystemRandom random;
  const CachePartitions here(random);
  const CachePartitions there(random);
  access::ConnectionFacts facts;
  facts.ref = {"sales", "dw"};
  facts.uid = "u1";
  const auto caller = access::Caller::ServiceAccount("a", "b");
  const std::string base =
      here.Of(facts, "default", Kv2("secret", "a"), caller);
  EXPECT_EQ(here.Of(facts, "default", Kv2("secret", "a"), caller), base);
  EXPECT_NE(there.Of(facts, "default", Kv2("secret", "a"), caller), base);
  EXPECT_NE(here.Of(facts, "grant/x", Kv2("secret", "a"), caller), base);
  EXPECT_NE(here.Of(facts, "default", Kv2("secret", "b"), caller), base);
  EXPECT_NE(
      here.Of(facts, "default", Kv2("secret", "a"), access::Caller::User("b")),
      base);
  facts.uid = "u2";
  EXPECT_NE(here.Of(facts, "default", Kv2("secret", "a"), caller), base);
}

TEST(TokenSourceTest, ReadsTheFileEachTime) {
  const std::string path = ::testing::TempDir() + "sidecar-token";
  const TokenSource source = MakeFileTokenSource(path);
  ASSERT_TRUE(WriteFileAtomically(path, "jwt-1\n", 0600));
  EXPECT_EQ(source()->Reveal(), "jwt-1");
  ASSERT_TRUE(WriteFileAtomically(path, "jwt-2", 0600));
  EXPECT_EQ(source()->Reveal(), "jwt-2");
  ASSERT_TRUE(WriteFileAtomically(path, " \n", 0600));
  EXPECT_EQ(source().error().code, ErrorCode::kMalformed);
  ASSERT_TRUE(WriteFileAtomically(path, std::string(20'000, 'a'), 0600));
  EXPECT_EQ(source().error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace claviger::sidecar
