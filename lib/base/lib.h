/*
 * lib: a shared library that few runs of a program have a use for, loaded when it is needed:
 * what the dynamic loader has to do for it would be most of what a short run does.
 */
#ifndef NBMS_BASE_LIB_H
#define NBMS_BASE_LIB_H

/*
 * Loads `file` for good and finds its functions: names ends with NULL; to is a struct of as
 * many pointers to functions, NULL before, in that order. What is loaded already is left as it
 * is. A system without the library, or without one of the functions, ends the program with
 * EX_UNAVAILABLE, `purpose` being what cannot be done.
 */
void lib_load(const char *file, const char *purpose, const char *const names[], void *to);

#endif
