/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_WORDS_H
#define MONITOR_BASE_WORDS_H

#include "base/str.h"

/*
 * Texts of lines and words, as /proc and /etc have them, read from the front. What is given out is a view of
 * the text.
 */

/* Takes the first line, without its newline, which the last one may lack. False: nothing is left. */
bool words_line(struct str *rest, struct str *ret_line);

/* Takes the blanks before the next word of a line, and the word; empty at the line's end. */
struct str words_next(struct str *rest);

#endif
