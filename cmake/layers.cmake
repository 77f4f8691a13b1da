# The arrows of docs/architecture.md as include paths: a folder of native/ sees itself and the layers it names, so that an include
# against the arrows does not compile. For this each folder gets an include directory that holds nothing but a link to it.

function(aloft_stage folder)
  set(stage ${CMAKE_BINARY_DIR}/include/${folder})
  file(MAKE_DIRECTORY ${stage})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/native/${folder} ${stage}/${folder} SYMBOLIC)
endfunction()

# aloft_layer(FOLDER [LAYER…]): adds native/FOLDER, if it is there, and confines its target aloft_FOLDER to the named layers.
# The folder's own CMakeLists.txt lists sources and links; its include paths are replaced by this.
function(aloft_layer folder)
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/native/${folder}/CMakeLists.txt)
    return()
  endif()
  aloft_stage(${folder})
  add_subdirectory(${CMAKE_SOURCE_DIR}/native/${folder})
  if(NOT TARGET aloft_${folder})
    return()
  endif()
  set(directories "$<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include/${folder}>")
  set_target_properties(aloft_${folder} PROPERTIES
    INCLUDE_DIRECTORIES "${directories}"
    INTERFACE_INCLUDE_DIRECTORIES "${directories}")
  foreach(layer ${ARGN})
    if(TARGET aloft_${layer})
      target_link_libraries(aloft_${folder} PUBLIC aloft_${layer})
    endif()
  endforeach()
endfunction()

# aloft_add_library(FOLDER SOURCE…): the target of one layer, with our warnings, without exceptions and RTTI.
function(aloft_add_library folder)
  add_library(aloft_${folder} STATIC ${ARGN})
  aloft_compile_strictly(aloft_${folder})
  target_compile_options(aloft_${folder} PRIVATE -fno-exceptions -fno-rtti)
endfunction()

function(aloft_compile_strictly target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Werror -Wconversion)
endfunction()

# aloft_add_test(NAME LAYERS layer… SOURCES source…): a GoogleTest program; each of its tests is a test of ctest.
function(aloft_add_test name)
  cmake_parse_arguments(TEST "" "" "LAYERS;SOURCES" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  foreach(layer ${TEST_LAYERS})
    target_link_libraries(${name} PRIVATE aloft_${layer})
  endforeach()
  target_link_libraries(${name} PRIVATE GTest::gtest GTest::gtest_main)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Werror)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST)
endfunction()
