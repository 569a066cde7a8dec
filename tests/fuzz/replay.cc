// SPDX-License-Identifier: Apache-2.0
//
// Runs a libFuzzer target without libFuzzer: on each file of a corpus, and on
// some hundred variations of it that are the same each time. For `make test`,
// whatever the compiler.
//
//   replay <corpus directory>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kVariations = 300;

class Dice {
 public:
  size_t Below(size_t bound) {
    // One step of a 64-bit linear congruence; its high bits vary well.
    state_ = state_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    return static_cast<size_t>(state_ >> 33U) % bound;
  }

 private:
  uint64_t state_ = 1;
};

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()),
                         input.size());
}

std::string Vary(std::string input, const std::vector<std::string>& all,
                 Dice& dice) {
  for (size_t count = dice.Below(4) + 1; count > 0; --count) {
    const size_t at = dice.Below(input.size() + 1);
    switch (dice.Below(5)) {
      case 0:
        input.insert(at, 1, static_cast<char>(dice.Below(256)));
        break;
      case 1:
        input.erase(at, dice.Below(8));
        break;
      case 2:
        if (at < input.size()) input[at] = static_cast<char>(dice.Below(256));
        break;
      case 3:
        input.resize(at);
        break;
      default:
        input.insert(at, all[dice.Below(all.size())]);
        break;
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::vector<std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file),
                        std::istreambuf_iterator<char>());
  }
  if (inputs.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", argv[1]);
    return 1;
  }
  Dice dice;
  for (const std::string& input : inputs) {
    Run(input);
    for (int i = 0; i < kVariations; ++i) Run(Vary(input, inputs, dice));
  }
  std::printf("%zu inputs, %d variations each\n", inputs.size(), kVariations);
  return 0;
}
