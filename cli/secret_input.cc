// SPDX-License-Identifier: Apache-2.0
#include "cli/secret_input.h"

#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace claviger::cli {
namespace {

constexpr size_t kMaxLine = 16 * 1024;

// Puts the terminal back whatever happens in between.
class NoEcho {
 public:
  NoEcho() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    done_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~NoEcho() {
    if (done_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  bool done() const { return done_; }

 private:
  termios before_ = {};
  bool done_ = false;
};

ssize_t ReadSome(char* to, size_t count) {
  ssize_t got = 0;
  do {
    got = ::read(STDIN_FILENO, to, count);
  } while (got < 0 && errno == EINTR);
  return got;
}

void Say(const std::string& text) {
  size_t at = 0;
  while (at < text.size()) {
    const ssize_t put =
        ::write(STDERR_FILENO, text.data() + at, text.size() - at);
    if (put <= 0) return;
    at += static_cast<size_t>(put);
  }
}

}  // namespace

bool StandardInput::IsTerminal() const { return isatty(STDIN_FILENO) == 1; }

Result<Secret> StandardInput::Ask(const std::string& prompt) {
  const NoEcho silence;
  if (!silence.done()) {
    return Fail(ErrorCode::kUnavailable,
                "the terminal cannot be told not to show what is typed");
  }
  Say(prompt);
  std::string line;
  line.reserve(kMaxLine);  // so that no copy is left behind
  char c = 0;
  ssize_t got = ReadSome(&c, 1);
  while (got == 1 && c != '\n' && line.size() < kMaxLine) {
    line.push_back(c);
    got = ReadSome(&c, 1);
  }
  Secret secret(std::move(line));
  if (got != 1) return Fail(ErrorCode::kUnavailable, "the input has ended");
  if (c != '\n') return Fail(ErrorCode::kTooLarge, "the line is too long");
  return secret;
}

Result<Secret> StandardInput::ReadAll(size_t max_bytes) {
  std::string all;
  all.reserve(max_bytes + 1);
  std::array<char, 4096> part{};
  ssize_t got = ReadSome(part.data(), part.size());
  while (got > 0 && all.size() + static_cast<size_t>(got) <= max_bytes) {
    all.append(part.data(), static_cast<size_t>(got));
    got = ReadSome(part.data(), part.size());
  }
  part.fill('\0');
  Secret secret(std::move(all));
  if (got < 0) return Fail(ErrorCode::kUnavailable, "read standard input");
  if (got > 0) return Fail(ErrorCode::kTooLarge, "standard input is too long");
  return secret;
}

}  // namespace claviger::cli
