# tally_library(NAME [NO_EXCEPTIONS] [HOT] SOURCES ... DEPS ...): one library per folder. HOT: on the
#   order path; with TALLY_LTO it is optimized across its files and those of other HOT libraries.
# tally_executable(NAME SOURCES ... DEPS ...)
# tally_quickfix_executable(NAME SOURCES ... DEPS ...): only if there is a target QuickFIX::quickfix.
# tally_test(NAME LABELS ... SOURCES ... DEPS ...): one GoogleTest program; labels: unit, model,
#   threaded (re-run under TSan), crash, e2e, fuzz.
# tally_benchmark(NAME SOURCES ... DEPS ...): a Google Benchmark program, also run as a smoke test.

function(tally_library name)
  cmake_parse_arguments(arg "NO_EXCEPTIONS;HOT" "" "SOURCES;DEPS" ${ARGN})
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC ${arg_DEPS} PRIVATE tally_compiler)
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
    if(arg_NO_EXCEPTIONS)
      target_compile_options(${name} PRIVATE -fno-exceptions)
    endif()
    if(arg_HOT AND TALLY_LTO)
      # Across files at link time; figures do not depend on which files one unity file includes.
      set_target_properties(${name} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON UNITY_BUILD OFF)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${arg_DEPS})
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
  endif()
endfunction()

function(tally_executable name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} tally_compiler)
endfunction()

# A program around QuickFIX, whose headers have exception specifications that C++17 took away.
function(tally_quickfix_executable name)
  tally_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE QuickFIX::quickfix Threads::Threads)
  set_target_properties(${name} PROPERTIES CXX_STANDARD 14)
  target_compile_options(${name} PRIVATE -Wno-deprecated)
endfunction()

function(tally_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS;SOURCES;DEPS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  tally_executable(${name} SOURCES ${arg_SOURCES} DEPS ${arg_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  foreach(label ${arg_LABELS})
    tally_label_target(${label} ${name})
  endforeach()
endfunction()

# Builds with tests_<label> every program that has the label: the sanitizer runs need no more.
function(tally_label_target label name)
  if(NOT TARGET tests_${label})
    add_custom_target(tests_${label})
  endif()
  add_dependencies(tests_${label} ${name})
endfunction()

function(tally_benchmark name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  tally_executable(${name} SOURCES ${arg_SOURCES} DEPS ${arg_DEPS} benchmark::benchmark_main)
  add_test(NAME ${name}_smoke COMMAND ${name} --benchmark_min_time=0.001)
  set_tests_properties(${name}_smoke PROPERTIES LABELS "bench-smoke" TIMEOUT 120)
  tally_label_target(bench-smoke ${name})
endfunction()
