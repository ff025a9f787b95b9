/*
 * completion: a program's verbs and options for shells that complete words, from the same table
 * as --help and the parser (base/opt.h).
 */
#ifndef NBMS_BASE_COMPLETION_H
#define NBMS_BASE_COMPLETION_H

#include "base/opt.h"

/* To stdout, for the shell of that name: bash or zsh; NULL is bash. verbs is NULL-ended, or
 * NULL. False: no such shell, nothing was printed. */
bool completion_print(
    const struct opt_spec *spec, const char *const verbs[], const char *shell);

#endif
