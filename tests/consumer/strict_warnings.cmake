# strict_warnings.cmake -- what a project may ask of the headers that it includes: no warning, though
# they are no system headers to it.
target_compile_options(consumer PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wsign-conversion -Wswitch-enum -Wold-style-cast $<$<CXX_COMPILER_ID:GNU>:-Wuseless-cast> -Werror)
