// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/address.h"

#include <gtest/gtest.h>

#include <string>

namespace claviger::sidecar::proxy {
namespace {

AddressRules Rules(const std::string& allowed, const std::string& refused) {
  AddressRules rules;
  if (!allowed.empty()) rules.allowed.push_back(*ParseAddressRange(allowed));
  if (!refused.empty()) rules.refused.push_back(*ParseAddressRange(refused));
  return rules;
}

std::string FaultOf(const std::string& address,
                    const AddressRules& rules = {}) {
  const auto parsed = ParseIpAddress(address);
  if (!parsed) return "no address";
  return std::string(FindAddressFault(*parsed, rules).value_or("fine"));
}

TEST(AddressTest, RefusesWhatIsNearThePod) {
  const struct {
    const char* address;
    const char* fault;
  } kCases[] = {
      {"127.0.0.1", "loopback"},
      {"127.255.255.254", "loopback"},
      {"::1", "loopback"},
      {"::ffff:127.0.0.1", "loopback"},
      {"::ffff:7f00:1", "loopback"},
      {"0.0.0.0", "unspecified"},
      {"0.1.2.3", "unspecified"},
      {"::", "unspecified"},
      {"::ffff:0.0.0.0", "unspecified"},
      {"169.254.169.254", "link-local"},
      {"::ffff:169.254.169.254", "link-local"},
      {"fe80::1", "link-local"},
      {"fec0::1", "link-local"},
      {"fd00:ec2::254", "link-local"},
      {"224.0.0.1", "multicast"},
      {"ff02::1", "multicast"},
      {"255.255.255.255", "reserved"},
      {"::127.0.0.1", "reserved"},
      {"64:ff9b::7f00:1", "reserved"},
      {"2002:7f00:1::", "reserved"},
      {"2001:0:1::", "reserved"},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(FaultOf(one.address), one.fault) << one.address;
  }
}

TEST(AddressTest, LetsOrdinaryAddressesThrough) {
  for (const char* address :
       {"10.0.0.1", "192.168.1.1", "172.16.0.9", "8.8.8.8", "2001:db8::1",
        "fd12:3456::1", "::ffff:10.0.0.1", "169.253.255.255", "126.255.0.1"}) {
    EXPECT_EQ(FaultOf(address), "fine") << address;
  }
}

TEST(AddressTest, ConfigurationAllowsAndRefusesAndRefusingWins) {
  EXPECT_EQ(FaultOf("127.0.0.1", Rules("127.0.0.0/8", "")), "fine");
  EXPECT_EQ(FaultOf("::ffff:127.0.0.1", Rules("127.0.0.0/8", "")), "fine");
  EXPECT_EQ(FaultOf("::1", Rules("127.0.0.0/8", "")), "loopback");
  EXPECT_EQ(FaultOf("10.96.0.1", Rules("", "10.96.0.1")),
            "refused by the configuration");
  EXPECT_EQ(FaultOf("::ffff:10.96.0.1", Rules("", "10.96.0.1")),
            "refused by the configuration");
  EXPECT_EQ(FaultOf("10.96.0.1", Rules("10.0.0.0/8", "10.96.0.1")),
            "refused by the configuration");
  EXPECT_EQ(FaultOf("10.96.0.2", Rules("", "10.96.0.1")), "fine");
}

TEST(AddressTest, ReadsOnlyTheUsualSpelling) {
  for (const char* text :
       {"", "2130706433", "0x7f.0.0.1", "127.1", "0177.0.0.1", "fe80::1%eth0",
        "1.2.3.4.5", "localhost", " ::1"}) {
    EXPECT_FALSE(ParseIpAddress(text)) << text;
  }
}

TEST(AddressTest, ReadsRangesAndRefusesOthers) {
  EXPECT_TRUE(
      ParseAddressRange("10.0.0.0/8")->Contains(*ParseIpAddress("10.255.0.1")));
  EXPECT_FALSE(
      ParseAddressRange("10.0.0.0/9")->Contains(*ParseIpAddress("10.128.0.1")));
  EXPECT_TRUE(
      ParseAddressRange("0.0.0.0/0")->Contains(*ParseIpAddress("9.9.9.9")));
  EXPECT_TRUE(ParseAddressRange("2001:db8::/33")
                  ->Contains(*ParseIpAddress("2001:db8:7fff::")));
  for (const char* text : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                           "10.0.0.0/8x", "::/129", "::ffff:10.0.0.0/104"}) {
    const auto range = ParseAddressRange(text);
    ASSERT_FALSE(range) << text;
    EXPECT_EQ(range.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace claviger::sidecar::proxy
