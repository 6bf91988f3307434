// chosen_mutex.hpp -- oneTBB's, which never sleeps.
#pragma once

#include <oneapi/tbb/spin_rw_mutex.h>

namespace stress {

using chosen_mutex = oneapi::tbb::spin_rw_mutex;

}  // namespace stress
