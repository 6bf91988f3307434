// concurrent_peer_boost_absent.cpp -- a build without boost::concurrent_flat_map.
#include "concurrent_peer.hpp"

bench::concurrent_peers bench::boost_peers() { return {}; }
