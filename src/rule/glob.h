/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_GLOB_H
#define MONITOR_RULE_GLOB_H

#include "base/str.h"

/*
 * fnmatch(3) without flags, byte by byte: '*' and '?' cross slashes and leading dots; [a-z], [!a],
 * [[:alpha:]]; a backslash takes the next character literally. fold ignores ASCII case. Steps back only to
 * the last '*': at worst pattern × text.
 */
bool glob_match(struct str pattern, struct str text, bool fold);

#endif
