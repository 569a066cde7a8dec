// SPDX-License-Identifier: Apache-2.0
//
// Every block that C++ code frees is overwritten first, so that the copies
// which parsers, streams and containers make of a secret do not stay in free
// memory. Linked into the claviger-sidecar executable only.
#include <malloc.h>
#include <string.h>  // explicit_bzero

#include <cstdlib>
#include <new>

namespace {

void* Allocate(size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-no-malloc): this is operator new.
  return std::malloc(size == 0 ? 1 : size);
}

void WipeAndFree(void* block) noexcept {
  if (block == nullptr) return;
  explicit_bzero(block, malloc_usable_size(block));
  std::free(block);  // NOLINT(cppcoreguidelines-no-malloc)
}

}  // namespace

void* operator new(size_t size) {
  void* block = Allocate(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void* operator new[](size_t size) { return operator new(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size);
}

void operator delete(void* block) noexcept { WipeAndFree(block); }
void operator delete[](void* block) noexcept { WipeAndFree(block); }
void operator delete(void* block, size_t) noexcept { WipeAndFree(block); }
void operator delete[](void* block, size_t) noexcept { WipeAndFree(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept {
  WipeAndFree(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
  WipeAndFree(block);
}
