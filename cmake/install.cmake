# install.cmake -- the package that find_package(gomap) finds.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gomap)

get_property(components GLOBAL PROPERTY gomap_components)
install(TARGETS ${components} gomap EXPORT gomap-targets
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILE_SET platform_headers DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT gomap-targets NAMESPACE gomap:: DESTINATION ${package_dir})

configure_package_config_file(cmake/gomap-config.cmake.in gomap-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(gomap-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/gomap-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/gomap-config-version.cmake
  DESTINATION ${package_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
