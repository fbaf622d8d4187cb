/* base/compiler.h - the compiler's attributes under one spelling, and a few words C lacks. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#define MUST_CHECK               __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define COLD                     __attribute__((cold, noinline))
#define UNUSED                   __attribute__((unused))

#define COUNT_OF(array)                 (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
