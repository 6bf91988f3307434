// process_key_portable.cpp -- for systems that hand a process no random bytes.
//
// Each copy of the library draws a key of its own, so each hashes text differently: a map with text
// keys must be used only by the copy that made it.
#include <gomap/detail/process_key.hpp>

namespace gomap::detail {

key128 process_key() noexcept { return drawn_key(); }

}  // namespace gomap::detail
