/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_read.h"

#include "base/parse.h"

static size_t skip_blanks(struct str s, size_t at)
{
	while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t' || s.ptr[at] == '\n' || s.ptr[at] == '\r'))
		at++;
	return at;
}

/* From an opening quote to behind the closing one, or the end. */
static size_t skip_string(struct str s, size_t at)
{
	for (at++; at < s.len; at++) {
		if (s.ptr[at] == '\\')
			at++;
		else if (s.ptr[at] == '"')
			return at + 1;
	}
	return s.len;
}

/* Behind the value that starts here: nesting is counted, not followed. */
static size_t skip_value(struct str s, size_t at)
{
	size_t depth = 0;

	while (at < s.len) {
		char c = s.ptr[at];

		if (c == '"') {
			at = skip_string(s, at);
			if (depth == 0)
				return at;
			continue;
		}
		if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				return at;
			if (--depth == 0)
				return at + 1;
		} else if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
			return at;
		}
		at++;
	}
	return s.len;
}

static struct str without_quotes(struct str s)
{
	if (s.len < 2 || s.ptr[0] != '"' || s.ptr[s.len - 1] != '"')
		return STR("");
	return (struct str){ s.ptr + 1, s.len - 2 };
}

bool json_next(struct str container, size_t *at, struct str *ret_name, struct str *ret_value)
{
	struct str name = STR("");
	size_t i = skip_blanks(container, *at), start;
	bool object;

	if (*at == 0 && i < container.len && (container.ptr[i] == '{' || container.ptr[i] == '['))
		i = skip_blanks(container, i + 1);
	else if (*at == 0)
		return false;
	object = container.ptr[skip_blanks(container, 0)] == '{';
	if (i < container.len && container.ptr[i] == ',')
		i = skip_blanks(container, i + 1);
	if (i >= container.len || container.ptr[i] == '}' || container.ptr[i] == ']')
		return false;
	if (object) {
		start = i;
		i = container.ptr[i] == '"' ? skip_string(container, i) : container.len;
		name = without_quotes((struct str){ container.ptr + start, i - start });
		i = skip_blanks(container, i);
		if (i >= container.len || container.ptr[i] != ':')
			return false;
		i = skip_blanks(container, i + 1);
	}
	start = i;
	i = skip_value(container, i);
	if (i == start)
		return false;
	*ret_name = name;
	*ret_value = (struct str){ container.ptr + start, i - start };
	*at = i;
	return true;
}

bool json_member(struct str object, struct str name, struct str *ret_value)
{
	struct str member, value;
	size_t at = 0;

	while (json_next(object, &at, &member, &value)) {
		if (str_eq(member, name)) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(struct str s, size_t at)
{
	int32_t v = 0;

	if (at + 4 > s.len)
		return -1;
	for (size_t i = at; i < at + 4; i++) {
		int d = parse_hex_digit(s.ptr[i]);

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* \uXXXX, with its second half for characters beyond 16 bits. Returns characters used after the 'u'. */
static size_t unescape_unicode(struct str s, size_t at, char *out, size_t *ret_len)
{
	int32_t high = hex4(s, at), low;

	if (high < 0) {
		*ret_len = 0;
		return 0;
	}
	if (high >= 0xd800 && high < 0xdc00 && at + 6 <= s.len && s.ptr[at + 4] == '\\' && s.ptr[at + 5] == 'u') {
		low = hex4(s, at + 6);
		if (low >= 0xdc00 && low < 0xe000) {
			*ret_len =
				put_utf8(out, 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
			return 10;
		}
	}
	*ret_len = put_utf8(out, high >= 0xd800 && high < 0xe000 ? 0xfffd : (uint32_t)high);
	return 4;
}

struct str json_string(struct arena *arena, struct str value)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	struct str s = without_quotes(value);
	const char *known;
	size_t n = 0, len;
	char *out;

	if (!s.len || !memchr(s.ptr, '\\', s.len))
		return s;
	out = arena_bytes(arena, s.len); /* an escape is never shorter than what it stands for */
	if (!out)
		return (struct str){ 0 };
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '\\' || i + 1 >= s.len) {
			out[n++] = s.ptr[i];
			continue;
		}
		i++;
		known = memchr(from, s.ptr[i], sizeof(from) - 1);
		if (s.ptr[i] == 'u') {
			i += unescape_unicode(s, i + 1, out + n, &len);
			n += len;
		} else {
			out[n++] = known ? to[known - from] : s.ptr[i];
		}
	}
	return (struct str){ out, n };
}

bool json_true(struct str value)
{
	return str_eq(value, STR("true"));
}

int64_t json_int(struct str value, int64_t fallback)
{
	int64_t i;

	return parse_i64(value, &i) == 0 ? i : fallback;
}
