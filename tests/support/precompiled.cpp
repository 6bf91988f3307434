// precompiled.cpp -- a source for the targets that only compile precompiled.hpp.
