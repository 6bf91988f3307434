# check.cmake -- builds the consumer project in ${way}/ from nothing and runs its ${programs}. What
# takes the package gets a fresh install of ${gomap_build}; the rest get the source tree.
file(REMOVE_RECURSE ${work})
set(cache -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_BUILD_TYPE=${config} -D CMAKE_CXX_FLAGS=${flags}
  -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher})

if(way MATCHES "^(find_package|copies)$")
  execute_process(COMMAND_ERROR_IS_FATAL ANY
    COMMAND ${CMAKE_COMMAND} --install ${gomap_build} --prefix ${work}/prefix)
  list(APPEND cache -D CMAKE_PREFIX_PATH=${work}/prefix)
else()
  list(APPEND cache -D GOMAP_SOURCE=${gomap_source})
endif()

execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/${way} -B ${work}/build -G ${generator} ${cache})
execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${CMAKE_COMMAND} --build ${work}/build)
foreach(program IN LISTS programs)
  execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${work}/build/${program})
endforeach()
