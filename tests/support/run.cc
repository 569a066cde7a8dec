// SPDX-License-Identifier: Apache-2.0
#include "support/run.h"

#include <utility>

#include "base/file.h"
#include "support/scratch_directory.h"

namespace claviger::testing {
namespace {

constexpr size_t kMaxOutput = size_t{8} << 20U;

}  // namespace

Result<Ran> RunToEnd(ProcessOptions options,
                     std::chrono::milliseconds patience) {
  const auto directory = ScratchDirectory::Create();
  if (!directory) return Fail(directory.error());
  // Processes append to their files.
  const auto out_file = directory->Write("out", "");
  const auto err_file = directory->Write("err", "");
  if (!out_file || !err_file) {
    return Fail(ErrorCode::kInternal, "make files for a program's output");
  }
  options.stdout_path = *out_file;
  options.stderr_path = *err_file;
  auto process = Process::Start(options);
  if (!process) return Fail(process.error());
  const auto code = process->WaitForExit(patience);
  if (!code) {
    return Fail(ErrorCode::kDeadlineExceeded,
                options.argv.front() + " does not end");
  }
  auto out = ReadFile(*out_file, kMaxOutput);
  auto err = ReadFile(*err_file, kMaxOutput);
  if (!out || !err) return Fail(out ? err.error() : out.error());
  return Ran{*code, *std::move(out), *std::move(err)};
}

}  // namespace claviger::testing
