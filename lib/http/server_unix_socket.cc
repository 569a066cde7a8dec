// SPDX-License-Identifier: Apache-2.0
#include "http/server_unix_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace claviger::http {
namespace {

constexpr int kBacklog = 256;
constexpr int kLockAttempts = 100;
constexpr std::chrono::milliseconds kLockPause{10};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

tl::unexpected<Error> FailErrno(const std::string& doing, int error) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (error == EACCES || error == EPERM || error == EROFS) {
    code = ErrorCode::kPermissionDenied;
  }
  if (error == ENOENT || error == ENOTDIR) code = ErrorCode::kInvalidArgument;
  return Fail(code, doing + ": " + std::generic_category().message(error));
}

Result<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return Fail(ErrorCode::kInvalidArgument,
                "socket path " + path + " is not of 1 to " +
                    std::to_string(sizeof(address.sun_path) - 1) + " bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int NewSocket() {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

// Two processes that start at once take turns by a lock on the directory, so
// that neither sees the other's socket between bind and listen and takes it
// for a stale one.
Result<int> LockDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Descriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return FailErrno("cannot open " + directory, errno);
  for (int attempt = 0; attempt < kLockAttempts; ++attempt) {
    if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd.Release();
    if (errno != EWOULDBLOCK) {
      return FailErrno("cannot lock " + directory, errno);
    }
    std::this_thread::sleep_for(kLockPause);
  }
  return Fail(ErrorCode::kConflict,
              "directory " + directory + " stays locked by another process");
}

// Removes a socket file that nobody listens on.
Status ClearStale(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return FailErrno("cannot look at " + path, errno);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return Fail(ErrorCode::kConflict, path + " exists and is not a socket");
  }
  const Descriptor probe(NewSocket());
  if (probe.get() < 0) return FailErrno("cannot make a socket", errno);
  const int connected =
      connect(probe.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address));
  if (connected == 0 || errno != ECONNREFUSED) {
    return Fail(ErrorCode::kConflict, path + " is served by another process");
  }
  if (unlink(path.c_str()) != 0) {
    return FailErrno("cannot remove the stale socket " + path, errno);
  }
  return {};
}

// The kernel makes the file with the descriptor's mode less the umask, so it
// is never wider than asked; a umask that took bits away is put right before
// anyone can connect, which is from listen() on.
Status BindWithMode(int fd, const std::string& path, const sockaddr_un& address,
                    unsigned mode) {
  if (fchmod(fd, mode) != 0) return FailErrno("cannot set socket mode", errno);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
      0) {
    return FailErrno("cannot bind " + path, errno);
  }
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    return FailErrno("cannot look at " + path, errno);
  }
  if ((info.st_mode & 07777U) == mode) return {};
  if (fchmodat(AT_FDCWD, path.c_str(), mode, AT_SYMLINK_NOFOLLOW) != 0) {
    return FailErrno("cannot set the mode of " + path, errno);
  }
  return {};
}

}  // namespace

Result<UnixListener> BindUnixSocket(const std::string& path, unsigned mode) {
  const auto address = AddressOf(path);
  if (!address) return Fail(address.error());
  const auto locked = LockDirectoryOf(path);
  if (!locked) return Fail(locked.error());
  const Descriptor lock(*locked);
  if (const auto cleared = ClearStale(path, *address); !cleared) {
    return Fail(cleared.error());
  }
  Descriptor fd(NewSocket());
  if (fd.get() < 0) return FailErrno("cannot make a socket", errno);
  if (const auto bound = BindWithMode(fd.get(), path, *address, mode); !bound) {
    return Fail(bound.error());
  }
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0 || listen(fd.get(), kBacklog) != 0) {
    return FailErrno("cannot listen on " + path, errno);
  }
  return UnixListener{fd.Release(), {path, info.st_dev, info.st_ino}};
}

void RemoveUnixSocket(const UnixSocketFile& file) {
  struct stat info {};
  if (lstat(file.path.c_str(), &info) != 0) return;
  if (info.st_dev != file.device || info.st_ino != file.inode) return;
  unlink(file.path.c_str());
}

}  // namespace claviger::http
