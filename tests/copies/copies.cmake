# copies.cmake -- a program, a shared library and a plug-in of the sources beside this file.
#
#   copies_objects(name option...)              what they are made of, compiled with the options
#   copies_test(name objects option...)         all three, linked with the options
#
# What a program is linked to sees its symbols, and the program's stand in for those of the same
# name. So its copy of gomap serves all parts that show theirs. copies_link(name) does so. g++ keeps
# a plug-in that shows inline variables, those of <string> for instance, in memory for ever, if not
# told otherwise.
set(copies_sources ${CMAKE_CURRENT_LIST_DIR})
# Has a part show nothing of gomap.
set(copies_hide_gomap
  LINKER:--exclude-libs,libgomap_alloc.a:libgomap_lib.a:libgomap_concurrency.a)

function(copies_objects name)
  add_library(${name}_guest OBJECT ${copies_sources}/guest.cpp)
  add_library(${name}_host OBJECT
    ${copies_sources}/copies_test.cpp ${copies_sources}/unload_test.cpp)
  target_link_libraries(${name}_host PRIVATE GTest::gtest)
  foreach(part IN ITEMS ${name}_guest ${name}_host)
    target_link_libraries(${part} PRIVATE gomap::gomap)
    target_compile_options(${part} PRIVATE ${ARGN} $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
    target_include_directories(${part} PRIVATE ${copies_sources}/..)
    set_target_properties(${part} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF)
  endforeach()
endfunction()

function(copies_test name objects)
  add_library(${name}_library SHARED $<TARGET_OBJECTS:${objects}_guest>)
  add_library(${name}_plugin MODULE $<TARGET_OBJECTS:${objects}_guest>)
  add_executable(${name} $<TARGET_OBJECTS:${objects}_host>)
  foreach(part IN ITEMS ${name}_library ${name}_plugin ${name})
    target_link_libraries(${part} PRIVATE gomap::gomap)
    target_link_options(${part} PRIVATE ${ARGN})
    set_target_properties(${part} PROPERTIES PREFIX "" LINKER_LANGUAGE CXX)
  endforeach()
  target_link_libraries(${name} PRIVATE GTest::gtest_main ${CMAKE_DL_LIBS})
  add_dependencies(${name} ${name}_library ${name}_plugin)
endfunction()

function(copies_link name)
  target_link_libraries(${name} PRIVATE ${name}_library)
  target_link_options(${name} PRIVATE LINKER:--no-as-needed)
endfunction()
