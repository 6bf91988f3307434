# embed_page.cmake -- cmake -D FOLDER=<of page.html> -D CHART_JS=<file> -D OUTPUT=<file> -P this
#
# Writes the source of page.hpp's functions: page.html with the other files put in where it names
# them. As numbers: compilers agree about these, whatever their length and the letters in them.
cmake_minimum_required(VERSION 3.23)

file(READ ${FOLDER}/page.html page)

# The page is cut first, so that what is put in may hold anything.
set(place "{{run}}")
string(FIND "${page}" "${place}" before)
if(before EQUAL -1)
  message(FATAL_ERROR "page.html has no ${place}")
endif()
string(LENGTH "${place}" length)
math(EXPR after "${before} + ${length}")
string(SUBSTRING "${page}" 0 ${before} before_run)
string(SUBSTRING "${page}" ${after} -1 after_run)
function(put_in half name file)
  file(READ ${file} content)
  string(REPLACE "{{${name}}}" "${content}" filled "${${half}}")
  if(filled STREQUAL "${${half}}")
    message(FATAL_ERROR "page.html has no {{${name}}}")
  endif()
  set(${half} "${filled}" PARENT_SCOPE)
endfunction()
put_in(before_run page.css ${FOLDER}/page.css)
foreach(name IN ITEMS figures.js plots.js page.js)
  put_in(after_run ${name} ${FOLDER}/${name})
endforeach()
put_in(after_run chart.js ${CHART_JS})

set(source "// The page of a run, written by the build (embed_page.cmake).\n")
string(APPEND source "#include \"report/page.hpp\"\n\nnamespace stress {\n")
foreach(half IN ITEMS before_run after_run)
  string(HEX "${${half}}" bytes)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND source "
std::string_view page_${half}() {
  static constexpr unsigned char bytes[] = {${bytes}};
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};  // any object may be seen as chars
}
")
endforeach()
string(APPEND source "\n}  // namespace stress\n")
file(WRITE ${OUTPUT} "${source}")
