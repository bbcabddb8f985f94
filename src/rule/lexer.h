/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_LEXER_H
#define MONITOR_RULE_LEXER_H

#include "base/arena.h"
#include "base/str.h"

/*
 * Falco's condition language has no separate token stream: what a text is depends on what the grammar expects
 * there ("in" is an operator, a macro or a file name). So the parser asks for one kind of token at a time.
 * Each function below either takes a token (moves .at, sets .token, returns true) or leaves the lexer as it
 * was. Every one is linear in what it takes or in one word of look-ahead.
 */
struct lexer {
	struct str text;
	size_t at;
	struct str token; /* the last one that was taken; borrows from text, or from the arena for quoted strings */
};

bool lexer_blank(struct lexer *l); /* any number of blanks; does not touch .token */
bool lexer_take(struct lexer *l, struct str word); /* exactly these bytes, whatever follows */
bool lexer_word(struct lexer *l, struct str word); /* these bytes and at least one blank, which is taken as well */
bool lexer_not(struct lexer *l); /* "not" and the white space after it */
bool lexer_identifier(struct lexer *l);
bool lexer_field_name(struct lexer *l); /* two or more identifiers joined by dots */
bool lexer_argument(struct lexer *l); /* a bare [argument] */
bool lexer_number(struct lexer *l); /* decimal with fraction and exponent, or 0x… */
bool lexer_bare(struct lexer *l); /* a bare string */

/*
 * A quoted string, unescaped. 1 = taken, 0 = there is none (or it never ends), -EINVAL an escape that the
 * language does not know (the string was taken; *ret_reason says why), -ENOMEM.
 */
int lexer_quoted(struct lexer *l, struct arena *arena, const char **ret_reason);

#endif
