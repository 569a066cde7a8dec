// SPDX-License-Identifier: Apache-2.0
#include "postgres/startup.h"

#include <gtest/gtest.h>

#include "postgres/wire.h"

namespace claviger::postgres {
namespace {

std::string Packet(const std::string& body) {
  std::string packet;
  AppendInt32(packet, static_cast<uint32_t>(body.size() + 4));
  return packet + body;
}

std::string Code(uint32_t high, uint32_t low) {
  std::string code;
  AppendInt32(code, (high << 16U) | low);
  return code;
}

template <typename T>
bool Is(const std::string& bytes) {
  return std::holds_alternative<T>(ReadFirstPacket(bytes).value);
}

TEST(StartupTest, ReadsWhatItMakes) {
  const Parameters parameters = {{"user", "app"}, {"database", ""}};
  const std::string bytes = MakeStartup(2, parameters);
  const FirstPacket packet = ReadFirstPacket(bytes + "behind");
  ASSERT_TRUE(std::holds_alternative<StartupPacket>(packet.value));
  const auto& startup = std::get<StartupPacket>(packet.value);
  EXPECT_EQ(startup.minor, 2U);
  EXPECT_EQ(startup.parameters, parameters);
  EXPECT_EQ(packet.size, bytes.size());
}

TEST(StartupTest, AsksForMoreAtEveryByteOfAPacket) {
  const std::string bytes = MakeStartup(0, {{"user", "app"}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(Is<NeedMore>(bytes.substr(0, size))) << size;
  }
}

TEST(StartupTest, TellsTheRequestsApart) {
  EXPECT_TRUE(Is<SslRequest>(MakeSslRequest()));
  EXPECT_TRUE(Is<GssRequest>(Packet(Code(1234, 5680))));
  EXPECT_TRUE(Is<CancelRequest>(MakeCancelRequest(7, "kkkk")));
  EXPECT_EQ(ReadFirstPacket(MakeSslRequest() + "pipelined").size, 8U);
}

TEST(StartupTest, ReadsCancelKeysOfBothProtocols) {
  for (const size_t size : {4U, 32U, 256U}) {
    const FirstPacket packet =
        ReadFirstPacket(MakeCancelRequest(7, std::string(size, 'k')));
    ASSERT_TRUE(std::holds_alternative<CancelRequest>(packet.value));
    EXPECT_EQ(std::get<CancelRequest>(packet.value).key,
              std::string(size, 'k'));
    EXPECT_EQ(std::get<CancelRequest>(packet.value).pid, 7U);
  }
  for (const size_t size : {0U, 3U, 257U}) {
    EXPECT_TRUE(Is<BadPacket>(MakeCancelRequest(7, std::string(size, 'k'))));
  }
}

TEST(StartupTest, RefusesWhatCanBeNoBeginning) {
  const std::string version = Code(3, 0);
  const std::string zero(1, '\0');
  std::string many = version;
  for (int i = 0; i < 65; ++i) many += "p" + std::to_string(i) + zero + zero;
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"a length of 7", std::string("\0\0\0\7", 4)},
      {"a length of 10,001", std::string("\0\0\x27\x11", 4)},
      {"a length of 4 GB", std::string("\xff\xff\xff\xff", 4)},
      {"http", "GET / HTTP/1.1\r\n\r\n"},
      {"TLS without a wish", std::string("\x16\x03\x01\x02\x00\x01", 6)},
      {"protocol 2", Packet(Code(2, 0) + zero)},
      {"protocol 4", Packet(Code(4, 0) + zero)},
      {"a request with more in it", Packet(Code(1234, 5679) + "x")},
      {"no end", Packet(version + "user")},
      {"a name without a value", Packet(version + "user" + zero)},
      {"something behind the end", Packet(version + zero + "x")},
      {"a name twice", Packet(version + "a" + zero + "1" + zero + "a" + zero +
                              "2" + zero + zero)},
      {"65 parameters", Packet(many + zero)},
  };
  for (const auto& [name, bytes] : cases) {
    SCOPED_TRACE(name);
    const FirstPacket packet = ReadFirstPacket(bytes);
    EXPECT_TRUE(std::holds_alternative<BadPacket>(packet.value));
    EXPECT_EQ(packet.size, 0U);
  }
}

TEST(StartupTest, SaysAtTheFirstByteThatTlsIsNotSpoken) {
  const FirstPacket packet = ReadFirstPacket("\x16");
  ASSERT_TRUE(std::holds_alternative<BadPacket>(packet.value));
  EXPECT_EQ(std::get<BadPacket>(packet.value).sqlstate, "0A000");
}

TEST(StartupTest, SetsAndFindsParameters) {
  Parameters parameters = {{"user", "osuser"}};
  Set(parameters, "user", "app");
  Set(parameters, "database", "dw");
  EXPECT_EQ(*Find(parameters, "user"), "app");
  EXPECT_EQ(*Find(parameters, "database"), "dw");
  EXPECT_EQ(Find(parameters, "options"), nullptr);
  EXPECT_EQ(parameters.size(), 2U);
}

}  // namespace
}  // namespace claviger::postgres
