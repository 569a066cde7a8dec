// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "base/file.h"
#include "unit/http/server_fixture.h"

namespace claviger::http::testing {
namespace {

unsigned ModeOf(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// Leaves a socket file behind that nobody listens on, as a killed process does.
void LeaveStaleSocket(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
            0);
  close(fd);
}

TEST(ServerSocketTest, HasTheModeAskedForWhateverTheUmask) {
  ScratchDirectory directory;
  const std::string path = directory.path() + "/s";
  NullLogger log;
  for (const unsigned mode : {0600U, 0660U, 0666U}) {
    const auto server = MakeServer({}, log);
    ASSERT_TRUE(server->ListenUnix(path, mode, Echo));
    EXPECT_EQ(ModeOf(path), mode);
  }
}

TEST(ServerSocketTest, IsRemovedWhenTheServerStops) {
  RunningServer server;
  const std::string path = server.path();
  EXPECT_TRUE(Exists(path));
  server.Stop(std::chrono::milliseconds(0));
  EXPECT_FALSE(Exists(path));
}

TEST(ServerSocketTest, OfSomebodyElseIsNotRemoved) {
  RunningServer server;
  const std::string path = server.path();
  ASSERT_EQ(unlink(path.c_str()), 0);
  LeaveStaleSocket(path);
  server.Stop(std::chrono::milliseconds(0));
  EXPECT_TRUE(Exists(path));
}

TEST(ServerSocketTest, StaleOneIsReplaced) {
  ScratchDirectory directory;
  const std::string path = directory.path() + "/s";
  LeaveStaleSocket(path);
  NullLogger log;
  const auto server = MakeServer({}, log);
  ASSERT_TRUE(server->ListenUnix(path, 0600, Echo));
  EXPECT_TRUE(RawClient::ToUnix(path).connected());
}

TEST(ServerSocketTest, LiveOneIsRefusedAndStaysInPlace) {
  RunningServer server;
  NullLogger log;
  const auto second = MakeServer({}, log);
  const auto status = second->ListenUnix(server.path(), 0600, Echo);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kConflict);
  RawClient client = server.Connect();
  client.Send("GET /x HTTP/1.1\r\nHost: l\r\n\r\n");
  EXPECT_EQ(client.Read()->status, 200);
}

TEST(ServerSocketTest, FileOfAnotherKindIsRefusedAndKept) {
  ScratchDirectory directory;
  const std::string path = directory.path() + "/s";
  ASSERT_TRUE(WriteFileAtomically(path, "precious", 0600));
  NullLogger log;
  const auto status = MakeServer({}, log)->ListenUnix(path, 0600, Echo);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kConflict);
  EXPECT_EQ(*ReadFile(path, 100), "precious");
}

TEST(ServerSocketTest, LinkToALiveSocketIsRefused) {
  RunningServer server;
  ScratchDirectory directory;
  const std::string path = directory.path() + "/s";
  ASSERT_EQ(symlink(server.path().c_str(), path.c_str()), 0);
  NullLogger log;
  const auto status = MakeServer({}, log)->ListenUnix(path, 0600, Echo);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(server.Connect().connected());
}

TEST(ServerSocketTest, PathThatCannotBeIsRefused) {
  NullLogger log;
  const auto server = MakeServer({}, log);
  for (const std::string& path :
       {std::string(), std::string(200, 'a'), std::string("/nowhere/at/all")}) {
    const auto status = server->ListenUnix(path, 0600, Echo);
    ASSERT_FALSE(status) << path;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument) << path;
  }
}

TEST(ServerSocketTest, TcpPortInUseIsAConflict) {
  NullLogger log;
  const auto first = MakeServer({}, log);
  const auto port = first->ListenTcp("127.0.0.1", 0, Echo);
  ASSERT_TRUE(port);
  EXPECT_NE(*port, 0);
  const auto again = MakeServer({}, log)->ListenTcp("127.0.0.1", *port, Echo);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  const auto name = first->ListenTcp("localhost", 0, Echo);
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace claviger::http::testing
