// SPDX-License-Identifier: Apache-2.0
//
// The executable's allocator: what is freed does not stay in memory. Linked
// with sidecar/wiping_allocator.cc.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace {

constexpr std::string_view kCanary = "canary-9c41-in-freed-memory";

// Reads our own memory as the kernel sees it: looking at a freed block through
// a pointer is undefined.
std::string MemoryAt(uintptr_t address, size_t size) {
  std::string bytes(size, '\0');
  const int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  const ssize_t got =
      pread(fd, bytes.data(), size, static_cast<off_t>(address));
  close(fd);
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return bytes;
}

std::string Repeated(size_t size) {
  std::string text;
  while (text.size() < size) text += kCanary;
  return text;
}

TEST(WipingTest, FreedBlocksOfAnySizeAreOverwritten) {
  for (const size_t size : {64U, 1'000U, 20'000U, 100'000U}) {
    auto text = std::make_unique<std::string>(Repeated(size));
    const auto address = reinterpret_cast<uintptr_t>(text->data());
    ASSERT_NE(MemoryAt(address, size).find(kCanary), std::string::npos);
    text.reset();
    EXPECT_EQ(MemoryAt(address, size).find(kCanary), std::string::npos) << size;
  }
}

TEST(WipingTest, WhatAParserLeavesBehindIsOverwritten) {
  auto tree = std::make_unique<nlohmann::json>(
      nlohmann::json::parse(R"({"password":")" + Repeated(500) + "\"}"));
  const auto& password = (*tree)["password"].get_ref<std::string&>();
  const auto address = reinterpret_cast<uintptr_t>(password.data());
  tree.reset();
  EXPECT_EQ(MemoryAt(address, 500).find(kCanary), std::string::npos);
}

}  // namespace
