/* base/banned.h - functions this house does without; forced into every file by the build.
 *
 * Each has a safer word here: arena_printf and text_* for building, slice_to_* for numbers,
 * clock.h and edm/date_time.h for time.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/* Headers that declare them come first, so that only our own uses are hit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* With fortification on these are macros, which clang does not poison. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atoll gmtime    \
    localtime ctime asctime gets

#endif
