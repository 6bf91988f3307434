// concurrent_peer_libcuckoo_absent.cpp -- a build without libcuckoo.
#include "concurrent_peer.hpp"

bench::concurrent_peers bench::libcuckoo_peers() { return {}; }
