// Who checks the checks? Three small programs that save a number, two of them badly: each way to
// find it has to find it there, and nothing in the third.
#pragma once

// Prints a table; 1 when it is not as it should be.
int check_the_checks();
