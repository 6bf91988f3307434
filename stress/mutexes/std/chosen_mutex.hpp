// chosen_mutex.hpp -- the standard library's.
#pragma once

#include <shared_mutex>

namespace stress {

using chosen_mutex = std::shared_mutex;

}  // namespace stress
