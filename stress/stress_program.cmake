# stress_program.cmake -- gomap_stress_program(name allocator mutex [SCENARIOS scenario...]): the
# stress program on these, with all scenarios unless told otherwise.
#
# What does not depend on them is compiled once, into stress_frame.
find_package(Boost REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)

add_subdirectory(report)
add_library(stress_frame STATIC
  context.cpp
  interruption.cpp
  misuse_child.cpp
  options.cpp
  resident_memory.cpp
  summary.cpp)
target_link_libraries(stress_frame
  PUBLIC stress_report gomap::gomap gomap_warnings Boost::headers fmt::fmt
  PRIVATE CLI11::CLI11)
set_target_properties(stress_frame PROPERTIES CXX_EXTENSIONS OFF)

# In the order in which they run.
set(GOMAP_SCENARIOS
  words
  grow
  churn
  walk
  hot
  transfer
  linear
  misuse
  memory
  oversubscribed
  replay)

function(gomap_stress_program name allocator mutex)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "SCENARIOS")
  if(NOT arg_SCENARIOS)
    set(arg_SCENARIOS ${GOMAP_SCENARIOS})
  endif()
  set(links)
  if(allocator STREQUAL mimalloc)
    list(APPEND links gomap::mimalloc)
  elseif(allocator STREQUAL tbb)
    list(APPEND links gomap::tbb)
  endif()
  if(mutex MATCHES "^tbb")
    find_package(TBB REQUIRED)
    list(APPEND links TBB::tbb)
  endif()
  foreach(choice IN ITEMS allocators/${allocator}/chosen_allocator.hpp mutexes/${mutex}/chosen_mutex.hpp)
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${choice})
      message(FATAL_ERROR "there is no stress/${choice}")
    endif()
  endforeach()

  set(GOMAP_STRESS_ALLOCATOR ${allocator})
  set(GOMAP_STRESS_MUTEX ${mutex})
  set(GOMAP_SCENARIO_DECLARATIONS "")
  set(GOMAP_SCENARIO_LIST "")
  set(sources)
  foreach(scenario IN LISTS arg_SCENARIOS)
    string(APPEND GOMAP_SCENARIO_DECLARATIONS "extern const scenario ${scenario}_scenario;\n")
    string(APPEND GOMAP_SCENARIO_LIST "\n      &${scenario}_scenario,")
    list(APPEND sources scenarios/${scenario}.cpp)
  endforeach()
  configure_file(chosen.cpp.in ${name}-chosen.cpp @ONLY)

  add_executable(${name} main.cpp ${sources} ${CMAKE_CURRENT_BINARY_DIR}/${name}-chosen.cpp)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} allocators/${allocator}
    mutexes/${mutex})
  target_link_libraries(${name} PRIVATE stress_frame ${links})
  set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF)
  add_dependencies(stress_programs ${name})
endfunction()
