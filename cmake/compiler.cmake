# Language level, warnings, sanitizers and linker for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

set(TALLY_SANITIZE "" CACHE STRING "Sanitizers to build with: empty, 'address,undefined' or 'thread'")
option(TALLY_NATIVE "Compile for the processor of the building machine" OFF)

option(TALLY_LTO "Optimize the libraries of the order path at link time" OFF)

find_program(TALLY_CCACHE ccache)
if(TALLY_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TALLY_CCACHE})
endif()

add_library(tally_compiler INTERFACE)
target_compile_options(tally_compiler INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
  -Wunused -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough -Wconversion -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees overlapping copies inside std::string where there are none; and it takes a .cc file
  # for a header when a unity file includes it, where a member of an unnamed type would be a fault.
  target_compile_options(tally_compiler INTERFACE -Wno-restrict -Wno-subobject-linkage)
endif()
# The project's only include root: full paths from the top level.
target_include_directories(tally_compiler INTERFACE ${CMAKE_SOURCE_DIR})

find_program(TALLY_MOLD mold)
if(TALLY_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_link_options(tally_compiler INTERFACE -fuse-ld=mold)
endif()

if(TALLY_NATIVE)
  target_compile_options(tally_compiler INTERFACE -march=native)
endif()

if(TALLY_SANITIZE)
  target_compile_options(tally_compiler INTERFACE
    -fsanitize=${TALLY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(tally_compiler INTERFACE -fsanitize=${TALLY_SANITIZE})
  if(TALLY_SANITIZE MATCHES "thread")
    # GCC rejects the fences inside Asio under TSan; the project itself uses none.
    target_compile_options(tally_compiler INTERFACE -Wno-tsan)
  endif()
endif()

# For folders with much to compile and little to run (JSON, HTTP, commands, their tests): what
# AddressSanitizer and UBSan add to a function makes optimizing it half of the time to build.
macro(tally_compile_quickly)
  if(TALLY_SANITIZE MATCHES "address")
    add_compile_options(-O0)
  endif()
endmacro()
