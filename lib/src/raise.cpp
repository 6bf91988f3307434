// raise.cpp -- an error as a report of misuse.
#include <exception>

#include <gomap/detail/raise.hpp>
#include <gomap/misuse.hpp>

namespace gomap::detail {

void raise(const std::exception& error) {
  misuse_report report = make_report(misuse_kind::no_exceptions, operation::none, operation::none,
                                     this_thread_number(), 0);
  report.explanation = error.what();
  fatal(report);
}

}  // namespace gomap::detail
