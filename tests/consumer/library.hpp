// library.hpp -- what library.cpp offers: nothing of gomap's.
#pragma once

// How many different letters a text has.
int count_letters(const char* text);
