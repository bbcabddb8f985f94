/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_JSON_H
#define MONITOR_BASE_JSON_H

#include "base/str.h"

/* Adds s as a JSON string with its quotes: control characters escaped, bytes that are not UTF-8 as U+FFFD. */
void json_add_string(struct strbuf *b, struct str s);

/* Adds JSON text that has no blanks between its parts, a member or element a line, two blanks a level. */
void json_add_indented(struct strbuf *b, struct str json);

/* Length of the valid UTF-8 sequence at the start of s (1 to 4), or 0: overlong, surrogate or cut. */
size_t utf8_length(struct str s);
/* Of what has no such sequence at its start: how many bytes could have begun one; at least 1. */
size_t utf8_broken_length(struct str s);
/* Adds s as a terminal may have it: "?" for bytes that it might act on but line ends and tabs, or that are not UTF-8. */
void utf8_add_harmless(struct strbuf *out, struct str s);

#endif
