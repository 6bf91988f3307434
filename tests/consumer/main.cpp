// main.cpp -- the least that a user of gomap writes; what it proves is that it builds and links.
int main() { return 0; }
