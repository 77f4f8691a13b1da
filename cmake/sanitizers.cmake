# ALOFT_SANITIZE instruments everything, GoogleTest programs and addon alike; ALOFT_FUZZ adds libFuzzer's coverage on top.

if(ALOFT_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "ALOFT_FUZZ needs clang: cmake -DCMAKE_CXX_COMPILER=clang++")
  endif()
  if(NOT ALOFT_SANITIZE)
    set(ALOFT_SANITIZE "address,undefined")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(ALOFT_SANITIZE)
  # The check of virtual tables needs the RTTI that our layers do not have.
  add_compile_options(-fsanitize=${ALOFT_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ALOFT_SANITIZE})
  # GCC takes the alternatives of a variant that is moved for uninitialized as soon as it is instrumented.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()

# aloft_add_fuzzer(NAME LAYERS layer… SOURCES source…)
function(aloft_add_fuzzer name)
  cmake_parse_arguments(FUZZER "" "" "LAYERS;SOURCES" ${ARGN})
  add_executable(${name} ${FUZZER_SOURCES})
  foreach(layer ${FUZZER_LAYERS})
    target_link_libraries(${name} PRIVATE aloft_${layer})
  endforeach()
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
