// chosen_mutex.hpp -- oneTBB's, which waits in the kernel.
#pragma once

#include <oneapi/tbb/rw_mutex.h>

namespace stress {

using chosen_mutex = oneapi::tbb::rw_mutex;

}  // namespace stress
