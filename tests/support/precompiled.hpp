// precompiled.hpp -- what most tests include, compiled once for all of them. They include it
// themselves as well, each what it uses: the dev preset compiles them without this.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <new>
#include <optional>
#include <random>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <gomap/concurrent_map.hpp>
#include <gomap/map.hpp>
#include <gomap/maps.hpp>
#include <gomap/page_allocator.hpp>
#include <gomap/page_source.hpp>
