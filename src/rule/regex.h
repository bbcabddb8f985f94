/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_REGEX_H
#define MONITOR_RULE_REGEX_H

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

/*
 * Regular expressions in RE2's POSIX syntax, which must match the whole text. A pattern is parsed and checked here, and
 * written anew for PCRE2, whose DFA matcher runs it: that one never backtracks, so neither pattern nor text can make it
 * explode. What RE2 refuses (classes like \d, look-around, back-references, repetitions beyond 1000) is refused.
 */
struct regex;

/* *ret_regex is the caller's and keeps nothing of pattern. -EINVAL for what RE2 refuses. */
int regex_compile(struct str pattern, struct regex **ret_regex, struct error *err);
void regex_free(struct regex *r); /* accepts NULL */
DEFINE_AUTO(struct regex, regex, regex_free);
#define auto_regex AUTO(regex)

/* What a match needs besides the pattern; one per thread. */
struct regex_scratch;
struct regex_scratch *regex_scratch_new(void);
void regex_scratch_free(struct regex_scratch *s);

/* text need not be UTF-8: bytes that are not count as U+FFFD. A match that would need too much memory is none. */
bool regex_match(const struct regex *r, struct regex_scratch *s, struct str text);

/* Writes the checked pattern in PCRE2's syntax; the translation alone, for regex_compile() and its tests. */
int regex_translate(struct str pattern, struct strbuf *out, struct error *err);

#endif
