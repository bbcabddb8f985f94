/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/parse.h"
#include "rule/regex.h"

/*
 * RE2's POSIX syntax: literals, '.', brackets, groups, '|', '^' and '$' (at line ends), '*' '+' '?' '{n,m}',
 * escapes of punctuation, \a \f \n \r \t \v, octal and hexadecimal. A '{' that starts no repetition is a
 * literal. Repetitions may be stacked ("a**"), which PCRE2 reads differently, so each repeated atom is
 * wrapped in a group of its own.
 */
#define REGEX_REPEAT_MAX 1000 /* RE2's limit, for one repetition and for the product of nested ones */
#define REGEX_DEPTH_MAX	 200 /* groups inside groups */
#define REGEX_STACKED_MAX 8 /* "a{2}{2}…": each one moves what was written */

struct translator {
	struct str in;
	size_t at;
	struct strbuf *out;
	struct error *err;
	unsigned int depth;
};

static int parse_alternatives(struct translator *t, unsigned int *ret_repeat);

static int refuse(struct translator *t, const char *what)
{
	return error_set(t->err, -EINVAL, "invalid regular expression: %s at offset %zu", what, t->at);
}

static int peek(const struct translator *t, size_t ahead)
{
	return t->at + ahead < t->in.len ? (unsigned char)t->in.ptr[t->at + ahead] : -1;
}

static void put_code(struct translator *t, uint32_t code)
{
	strbuf_addf(t->out, "\\x{%x}", code);
}

/* \x41 or \x{41}, behind the x. */
static int parse_hex(struct translator *t, uint32_t *ret_code)
{
	uint32_t v = 0;

	if (peek(t, 0) == '{') {
		for (t->at++; parse_hex_digit(peek(t, 0)) >= 0; t->at++) {
			v = v * 16 + (uint32_t)parse_hex_digit(peek(t, 0));
			if (v > 0x10ffff)
				return refuse(t, "character code too large");
		}
		if (peek(t, 0) != '}' || t->in.ptr[t->at - 1] == '{')
			return refuse(t, "bad \\x{…} escape");
		t->at++;
	} else {
		if (parse_hex_digit(peek(t, 0)) < 0 || parse_hex_digit(peek(t, 1)) < 0)
			return refuse(t, "bad \\x escape");
		v = (uint32_t)(parse_hex_digit(peek(t, 0)) * 16 + parse_hex_digit(peek(t, 1)));
		t->at += 2;
	}
	*ret_code = v;
	return 0;
}

/* An escape, behind its backslash. */
static int parse_escape(struct translator *t, uint32_t *ret_code)
{
	static const char letters[] = "afnrtv", codes[] = "\a\f\n\r\t\v";
	int c = peek(t, 0);
	const char *letter;

	if (c < 0)
		return refuse(t, "a backslash at the end");
	if ((c >= '1' && c <= '7' && peek(t, 1) >= '0' && peek(t, 1) <= '7') || c == '0') {
		uint32_t v = 0;

		for (int i = 0; i < 3 && peek(t, 0) >= '0' && peek(t, 0) <= '7'; i++, t->at++)
			v = v * 8 + (uint32_t)(peek(t, 0) - '0');
		*ret_code = v;
		return 0;
	}
	if (c == 'x') {
		t->at++;
		return parse_hex(t, ret_code);
	}
	letter = memchr(letters, c, sizeof(letters) - 1);
	if (letter) {
		t->at++;
		*ret_code = (unsigned char)codes[letter - letters];
		return 0;
	}
	if (c >= 128 || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return refuse(t, "unknown escape");
	t->at++;
	*ret_code = (uint32_t)c;
	return 0;
}

/* One character as it stands, which may be of several bytes. */
static int parse_character(struct translator *t, uint32_t *ret_code)
{
	struct str rest = { t->in.ptr + t->at, t->in.len - t->at };
	size_t n = utf8_length(rest);
	uint32_t v;

	if (!n)
		return refuse(t, "invalid UTF-8");
	v = (unsigned char)rest.ptr[0];
	if (n > 1)
		v &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++)
		v = v << 6 | ((unsigned char)rest.ptr[i] & 0x3f);
	t->at += n;
	*ret_code = v;
	return 0;
}

