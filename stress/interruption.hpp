// interruption.hpp -- Ctrl-C, as a question that a run asks itself.
#pragma once

namespace stress {

// From here on the first SIGINT or SIGTERM only answers the question below; a second one ends the
// program.
void heed_interruption();

// Whether one has come. Thread-safe.
[[nodiscard]] bool interrupted() noexcept;

}  // namespace stress
