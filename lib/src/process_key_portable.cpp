// process_key_portable.cpp -- for systems that hand a process no random bytes.
//
// Each copy of the library draws its own, so text is hashed differently by each: a map of texts
// must then be used by the copy that made it, and by no other.
#include <gomap/detail/process_key.hpp>

namespace gomap::detail {

key128 process_key() noexcept { return drawn_key(); }

}  // namespace gomap::detail
