// from_range.hpp -- the tag of the constructors that take a range: std's where the library has it.
#pragma once

#include <gomap/config.hpp>
#include GOMAP_FROM_RANGE_HEADER
