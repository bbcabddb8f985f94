/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/lexer.h"

#include <errno.h>

/* Character classes by hand: the C library's depend on the locale, the language does not. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What may stand between tokens is not quite white space: a backspace may, a form feed may not. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\b' || c == '\r' || c == '\n';
}

static bool ends_bare_string(char c)
{
	return is_space(c) || c == '(' || c == ')' || c == '"' || c == '\'' || c == '=' || c == ',';
}

static bool ends_argument(char c)
{
	return is_space(c) || c == '[' || c == ']' || c == '"' || c == '\'';
}

/* The byte at absolute position i, or NUL past the end; no token class contains NUL but the two negative ones. */
static char at(const struct lexer *l, size_t i)
{
	return i < l->text.len ? l->text.ptr[i] : '\0';
}

static bool take_to(struct lexer *l, size_t end)
{
	if (end == l->at)
		return false;
	l->token = (struct str){ l->text.ptr + l->at, end - l->at };
	l->at = end;
	return true;
}

bool lexer_blank(struct lexer *l)
{
	size_t i = l->at;

	while (i < l->text.len && is_blank(l->text.ptr[i]))
		i++;
	if (i == l->at)
		return false;
	l->at = i;
	return true;
}

bool lexer_take(struct lexer *l, struct str word)
{
	if (word.len > l->text.len - l->at || memcmp(l->text.ptr + l->at, word.ptr, word.len) != 0)
		return false;
	return take_to(l, l->at + word.len);
}

bool lexer_word(struct lexer *l, struct str word)
{
	struct lexer before = *l;

	if (lexer_take(l, word) && lexer_blank(l))
		return true;
	*l = before;
	return false;
}

bool lexer_not(struct lexer *l)
{
	size_t i = l->at + 3;

	if (l->text.len - l->at < 4 || memcmp(l->text.ptr + l->at, "not", 3) != 0 || !is_space(at(l, i)))
		return false;
	while (i < l->text.len && is_space(l->text.ptr[i]))
		i++;
	return take_to(l, i);
}

/* The end of an identifier that starts at i, or i when none does. */
static size_t identifier_end(const struct lexer *l, size_t i)
{
	if (!is_letter(at(l, i)))
		return i;
	while (is_letter(at(l, i)) || is_digit(at(l, i)) || at(l, i) == '_')
		i++;
	return i;
}

bool lexer_identifier(struct lexer *l)
{
	return take_to(l, identifier_end(l, l->at));
}

bool lexer_field_name(struct lexer *l)
{
	size_t end = identifier_end(l, l->at);
	bool dotted = false;

	if (end == l->at)
		return false;
	while (at(l, end) == '.' && is_letter(at(l, end + 1))) {
		end = identifier_end(l, end + 1);
		dotted = true;
	}
	return dotted && take_to(l, end);
}

bool lexer_argument(struct lexer *l)
{
	size_t i = l->at;

	while (i < l->text.len && !ends_argument(l->text.ptr[i]))
		i++;
	return take_to(l, i);
}

static size_t digits_end(const struct lexer *l, size_t i)
{
	while (is_digit(at(l, i)))
		i++;
	return i;
}

bool lexer_number(struct lexer *l)
{
	size_t i = l->at, end;

	if (at(l, i) == '0' && (at(l, i + 1) == 'x' || at(l, i + 1) == 'X') && is_hex(at(l, i + 2))) {
		for (i += 2; is_hex(at(l, i)); i++)
			;
		return take_to(l, i);
	}

	if (at(l, i) == '+' || at(l, i) == '-')
		i++;
	end = digits_end(l, i);
	if (end == i)
		return false;
	if (at(l, end) == '.')
		end = digits_end(l, end + 1);
	if ((at(l, end) == 'e' || at(l, end) == 'E') && (at(l, end + 1) == '+' || at(l, end + 1) == '-') &&
	    is_digit(at(l, end + 2)))
		end = digits_end(l, end + 2);
	return take_to(l, end);
}

bool lexer_bare(struct lexer *l)
{
	size_t i = l->at;

	while (i < l->text.len && !ends_bare_string(l->text.ptr[i]))
		i++;
	return take_to(l, i);
}

/* One escape: the character that "\c" stands for inside quotes of the given kind, or NUL. */
static char unescape(char c, char quote, const char **ret_reason)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case ' ': /* widely used rules have it; Falco reads it as a backslash and so do we */
	case '\\':
		return '\\';
	case '/':
		return '/';
	case '"':
	case '\'':
		if (c == quote)
			return c;
		*ret_reason = "a quote is escaped inside quotes of the other kind";
		return '\0';
	default:
		*ret_reason = "unknown escape in a quoted string (write \\\\ for a backslash)";
		return '\0';
	}
}

int lexer_quoted(struct lexer *l, struct arena *arena, const char **ret_reason)
{
	char quote = at(l, l->at), *out;
	size_t start = l->at + 1, end, len = 0;

	if (quote != '\'' && quote != '"')
		return 0;
	/* A quote after a backslash never ends the string, even if that backslash is itself escaped: Falco's rule. */
	for (end = start; at(l, end) != quote || (end > start && at(l, end - 1) == '\\'); end++) {
		if (at(l, end) == '\0')
			return 0;
	}
	out = arena_bytes(arena, end - start + 1);
	if (!out)
		return -ENOMEM;
	l->at = end + 1;

	for (size_t i = start; i < end; i++) {
		char c = l->text.ptr[i];

		if (c == '\\') {
			c = unescape(l->text.ptr[++i], quote, ret_reason);
			if (!c)
				return -EINVAL;
		}
		out[len++] = c;
	}
	l->token = (struct str){ out, len };
	return 1;
}
