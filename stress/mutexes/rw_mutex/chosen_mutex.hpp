// chosen_mutex.hpp -- gomap's own, the default.
#pragma once

#include <gomap/rw_mutex.hpp>

namespace stress {

using chosen_mutex = gomap::rw_mutex;

}  // namespace stress
