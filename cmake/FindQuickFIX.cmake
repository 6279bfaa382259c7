# QuickFIX::quickfix. By hand: the quickfix.pc of Debian asks for a libxml that the library does not
# need.
find_path(QuickFIX_INCLUDE_DIR quickfix/Application.h)
find_library(QuickFIX_LIBRARY quickfix)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(QuickFIX REQUIRED_VARS QuickFIX_LIBRARY QuickFIX_INCLUDE_DIR)
if(QuickFIX_FOUND AND NOT TARGET QuickFIX::quickfix)
  add_library(QuickFIX::quickfix UNKNOWN IMPORTED)
  set_target_properties(QuickFIX::quickfix PROPERTIES
    IMPORTED_LOCATION ${QuickFIX_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${QuickFIX_INCLUDE_DIR})
endif()
