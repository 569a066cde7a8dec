# Helpers shared by every folder's CMakeLists.txt: one static library per
# folder, warnings as errors on our own code only, sanitizers by preset.

find_program(CLAVIGER_CCACHE ccache)
if(CLAVIGER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CLAVIGER_CCACHE})
endif()
find_program(CLAVIGER_MOLD mold)

add_library(claviger_options INTERFACE)
target_compile_options(claviger_options INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  -fstack-protector-strong
  # ld.bfd and mold both understand per-function sections; the sidecar's
  # footprint is a feature.
  -ffunction-sections -fdata-sections)
target_link_options(claviger_options INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now)
if(CLAVIGER_MOLD)
  target_link_options(claviger_options INTERFACE -fuse-ld=mold)
endif()
if(CLAVIGER_SANITIZE)
  target_compile_options(claviger_options INTERFACE
    -fsanitize=${CLAVIGER_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(claviger_options INTERFACE
    -fsanitize=${CLAVIGER_SANITIZE})
else()
  target_compile_options(claviger_options INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
    $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()

# claviger_library(name SOURCES a.cc ... PUBLIC targets... PRIVATE targets...)
# Includes are written from the repository root of the code: "base/result.h",
# "operator/reconciler.h".
function(claviger_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC
    ${PROJECT_SOURCE_DIR}/lib ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC}
    PRIVATE claviger_options ${ARG_PRIVATE})
endfunction()

# claviger_executable(name SOURCES a.cc ... PRIVATE targets...)
function(claviger_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PRIVATE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE
    ${PROJECT_SOURCE_DIR}/lib ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE claviger_options ${ARG_PRIVATE})
endfunction()

# claviger_test(name SOURCES a_test.cc ... PRIVATE targets... [LABEL real]
#               [TIMEOUT seconds] [LAUNCHER program])
# One ctest entry per binary. LABEL real marks what needs a real server;
# everything else is `fast`.
function(claviger_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT;LAUNCHER" "SOURCES;PRIVATE"
    ${ARGN})
  claviger_executable(${name} SOURCES ${ARG_SOURCES}
    PRIVATE ${ARG_PRIVATE} GTest::gmock GTest::gtest_main)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  if(NOT ARG_LABEL)
    set(ARG_LABEL fast)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${ARG_LAUNCHER} $<TARGET_FILE:${name}>)
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL}
    TIMEOUT ${ARG_TIMEOUT})
endfunction()
