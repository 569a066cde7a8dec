// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

namespace claviger {
namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> FromErrno(int number, const std::string& doing) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (number == ENOENT || number == ENOTDIR) code = ErrorCode::kNotFound;
  if (number == EACCES || number == EPERM) code = ErrorCode::kPermissionDenied;
  return Fail(code, doing + ": " + std::generic_category().message(number));
}

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FromErrno(errno, "write " + path);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Status FillTemporary(int fd, std::string_view bytes, unsigned mode,
                     const std::string& path) {
  if (fchmod(fd, mode) != 0) return FromErrno(errno, "set mode of " + path);
  if (const Status written = WriteAll(fd, bytes, path); !written) {
    return written;
  }
  if (fsync(fd) != 0) return FromErrno(errno, "sync " + path);
  return {};
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return FromErrno(errno, "open " + path);
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return FromErrno(errno, "stat " + path);
  if (!S_ISREG(info.st_mode)) {
    return Fail(ErrorCode::kInvalidArgument, path + " is not a regular file");
  }
  std::string bytes;
  // The size can change under us, so the bound is on what is read.
  while (bytes.size() <= max_bytes) {
    const size_t have = bytes.size();
    bytes.resize(have + 64 * 1024);
    const ssize_t count = read(file.get(), bytes.data() + have, 64 * 1024);
    if (count < 0 && errno != EINTR) return FromErrno(errno, "read " + path);
    bytes.resize(have + static_cast<size_t>(count < 0 ? 0 : count));
    if (count == 0) return bytes;
  }
  return Fail(ErrorCode::kTooLarge,
              path + " is larger than " + std::to_string(max_bytes) + " bytes");
}

Status WriteFileAtomically(const std::string& path, std::string_view bytes,
                           unsigned mode) {
  std::string temporary = path + ".XXXXXX";
  const Fd file(mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return FromErrno(errno, "create beside " + path);
  Status done = FillTemporary(file.get(), bytes, mode, path);
  if (done && rename(temporary.c_str(), path.c_str()) != 0) {
    done = FromErrno(errno, "rename to " + path);
  }
  if (!done) unlink(temporary.c_str());
  return done;
}

}  // namespace claviger
