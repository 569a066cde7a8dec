// SPDX-License-Identifier: Apache-2.0

#include "support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

extern "C" char** environ;

namespace claviger::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPollInterval{10};

std::string ErrnoText(int number) {
  return std::generic_category().message(number);
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& text : strings) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

/// Everything the child needs, made before fork: after it, only functions that
/// are safe in a signal handler may be called.
struct ChildPlan {
  std::string program;
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::vector<char*> argv_pointers;
  std::vector<char*> environment_pointers;
  const char* directory = nullptr;
  const char* stdout_path = "/dev/null";
  const char* stderr_path = "/dev/null";
  bool switch_user = false;
  uid_t user = 0;
  gid_t group = 0;
  int death_signal = SIGKILL;
  pid_t parent = 0;
};

bool OpenAs(int target, const char* path, int flags) {
  const int fd = open(path, flags, 0600);
  if (fd < 0) {
    return false;
  }
  if (fd == target) {
    return true;
  }
  const bool ok = dup2(fd, target) == target;
  close(fd);
  return ok;
}

bool RedirectOutput(const ChildPlan& plan) {
  constexpr int kWrite = O_WRONLY | O_CREAT | O_APPEND;
  return OpenAs(STDIN_FILENO, "/dev/null", O_RDONLY) &&
         OpenAs(STDOUT_FILENO, plan.stdout_path, kWrite) &&
         OpenAs(STDERR_FILENO, plan.stderr_path, kWrite);
}

bool SwitchUser(const ChildPlan& plan) {
  return !plan.switch_user ||
         (setgroups(1, &plan.group) == 0 && setgid(plan.group) == 0 &&
          setuid(plan.user) == 0);
}

/// Runs in the child. Reports errno on `report_fd`, which exec closes.
[[noreturn]] void RunChild(const ChildPlan& plan, int report_fd) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  // The death signal comes after the user: changing that clears it.
  if (RedirectOutput(plan) && SwitchUser(plan) &&
      (plan.directory == nullptr || chdir(plan.directory) == 0) &&
      prctl(PR_SET_PDEATHSIG, plan.death_signal) == 0 &&
      close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
    if (getppid() != plan.parent) {
      _exit(127);  // the test died before it could be noticed
    }
    execve(plan.program.c_str(), plan.argv_pointers.data(),
           plan.environment_pointers.data());
  }
  const int number = errno;
  [[maybe_unused]] const ssize_t written =
      write(report_fd, &number, sizeof(number));
  _exit(127);
}

Status PlanUser(const std::string& name, ChildPlan& plan) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) !=
          0 ||
      found == nullptr) {
    return Fail(ErrorCode::kUnsupported, "there is no user " + name);
  }
  plan.switch_user = true;
  plan.user = entry.pw_uid;
  plan.group = entry.pw_gid;
  return {};
}

/// Fills `plan`, which points into itself and into `options`.
Status MakePlan(const ProcessOptions& options, ChildPlan& plan) {
  if (options.argv.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "no program to start");
  }
  auto program = FindProgram(options.argv.front());
  if (!program) {
    return Fail(program.error());
  }
  plan.program = *std::move(program);
  plan.argv = options.argv;
  plan.environment = options.environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    plan.environment.emplace_back(*entry);
  }
  plan.argv_pointers = Pointers(plan.argv);
  plan.environment_pointers = Pointers(plan.environment);
  if (!options.directory.empty()) {
    plan.directory = options.directory.c_str();
  }
  if (!options.stdout_path.empty()) {
    plan.stdout_path = options.stdout_path.c_str();
  }
  if (!options.stderr_path.empty()) {
    plan.stderr_path = options.stderr_path.c_str();
  }
  plan.death_signal = options.death_signal;
  plan.parent = getpid();
  return options.user.empty() ? Status{} : PlanUser(options.user, plan);
}

/// What RunChild reported: 0 when exec succeeded.
int ReadReport(int fd) {
  int number = 0;
  ssize_t count = 0;
  do {
    count = read(fd, &number, sizeof(number));
  } while (count < 0 && errno == EINTR);
  return count == static_cast<ssize_t>(sizeof(number)) ? number : 0;
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::string> FindLine(const std::string& path,
                                    std::string_view text) {
  if (path.empty()) {
    return std::nullopt;
  }
  const std::string all = ReadWhole(path);
  const size_t at = all.find(text);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  const size_t end = all.find('\n', at);
  if (end == std::string::npos) {
    return std::nullopt;  // not complete yet
  }
  const size_t before = at == 0 ? std::string::npos : all.rfind('\n', at - 1);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  return all.substr(begin, end - begin);
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool Listens(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return false;
  }
  const sockaddr_in address = Loopback(port);
  const bool ok = connect(fd, reinterpret_cast<const sockaddr*>(&address),
                          sizeof(address)) == 0;
  close(fd);
  return ok;
}

}  // namespace

Process::Process(pid_t pid, int pid_fd, const ProcessOptions& options)
    : pid_(pid),
      pid_fd_(pid_fd),
      program_(options.argv.front()),
      stdout_path_(options.stdout_path),
      stderr_path_(options.stderr_path) {}

