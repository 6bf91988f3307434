// memory_tables.hpp -- the tables of bench_memory that are about maps, not about backends.
#pragma once

#include "process_table.hpp"

namespace bench {

process_table strings_table();  // memory_strings.cpp
process_table destroy_table();  // memory_destroy.cpp

}  // namespace bench
