// rw_mutex.cpp -- the slow paths of rw_mutex, compiled once, and the report of its misuse.
#include <gomap/detail/rw_lock.hpp>
#include <gomap/misuse.hpp>
#include <gomap/rw_mutex.hpp>

namespace gomap::detail {

template class rw_lock<native_platform>;

void native_platform::misuse(misuse_kind kind) {
  const operation mine = kind == misuse_kind::unlock ? operation::unlock : operation::unlock_shared;
  fatal(make_report(kind, mine, operation::none, this_thread_number(), 0));
}

}  // namespace gomap::detail
