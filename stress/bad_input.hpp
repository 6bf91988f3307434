// bad_input.hpp -- what is thrown when the user's input or flags are no good.
#pragma once

#include <stdexcept>

namespace stress {

// What the user gave cannot be worked on; what() says why, in a line for the user.
struct bad_input : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace stress