static int parse_bracket_character(struct translator *t, uint32_t *ret_code)
{
	if (peek(t, 0) != '\\')
		return parse_character(t, ret_code);
	t->at++;
	return parse_escape(t, ret_code);
}

/* [:alpha:] or [:^alpha:] at the present place: 1 = taken, 0 = none. */
static int parse_named_class(struct translator *t)
{
	static const char *const names[] = { "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph",
					     "lower", "print", "punct", "space", "upper", "word",  "xdigit" };
	struct str rest = { t->in.ptr + t->at, t->in.len - t->at };
	const char *end;
	struct str name;
	bool negated;

	if (!str_starts(rest, STR("[:")))
		return 0;
	end = memmem(rest.ptr + 2, rest.len - 2, ":]", 2);
	if (!end)
		return 0; /* an ordinary '[' */
	name = (struct str){ rest.ptr + 2, (size_t)(end - rest.ptr) - 2 };
	negated = name.len && name.ptr[0] == '^';
	if (negated)
		name = (struct str){ name.ptr + 1, name.len - 1 };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq(name, str_of(names[i]))) {
			strbuf_addf(t->out, "[:%s%s:]", negated ? "^" : "", names[i]);
			t->at += (size_t)(end - rest.ptr) + 2;
			return 1;
		}
	}
	return refuse(t, "unknown character class");
}

/* A bracket expression, behind its '['. */
static int parse_bracket(struct translator *t)
{
	bool first = true;
	int r;

	strbuf_addc(t->out, '[');
	if (peek(t, 0) == '^') {
		strbuf_addc(t->out, '^');
		t->at++;
	}
	for (; peek(t, 0) != ']' || first; first = false) {
		uint32_t low, high;

		if (peek(t, 0) < 0)
			return refuse(t, "missing ]");
		/* POSIX: a '-' that is no range stands first or last */
		if (peek(t, 0) == '-' && !first && peek(t, 1) != ']' && peek(t, 1) != '-')
			return refuse(t, "bad character range");
		r = parse_named_class(t);
		if (r < 0)
			return r;
		if (r)
			continue;
		r = parse_bracket_character(t, &low);
		if (r < 0)
			return r;
		high = low;
		if (peek(t, 0) == '-' && peek(t, 1) >= 0 && peek(t, 1) != ']') {
			t->at++;
			r = parse_bracket_character(t, &high);
			if (r < 0)
				return r;
			if (high < low)
				return refuse(t, "bad character range");
		}
		put_code(t, low);
		if (high != low) {
			strbuf_addc(t->out, '-');
			put_code(t, high);
		}
	}
	t->at++;
	strbuf_addc(t->out, ']');
	return 0;
}

static int parse_number(const struct translator *t, size_t *at, unsigned int *ret_n)
{
	size_t i = *at;
	unsigned int n = 0;

	while (i < t->in.len && t->in.ptr[i] >= '0' && t->in.ptr[i] <= '9' && n <= 100000)
		n = n * 10 + (unsigned int)(t->in.ptr[i++] - '0');
	if (i == *at)
		return 0;
	*at = i;
	*ret_n = n;
	return 1;
}

/* {n}, {n,} or {n,m} at the present place: 1 = taken, 0 = it is none. m is -1 for no end. */
static int parse_counts(struct translator *t, unsigned int *ret_low, int *ret_high)
{
	size_t at = t->at + 1;
	unsigned int low, high;

	if (!parse_number(t, &at, &low))
		return 0;
	*ret_high = (int)low;
	if (at < t->in.len && t->in.ptr[at] == ',') {
		at++;
		*ret_high = parse_number(t, &at, &high) ? (int)high : -1;
	}
	if (at >= t->in.len || t->in.ptr[at] != '}')
		return 0;
	if (low > REGEX_REPEAT_MAX || *ret_high > REGEX_REPEAT_MAX || (*ret_high >= 0 && (unsigned int)*ret_high < low))
		return refuse(t, "bad repetition count");
	*ret_low = low;
	t->at = at + 1;
	return 1;
}

/*
 * A run of '*', '+' and '?': several of them are one, "a+?" is "a*". 0 when there is none.
 */
