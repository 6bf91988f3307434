# component.cmake -- gomap_component(): one folder, one target, the same rules for each.
#
#   gomap_component(name HEADERS file... PLATFORM_HEADERS file... SOURCES file...
#                   DEPENDS target... LINKS target...)
#
# makes the target gomap_<name> with the alias gomap::<name>: a static library, or an INTERFACE
# library when it has no sources. DEPENDS is what its headers need; LINKS only its sources. Each of
# HEADERS compiles alone anywhere, and is held to it; PLATFORM_HEADERS only where they are included.
# Paths are relative to the folder; headers live under include/, as they do when installed. The code
# is independent of its position, so that shared libraries may link it. g++ leaves out the kind of
# symbol that would keep a plug-in in memory for ever.
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_package(xxHash REQUIRED)
find_package(Threads REQUIRED)

# Linked privately by whatever is compiled here; never seen by users.
add_library(gomap_warnings INTERFACE)
target_compile_options(gomap_warnings INTERFACE
  $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wall -Wextra -Wpedantic -Wconversion
  -Wno-sign-conversion>)

function(gomap_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;PLATFORM_HEADERS;SOURCES;DEPENDS;LINKS")
  set(target gomap_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target} PRIVATE ${arg_LINKS} $<BUILD_INTERFACE:gomap_warnings>)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(gomap::${name} ALIAS ${target})
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS}
    FILE_SET platform_headers TYPE HEADERS BASE_DIRS include FILES ${arg_PLATFORM_HEADERS})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_link_libraries(${target} ${scope} ${arg_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY gomap_components ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} CXX_EXTENSIONS OFF
    INTERFACE_HEADER_SETS_TO_VERIFY HEADERS)
endfunction()
