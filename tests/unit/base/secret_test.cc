// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <utility>

namespace claviger {
namespace {

// Whether T can be printed: it must not be.
template <typename T, typename = void>
struct Printable : std::false_type {};
template <typename T>
struct Printable<T, std::void_t<decltype(std::declval<std::ostream&>()
                                         << std::declval<const T&>())>>
    : std::true_type {};

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(!Printable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);

TEST(SecretTest, TakesTheBytesOverAndWipesTheSource) {
  std::string source = "hunter2";
  const char* bytes = source.data();
  const Secret secret(std::move(source));
  EXPECT_EQ(secret.Reveal(), "hunter2");
  // Small strings live in the object itself: what was there is zero now.
  EXPECT_EQ(std::string(bytes, 7), std::string(7, '\0'));
}

TEST(SecretTest, MovingLeavesNothingBehind) {
  Secret first(std::string("hunter2"));
  Secret second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.Reveal(), "hunter2");
  Secret third(std::string("other"));
  third = std::move(second);
  EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(third.Reveal(), "hunter2");
}

TEST(SecretTest, ComparesBytesAndLength) {
  const Secret secret(std::string("hunter2"));
  EXPECT_TRUE(secret.Equals("hunter2"));
  EXPECT_FALSE(secret.Equals("hunter3"));
  EXPECT_FALSE(secret.Equals("hunter"));
  EXPECT_FALSE(secret.Equals(""));
  EXPECT_TRUE(Secret().Equals(""));
}

TEST(SecretTest, ACloneIsIndependent) {
  Secret first(std::string("hunter2"));
  const Secret second = first.Clone();
  first = Secret();
  EXPECT_EQ(second.Reveal(), "hunter2");
}

TEST(SecretTest, WipeClearsTheWholeCapacity) {
  std::string bytes(200, 's');
  bytes.resize(3);
  const char* data = bytes.data();
  WipeString(bytes);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(std::string(data, 200), std::string(200, '\0'));
}

}  // namespace
}  // namespace claviger