static char take_repetition(struct translator *t)
{
	char all = 0;

	for (int c = peek(t, 0); c == '*' || c == '+' || c == '?'; c = peek(t, 0)) {
		all = all && all != c ? '*' : (char)c;
		t->at++;
	}
	return all;
}

/* The repetitions behind an atom that was written from out[start] on; *repeat is its weight. */
static int parse_repetitions(struct translator *t, size_t start, unsigned int *repeat)
{
	for (unsigned int stacked = 0;; stacked++) {
		char suffix[40];
		unsigned int low = 0;
		char c = take_repetition(t);
		int high = 0, n, r;
		char *at;

		if (c) {
			n = snprintf(suffix, sizeof(suffix), ")%c", c);
		} else if (peek(t, 0) == '{') {
			r = parse_counts(t, &low, &high);
			if (r <= 0)
				return r;
			n = high < 0 ? snprintf(suffix, sizeof(suffix), "){%u,}", low) :
				       snprintf(suffix, sizeof(suffix), "){%u,%d}", low, high);
			*repeat *= high > (int)low ? (unsigned int)high : low ? low : 1;
			if (*repeat > REGEX_REPEAT_MAX)
				return refuse(t, "repetitions multiply beyond 1000");
		} else {
			return 0;
		}
		if (stacked == REGEX_STACKED_MAX)
			return refuse(t, "too many repetitions of one thing");
		strbuf_adds(t->out, "(?:");
		strbuf_add(t->out, suffix, (size_t)n);
		if (t->out->failed)
			return -ENOMEM;
		/* the atom moves behind the "(?:" that was added for it */
		at = t->out->ptr + start;
		memmove(at + 3, at, t->out->len - start - (size_t)n - 3);
		memcpy(at, "(?:", 3);
	}
}

static int parse_atom(struct translator *t, unsigned int *repeat)
{
	int c = peek(t, 0), r;
	uint32_t code;

	switch (c) {
	case '(':
		t->at++;
		if (++t->depth > REGEX_DEPTH_MAX)
			return refuse(t, "groups are nested too deeply");
		strbuf_adds(t->out, "(?:");
		r = parse_alternatives(t, repeat);
		if (r < 0)
			return r;
		if (peek(t, 0) != ')')
			return refuse(t, "missing )");
		t->at++;
		t->depth--;
		strbuf_addc(t->out, ')');
		return 0;
	case '[':
		t->at++;
		return parse_bracket(t);
	case '.':
	case '^':
	case '$':
		t->at++;
		strbuf_addc(t->out, (char)c);
		return 0;
	case '*':
	case '+':
	case '?':
		return refuse(t, "nothing to repeat");
	case '\\':
		t->at++;
		r = parse_escape(t, &code);
		break;
	default:
		r = parse_character(t, &code);
	}
	if (r == 0)
		put_code(t, code);
	return r;
}

static int parse_alternatives(struct translator *t, unsigned int *ret_repeat)
{
	unsigned int most = 1;

	for (;;) {
		int c = peek(t, 0), r;
		unsigned int repeat = 1;
		size_t start = t->out->len;

		if (c < 0 || c == ')')
			break;
		if (c == '|') {
			t->at++;
			strbuf_addc(t->out, '|');
			continue;
		}
		/* a '{' that starts a repetition needs something before it */
		if (c == '{') {
			unsigned int low;
			int high;

			r = parse_counts(t, &low, &high);
			if (r)
				return r < 0 ? r : refuse(t, "nothing to repeat");
		}
		r = parse_atom(t, &repeat);
		if (r == 0)
			r = parse_repetitions(t, start, &repeat);
		if (r < 0)
			return r;
		if (repeat > most)
			most = repeat;
	}
	*ret_repeat = most;
	return 0;
}

int regex_translate(struct str pattern, struct strbuf *out, struct error *err)
{
	struct translator t = { .in = pattern, .out = out, .err = err };
	unsigned int repeat;
	int r;

	if (pattern.len > RULES_REGEX_BYTES)
		return error_set(err, -EINVAL, "the regular expression is longer than %d bytes", RULES_REGEX_BYTES);
	r = parse_alternatives(&t, &repeat);
	if (r < 0)
		return r;
	if (t.at < pattern.len)
		return refuse(&t, "unexpected )");
	return out->failed ? error_set(err, -ENOMEM, "out of memory") : 0;
}
