/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/glob.h"

#include <ctype.h>

static unsigned char folded(unsigned char c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static const struct {
	struct str name;
	int (*is)(int c);
} classes[] = {
	{ { "alnum", 5 }, isalnum }, { { "alpha", 5 }, isalpha }, { { "blank", 5 }, isblank },
	{ { "cntrl", 5 }, iscntrl }, { { "digit", 5 }, isdigit }, { { "graph", 5 }, isgraph },
	{ { "lower", 5 }, islower }, { { "print", 5 }, isprint }, { { "punct", 5 }, ispunct },
	{ { "space", 5 }, isspace }, { { "upper", 5 }, isupper }, { { "xdigit", 6 }, isxdigit },
};

/* [:name:] at p[i]: sets *ret_next behind it; false when it is none. */
static bool match_class(struct str p, size_t i, unsigned char c, bool fold, size_t *ret_next, bool *ret_hit)
{
	for (size_t k = 0; k < sizeof(classes) / sizeof(classes[0]); k++) {
		struct str rest = { p.ptr + i + 2, p.len - i - 2 }, name = classes[k].name;

		if (!str_starts(rest, name) ||
		    !str_starts((struct str){ rest.ptr + name.len, rest.len - name.len }, STR(":]")))
			continue;
		*ret_next = i + 2 + name.len + 2;
		/* byte classes of the C locale, whatever the program's locale is */
		*ret_hit = c < 128 && (classes[k].is(c) || (fold && (classes[k].is(c ^ 32) && isalpha(c))));
		return true;
	}
	return false;
}

/*
 * A bracket expression whose '[' is at p[at - 1]. Returns the index behind its ']' and whether c is in it; 0
 * when it never ends: then the '[' was an ordinary character.
 */
static size_t match_bracket(struct str p, size_t at, unsigned char c, bool fold, bool *ret_hit)
{
	size_t i = at, first;
	bool negated = false, hit = false;

	if (i < p.len && (p.ptr[i] == '!' || p.ptr[i] == '^')) {
		negated = true;
		i++;
	}
	for (first = i; i < p.len && (p.ptr[i] != ']' || i == first);) {
		unsigned char low = (unsigned char)p.ptr[i], high;
		bool in_class;

		if (low == '[' && i + 1 < p.len && p.ptr[i + 1] == ':' && match_class(p, i, c, fold, &i, &in_class)) {
			hit |= in_class;
			continue;
		}
		if (low == '\\' && i + 1 < p.len)
			low = (unsigned char)p.ptr[++i];
		i++;
		high = low;
		if (i + 1 < p.len && p.ptr[i] == '-' && p.ptr[i + 1] != ']') {
			high = (unsigned char)p.ptr[++i];
			if (high == '\\' && i + 1 < p.len)
				high = (unsigned char)p.ptr[++i];
			i++;
		}
		c = folded(c, fold);
		hit |= c >= folded(low, fold) && c <= folded(high, fold);
	}
	if (i >= p.len)
		return 0;
	*ret_hit = hit != negated;
	return i + 1;
}

/* One pattern element other than '*' against one character: index behind the element, or 0 when it does not match. */
static size_t match_one(struct str p, size_t i, unsigned char c, bool fold)
{
	unsigned char want = (unsigned char)p.ptr[i++];
	bool hit;

	if (want == '?')
		return i;
	if (want == '[') {
		size_t end = match_bracket(p, i, c, fold, &hit);

		if (end)
			return hit ? end : 0;
	} else if (want == '\\') {
		if (i == p.len)
			return 0;
		want = (unsigned char)p.ptr[i++];
	}
	return folded(want, fold) == folded(c, fold) ? i : 0;
}

bool glob_match(struct str pattern, struct str text, bool fold)
{
	size_t i = 0, k = 0, star = SIZE_MAX, resume = 0;

	while (k < text.len) {
		size_t next = 0;

		if (i < pattern.len && pattern.ptr[i] == '*') {
			star = ++i;
			resume = k;
			continue;
		}
		if (i < pattern.len)
			next = match_one(pattern, i, (unsigned char)text.ptr[k], fold);
		if (next) {
			i = next;
			k++;
		} else if (star != SIZE_MAX) {
			i = star;
			k = ++resume;
		} else {
			return false;
		}
	}
	while (i < pattern.len && pattern.ptr[i] == '*')
		i++;
	return i == pattern.len;
}
