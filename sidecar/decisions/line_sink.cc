// SPDX-License-Identifier: Apache-2.0
#include "sidecar/decisions/line_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace claviger::sidecar {
namespace {

constexpr size_t kMaxQueued = size_t{256} << 10U;
// A pipe that can be written to takes this much without blocking (PIPE_BUF).
constexpr size_t kChunk = 4096;
constexpr int kPollMs = 100;
constexpr int kPollsAtTheEnd = 10;

/// The open file behind a sink; used by its thread only.
class Output {
 public:
  Output(int fd, std::string path, uint64_t max_bytes)
      : fd_(fd), path_(std::move(path)), max_bytes_(max_bytes) {
    struct stat state {};
    if (!path_.empty() && fstat(fd_, &state) == 0) {
      size_ = static_cast<uint64_t>(state.st_size);
    }
  }
  ~Output() {
    if (!path_.empty() && fd_ >= 0) close(fd_);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  static int Open(const std::string& path) {
    return open(path.c_str(),
                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  }

  // Waits at most kPollMs. -1: it cannot be written to at all.
  ssize_t Write(std::string_view text) {
    if (!path_.empty() && size_ + text.size() > max_bytes_) Rotate();
    if (fd_ < 0) return -1;
    pollfd wait{fd_, POLLOUT, 0};
    if (poll(&wait, 1, kPollMs) == 0) return 0;
    const ssize_t wrote =
        write(fd_, text.data(), std::min(kChunk, text.size()));
    if (wrote > 0) size_ += static_cast<uint64_t>(wrote);
    const bool again = wrote < 0 && (errno == EINTR || errno == EAGAIN);
    return again ? 0 : wrote;
  }

 private:
  void Rotate() {
    if (size_ == 0) return;
    close(fd_);
    std::rename(path_.c_str(), (path_ + ".1").c_str());
    fd_ = Open(path_);
    size_ = 0;
  }

  int fd_;
  const std::string path_;  // empty: standard output
  const uint64_t max_bytes_;
  uint64_t size_ = 0;
};

class QueuedSink final : public LineSink {
 public:
  QueuedSink(std::unique_ptr<Output> output, Logger& log)
      : output_(std::move(output)), log_(log) {
    thread_ = std::thread([this] { Run(); });
  }

  ~QueuedSink() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  bool Put(std::string_view line) override {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      if (queued_.size() + line.size() + 1 > kMaxQueued) return false;
      first = queued_.empty();
      queued_.append(line).append("\n");
    }
    if (first) wake_.notify_one();
    return true;
  }

 private:
  void Run() {
    std::string batch;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return ending_ || !queued_.empty(); });
      if (queued_.empty()) return;
      batch.swap(queued_);
      lock.unlock();
      WriteAll(batch);
      batch.clear();
      lock.lock();
    }
  }

  void WriteAll(std::string_view batch) {
    int patience = kPollsAtTheEnd;
    while (!batch.empty()) {
      const ssize_t wrote = output_->Write(batch);
      if (wrote < 0) return Lost();
      if (wrote == 0 && ending_ && --patience == 0) return Lost();
      batch.remove_prefix(static_cast<size_t>(wrote));
    }
    told_ = false;
  }

  // Told once, until it works again.
  void Lost() {
    if (std::exchange(told_, true)) return;
    log_.Warning("decision log cannot be written",
                 {{"error", std::strerror(errno)}});
  }

  const std::unique_ptr<Output> output_;
  Logger& log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string queued_;               // under mutex_
  std::atomic<bool> ending_{false};  // set under mutex_
  bool told_ = false;                // the thread's own
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<LineSink>> MakeLineSink(const DecisionSettings& settings,
                                               Logger& log) {
  if (settings.to == "off") return std::unique_ptr<LineSink>();
  const bool file = settings.to != "stdout";
  const int fd = file ? Output::Open(settings.to) : STDOUT_FILENO;
  if (fd < 0) {
    return Fail(
        ErrorCode::kUnavailable,
        "open the decision log " + settings.to + ": " + std::strerror(errno));
  }
  return std::make_unique<QueuedSink>(
      std::make_unique<Output>(fd, file ? settings.to : "", settings.max_bytes),
      log);
}

}  // namespace claviger::sidecar
