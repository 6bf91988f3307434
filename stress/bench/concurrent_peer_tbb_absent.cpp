// concurrent_peer_tbb_absent.cpp -- a build without oneTBB.
#include "concurrent_peer.hpp"

bench::concurrent_peers bench::tbb_peers() { return {}; }