Result<Process> Process::Start(const ProcessOptions& options) {
  ChildPlan plan;
  if (auto planned = MakePlan(options, plan); !planned) {
    return Fail(planned.error());
  }
  std::array<int, 2> report{};
  if (pipe2(report.data(), O_CLOEXEC) != 0) {
    return Fail(ErrorCode::kInternal, "pipe: " + ErrnoText(errno));
  }
  const pid_t pid = fork();
  if (pid == 0) {
    RunChild(plan, report[1]);
  }
  close(report[1]);
  const int number = pid < 0 ? errno : ReadReport(report[0]);
  close(report[0]);
  if (number != 0) {
    if (pid > 0) {
      waitpid(pid, nullptr, 0);
    }
    return Fail(ErrorCode::kInternal, "cannot start " + options.argv.front() +
                                          ": " + ErrnoText(number));
  }
  // glibc 2.36 declares pidfd_open without C linkage.
  const auto pid_fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  return Process(pid, pid_fd, options);
}

Process::~Process() {
  if (pid_ > 0) {
    Stop();
    close(pid_fd_);
  }
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pid_fd_(std::exchange(other.pid_fd_, -1)),
      exit_code_(other.exit_code_),
      program_(std::move(other.program_)),
      stdout_path_(std::move(other.stdout_path_)),
      stderr_path_(std::move(other.stderr_path_)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    // The old child goes with `other`'s destructor.
    std::swap(pid_, other.pid_);
    std::swap(pid_fd_, other.pid_fd_);
    std::swap(exit_code_, other.exit_code_);
    program_.swap(other.program_);
    stdout_path_.swap(other.stdout_path_);
    stderr_path_.swap(other.stderr_path_);
  }
  return *this;
}

bool Process::Running() { return !WaitForExit(milliseconds(0)).has_value(); }

void Process::Signal(int signal_number) {
  if (Running()) {
    kill(pid_, signal_number);  // not reaped, so the pid is still ours
  }
}

std::optional<int> Process::WaitForExit(milliseconds timeout) {
  if (exit_code_) {
    return exit_code_;
  }
  const auto deadline = steady_clock::now() + timeout;
  pollfd ended{pid_fd_, POLLIN, 0};
  int ready = 0;
  do {
    const auto left =
        std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    ready = poll(&ended, 1, std::max(0, static_cast<int>(left.count())));
  } while (ready < 0 && errno == EINTR);
  int status = 0;
  if (ready <= 0 || waitpid(pid_, &status, WNOHANG) != pid_) {
    return std::nullopt;
  }
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

int Process::Stop(milliseconds grace) {
  Signal(SIGTERM);
  if (auto code = WaitForExit(grace)) {
    return *code;
  }
  Signal(SIGKILL);
  return WaitForExit(std::chrono::minutes(1)).value_or(128 + SIGKILL);
}

Status Process::MayWait(std::string_view what,
                        steady_clock::time_point deadline) {
  if (auto code = WaitForExit(kPollInterval)) {
    return Fail(ErrorCode::kUnavailable,
                program_ + " ended with code " + std::to_string(*code) +
                    " before " + std::string(what) + ": " + StderrTail());
  }
  if (steady_clock::now() >= deadline) {
    return Fail(
        ErrorCode::kDeadlineExceeded,
        program_ + ": no " + std::string(what) + " in time: " + StderrTail());
  }
  return {};
}

Result<std::string> Process::WaitForLine(std::string_view text,
                                         milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  while (true) {
    for (const std::string& path : {stdout_path_, stderr_path_}) {
      if (auto line = FindLine(path, text)) {
        return *std::move(line);
      }
    }
    if (auto may = MayWait("line with '" + std::string(text) + "'", deadline);
        !may) {
      return Fail(may.error());
    }
  }
}

Status Process::WaitForPort(uint16_t port, milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  while (!Listens(port)) {
    auto may = MayWait("listener on port " + std::to_string(port), deadline);
    if (!may) {
      return may;
    }
  }
  return {};
}

std::string Process::StderrTail() const {
  constexpr size_t kTail = 2000;
  std::string all = stderr_path_.empty() ? "" : ReadWhole(stderr_path_);
  return all.size() <= kTail ? all : all.substr(all.size() - kTail);
}

Result<std::string> FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (access(name.c_str(), X_OK) == 0) {
      return name;
    }
    return Fail(ErrorCode::kUnsupported, name + " is not there");
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const size_t colon = rest.find(':');
    std::string candidate(rest.substr(0, colon));
    candidate += "/" + name;
    if (access(candidate.c_str(), X_OK) == 0 &&
        std::filesystem::is_regular_file(candidate)) {
      return candidate;
    }
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  }
  return Fail(ErrorCode::kUnsupported, name + " is not on PATH");
}

Result<uint16_t> FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool ok = fd >= 0 && bind(fd, generic, size) == 0 &&
                  getsockname(fd, generic, &size) == 0;
  const int number = errno;
  if (fd >= 0) {
    close(fd);
  }
  if (!ok) {
    return Fail(ErrorCode::kInternal, "no free port: " + ErrnoText(number));
  }
  return ntohs(address.sin_port);
}

}  // namespace claviger::testing
