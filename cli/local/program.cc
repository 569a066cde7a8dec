// SPDX-License-Identifier: Apache-2.0
#include "cli/local/program.h"

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <string_view>
#include <system_error>
#include <utility>

namespace claviger::cli {
namespace {

using std::chrono::milliseconds;

constexpr int kCannotRun = 126;
constexpr int kNotThere = 127;
constexpr int kSignalled = 128;
constexpr int kFailed = 1;
constexpr int kRefused = 3;
constexpr milliseconds kFirstPause{500};

constexpr std::array<std::pair<std::string_view, int>, 8> kSignals = {
    {{"HUP", SIGHUP},
     {"INT", SIGINT},
     {"QUIT", SIGQUIT},
     {"TERM", SIGTERM},
     {"USR1", SIGUSR1},
     {"USR2", SIGUSR2},
     {"WINCH", SIGWINCH},
     {"ALRM", SIGALRM}}};

bool IsRefusal(const Error& error) {
  return error.code == ErrorCode::kPermissionDenied ||
         error.code == ErrorCode::kInvalidArgument;
}

bool AreSame(const Variables& a, const Variables& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.first == y.first && x.second.Equals(y.second.Reveal());
      });
}

// The program's environment; wiped when dropped.
class Block {
 public:
  Block(const std::vector<std::string>& inherited, const Variables& variables) {
    for (const std::string& one : inherited) {
      if (!variables.contains(one.substr(0, one.find('=')))) {
        texts_.push_back(one);
      }
    }
    for (const auto& [name, value] : variables) {
      std::string text;
      // Grown in one piece: a smaller one would stay behind unwiped.
      text.reserve(name.size() + 1 + value.Reveal().size());
      texts_.push_back(
          std::move(text.append(name).append("=").append(value.Reveal())));
    }
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  ~Block() {
    for (std::string& text : texts_) WipeString(text);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

// The program meets signals as if nobody were in between.
class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

std::optional<int> ParseSignal(const std::string& name) {
  const std::string_view text = name;
  const std::string_view bare = text.starts_with("SIG") ? text.substr(3) : text;
  for (const auto& [known, number] : kSignals) {
    if (known == bare) return number;
  }
  return std::nullopt;
}

Program::Program(ProgramSettings settings, Read read, std::ostream& err)
    : settings_(std::move(settings)), read_(std::move(read)), err_(err) {}

int Program::Run() {
  sigemptyset(&waited_);
  sigaddset(&waited_, SIGCHLD);
  for (const auto& [name, number] : kSignals) sigaddset(&waited_, number);
  pthread_sigmask(SIG_BLOCK, &waited_, nullptr);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  auto first = ReadFirst();
  if (first && Start(*first)) current_ = *std::move(first);
  look_at_ = Clock::now() + settings_.look;
  while (!code_) {
    WaitForSignal();
    Look();
    if (kill_at_ && Clock::now() >= *kill_at_) {
      kill(child_, SIGKILL);
      kill_at_.reset();
    }
  }
  return *code_;
}

std::optional<Variables> Program::ReadFirst() {
  const auto until = Clock::now() + settings_.patience;
  while (!code_) {
    auto read = read_();
    if (read) return *std::move(read);
    const bool refused = IsRefusal(read.error());
    if (refused || Clock::now() >= until) {
      Tell(read.error().message);
      code_ = refused ? kRefused : kFailed;
      break;
    }
    look_at_ = Clock::now() + kFirstPause;
    WaitForSignal();
  }
  return std::nullopt;
}

bool Program::Start(const Variables& variables) {
  std::vector<std::string> texts = settings_.argv;
  std::vector<char*> argv;
  for (std::string& text : texts) argv.push_back(text.data());
  argv.push_back(nullptr);
  const Block block(settings_.inherited, variables);
  const Attributes attributes;
  const int error = posix_spawnp(&child_, argv[0], nullptr, attributes.get(),
                                 argv.data(), block.get());
  if (error == 0) return true;
  child_ = 0;
  Tell("start " + texts[0] + ": " + std::generic_category().message(error));
  code_ = error == ENOENT ? kNotThere : kCannotRun;
  return false;
}

// Until a signal was dealt with, or something else is due.
void Program::WaitForSignal() {
  auto until = Clock::now() + std::chrono::hours(1);
  if (child_ == 0 || settings_.on_rotation != OnRotation::kNothing) {
    until = std::min(until, look_at_);
  }
  if (kill_at_) until = std::min(until, *kill_at_);
  const auto wait =
      std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(
                                    until - Clock::now() + milliseconds(1)));
  const timespec timeout = {wait.count() / 1000,
                            (wait.count() % 1000) * 1'000'000};
  siginfo_t info{};
  const int signal = sigtimedwait(&waited_, &info, &timeout);
  if (signal == SIGCHLD) return Reap();
  if (signal > 0) OnSignal(signal, info.si_code == SI_KERNEL);
}

void Program::OnSignal(int signal, bool from_terminal) {
  const bool ends = signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
  leaving_ = leaving_ || ends;
  if (child_ == 0) {
    if (ends) code_ = kSignalled + signal;
    return;
  }
  // A terminal tells the whole group, so the program knows already.
  if (!from_terminal) kill(child_, signal);
}

void Program::Reap() {
  int status = 0;
  // Whoever lost its parent is ours as well.
  for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0;
       pid = waitpid(-1, &status, WNOHANG)) {
    if (pid != child_) continue;
    OnEnd(WIFSIGNALED(status) ? kSignalled + WTERMSIG(status)
                              : WEXITSTATUS(status));
  }
}

void Program::OnEnd(int code) {
  child_ = 0;
  kill_at_.reset();
  if (refused_) {
    code_ = kRefused;
  } else if (!next_ || leaving_) {
    code_ = code;
  } else if (Start(*next_)) {
    current_ = *std::exchange(next_, std::nullopt);
  }
}

void Program::Look() {
  if (child_ == 0 || settings_.on_rotation == OnRotation::kNothing ||
      Clock::now() < look_at_) {
    return;
  }
  look_at_ = Clock::now() + settings_.look;
  if (leaving_ || refused_) return;
  auto read = read_();
  if (!read) {
    // What the program has is served no worse for an outage.
    if (IsRefusal(read.error())) Lost(read.error());
    return;
  }
  told_.clear();
  if (!AreSame(*read, next_ ? *next_ : current_)) Replace(*std::move(read));
}

void Program::Lost(const Error& error) {
  const bool ending = settings_.on_rotation == OnRotation::kRestart;
  if (told_ != error.message) {
    Tell(error.message + (ending ? "; ending the program"
                                 : "; the program keeps what it was given"));
    told_ = error.message;
  }
  if (!ending) return;
  refused_ = true;
  kill(child_, SIGTERM);
  kill_at_ = Clock::now() + settings_.grace;
}

void Program::Replace(Variables variables) {
  if (settings_.on_rotation == OnRotation::kSignal) {
    current_ = std::move(variables);
    kill(child_, settings_.signal);
    return;
  }
  const bool asked = next_.has_value();
  next_ = std::move(variables);
  if (asked) return;
  kill(child_, SIGTERM);
  kill_at_ = Clock::now() + settings_.grace;
}

void Program::Tell(const std::string& message) {
  err_ << "claviger: " << message << std::endl;
}

}  // namespace claviger::cli
