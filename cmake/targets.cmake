# tally_library(NAME [NO_EXCEPTIONS] SOURCES ... DEPS ...): one library per folder.
# tally_executable(NAME SOURCES ... DEPS ...)
# tally_test(NAME LABELS ... SOURCES ... DEPS ...): one GoogleTest program; labels: unit, model,
#   threaded (re-run under TSan), crash, e2e, fuzz.
# tally_benchmark(NAME SOURCES ... DEPS ...): a Google Benchmark program, also run as a smoke test.

function(tally_library name)
  cmake_parse_arguments(arg "NO_EXCEPTIONS" "" "SOURCES;DEPS" ${ARGN})
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC ${arg_DEPS} PRIVATE tally_compiler)
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
    if(arg_NO_EXCEPTIONS)
      target_compile_options(${name} PRIVATE -fno-exceptions)
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

function(tally_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS;SOURCES;DEPS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  tally_executable(${name} SOURCES ${arg_SOURCES} DEPS ${arg_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()

function(tally_benchmark name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  tally_executable(${name} SOURCES ${arg_SOURCES} DEPS ${arg_DEPS} benchmark::benchmark_main)
  add_test(NAME ${name}_smoke COMMAND ${name} --benchmark_min_time=0.001)
  set_tests_properties(${name}_smoke PROPERTIES LABELS "bench-smoke" TIMEOUT 120)
endfunction()
