// process_table.hpp -- a table of figures, each row of which is measured in a process of its own.
//
// A program that has some tables calls run_tables(), which reads the command line, goes through the
// rows in rounds, running the program itself for each, and prints every round and then the medians.
// With several tables, the first argument names one. Memory must not be shared between rows: that
// is the reason for the processes, see own_process.hpp.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace bench {

using figures = std::vector<double>;  // one for each column

struct column {
  std::string heading;
  int decimals;
};

struct table_row {
  std::string name;
  std::function<figures(std::size_t entries)> measure;  // runs in the process of its own
};

// How the medians are printed: a line a row, or, for tables of more columns than rows, a line a
// column; columns in which nothing was found are left out then, and rounds are not printed.
enum class table_layout { line_a_row, line_a_column };

struct process_table {
  std::string name;      // what chooses it on the command line, if there are several
  std::string question;  // one sentence
  std::size_t entries;   // what `measure` gets unless --entries says otherwise
  std::vector<column> columns;
  std::vector<table_row> rows;
  table_layout layout = table_layout::line_a_row;
};

// The whole of main(). Exit code: 0, 1 when a measurement failed, 2 for flags that are no good.
int run_tables(const std::string& program, const std::string& description,
               const std::vector<process_table>& tables, int argc, char** argv);

}  // namespace bench
